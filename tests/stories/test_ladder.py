"""Nobody calls the customer: the promise climbs its ladder, rung by rung, until somebody does."""

from datetime import UTC, datetime, timedelta

import pytest

from handoffs import pipeline, timeline
from handoffs.models import Delivery, Handoff, State
from routing.models import Assignment, Delegation, Rep, Turn
from sla.models import Clock, ClockKind, EscalationStep, StepRun
from tests.factories import NOW, CalendarFactory, rich_account
from tests.stories.office import Office

# An enterprise SQL is to be contacted within two hours.
AT_RISK = NOW + timedelta(minutes=84)
DUE = NOW + timedelta(hours=2)
OWNER_ALERTED = DUE + timedelta(hours=1)
ROLE_ALERTED = DUE + timedelta(hours=4)
REASSIGNED = DUE + timedelta(hours=24)
A_MINUTE = timedelta(minutes=1)


@pytest.fixture
def ingrids(office: Office) -> Handoff:
    """A handoff of Dana's that Ingrid was given at NOW."""
    rich_account("sql_to_ae", sender=office.person("dana"))
    office.sweep(at=NOW)
    return office.handoff()


def told(office: Office) -> list[tuple[str, str]]:
    """Who was told what on Slack since the handoff was announced."""
    return [(message.to, message.title) for message in office.posted() if not message.title.startswith("New SQL")]


def steps(handoff: Handoff, *, number: int = 1, kind: str = ClockKind.FIRST_CONTACT) -> list[tuple[str, str]]:
    """The rungs that were taken for one assignment, as (action, outcome)."""
    runs = StepRun.objects.filter(
        clock__handoff_uuid=handoff.uuid, clock__assignment__number=number, clock__kind=kind
    ).order_by("due_at")
    return [(run.step.action, run.outcome) for run in runs]


def first_contact(handoff: Handoff) -> Clock:
    return Clock.objects.filter(handoff_uuid=handoff.uuid, kind=ClockKind.FIRST_CONTACT).latest("id")


def test_a_handoff_that_nobody_calls_climbs_to_a_second_owner_who_wins_it(office: Office, ingrids: Handoff) -> None:
    # Acknowledging is no contact: the ladder is climbed all the same.
    pipeline.acknowledge(ingrids, actor=office.actor("ingrid"), now=NOW + A_MINUTE)
    office.sweep(at=NOW + 2 * A_MINUTE)

    # Not a minute too early, Ingrid hears that it is at risk.
    office.sweep(at=AT_RISK - A_MINUTE)
    assert told(office) == [("U0DANA", "Acknowledged: Halvorsen Marine Logistics")]
    office.sweep(at=AT_RISK)
    assert told(office)[1:] == [("U0INGRID", "At risk: Halvorsen Marine Logistics")]
    warning = office.posted()[-1].words
    assert f"First contact of {ingrids.reference} is due Tue 17 Nov 2026, 12:00 UTC." in warning
    assert "You are alerted Tue 17 Nov 2026, 13:00 UTC." in warning
    assert "Sales manager is alerted Tue 17 Nov 2026, 16:00 UTC." in warning

    # One hour late she is alerted, four hours late Elena is, who manages sales.
    office.sweep(at=OWNER_ALERTED)
    office.sweep(at=ROLE_ALERTED - A_MINUTE)
    assert told(office)[2:] == [("U0INGRID", "Overdue: Halvorsen Marine Logistics")]
    office.sweep(at=ROLE_ALERTED)
    assert told(office)[3:] == [("U0ELENA", "Overdue: Halvorsen Marine Logistics")]
    assert "Ingrid Solheim has it." in office.posted()[-1].words

    # A day late it is Freya's, with a promise of its own; Ingrid hears that it left her.
    office.sweep(at=REASSIGNED)
    handoff = office.handoff()
    assert (handoff.state, handoff.owner, handoff.acknowledged_at) == (State.ASSIGNED, office.person("freya"), None)
    assert ("U0INGRID", "Reassigned: Halvorsen Marine Logistics") in told(office)
    assert office.posted()[-1].rings_for == ("@U0FREYA",)
    assert office.mails()[-1]["to"] == ["freya@fathomline.example"]
    old, new = Assignment.objects.order_by("number")
    assert (old.released_at, old.release_reason, new.rep) == (REASSIGNED, "reassigned", office.person("freya"))
    assert not old.clocks.exclude(state="stopped").exists()
    assert first_contact(handoff).deadline_at == REASSIGNED + timedelta(hours=2)
    assert [turn.kind for turn in Turn.objects.order_by("seq")] == ["debit", "debit"], "a miss keeps the turn"
    assert handoff.assigned_at == NOW, "the overall figure runs on from the first assignment"

    # Freya calls and wins it, and nothing climbs any more.
    called = REASSIGNED + timedelta(minutes=30)
    pipeline.log_contact(handoff, contacted_at=called, actor=office.actor("freya"), now=called)
    pipeline.close(handoff, outcome=State.CONVERTED, actor=office.actor("freya"), now=called + timedelta(days=3))
    before = told(office)
    office.sweep(at=called + timedelta(days=30))
    assert told(office) == before
    assert first_contact(handoff).stopped_at == called
    assert steps(handoff) == [
        ("notice_at_risk", "done"),
        ("alert_owner", "done"),
        ("alert_role", "done"),
        ("reassign", "done"),
    ]
    assert steps(handoff, number=2) == []
    assert [line for line in office.log() if line.startswith("SLA clock")] == [
        "SLA clock: First contact is at risk: Ingrid Solheim was told",
        "SLA clock: First contact is overdue: Ingrid Solheim was alerted",
        "SLA clock: First contact is overdue: Elena Petrova was alerted as Sales manager",
        "SLA clock: Not contacted in time: went from Ingrid Solheim to Freya Aldous",
    ]
    assert timeline.first_broken(handoff.stream) is None


def test_after_an_outage_only_the_highest_step_is_taken(office: Office, ingrids: Handoff) -> None:
    office.sweep(at=ROLE_ALERTED + A_MINUTE)
    assert steps(ingrids) == [("notice_at_risk", "superseded"), ("alert_owner", "superseded"), ("alert_role", "done")]
    overdue = [message for message in told(office) if message[1].startswith(("At risk", "Overdue"))]
    assert overdue == [("U0ELENA", "Overdue: Halvorsen Marine Logistics")]
    assert "SLA clock: Overtaken by a later step: tell the owner it is at risk" in office.log()
    assert "SLA clock: Overtaken by a later step: alert the owner" in office.log()
    assert first_contact(ingrids).next_step_at == REASSIGNED


@pytest.mark.parametrize("verb", ["contact", "return", "withdrawal"])
def test_the_ladder_ends_where_the_waiting_ends(office: Office, ingrids: Handoff, verb: str) -> None:
    at = NOW + timedelta(minutes=30)
    ingrid = office.actor("ingrid")
    if verb == "contact":
        pipeline.log_contact(ingrids, contacted_at=at, actor=ingrid, now=at)
    elif verb == "return":
        pipeline.reject(ingrids, reason="incomplete", actor=ingrid, now=at)
    else:
        pipeline.withdraw(ingrids, reason="By mistake", actor=office.actor("dana"), now=at)
    office.sweep(at=REASSIGNED + timedelta(days=3))
    assert StepRun.objects.count() == 0
    assert [title for _, title in told(office) if title.startswith(("At risk", "Overdue"))] == []


def test_a_warning_that_still_waits_is_not_sent_once_the_customer_was_called(office: Office, ingrids: Handoff) -> None:
    office.slack.fault("status", status=503, times=None)
    office.sweep(at=OWNER_ALERTED)
    alert = Delivery.objects.get(purpose="escalation", key__contains=f"-{step_of('alert_owner')}/")
    assert alert.state == Delivery.State.QUEUED
    pipeline.log_contact(ingrids, contacted_at=OWNER_ALERTED, actor=office.actor("ingrid"), now=OWNER_ALERTED)
    office.slack.clear_faults()
    office.sweep(at=OWNER_ALERTED + A_MINUTE)
    alert.refresh_from_db()
    assert (alert.state, alert.last_error) == ("cancelled", "The customer was contacted first.")


def step_of(action: str) -> int:
    """The rung of an SQL's first-contact ladder that does this."""
    return EscalationStep.objects.get(policy__handoff_type="sql_to_ae", clock_kind="first_contact", action=action).pk


def test_whoever_stands_in_for_the_manager_is_alerted(office: Office, ingrids: Handoff) -> None:
    Delegation.objects.create(
        holder=office.person("elena"),
        delegate=office.person("clara"),
        starts_at=NOW,
        ends_at=ROLE_ALERTED + A_MINUTE,
    )
    office.sweep(at=ROLE_ALERTED)
    assert told(office)[-1] == ("U0CLARA", "Overdue: Halvorsen Marine Logistics")


def test_whoever_has_not_acknowledged_is_reminded_and_nobody_else(office: Office, ingrids: Handoff) -> None:
    reminder_due = NOW + timedelta(hours=1)
    office.sweep(at=reminder_due)
    assert told(office) == [("U0INGRID", "Reminder: Halvorsen Marine Logistics")]
    rich_account("sql_to_ae", sender=office.person("dana"), name="Aker Freight", now=reminder_due)
    office.sweep(at=reminder_due)
    second = Handoff.objects.latest("id")
    pipeline.acknowledge(second, actor=office.actor("freya"), now=reminder_due + A_MINUTE)
    office.sweep(at=reminder_due + timedelta(hours=1))
    assert ("U0FREYA", "Reminder: Aker Freight") not in told(office)
    assert steps(second, kind=ClockKind.ACKNOWLEDGE) == []


def test_a_reminder_that_still_waits_is_not_sent_once_it_was_acknowledged(office: Office, ingrids: Handoff) -> None:
    office.slack.fault("status", status=503, times=None)
    at = NOW + timedelta(hours=1)
    office.sweep(at=at)
    pipeline.acknowledge(ingrids, actor=office.actor("ingrid"), now=at)
    office.slack.clear_faults()
    office.sweep(at=at + A_MINUTE)
    reminder = Delivery.objects.get(purpose="escalation")
    assert (reminder.state, reminder.last_error) == ("cancelled", "It was acknowledged first.")


def test_it_goes_to_each_once_and_then_stays_with_the_manager(office: Office, ingrids: Handoff) -> None:
    owners = [office.handoff().owner]
    at = NOW
    for _ in range(5):
        at = first_contact(ingrids).deadline_at + timedelta(hours=24)
        office.sweep(at=at)
        owners.append(office.handoff().owner)
    names = [owner.first_name for owner in owners if owner]
    assert names == ["Ingrid", "Freya", "Mikael", "Elena", "Elena", "Elena"]
    assert "SLA clock: Not contacted in time: stays with Elena Petrova, for there is nobody else" in office.log()
    assert first_contact(ingrids).next_step_at is None
    assert Assignment.objects.filter(handoff_uuid=ingrids.uuid, released_at=None).get().rep == office.person("elena")


def test_after_three_hops_it_goes_to_the_manager_though_others_could_take_it(office: Office, ingrids: Handoff) -> None:
    pool = office.firm.pools["ae_enterprise"]
    for position, key in enumerate(("oskar", "priya", "lena"), start=10):
        pool.memberships.create(rep=office.person(key), position=position)
    names = []
    for _ in range(4):
        office.sweep(at=first_contact(ingrids).deadline_at + timedelta(hours=24))
        owner = office.handoff().owner
        assert owner is not None
        names.append(owner.first_name)
    assert names[:3] == ["Freya", "Mikael", "Oskar"]
    assert names[3] == "Elena"


def test_it_is_not_given_to_somebody_who_is_asleep(office: Office, ingrids: Handoff) -> None:
    nine_to_five = CalendarFactory.create(name="Nine to five")
    Rep.objects.filter(first_name__in=("Freya", "Mikael")).update(calendar=nine_to_five)
    night = datetime(2026, 11, 18, 20, 0, tzinfo=UTC)
    office.sweep(at=night)

    # Everybody else is off work: Ingrid keeps it until the morning, and her manager is alerted meanwhile.
    assert office.handoff().owner == office.person("ingrid")
    opening = datetime(2026, 11, 19, 9, 0, tzinfo=UTC)
    assert first_contact(ingrids).next_step_at == opening
    assert told(office)[-1] == ("U0ELENA", "Overdue: Halvorsen Marine Logistics")
    assert "SLA clock: Reassigning waits for the next opening" in office.log()
    office.sweep(at=opening - A_MINUTE)
    assert office.handoff().owner == office.person("ingrid")
    office.sweep(at=opening)
    assert office.handoff().owner == office.person("freya")


def test_a_manager_who_moves_it_by_hand_tells_whoever_had_it(office: Office, ingrids: Handoff) -> None:
    pipeline.reassign(
        ingrids, to=office.person("mikael"), reason="Knows the CFO", actor=office.actor("elena"), now=NOW + A_MINUTE
    )
    office.sweep(at=NOW + A_MINUTE)
    [notice] = [message for message in office.posted() if message.title.startswith("Reassigned")]
    assert (notice.to, notice.title) == ("U0INGRID", "Reassigned: Halvorsen Marine Logistics")
    assert f"{ingrids.reference} is now in the hands of Mikael Strand." in notice.words
