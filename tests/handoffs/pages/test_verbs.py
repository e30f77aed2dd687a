"""Every verb on the pages: the owner, a colleague and a stranger, with scripts and without, and what the rows say."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.test import Client

from handoffs import pipeline
from handoffs.models import Delivery, Event, Handoff, Remark, State
from handoffs.views.verbs.moments import LocalMoment
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


# The first contact was earlier than was noted.


def correct(client: Client, handoff: Handoff, when: str, findings: str = ""):
    sent = {"when": when, "findings": findings, "version": handoff.version}
    return client.post(f"/handoffs/{handoff.reference}/contact/", sent, headers=HTMX)


@pytest.fixture
def noted_late(give: Give, clock: time_machine.Traveller) -> Handoff:
    """Ingrid's, contacted at 10:20 by her own account, at 10:30."""
    handoff = give()
    clock.move_to(LATER)
    at = NOW + timedelta(minutes=20)
    return pipeline.log_contact(handoff, contacted_at=at, actor="user:0", now=LATER)


def test_the_owner_corrects_the_first_contact_to_an_earlier_time(
    firm: Company, noted_late: Handoff, sign_in: SignIn
) -> None:
    client, address = sign_in("ingrid"), f"/handoffs/{noted_late.reference}/"
    assert "Correct first contact" in words(client.get(address))
    form = client.get(f"{address}contact/", headers=HTMX)
    assert 'value="2026-11-17T10:20"' in html(form)
    assert "On record is 10:20. It can only have been earlier" in words(form)

    answer = correct(client, noted_late, "2026-11-17T10:05")

    assert answer.status_code == 200
    assert "First contact with Halvorsen Marine Logistics is corrected to 10:05." in words(answer)
    after = Handoff.objects.get(pk=noted_late.pk)
    assert (after.state, after.contacted_at) == (State.CONTACTED, NOW + timedelta(minutes=5))
    assert Event.objects.filter(stream=after.stream, verb="contact_corrected").count() == 1
    again = correct(client, noted_late, "2026-11-17T10:05")
    assert (again.status_code, "done already" in words(again)) == (200, True)


@pytest.mark.parametrize("when", ["2026-11-17T10:20", "2026-11-17T10:25", "2026-11-17T09:00"])
def test_no_correction_makes_the_first_contact_later_or_earlier_than_the_handoff(
    when: str, firm: Company, noted_late: Handoff, sign_in: SignIn
) -> None:
    answer = correct(sign_in("ingrid"), noted_late, when)

    assert answer.status_code == 422
    expected = "before HO-" if when.endswith("09:00") else "The first contact on record is 10:20. Give an earlier time"
    assert expected in words(answer)
    assert Handoff.objects.get(pk=noted_late.pk).contacted_at == NOW + timedelta(minutes=20)


@pytest.mark.parametrize(("who", "status"), [("dana", 403), ("clara", 403), ("freya", 404), ("elena", 200)])
def test_a_correction_is_the_owners_or_their_managers(
    who: str, status: int, firm: Company, noted_late: Handoff, sign_in: SignIn
) -> None:
    client = sign_in(who)
    assert correct(client, noted_late, "2026-11-17T10:05").status_code == status
    if status == 403:
        assert "Correct first contact" not in words(client.get(f"/handoffs/{noted_late.reference}/"))


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


# Times.


def typed(client: Client, handoff: Handoff, when: str):
    sent = {"when": when, "version": handoff.version}
    return client.post(f"/handoffs/{handoff.reference}/contact/", sent, headers=HTMX)


def test_a_time_is_read_on_the_readers_own_clock(
    firm: Company, give: Give, sign_in: SignIn, clock: time_machine.Traveller
) -> None:
    ingrid = firm.user("ingrid")
    ingrid.time_zone = "Europe/Oslo"
    ingrid.save()
    handoff = give()
    clock.move_to(LATER)
    client = sign_in("ingrid")

    form = client.get(f"/handoffs/{handoff.reference}/contact/")
    assert 'value="2026-11-17T11:30"' in html(form)
    assert "On your clock: Europe/Oslo, CET today." in words(form)
    assert typed(client, handoff, "2026-11-17T11:15").status_code == 200

    assert Handoff.objects.get(pk=handoff.pk).contacted_at == datetime(2026, 11, 17, 10, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("when", "sentence"),
    [
        ("", "Say when it happened."),
        ("yesterday", "Give a date and a time"),
        ("2026-11-31T10:00", "Give a date and a time"),
        ("0001-01-01T00:00", "before HO-"),
        ("9999-12-31T23:59", "lies in the future"),
        ("2026-11-17T10:31", "lies in the future"),
        ("2026-11-17T09:59", "lies before HO-"),
        ("2026-11-17T10:00\x00", "Give a date and a time"),
    ],
)
def test_a_time_that_cannot_be_is_refused_in_the_form(
    when: str, sentence: str, firm: Company, give: Give, sign_in: SignIn, clock: time_machine.Traveller
) -> None:
    handoff = give()
    clock.move_to(LATER)

    answer = typed(sign_in("ingrid"), handoff, when)

    assert answer.status_code == 422
    assert sentence in words(answer)
    assert Handoff.objects.get(pk=handoff.pk).contacted_at is None


def test_the_minute_of_the_assignment_counts_as_after_it(
    firm: Company, give: Give, sign_in: SignIn, clock: time_machine.Traveller
) -> None:
    handoff = give(at=NOW + timedelta(seconds=40))
    clock.move_to(NOW + timedelta(seconds=50))

    assert typed(sign_in("ingrid"), handoff, "2026-11-17T10:00").status_code == 200
    assert Handoff.objects.get(pk=handoff.pk).contacted_at == NOW + timedelta(seconds=40)


def test_a_meeting_is_after_the_contact_and_within_a_year(
    firm: Company, give: Give, sign_in: SignIn, clock: time_machine.Traveller
) -> None:
    handoff = give()
    contacted(handoff)
    clock.move_to(LATER)
    handoff = Handoff.objects.get(pk=handoff.pk)
    client = sign_in("ingrid")

    def meet(when: str):
        sent = {"when": when, "version": handoff.version}
        return client.post(f"/handoffs/{handoff.reference}/meeting/", sent, headers=HTMX)

    assert "before the first contact" in words(meet("2026-11-17T09:00"))
    assert "more than a year away" in words(meet("2028-11-17T09:00"))
    assert meet("2026-11-17T10:10").status_code == 200, "one already held counts"


@pytest.mark.parametrize(
    ("zone", "now", "when", "meant"),
    [
        # The hour that comes twice: the first that is not in the future, and not before the assignment.
        ("Europe/Berlin", "2026-10-25T01:45", "2026-10-25T02:30", "2026-10-25T00:30"),
        ("Europe/Berlin", "2026-10-25T00:20", "2026-10-25T02:10", "2026-10-25T00:10"),
        ("America/New_York", "2026-11-01T07:00", "2026-11-01T01:30", "2026-11-01T05:30"),
        ("Asia/Kathmandu", "2026-11-17T10:30", "2026-11-17T16:00", "2026-11-17T10:15"),
    ],
)
def test_zones_and_hours_that_come_twice_are_read_as_they_are_meant(zone: str, now: str, when: str, meant: str) -> None:
    field = LocalMoment()
    field.zone = ZoneInfo(zone)
    field.latest = datetime.fromisoformat(now).replace(tzinfo=UTC)
    field.earliest = field.latest - timedelta(hours=6)

    assert field.to_python(when) == datetime.fromisoformat(meant).replace(tzinfo=UTC)


def test_of_an_hour_that_comes_twice_the_second_is_meant_where_the_first_is_too_early() -> None:
    field = LocalMoment()
    field.zone = ZoneInfo("Europe/Berlin")
    field.earliest = datetime(2026, 10, 25, 0, 50, tzinfo=UTC)

    assert field.to_python("2026-10-25T02:30") == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_an_hour_that_the_clocks_skip_is_refused() -> None:
    field = LocalMoment()
    field.zone = ZoneInfo("Europe/Berlin")
    with pytest.raises(ValidationError, match="On 29 Mar 2026 the clocks in Europe/Berlin skip 02:30"):
        field.to_python("2026-03-29T02:30")
