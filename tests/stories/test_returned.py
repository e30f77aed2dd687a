"""It went to the wrong place, or came too early: returned to the sender, reassigned, withdrawn."""

from datetime import timedelta

import pytest

from handoffs import pipeline
from handoffs.models import Handoff, State
from handoffs.states import IllegalMoveError, RefusedError
from routing.models import HandoffType, Membership, Turn
from sla.models import Clock, ClockKind
from tests.factories import NOW, rich_account
from tests.stories.office import Office

LATER = NOW + timedelta(minutes=20)


@pytest.fixture
def ingrids(office: Office) -> Handoff:
    """A handoff of Dana's that Ingrid was given at NOW."""
    rich_account("sql_to_ae", sender=office.person("dana"))
    office.sweep(at=NOW)
    handoff = office.handoff()
    assert handoff.owner == office.person("ingrid")
    return handoff


def test_an_incomplete_handoff_goes_back_and_the_turn_with_it(office: Office, ingrids: Handoff) -> None:
    pipeline.reject(
        ingrids, reason="incomplete", comment="No next step agreed", actor=office.actor("ingrid"), now=LATER
    )
    office.sweep(at=LATER)

    # Dana knows why, and has four hours to send it again.
    handoff = office.handoff()
    assert (handoff.state, handoff.rejection_reason) == (State.REJECTED, "incomplete")
    told = office.posted()[-1]
    assert (told.to, told.title) == ("U0DANA", "Ingrid Solheim returned Halvorsen Marine Logistics")
    assert "Reason: qualification is incomplete. No next step agreed" in told.words
    clocks = {clock.kind: clock for clock in Clock.objects.all()}
    assert clocks[ClockKind.RESUBMIT].state == Clock.State.RUNNING
    assert clocks[ClockKind.RESUBMIT].deadline_at == LATER + timedelta(hours=4)
    assert clocks[ClockKind.FIRST_CONTACT].stopped_at == LATER
    assert clocks[ClockKind.ACKNOWLEDGE].stopped_at == LATER

    # It is no load of Ingrid's any more, and she is even with the others again.
    assert handoff.assignment is not None
    assert (handoff.assignment.released_at, handoff.assignment.release_reason) == (LATER, "rejected")
    assert [(turn.kind, turn.units) for turn in Turn.objects.order_by("seq")] == [
        ("debit", 232_792_560),
        ("credit", -232_792_560),
    ]
    assert Membership.objects.get(rep=office.person("ingrid")).pointer == 0

    # While it lies with Dana the same trigger is still the same handoff.
    again, created = pipeline.receive(
        handoff_type=HandoffType.SQL_TO_AE,
        account=handoff.account,
        deal=handoff.deal,
        origin=Handoff.Origin.PAGE,
        now=LATER,
        actor=office.actor("dana"),
    )
    assert (again, created) == (handoff, False)


def test_a_handoff_returned_for_taste_keeps_the_turn(office: Office, ingrids: Handoff) -> None:
    pipeline.reject(ingrids, reason="other", actor=office.actor("ingrid"), now=LATER)
    assert Turn.objects.filter(kind="credit").count() == 0
    assert Membership.objects.get(rep=office.person("ingrid")).pointer == 232_792_560


def test_a_reassigned_handoff_has_a_new_owner_and_a_new_promise(office: Office, ingrids: Handoff) -> None:
    pipeline.acknowledge(ingrids, actor=office.actor("ingrid"), now=NOW + timedelta(minutes=5))
    pipeline.reassign(
        ingrids, to=office.person("mikael"), reason="Knows the CFO", actor=office.actor("elena"), now=LATER
    )
    office.sweep(at=LATER)

    # Mikael has it; the acknowledgement was Ingrid's and does not count for him.
    handoff = office.handoff()
    assert (handoff.state, handoff.owner, handoff.acknowledged_at) == (State.ASSIGNED, office.person("mikael"), None)
    assert handoff.assigned_at == NOW, "the overall figure runs on from the first assignment"
    old, new = Clock.objects.filter(kind=ClockKind.FIRST_CONTACT).order_by("started_at")
    assert (old.stopped_at, new.started_at, new.deadline_at) == (LATER, LATER, LATER + timedelta(hours=2))
    assert old.assignment.release_reason == "reassigned"
    assert handoff.assignment is not None
    assert (handoff.assignment.number, handoff.assignment.rep) == (2, office.person("mikael"))

    # He is briefed and the team told; the CRM says the same.
    assert office.mails()[-1]["to"] == ["mikael@fathomline.example"]
    assert office.posted()[-1].rings_for == ("@U0MIKAEL",)
    assert office.handoff().package == ingrids.package
    assert "Elena Petrova: Reassigned from Ingrid Solheim to Mikael Strand: Knows the CFO" in office.log()

    # Ingrid called before that, but wrote it down too late: the earliest contact counts, and stops her clock.
    called = NOW + timedelta(minutes=12)
    pipeline.log_contact(handoff, contacted_at=called, actor=office.actor("mikael"), now=LATER + timedelta(minutes=5))
    old.refresh_from_db()
    new.refresh_from_db()
    assert (office.handoff().contacted_at, old.stopped_at, new.stopped_at) == (called, called, LATER)


def test_nobody_is_reassigned_what_they_own_already(office: Office, ingrids: Handoff) -> None:
    with pytest.raises(RefusedError, match=r"Ingrid Solheim already owns HO-\d+\. Choose somebody else\."):
        pipeline.reassign(ingrids, to=office.person("ingrid"), reason="Again", actor=office.actor("elena"), now=LATER)


def test_nobody_who_left_the_roster_is_given_anything(office: Office, ingrids: Handoff) -> None:
    mikael = office.person("mikael")
    mikael.is_active = False
    mikael.save()
    with pytest.raises(RefusedError, match="Mikael Strand has left the roster"):
        pipeline.reassign(ingrids, to=mikael, reason="Knows the CFO", actor=office.actor("elena"), now=LATER)
    assert office.handoff().owner == office.person("ingrid")


def test_what_was_not_sent_to_the_first_owner_is_not_sent_after_the_second_has_it(office: Office) -> None:
    office.slack.fault("status", status=503, times=None)
    office.resend.fault("status", status=503, times=None)
    rich_account("sql_to_ae", sender=office.person("dana"))
    office.sweep(at=NOW)
    pipeline.reassign(
        office.handoff(), to=office.person("mikael"), reason="On the road", actor=office.actor("elena"), now=LATER
    )
    office.slack.clear_faults()
    office.resend.clear_faults()
    office.sweep(at=LATER)
    assert [message.rings_for for message in office.posted()] == [("@U0MIKAEL",)]
    assert [mail["to"] for mail in office.mails()] == [["mikael@fathomline.example"]]
    first = office.deliveries(assignment_number=1)
    assert (first["alert", "slack"], first["briefing", "email"]) == ("cancelled", "cancelled")


def test_a_returned_handoff_is_no_longer_announced(office: Office) -> None:
    office.slack.fault("status", status=503, times=None)
    rich_account("sql_to_ae", sender=office.person("dana"))
    office.sweep(at=NOW)
    pipeline.reject(office.handoff(), reason="duplicate", actor=office.actor("ingrid"), now=NOW + timedelta(seconds=2))
    office.slack.clear_faults()
    office.sweep(at=LATER)
    assert [message.title for message in office.posted()] == ["Ingrid Solheim returned Halvorsen Marine Logistics"]


def test_a_withdrawn_handoff_ends_everything_that_was_under_way(office: Office, ingrids: Handoff) -> None:
    pipeline.withdraw(ingrids, reason="Marked by mistake", actor=office.actor("dana"), now=LATER)
    handoff = office.handoff()
    assert (handoff.state, handoff.closed_at, handoff.next_at) == (State.WITHDRAWN, LATER, None)
    assert set(Clock.objects.values_list("state", flat=True)) == {"stopped"}
    assert Membership.objects.get(rep=office.person("ingrid")).pointer == 0
    assert office.log()[-1] == "Dana Whitfield: Withdrawn: Marked by mistake"
    with pytest.raises(IllegalMoveError, match="is withdrawn, so it cannot be acknowledged"):
        pipeline.acknowledge(handoff, actor=office.actor("ingrid"), now=LATER)


def test_a_handoff_withdrawn_before_it_was_announced_is_announced_to_nobody(office: Office) -> None:
    office.slack.fault("status", status=503, times=None)
    office.resend.fault("status", status=503, times=None)
    rich_account("sql_to_ae", sender=office.person("dana"))
    office.sweep(at=NOW)
    pipeline.withdraw(office.handoff(), reason="Too early", actor=office.actor("dana"), now=NOW)
    office.slack.clear_faults()
    office.resend.clear_faults()
    office.sweep(at=LATER)
    assert (office.posted(), office.mails()) == ([], [])
