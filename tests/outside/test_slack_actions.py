"""The button in Slack: who may press it, what it does, what people are told, and calls that must change nothing."""

import re
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from pytest_django.fixtures import Settings

from handoffs import outbox, pipeline, timeline
from handoffs.models import Delivery, Event, Handoff, State
from routing.models import Rep
from tests.factories import NOW, Company
from tests.fakes.fixtures import Fake
from tests.fakes.slack_presses import FORM, signed
from tests.handoffs.given import assigned
from tests.outside.conftest import SECRET
from tests.outside.pressing import URL, answers, blocks, buttons, call, drain, payload, press, rows, state

# What it is for.


def test_the_owner_presses_and_it_is_acknowledged_in_their_name(handoff: Handoff, firm: Company) -> None:
    response = press(handoff)
    assert (response.status_code, response.content) == (200, b"")
    assert state(handoff) == State.ACKNOWLEDGED
    line = Event.objects.get(verb="acknowledged")
    assert (line.actor, line.facts["via"]) == (f"user:{firm.user('ingrid').pk}", "slack")
    assert timeline.sentences(handoff.stream)[-1].text == "Acknowledged in Slack"
    assert answers() == []


def test_the_announcement_has_buttons_until_somebody_presses_and_then_says_who_and_when(
    handoff: Handoff, fake_slack: Fake, fake_resend: Fake
) -> None:
    drain()
    assert buttons(fake_slack) == ["Acknowledge", "Open package", "Return to sender"]
    press(handoff)
    drain()
    assert buttons(fake_slack) == []
    said = str(blocks(fake_slack))
    assert "*Acknowledged by Ingrid*, <!date^" in said
    assert "10:00 UTC" in said


def test_the_time_of_the_press_is_in_the_zone_that_the_announcement_speaks_in(
    handoff: Handoff, firm: Company, fake_slack: Fake, fake_resend: Fake
) -> None:
    Rep.objects.filter(pk=firm.reps["ingrid"].pk).update(time_zone="Europe/Oslo")
    drain()
    press(handoff)
    drain()
    assert "|11:00 CET>" in str(blocks(fake_slack))


def test_acknowledged_on_the_page_the_announcement_says_so_too_and_taken_back_has_its_button_again(
    handoff: Handoff, firm: Company, fake_slack: Fake, fake_resend: Fake
) -> None:
    drain()
    ingrid = f"user:{firm.user('ingrid').pk}"
    pipeline.acknowledge(handoff, actor=ingrid, now=NOW)
    drain()
    assert "Acknowledged by Ingrid" in str(blocks(fake_slack))
    pipeline.undo_acknowledge(handoff, actor=ingrid, now=NOW)
    drain()
    assert "Acknowledge" in buttons(fake_slack)


def test_an_alert_that_leaves_after_the_acknowledgement_has_no_button(
    handoff: Handoff, firm: Company, fake_slack: Fake, fake_resend: Fake
) -> None:
    pipeline.acknowledge(handoff, actor=f"user:{firm.user('ingrid').pk}", now=NOW)
    drain()
    assert buttons(fake_slack) == []
    assert "Acknowledged by Ingrid" in str(blocks(fake_slack))


@pytest.mark.parametrize(
    ("verb", "said"),
    [
        ("reassign", "Now with Freya"),
        ("reject", "Returned to sender by Ingrid"),
        ("withdraw", "Withdrawn"),
        ("log_contact", "First contact made"),
    ],
)
def test_the_announcement_loses_its_buttons_when_there_is_nothing_left_to_press(
    handoff: Handoff, firm: Company, fake_slack: Fake, fake_resend: Fake, verb: str, said: str
) -> None:
    drain()
    arguments: dict[str, dict[str, Any]] = {
        "reassign": {"to": firm.reps["freya"], "reason": "On leave"},
        "reject": {"reason": "incomplete"},
        "withdraw": {"reason": "by mistake"},
        "log_contact": {"contacted_at": NOW},
    }
    getattr(pipeline, verb)(handoff, actor="user:1", now=NOW, **arguments[verb])
    for row in Delivery.objects.filter(purpose="alert_update"):
        [claimed] = outbox.claiming.claim_due(Delivery, now=NOW, real_now=NOW, limit=1, only=row.pk)
        outbox.attempt(claimed, now=NOW)
    assert buttons(fake_slack) == []
    assert said in str(blocks(fake_slack))


def test_a_message_that_somebody_deleted_is_left_alone(handoff: Handoff, fake_slack: Fake, fake_resend: Fake) -> None:
    drain()
    handoff.deliveries.filter(purpose="alert").update(provider_id="C0AE/1.000001")
    press(handoff)
    drain()
    assert not Delivery.objects.exclude(state="delivered").exclude(purpose="acknowledged").exists()


def test_without_a_signing_secret_there_is_no_button_and_no_address(
    firm: Company, fake_slack: Fake, fake_resend: Fake, settings: Settings
) -> None:
    settings.SLACK_SIGNING_SECRET = ""
    handoff = assigned(firm)
    drain()
    assert buttons(fake_slack) == ["Open package"]
    assert press(handoff, secret="").status_code == 404
    assert state(handoff) == State.ASSIGNED


# Who else presses.


@pytest.mark.parametrize(
    ("person", "sentence"),
    [
        ("U0FREYA", "There is no such handoff among those that you see"),
        ("U0DANA", "only the owner or their manager can acknowledge it"),
        ("U0NOBODY", "Handoffs does not know you under this Slack account"),
    ],
)
def test_others_are_told_why_not_and_nobody_else_sees_it(
    handoff: Handoff, fake_slack: Fake, fake_resend: Fake, person: str, sentence: str
) -> None:
    drain()
    where = fake_slack.effects(path="chat.postMessage")[0]["channel"]["id"]
    assert press(handoff, person=person, conversation=where).status_code == 200
    assert state(handoff) == State.ASSIGNED
    drain()
    [told] = fake_slack.effects(path="chat.postEphemeral")
    assert told["message"]["only_for"] == person
    assert sentence in told["message"]["text"]


def test_two_people_under_one_slack_account_are_nobody(handoff: Handoff) -> None:
    Rep.objects.filter(first_name="Freya").update(messaging_id="U0INGRID")
    press(handoff)
    assert state(handoff) == State.ASSIGNED
    assert "does not know you" in answers()[0]


def test_somebody_who_may_no_longer_sign_in_is_nobody(handoff: Handoff, firm: Company) -> None:
    user = firm.user("ingrid")
    user.is_active = False
    user.save()
    press(handoff)
    assert state(handoff) == State.ASSIGNED


def test_somebody_who_left_the_roster_is_nobody_though_they_can_still_sign_in(handoff: Handoff, firm: Company) -> None:
    assert firm.user("ingrid").is_active
    Rep.objects.filter(pk=firm.reps["ingrid"].pk).update(is_active=False)
    press(handoff)
    assert state(handoff) == State.ASSIGNED
    assert "does not know you" in answers()[0]


def test_the_former_owner_is_told_who_has_it_now(handoff: Handoff, firm: Company) -> None:
    pipeline.reassign(handoff, to=firm.reps["freya"], reason="On leave", actor="user:1", now=NOW)
    press(handoff)
    assert "is now owned by Freya" in answers()[0]
    assert state(handoff) == State.ASSIGNED


def test_a_button_of_an_earlier_assignment_does_not_count_for_the_present_one(handoff: Handoff, firm: Company) -> None:
    pipeline.reassign(handoff, to=firm.reps["freya"], reason="On leave", actor="user:1", now=NOW)
    press(handoff, person="U0FREYA", number=1)
    assert state(handoff) == State.ASSIGNED
    press(handoff, person="U0FREYA", number=2)
    assert state(handoff) == State.ACKNOWLEDGED


@pytest.mark.parametrize("value", ["", "HO-1", "HO-999999/1", "HO-1/1; drop", "x" * 150, "HO-99999999999999999999/1"])
def test_a_button_with_another_value_is_about_no_handoff(handoff: Handoff, value: str) -> None:
    assert press(handoff, value=value).status_code == 200
    assert "There is no such handoff" in answers()[0]
    assert state(handoff) == State.ASSIGNED


# The same call again.


def test_the_same_call_again_changes_nothing_even_after_the_acknowledgement_was_taken_back(
    handoff: Handoff, firm: Company
) -> None:
    body, headers = signed(payload(handoff), secret=SECRET)
    call(body, headers)
    assert call(body, headers).status_code == 200
    assert Event.objects.filter(verb="acknowledged").count() == 1
    assert answers() == [], "a repeat is no news to anybody"
    pipeline.undo_acknowledge(handoff, actor=f"user:{firm.user('ingrid').pk}", now=NOW)
    before = rows()
    assert call(body, headers).status_code == 200
    assert (state(handoff), rows()) == (State.ASSIGNED, before)


def test_a_refused_press_is_answered_once_and_does_not_count_later(handoff: Handoff, firm: Company) -> None:
    pipeline.acknowledge(handoff, actor=f"user:{firm.user('ingrid').pk}", now=NOW)
    body, headers = signed(payload(handoff), secret=SECRET)
    call(body, headers)
    call(body, headers)
    assert answers() == [f"{handoff.reference} is acknowledged already."]
    pipeline.undo_acknowledge(handoff, actor=f"user:{firm.user('ingrid').pk}", now=NOW)
    call(body, headers)
    assert state(handoff) == State.ASSIGNED


def test_a_new_press_after_taking_it_back_counts(handoff: Handoff, firm: Company) -> None:
    press(handoff)
    pipeline.undo_acknowledge(handoff, actor=f"user:{firm.user('ingrid').pk}", now=NOW)
    press(handoff, at=None)
    assert state(handoff) == State.ASSIGNED, "the very same press"
    call(*signed(payload(handoff, at="1795000200.000000"), secret=SECRET))
    assert state(handoff) == State.ACKNOWLEDGED


# Hostile words.


def test_a_name_that_tries_to_call_everybody_is_only_a_name(
    handoff: Handoff, firm: Company, fake_slack: Fake, fake_resend: Fake
) -> None:
    user = firm.user("ingrid")
    user.first_name = "<!channel> *Ingrid*"
    user.save()
    drain()
    press(handoff)
    drain()
    assert "<!channel>" not in str(blocks(fake_slack))
    assert all(not effect["notified"] for effect in fake_slack.effects(path="chat.update"))


def test_a_person_presses_in_the_stand_in_and_the_product_is_called_as_slack_calls_it(
    handoff: Handoff, fake_slack: Fake, fake_resend: Fake, live_server: Any, clock: time_machine.Traveller
) -> None:
    drain()
    # The stand-in is another process, and signs by the clock on the wall.
    clock.move_to(time_machine.escape_hatch.time.time())
    fake_slack.script(interactions={"url": f"{live_server.url}{URL}", "secret": SECRET})
    page = fake_slack.get("/").text
    fields = dict(re.findall(r'name="(conversation|ts|person)" value="([^"]*)"', page))
    assert fields["person"] == "U0INGRID"
    pressed = re.search(r'name="pressed" value="([^"]*)"', page)
    assert pressed is not None
    form = urlencode(fields | {"pressed": pressed.group(1)})
    headers = {"content-type": FORM}
    refused = fake_slack.client.post("/press", content=form, headers=headers | {"origin": "https://elsewhere.example"})
    assert "answered 200" not in refused.text
    answer = fake_slack.client.post("/press", content=form, headers=headers | {"origin": fake_slack.url})
    assert "The app answered 200" in answer.text
    assert state(handoff) == State.ACKNOWLEDGED
