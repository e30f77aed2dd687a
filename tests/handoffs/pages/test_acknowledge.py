from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from handoffs import pipeline
from handoffs.models import Event, Handoff, State
from tests.factories import NOW, Company
from tests.handoffs.pages.conftest import Give, SignIn
from tests.handoffs.pages.reading import html, words

IN_PAGE = {"HX-Request": "true"}


def press(client: Client, handoff: Handoff, *, version: object = None, target: str = "", follow: bool = False):
    headers = {**IN_PAGE, "HX-Target": target} if target else {}
    sent = {} if version is None else {"version": version}
    return client.post(f"/handoffs/{handoff.reference}/acknowledge/", sent, headers=headers, follow=follow)


def state_of(handoff: Handoff) -> str:
    return Handoff.objects.get(pk=handoff.pk).state


def test_the_owner_acknowledges_without_scripts(firm: Company, give: Give, sign_in: SignIn) -> None:
    handoff = give()
    answer = press(sign_in("ingrid"), handoff, version=handoff.version, follow=True)

    assert answer.redirect_chain == [(f"/handoffs/{handoff.reference}/", 302)]
    assert f"Acknowledged {handoff.reference}. Contact Halvorsen Marine Logistics next." in words(answer)
    assert state_of(handoff) == State.ACKNOWLEDGED
    line = Event.objects.get(stream=handoff.stream, verb="acknowledged")
    assert line.actor == f"user:{firm.user('ingrid').pk}"


def test_in_the_list_the_answer_is_the_row_as_it_now_is(firm: Company, give: Give, sign_in: SignIn) -> None:
    handoff = give()
    answer = press(sign_in("ingrid"), handoff, version=handoff.version, target=f"row-{handoff.pk}")

    assert html(answer).strip().startswith(f'<li class="row" id="row-{handoff.pk}"')
    assert "Log contact" in words(answer)
    assert "Acknowledged HO-" in words(answer)
    assert 'data-verb="acknowledge"' not in html(answer)


def test_on_the_page_the_answer_is_the_record_as_it_now_is(firm: Company, give: Give, sign_in: SignIn) -> None:
    handoff = give()
    answer = press(sign_in("ingrid"), handoff, version=handoff.version, target="handoff")

    assert html(answer).strip().startswith('<div class="stack stack-lg" id="handoff">')
    assert "Acknowledge , done 10:00" in words(answer) or "Acknowledge, done 10:00" in words(answer)
    assert "<html" not in html(answer)


def test_a_page_that_is_out_of_date_is_refused_in_place_with_the_present_state(
    firm: Company, give: Give, sign_in: SignIn
) -> None:
    handoff = give()
    seen = handoff.version
    pipeline.log_contact(handoff, contacted_at=NOW, actor="engine", now=NOW)

    for target in (f"row-{handoff.pk}", "handoff"):
        answer = press(sign_in("ingrid"), handoff, version=seen, target=target)
        assert answer.status_code == 409
        assert f"{handoff.reference} has changed since you opened it and is now contacted." in words(answer)
    plain = press(sign_in("ingrid"), handoff, version=seen)
    assert plain.status_code == 409
    assert "Nothing was done: look again." in words(plain)
    assert state_of(handoff) == State.CONTACTED


def test_a_second_click_changes_nothing_and_is_no_error(firm: Company, give: Give, sign_in: SignIn) -> None:
    handoff = give()
    client = sign_in("ingrid")
    press(client, handoff, version=handoff.version)

    for version in (handoff.version, None):
        assert press(client, handoff, version=version).status_code == 302
    assert Event.objects.filter(stream=handoff.stream, verb="acknowledged").count() == 1


@pytest.mark.parametrize("target", ["", "row"])
def test_what_somebody_else_acknowledged_is_said_with_their_name(
    firm: Company, give: Give, sign_in: SignIn, clock: time_machine.Traveller, target: str
) -> None:
    handoff = give()
    press(sign_in("elena"), handoff, version=handoff.version)
    clock.shift(8)

    answer = press(sign_in("ingrid"), handoff, version=handoff.version, target=target and f"row-{handoff.pk}")

    assert answer.status_code == 409
    said = f"{firm.user('elena')} acknowledged this 8 seconds ago. Your click changed nothing."
    assert said in words(answer)
    assert answer.headers.get("HX-Trigger-After-Settle", "") == ("pulse-now" if target else "")
    assert Event.objects.filter(stream=handoff.stream, verb="acknowledged").count() == 1


def test_the_undo_beside_the_record_works_without_scripts_for_ten_seconds(
    firm: Company, give: Give, sign_in: SignIn, clock: time_machine.Traveller
) -> None:
    handoff = give()
    page, undo = f"/handoffs/{handoff.reference}/", f"/handoffs/{handoff.reference}/undo/"
    client = sign_in("ingrid")
    assert "It can be taken back until 10:00:10." in words(press(client, handoff, follow=True))
    assert "It can be taken back" not in words(sign_in("elena").get(page)), "it is Ingrid's to take back"

    clock.shift(timedelta(seconds=9))
    assert f"{handoff.reference} is not acknowledged any more." in words(client.post(undo, follow=True))
    assert state_of(handoff) == State.ASSIGNED

    press(client, handoff)
    clock.shift(timedelta(seconds=10))
    assert "It can be taken back" not in words(client.get(page))
    late = client.post(undo)
    assert (late.status_code, state_of(handoff)) == (409, State.ACKNOWLEDGED)
    assert "was acknowledged more than 10 seconds ago, and the sender knows." in words(late)


def test_the_toast_of_an_acknowledgement_carries_its_undo(firm: Company, give: Give, sign_in: SignIn) -> None:
    handoff = give()
    client, row = sign_in("ingrid"), f"row-{handoff.pk}"
    answer = press(client, handoff, version=handoff.version, target=row)
    assert 'hx-swap-oob="beforeend:#toasts"' in html(answer)
    assert f'hx-post="/handoffs/{handoff.reference}/undo/" hx-target="#{row}"' in html(answer)

    headers = {**IN_PAGE, "HX-Target": row}
    undone = client.post(f"/handoffs/{handoff.reference}/undo/", {"version": handoff.version + 1}, headers=headers)

    assert (undone.status_code, state_of(handoff)) == (200, State.ASSIGNED)
    assert 'data-verb="acknowledge"' in html(undone)


def test_a_manager_may_a_sender_may_not_a_stranger_finds_nothing(firm: Company, give: Give, sign_in: SignIn) -> None:
    handoff = give()

    assert press(sign_in("freya"), handoff).status_code == 404
    for onlooker in ("dana", "ben", "clara"):
        answer = press(sign_in(onlooker), handoff)
        assert answer.status_code == 403, onlooker
        assert f"{handoff.reference} belongs to Ingrid Solheim, and this is not yours to do" in words(answer)
    assert state_of(handoff) == State.ASSIGNED

    assert press(sign_in("elena"), handoff).status_code == 302
    assert state_of(handoff) == State.ACKNOWLEDGED


def test_only_those_who_may_press_it_see_the_button(firm: Company, give: Give, sign_in: SignIn) -> None:
    handoff = give()
    button = f'action="/handoffs/{handoff.reference}/acknowledge/"'

    assert button in html(sign_in("ingrid").get(f"/handoffs/{handoff.reference}/"))
    assert button in html(sign_in("elena").get(f"/handoffs/{handoff.reference}/"))
    assert button not in html(sign_in("dana").get(f"/handoffs/{handoff.reference}/"))


@pytest.mark.parametrize("version", ["9" * 400, "-1", "two"])
def test_a_nonsense_version_is_refused_and_changes_nothing(
    firm: Company, give: Give, sign_in: SignIn, version: str
) -> None:
    handoff = give()

    answer = press(sign_in("ingrid"), handoff, version=version)

    assert (answer.status_code, state_of(handoff)) == (400, State.ASSIGNED)
    assert "sent a version that is none" in words(answer)


def test_acknowledging_never_counts_as_contact(firm: Company, give: Give, sign_in: SignIn) -> None:
    handoff = give()
    press(sign_in("ingrid"), handoff)

    answer = sign_in("ingrid").get(f"/handoffs/{handoff.reference}/")

    assert Handoff.objects.get(pk=handoff.pk).contacted_at is None
    assert "2 h left" in words(answer)
