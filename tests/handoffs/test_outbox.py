"""How things leave: once, late if need be, by another way if need be, and never when nobody wants them any more."""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from handoffs import claiming, outbox, pipeline, timeline
from handoffs.connectors.ports import Alert
from handoffs.models import Activity, Delivery, Handoff, State
from handoffs.states import RefusedError
from tests.factories import NOW, Company, DeliveryFactory, HandoffFactory, company
from tests.fakes.fixtures import Fake
from tests.handoffs.given import LATER, assigned, blocked, unassigned

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_slack", "fake_resend", "revops")]


@pytest.fixture
def revops(settings: Settings) -> None:
    settings.REVOPS_EMAIL = "revops@fathomline.example"


def alert(**fields: Any) -> dict[str, Any]:
    return asdict(Alert(channel="", title="Nobody can take it", body="It is held.", **fields))


def queued(
    *, channel: str = "slack", recipient: str = "#ae", routes: dict[str, str] | None = None, **fields: Any
) -> Delivery:
    """A notice on its way; `routes` are the other ways to the same person."""
    made: Delivery = DeliveryFactory.create(
        channel=channel,
        recipient=recipient,
        key=f"test/1/notice/{channel}/{recipient}",
        payload={
            "alert": alert(),
            "routes": {"email": "ingrid@fathomline.example", "slack": "U0INGRID"} | (routes or {}),
        },
        **fields,
    )
    return made


def deliver(*, at: datetime = NOW, limit: int = 20) -> int:
    return outbox.deliver_due(now=at, clock=lambda: at, limit=limit)


def fresh(delivery: Delivery) -> Delivery:
    return Delivery.objects.get(pk=delivery.pk)


def titles(slack: Fake) -> list[str]:
    return [effect["message"]["blocks"][0]["text"]["text"] for effect in slack.effects(path="chat.postMessage")]


# What goes well.


def test_what_is_due_leaves_and_the_record_says_when_and_under_which_id(fake_slack: Fake) -> None:
    delivery = queued()
    assert deliver(at=LATER) == 1
    delivery = fresh(delivery)
    assert (delivery.state, delivery.delivered_at, delivery.next_at) == ("delivered", LATER, None)
    assert (delivery.attempt, delivery.failures, delivery.lease_until, delivery.last_error) == (1, 0, None, "")
    [sent] = fake_slack.effects(path="chat.postMessage")
    assert delivery.provider_id == f"{sent['channel']['id']}/{sent['ts']}"
    assert [row["key"] for row in fake_slack.rows(took_effect=True)] == [delivery.key]


def test_a_mail_goes_out_under_the_rows_key(fake_resend: Fake) -> None:
    delivery = queued(channel="email", recipient="ingrid@fathomline.example")
    deliver()
    assert [row["key"] for row in fake_resend.rows(took_effect=True)] == [delivery.key]
    assert fresh(delivery).provider_id == fake_resend.effects()[0]["id"]


def test_what_is_not_due_yet_stays_and_so_does_what_is_beyond_the_limit(fake_slack: Fake) -> None:
    queued(recipient="#first", next_at=NOW - timedelta(minutes=2))
    queued(recipient="#third", next_at=NOW)
    queued(recipient="#second", next_at=NOW - timedelta(minutes=1))
    queued(recipient="#later", next_at=NOW + timedelta(seconds=1))
    assert deliver(limit=2) == 2
    assert deliver() == 1
    assert deliver() == 0
    named = [effect["channel"]["name"] for effect in fake_slack.effects(path="chat.postMessage")]
    assert named == ["first", "second", "third"]


@pytest.mark.sqlite
def test_a_delivery_in_somebody_elses_hands_is_left_until_the_lease_runs_out() -> None:
    queued()
    assert len(claiming.claim_due(Delivery, now=NOW, real_now=NOW, limit=5)) == 1
    assert claiming.claim_due(Delivery, now=NOW, real_now=NOW, limit=5) == []
    late = NOW + claiming.LEASE
    [again] = claiming.claim_due(Delivery, now=NOW, real_now=late, limit=5)
    assert (again.attempt, again.lease_until) == (2, late + claiming.LEASE)


@pytest.mark.sqlite
def test_an_answer_that_comes_after_the_claim_was_lost_changes_nothing() -> None:
    [slow] = [queued() for _ in range(1)]
    [mine] = claiming.claim_due(Delivery, now=NOW, real_now=NOW, limit=1)
    [theirs] = claiming.claim_due(Delivery, now=NOW, real_now=NOW + claiming.LEASE, limit=1)
    outbox.attempt(mine, now=NOW)
    assert (fresh(slow).state, fresh(slow).attempt) == ("queued", theirs.attempt)
    outbox.attempt(theirs, now=NOW)
    assert fresh(slow).state == "delivered"


def test_only_the_handoffs_own_messages_are_sent_for_somebody_who_waits(fake_resend: Fake) -> None:
    firm = company()
    mine, other = assigned(firm), assigned(firm, "closed_to_cs", name="Aker Freight")
    assert outbox.deliver_for(mine, now=NOW, clock=lambda: NOW) == 4
    assert set(mine.deliveries.values_list("state", flat=True)) == {"delivered"}
    assert set(other.deliveries.values_list("state", flat=True)) == {"queued"}


# What fails.


def test_two_quick_tries_then_ever_slower_ones_and_after_twenty_hours_it_is_parked(fake_slack: Fake) -> None:
    fake_slack.fault("status", status=503, times=None)
    delivery, at, waits = queued(), NOW, []
    while (row := fresh(delivery)).next_at is not None:
        at = row.next_at
        deliver(at=at)
        waits.append((fresh(delivery).next_at or at) - at)
    assert waits[:8] == [
        *(timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=5), timedelta(minutes=15)),
        *(timedelta(minutes=30), timedelta(hours=1), timedelta(hours=2), timedelta(hours=4)),
    ]
    row = fresh(delivery)
    assert (row.state, row.last_error) == ("parked", "Slack cannot do it now (HTTP 503).")
    assert timedelta(hours=15) < at - NOW <= timedelta(hours=20)
    assert row.attempt == row.failures == len(waits)


def test_a_provider_that_asks_for_patience_gets_it(fake_slack: Fake) -> None:
    fake_slack.fault("status", status=429, retry_after=120)
    delivery = queued()
    deliver()
    assert fresh(delivery).next_at == NOW + timedelta(seconds=120)


def test_after_the_third_failure_the_same_words_go_another_way_once(fake_slack: Fake, fake_resend: Fake) -> None:
    fake_slack.fault("status", status=503, times=None)
    delivery = queued()
    for seconds in (0, 5):
        deliver(at=NOW + timedelta(seconds=seconds))
    assert Delivery.objects.count() == 1
    deliver(at=NOW + timedelta(seconds=35))
    deliver(at=NOW + timedelta(minutes=6))
    other = Delivery.objects.exclude(pk=delivery.pk).get()
    assert (other.channel, other.recipient, other.fallback_of) == ("email", "ingrid@fathomline.example", delivery)
    assert other.key == "test/1/notice/email/ingrid@fathomline.example"
    assert other.state == "delivered"
    [mail] = fake_resend.effects()
    assert (mail["subject"], mail["to"]) == ("Nobody can take it", ["ingrid@fathomline.example"])
    assert fresh(delivery).state == "queued", "its own way is tried on"


def test_mail_that_cannot_go_goes_by_slack_to_the_same_person(fake_slack: Fake, fake_resend: Fake) -> None:
    fake_resend.script(valid_keys=["re_other"])
    delivery = queued(channel="email", recipient="ingrid@fathomline.example")
    deliver()
    assert fresh(delivery).state == "parked"
    assert fresh(delivery).last_error == (
        "Resend refused the API key (invalid_api_key): put a valid one into RESEND_API_KEY."
    )
    assert [effect["channel"]["user"] for effect in fake_slack.effects(path="chat.postMessage")] == ["U0INGRID"]


def test_what_fails_on_the_other_way_too_goes_to_the_revops_list_and_no_further(
    fake_slack: Fake, fake_resend: Fake
) -> None:
    fake_slack.script(unknown_channels=["#ae"])
    fake_resend.fault("status", status=422, times=None, body={"name": "validation_error", "message": "No such inbox."})
    queued()
    for _ in range(4):
        deliver()
    rows = Delivery.objects.order_by("id").values_list("channel", "recipient", "state")
    assert list(rows) == [
        ("slack", "#ae", "parked"),
        ("email", "ingrid@fathomline.example", "parked"),
        ("email", "revops@fathomline.example", "parked"),
    ]


def test_without_another_way_the_row_is_parked_and_that_is_all(fake_slack: Fake) -> None:
    fake_slack.script(unknown_channels=["#ae"])
    queued(routes={"email": ""})
    deliver()
    assert list(Delivery.objects.values_list("state", flat=True)) == ["parked"]


def test_one_row_that_makes_no_sense_stops_no_other(fake_slack: Fake) -> None:
    odd = DeliveryFactory.create(payload={}, key="test/odd")
    fine = queued()
    assert deliver() == 2
    assert (fresh(odd).state, fresh(odd).last_error) == ("queued", "An unexpected error stopped it (KeyError).")
    assert fresh(fine).state == "delivered"


@pytest.mark.parametrize("kind", ["timeout_after_effect", "drop", "malformed"])
def test_a_message_that_may_have_arrived_is_looked_for_before_it_is_sent_again(
    fake_slack: Fake, short_timeout: float, kind: str
) -> None:
    fake_slack.fault(kind, seconds=5, match={"path": "chat.postMessage"}, after_effect=True)
    delivery = queued()
    deliver()
    assert fresh(delivery).state == "queued"
    deliver(at=NOW + timedelta(seconds=5))
    assert fresh(delivery).state == "delivered"
    assert len(titles(fake_slack)) == 1


def test_a_mail_that_may_have_gone_is_sent_again_under_the_same_key_and_goes_once(
    fake_resend: Fake, short_timeout: float
) -> None:
    fake_resend.fault("timeout_after_effect", seconds=5)
    delivery = queued(channel="email", recipient="ingrid@fathomline.example")
    deliver()
    deliver(at=NOW + timedelta(seconds=5))
    assert fresh(delivery).state == "delivered"
    assert len(fake_resend.effects()) == 1


# Retry.


def test_a_parked_delivery_is_sent_again_at_once_and_has_all_its_tries_again(fake_slack: Fake) -> None:
    handoff = HandoffFactory.create()
    fake_slack.script(unknown_channels=["#ae"])
    delivery = queued(routes={"email": ""}, handoff=handoff)
    deliver()
    later = NOW + timedelta(days=3)
    outbox.retry(delivery, actor="user:7", now=later)
    assert (fresh(delivery).state, fresh(delivery).next_at, fresh(delivery).failures) == ("queued", later, 0)

    # Slack only stumbles now, so it is tried again rather than parked.
    fake_slack.script(unknown_channels=[])
    fake_slack.fault("status", status=503)
    deliver(at=later)
    assert fresh(delivery).next_at == later + timedelta(seconds=5)
    deliver(at=later + timedelta(seconds=5))
    assert fresh(delivery).state == "delivered"
    lines = [(line.verb, line.actor) for line in timeline.sentences(handoff.stream)]
    assert lines == [("delivery_parked", "Outbox"), ("delivery_retried", "user:7"), ("delivered", "Outbox")]


@pytest.mark.parametrize("state", ["queued", "delivered", "cancelled"])
def test_only_what_is_parked_can_be_retried(state: str) -> None:
    times = {"queued": {}, "delivered": {"next_at": None, "delivered_at": NOW}, "cancelled": {"next_at": None}}[state]
    delivery = queued(state=state, **times)
    with pytest.raises(RefusedError) as refused:
        outbox.retry(delivery, actor="user:7", now=NOW)
    assert str(refused.value) == "“Notice to #ae” is not parked, so there is nothing to retry."


# What nobody wants any more.


def reason_for(handoff: Handoff, purpose: str, *, number: int = 1, channel: str = "slack") -> str:
    return outbox.no_longer_wanted(
        DeliveryFactory.create(handoff=handoff, purpose=purpose, assignment_number=number, channel=channel)
    )


def test_nothing_is_said_of_a_withdrawn_handoff(firm: Company) -> None:
    handoff = assigned(firm)
    pipeline.withdraw(handoff, reason="by mistake", actor="user:1", now=NOW)
    for row in handoff.deliveries.exclude(purpose__in=("notice", "alert_update")):
        assert outbox.no_longer_wanted(row) == "The handoff was withdrawn first.", row


def test_what_concerns_an_assignment_is_not_said_after_somebody_else_has_it(firm: Company) -> None:
    handoff = assigned(firm)
    pipeline.reassign(handoff, to=firm.reps["freya"], reason="On leave", actor="user:1", now=NOW)
    told = {row.purpose: outbox.no_longer_wanted(row) for row in handoff.deliveries.filter(assignment_number=1)}
    somebody_else = "The handoff went to somebody else first."
    assert told == {
        "crm_update": somebody_else,
        "crm_note": "",
        "alert": somebody_else,
        "briefing": somebody_else,
        "notice": "They had not heard of it.",
        "alert_update": "",
    }
    assert {outbox.no_longer_wanted(row) for row in handoff.deliveries.filter(assignment_number=2)} == {""}


def test_a_late_crm_update_never_overwrites_a_newer_one(firm: Company, settings: Settings) -> None:
    settings.CRM_WRITES_OWNER = True
    handoff = assigned(firm)
    pipeline.reassign(handoff, to=firm.reps["freya"], reason="On leave", actor="user:1", now=LATER)
    # The first one had failed and comes up again after the second was written.
    handoff.deliveries.filter(purpose="crm_update", assignment_number=1).update(next_at=LATER + timedelta(minutes=5))
    deliver(at=LATER)
    deliver(at=LATER + timedelta(minutes=5))
    assert handoff.deal is not None
    handoff.deal.refresh_from_db()
    assert handoff.deal.owner == firm.reps["freya"]
    assert Activity.objects.filter(kind="note").count() == 2, "both notes are history"


def test_a_returned_handoff_is_announced_to_nobody(firm: Company) -> None:
    handoff = assigned(firm)
    pipeline.reject(handoff, reason="incomplete", actor="user:1", now=NOW)
    assert reason_for(handoff, "alert") == "The handoff was returned to the sender first."
    assert reason_for(handoff, "notice") == ""


def test_an_escalation_is_not_sent_after_contact_and_is_until_then(firm: Company) -> None:
    handoff = assigned(firm)
    pipeline.acknowledge(handoff, actor="user:1", now=NOW)
    assert reason_for(handoff, "escalation") == "", "acknowledging is no contact"
    pipeline.log_contact(handoff, contacted_at=NOW, actor="user:1", now=NOW)
    assert reason_for(handoff, "escalation") == "The customer was contacted first."


def test_a_gap_list_is_not_sent_after_the_gap_was_filled(firm: Company) -> None:
    handoff = blocked(firm)
    assert reason_for(handoff, "gaps", number=0) == ""
    Handoff.objects.filter(pk=handoff.pk).update(state=State.RECEIVED)
    assert reason_for(handoff, "gaps", number=0) == "The gap was filled first."
    assert reason_for(handoff, "gaps", number=1) == "", "the tasks of a flagged one stay"


def test_nobody_is_told_that_nobody_has_it_once_somebody_has(firm: Company) -> None:
    handoff = unassigned(firm)
    assert reason_for(handoff, "unassigned", number=1) == ""
    pipeline.reassign(handoff, to=firm.reps["oskar"], reason="Has time", actor="user:1", now=NOW)
    assert reason_for(handoff, "unassigned", number=1) == "Somebody has it now."


def test_what_concerns_no_handoff_is_always_wanted(fake_slack: Fake) -> None:
    queued()
    deliver()
    assert titles(fake_slack) == ["Nobody can take it"]


def test_a_cancelled_delivery_says_why_and_is_in_the_log(firm: Company, fake_slack: Fake) -> None:
    handoff = assigned(firm)
    pipeline.withdraw(handoff, reason="by mistake", actor="user:1", now=NOW)
    deliver()
    row = handoff.deliveries.get(purpose="alert")
    assert (row.state, row.next_at, row.last_error) == ("cancelled", None, "The handoff was withdrawn first.")
    assert "Alert to the new owner: no longer needed by Slack" in [
        line.text for line in timeline.sentences(handoff.stream)
    ]
    told = [row.recipient for row in handoff.deliveries.filter(state="delivered", channel="slack")]
    assert told == ["U0DANA"], "only the sender, who did not do it themselves"
