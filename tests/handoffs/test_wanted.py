"""What was said of a handoff is still true when it arrives, by whatever way and however late."""

from datetime import datetime, timedelta

import pytest
from pytest_django.fixtures import Settings

from handoffs import claiming, engine, outbox, pipeline
from handoffs.models import Delivery, Handoff, Notice, Preference
from sla.models import Clock
from tests.factories import NOW, Company, company
from tests.fakes.fixtures import Fake
from tests.handoffs.given import LATER, assigned, blocked

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_slack", "fake_resend")]

SOON = NOW + timedelta(seconds=4)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def firm(settings: Settings) -> Company:
    settings.REVOPS_EMAIL = "revops@fathomline.example"
    made = company()
    made.user("dana")
    return made


def deliver(handoff: Handoff, *, at: datetime = NOW) -> None:
    outbox.deliver_for(handoff, now=at, clock=lambda: at)


def subjects(resend: Fake) -> list[str]:
    return [mail["subject"] for mail in resend.effects()]


def test_a_withdrawal_that_chat_refuses_reaches_the_owner_by_mail(
    firm: Company, fake_slack: Fake, fake_resend: Fake
) -> None:
    handoff = assigned(firm)
    deliver(handoff)
    fake_slack.script(unknown_channels=["U0INGRID"])
    pipeline.withdraw(handoff, reason="by mistake", actor="user:1", now=LATER)
    for _ in range(2):
        deliver(handoff, at=LATER)

    told = handoff.deliveries.get(recipient="ingrid@fathomline.example", purpose="notice")
    assert (told.state, told.last_error) == ("delivered", "")
    assert "Withdrawn: Halvorsen Marine Logistics" in subjects(fake_resend)


def test_a_reminder_to_acknowledge_is_not_sent_the_other_way_after_it_was(
    firm: Company, fake_slack: Fake, fake_resend: Fake
) -> None:
    handoff = assigned(firm)
    deliver(handoff)
    Clock.objects.filter(handoff_uuid=handoff.uuid, kind="first_contact").update(next_step_at=None)
    late = Clock.objects.get(handoff_uuid=handoff.uuid, kind="acknowledge").deadline_at + MINUTE
    engine.climb_due(now=late, clock=lambda: late)
    fake_slack.script(unknown_channels=["U0INGRID"])
    reminder = handoff.deliveries.get(purpose="escalation", channel="slack")
    assert reminder.payload["waits_for"] == "acknowledge"
    [claimed] = claiming.claim_due(Delivery, now=late, real_now=late, limit=1, only=reminder.pk)
    outbox.attempt(claimed, now=late)
    pipeline.acknowledge(handoff, actor="user:1", now=late)
    deliver(handoff, at=late + MINUTE)

    other = Delivery.objects.get(fallback_of=reminder)
    assert (other.channel, other.state, other.last_error) == ("email", "cancelled", "It was acknowledged first.")
    assert not [subject for subject in subjects(fake_resend) if subject.startswith("Reminder")]


def test_a_briefing_by_the_other_way_is_the_words_of_its_alert(firm: Company, fake_resend: Fake) -> None:
    handoff = assigned(firm)
    fake_resend.script(valid_keys=["re_other"])
    deliver(handoff)
    briefing = handoff.deliveries.get(purpose="briefing", channel="email")
    assert set(Delivery.objects.get(fallback_of=briefing).payload) == {"alert", "routes"}


# An acknowledgement that holds no longer.


def leave(firm: Company, handoff: Handoff, how: str) -> None:
    match how:
        case "return":
            pipeline.reject(handoff, reason="incomplete", actor="user:1", now=SOON)
        case "reassign":
            pipeline.reassign(handoff, to=firm.reps["freya"], reason="On leave", actor="user:1", now=SOON)
        case "withdraw":
            pipeline.withdraw(handoff, reason="by mistake", actor="user:1", now=SOON)


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ("return", "The handoff was returned to the sender first."),
        ("reassign", "The handoff went to somebody else first."),
        ("withdraw", "The handoff was withdrawn first."),
    ],
)
def test_the_sender_is_not_told_of_an_acknowledgement_that_was_overtaken(firm: Company, how: str, why: str) -> None:
    handoff = assigned(firm)
    pipeline.acknowledge(handoff, actor="user:1", now=NOW)
    leave(firm, handoff, how)
    deliver(handoff, at=NOW + MINUTE)

    told = handoff.deliveries.get(purpose="acknowledged")
    assert (told.state, told.last_error) == ("cancelled", why)
    assert not Notice.objects.filter(kind="acknowledged").exists()


def test_the_sender_is_told_of_an_acknowledgement_though_the_customer_was_contacted_at_once(firm: Company) -> None:
    handoff = assigned(firm)
    pipeline.acknowledge(handoff, actor="user:1", now=NOW)
    pipeline.log_contact(handoff, contacted_at=SOON, actor="user:1", now=SOON)
    deliver(handoff, at=NOW + MINUTE)
    assert handoff.deliveries.get(purpose="acknowledged").state == "delivered"
    assert Notice.objects.filter(kind="acknowledged", user=firm.reps["dana"].user).count() == 1


def test_what_the_sender_has_read_of_an_acknowledgement_stays(firm: Company) -> None:
    handoff = assigned(firm)
    pipeline.acknowledge(handoff, actor="user:1", now=NOW)
    pipeline.reject(handoff, reason="incomplete", actor="user:1", now=NOW + MINUTE)
    assert Notice.objects.filter(kind="acknowledged").count() == 1


# A withdrawal by somebody else than the sender.


def test_the_sender_is_told_that_somebody_else_withdrew_it(firm: Company, fake_resend: Fake) -> None:
    handoff = assigned(firm)
    Preference.objects.create(user=firm.user("dana"), channel="email")
    pipeline.withdraw(handoff, reason="Marked by mistake", actor=f"user:{firm.user('elena').pk}", now=NOW)
    deliver(handoff)

    told = handoff.deliveries.get(recipient="dana@fathomline.example")
    assert (told.state, told.last_error) == ("delivered", "")
    words = f"{handoff.reference} was withdrawn: Marked by mistake. It waits for nobody any more."
    assert told.payload["alert"]["body"] == words
    assert "Withdrawn: Halvorsen Marine Logistics" in subjects(fake_resend)
    seen = Notice.objects.get(user=firm.user("dana"), title="Withdrawn: Halvorsen Marine Logistics")
    assert "mistake" not in seen.text


def test_who_withdraws_their_own_handoff_is_not_told_so(firm: Company) -> None:
    handoff = assigned(firm)
    pipeline.withdraw(handoff, reason="Marked by mistake", actor=f"user:{firm.user('dana').pk}", now=NOW)
    assert not handoff.deliveries.filter(recipient="U0DANA").exists()
    assert not Notice.objects.filter(user=firm.user("dana")).exists()


def test_a_handoff_that_nobody_had_yet_is_withdrawn_with_word_to_the_sender(firm: Company) -> None:
    handoff = blocked(firm)
    pipeline.withdraw(handoff, reason="Marked by mistake", actor="user:1", now=NOW)
    assert handoff.deliveries.get(purpose="notice").recipient == "U0DANA"


def test_findings_of_an_old_contact_are_asked_for_when_they_are_told(firm: Company) -> None:
    handoff = assigned(firm)
    told = NOW + timedelta(hours=30)
    pipeline.log_contact(handoff, contacted_at=LATER, findings="They agreed to a pilot.", actor="user:1", now=told)
    note = handoff.deliveries.get(purpose="crm_note", payload__subject__startswith="First contact")
    assert (note.queued_at, note.next_at) == (told, told)
    assert note.payload["occurred_at"] == LATER.isoformat()
