"""Every verb on the pages: the owner, a colleague and a stranger, with scripts and without, and what the rows say."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from handoffs import pipeline
from handoffs.models import Delivery, Event, Handoff, Remark, State
from sla.models import Policy
from tests.factories import NOW, Company
from tests.handoffs.pages.conftest import Give, SignIn
from tests.handoffs.pages.reading import html, words

LATER = NOW + timedelta(minutes=30)
HTMX = {"HX-Request": "true", "HX-Target": "dialog"}


@dataclass(frozen=True)
class Case:
    """One verb: its address, a form that is right, where it starts, who may, who sees it only, and where it leads."""

    verb: str
    path: str
    form: dict[str, str]
    before: Callable[[Handoff], object]
    who: str
    onlooker: str
    to: State
    said: str


def nothing(handoff: Handoff) -> None:
    """An assigned handoff is what it starts from."""


def contacted(handoff: Handoff) -> None:
    pipeline.log_contact(handoff, contacted_at=NOW, actor="user:0", now=NOW)


def returned(handoff: Handoff) -> None:
    pipeline.reject(handoff, reason="incomplete", actor="user:0", now=NOW)


REASON = {"reason": "The account went elsewhere."}
CASES = (
    Case(
        "log_contact",
        "contact",
        {"when": "2026-11-17T10:20", "findings": "Spoke for six minutes."},
        nothing,
        "ingrid",
        "dana",
        State.CONTACTED,
        "First contact with Halvorsen Marine Logistics is logged at 10:20. Your findings go into the CRM as a note.",
    ),
    Case(
        "book_meeting",
        "meeting",
        {"when": "2026-11-24T10:00"},
        contacted,
        "ingrid",
        "dana",
        State.MEETING_BOOKED,
        "recorded for Tue 24 Nov 2026, 10:00 UTC.",
    ),
    Case(
        "add_findings",
        "findings",
        {"findings": "They want a pilot."},
        contacted,
        "ingrid",
        "dana",
        State.CONTACTED,
        "Your findings go into the CRM as a note.",
    ),
    Case(
        "reject",
        "return",
        {"reason": "incomplete", "comment": "Who signs?"},
        nothing,
        "elena",
        "clara",
        State.REJECTED,
        "is returned to Dana, who is told why.",
    ),
    Case(
        "resubmit",
        "resubmit",
        {"comment": "Their CFO signs."},
        returned,
        "dana",
        "ingrid",
        State.RECEIVED,
        "sent again",
    ),
    Case("withdraw", "withdraw", REASON, nothing, "dana", "ingrid", State.WITHDRAWN, "is withdrawn."),
    Case(
        "close",
        "outcome",
        {"outcome": "converted", **REASON},
        contacted,
        "ingrid",
        "dana",
        State.CONVERTED,
        "closed as converted",
    ),
)


def post(client: Client, handoff: Handoff, case: Case, *, htmx: bool = False, version: object = None):
    sent = {**case.form, "version": handoff.version if version is None else version}
    return client.post(f"/handoffs/{handoff.reference}/{case.path}/", sent, headers=HTMX if htmx else {})


def ready(give: Give, case: Case, clock: time_machine.Traveller) -> Handoff:
    handoff = give()
    case.before(handoff)
    clock.move_to(LATER)
    return Handoff.objects.get(pk=handoff.pk)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.verb)
def test_without_scripts_it_is_a_page_a_redirect_and_a_sentence(
    case: Case, firm: Company, give: Give, sign_in: SignIn, clock: time_machine.Traveller
) -> None:
    handoff, client = ready(give, case, clock), sign_in(case.who)
    form = client.get(f"/handoffs/{handoff.reference}/{case.path}/")
    assert form.status_code == 200
    assert "<!doctype html>" in html(form)
    assert f'name="version" value="{handoff.version}"' in html(form)

    answer = post(client, handoff, case)

    assert (answer.status_code, answer.headers["Location"]) == (302, f"/handoffs/{handoff.reference}/")
    assert case.said in words(client.get(answer.headers["Location"]))
    after = Handoff.objects.get(pk=handoff.pk)
    assert (after.state, after.version) == (case.to, handoff.version + 1)
    last = Event.objects.filter(stream=handoff.stream).latest("seq")
    assert last.actor == f"user:{firm.user(case.who).pk}"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.verb)
def test_in_the_dialog_it_is_an_empty_answer_an_event_and_a_toast(
    case: Case, firm: Company, give: Give, sign_in: SignIn, clock: time_machine.Traveller
) -> None:
    handoff, client = ready(give, case, clock), sign_in(case.who)
    form = client.get(f"/handoffs/{handoff.reference}/{case.path}/", headers=HTMX)
    assert 'id="dialog-h"' in html(form)
    assert "<html" not in html(form)

    answer = post(client, handoff, case, htmx=True)

    assert (answer.status_code, answer.headers["HX-Trigger"]) == (200, "handoff-changed")
    assert case.said in words(answer)
    assert html(answer).strip().startswith('<div hx-swap-oob="beforeend:#toasts">')
    assert Handoff.objects.get(pk=handoff.pk).state == case.to


@pytest.mark.parametrize("htmx", [False, True], ids=["plain", "htmx"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.verb)
def test_a_colleague_is_refused_and_a_stranger_finds_nothing(
    case: Case, htmx: bool, firm: Company, give: Give, sign_in: SignIn, clock: time_machine.Traveller
) -> None:
    handoff = ready(give, case, clock)
    before = (handoff.state, handoff.version, Event.objects.count(), Delivery.objects.count(), Remark.objects.count())
    address = f"/handoffs/{handoff.reference}/{case.path}/"

    for who, status in ((case.onlooker, 403), ("freya", 404)):
        client = sign_in(who)
        assert client.get(address, headers=HTMX if htmx else {}).status_code == status
        answer = post(client, handoff, case, htmx=htmx)
        assert answer.status_code == status
        assert "Nothing was changed" in words(answer)
    anonymous = Client().post(address, case.form)
    assert anonymous.headers["Location"].startswith("/accounts/login/")

    after = Handoff.objects.get(pk=handoff.pk)
    assert before == (
        after.state,
        after.version,
        Event.objects.count(),
        Delivery.objects.count(),
        Remark.objects.count(),
    )


@pytest.mark.parametrize("htmx", [False, True], ids=["plain", "htmx"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.verb)
def test_a_form_sent_twice_is_one_change_and_no_error(
    case: Case, htmx: bool, firm: Company, give: Give, sign_in: SignIn, clock: time_machine.Traveller
) -> None:
    handoff, client = ready(give, case, clock), sign_in(case.who)
    first = post(client, handoff, case, htmx=htmx)
    lines, rows = Event.objects.count(), Delivery.objects.count()

    second = post(client, handoff, case, htmx=htmx)

    assert first.status_code == second.status_code
    assert (Event.objects.count(), Delivery.objects.count()) == (lines, rows)


def test_another_form_of_the_same_person_is_no_second_click_and_keeps_its_words(
    firm: Company, give: Give, sign_in: SignIn, clock: time_machine.Traveller
) -> None:
    case = CASES[0]
    handoff, client = ready(give, case, clock), sign_in(case.who)
    post(client, handoff, case)
    sent = {**case.form, "findings": "They want a pilot.", "version": handoff.version}

    answer = client.post(f"/handoffs/{handoff.reference}/contact/", sent, headers=HTMX)

    assert answer.status_code == 409
    assert "They want a pilot." in words(answer)
    assert not Remark.objects.filter(text="They want a pilot.").exists()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.verb)
def test_a_form_of_what_has_changed_meanwhile_is_refused_and_the_words_are_kept(
    case: Case, firm: Company, give: Give, sign_in: SignIn, clock: time_machine.Traveller
) -> None:
    handoff, client = ready(give, case, clock), sign_in(case.who)
    seen = handoff.version
    Handoff.objects.filter(pk=handoff.pk).update(version=seen + 3)

    for htmx in (False, True):
        answer = post(client, handoff, case, htmx=htmx, version=seen)
        assert answer.status_code == 409
        assert f"{handoff.reference} has changed since you opened it" in words(answer)
        text = case.form.get("findings") or case.form.get("comment") or case.form.get("reason")
        if text and "kept" in html(answer):
            assert text in words(answer)
    assert answer.headers["HX-Trigger"] == "handoff-changed"
    assert Handoff.objects.get(pk=handoff.pk).state == handoff.state


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.verb)
def test_a_long_or_a_missing_text_is_said_beside_the_field(
    case: Case, firm: Company, give: Give, sign_in: SignIn, clock: time_machine.Traveller
) -> None:
    handoff, client = ready(give, case, clock), sign_in(case.who)
    address = f"/handoffs/{handoff.reference}/{case.path}/"

    for name in ("findings", "comment", "reason"):
        if len(case.form.get(name, "")) < 11:
            continue
        answer = client.post(address, {**case.form, name: "ж" * 10_000, "version": handoff.version}, headers=HTMX)
        assert answer.status_code == 422
        assert "The text has 10,000 characters and at most 4,000 are kept. Shorten it." in words(answer)
        assert 'aria-invalid="true"' in html(answer)
    empty = client.post(address, {"version": handoff.version}, headers=HTMX)
    assert empty.status_code == 422
    assert Handoff.objects.get(pk=handoff.pk).version == handoff.version


@pytest.mark.parametrize("version", ["9" * 400, "-1", "two", "٣"])
def test_a_nonsense_version_changes_nothing(version: str, firm: Company, give: Give, sign_in: SignIn) -> None:
    handoff = give()
    answer = post(sign_in("ingrid"), handoff, CASES[0], version=version)
    assert answer.status_code == 400
    assert Handoff.objects.get(pk=handoff.pk).state == State.ASSIGNED


# Nothing promises anything.


def test_without_a_live_policy_a_new_owner_is_refused_in_a_sentence(firm: Company, give: Give, sign_in: SignIn) -> None:
    handoff = give()
    Policy.objects.update(state=Policy.State.ARCHIVED)
    sent = {"to": firm.reps["freya"].pk, "reason": "Ingrid is away.", "version": handoff.version}

    answer = sign_in("elena").post(f"/handoffs/{handoff.reference}/reassign/", sent, headers=HTMX)

    assert answer.status_code == 409
    assert "No SLA policy is live for" in words(answer)
    assert Handoff.objects.get(pk=handoff.pk).owner == firm.reps["ingrid"]


# Names that are written from right to left.


def test_a_name_from_right_to_left_is_kept_apart_from_the_words_around_it(
    firm: Company, give: Give, sign_in: SignIn
) -> None:
    handoff, client = give(name="شركة الملاحة"), sign_in("ingrid")
    client.post(f"/handoffs/{handoff.reference}/acknowledge/", {"version": handoff.version})

    flash = words(client.get(f"/handoffs/{handoff.reference}/"))

    assert f"Acknowledged {handoff.reference}. Contact \u2068شركة الملاحة\u2069 next." in flash
    inbox = html(client.get("/"))
    assert "<bdi>Dana Whitfield</bdi> to <bdi>you</bdi>" in inbox
    assert f"<bdi>{handoff.reference}</bdi> · " in inbox
