"""What people do with a handoff: acknowledge, contact, meet, return, withdraw, reassign, close."""

from datetime import timedelta

import pytest

from handoffs import pipeline, timeline
from handoffs.models import Delivery, Handoff, State
from handoffs.states import BadValueError, IllegalMoveError, RefusedError
from routing.models import Assignment, Membership, Turn
from sla.models import Clock, ClockKind, Policy
from tests.factories import NOW, AssignmentFactory, Company, PolicyFactory
from tests.handoffs.given import LATER, assigned, blocked, in_state, received, unassigned

pytestmark = pytest.mark.django_db


def clock_of(handoff: Handoff, kind: ClockKind = ClockKind.FIRST_CONTACT) -> Clock:
    return Clock.objects.filter(handoff_uuid=handoff.uuid, kind=kind).latest("started_at")


def contact(handoff: Handoff, *, minutes: int, told: int = 300) -> Handoff:
    """A contact so many minutes after NOW, told of at another minute."""
    return pipeline.log_contact(
        handoff,
        contacted_at=NOW + timedelta(minutes=minutes),
        actor="user:1",
        now=NOW + timedelta(minutes=told),
    )


# Received, acknowledged and contacted are three facts.


def test_acknowledging_is_no_contact_and_contact_no_acknowledgement(firm: Company) -> None:
    first = pipeline.acknowledge(assigned(firm), actor="user:1", now=LATER)
    assert (first.acknowledged_at, first.contacted_at) == (LATER, None)
    assert clock_of(first).state == "running"
    second = contact(assigned(firm, "closed_to_cs", name="Aker Freight"), minutes=10)
    assert (second.acknowledged_at, second.contacted_at) == (None, NOW + timedelta(minutes=10))


def test_the_sender_hears_of_an_acknowledgement_ten_seconds_later(firm: Company) -> None:
    pipeline.acknowledge(assigned(firm), actor="user:1", now=LATER)
    notice = Delivery.objects.get(purpose="acknowledged")
    assert (notice.recipient, notice.next_at) == ("U0DANA", LATER + timedelta(seconds=10))
    assert notice.payload["alert"]["title"] == "Acknowledged: Halvorsen Marine Logistics"


# Contact.


def test_contact_stops_every_clock_and_ends_the_load(firm: Company) -> None:
    handoff = contact(assigned(firm), minutes=10)
    stops = set(Clock.objects.values_list("state", "stopped_at"))
    assert stops == {("stopped", NOW + timedelta(minutes=10))}
    assignment = Assignment.objects.get()
    assert (assignment.released_at, assignment.release_reason) == (NOW + timedelta(minutes=300), "contacted")
    assert Turn.objects.filter(kind="credit").count() == 0
    assert handoff.state == State.CONTACTED


def test_a_contact_in_the_future_is_refused(firm: Company) -> None:
    with pytest.raises(RefusedError) as refused:
        contact(assigned(firm), minutes=10, told=9)
    assert str(refused.value) == "The contact lies in the future. Give the time at which it happened."


def test_a_contact_before_the_first_assignment_is_refused(firm: Company) -> None:
    handoff = assigned(firm)
    with pytest.raises(RefusedError) as refused:
        contact(handoff, minutes=-1)
    assert str(refused.value) == (
        f"The contact lies before {handoff.reference} was assigned. Give the first contact after the handoff."
    )
    assert Handoff.objects.get().state == State.ASSIGNED


def test_the_earliest_contact_wins_in_whatever_order_they_become_known(firm: Company) -> None:
    handoff = contact(assigned(firm), minutes=90)
    pipeline.book_meeting(handoff, meeting_at=NOW + timedelta(days=2), actor="user:1", now=LATER)
    corrected = contact(handoff, minutes=20)
    assert (corrected.state, corrected.contacted_at) == (State.MEETING_BOOKED, NOW + timedelta(minutes=20))
    assert clock_of(handoff).stopped_at == NOW + timedelta(minutes=20)
    assert timeline.sentences(handoff.stream)[-1].text == "First contact was earlier than noted before"

    with pytest.raises(IllegalMoveError, match="is meeting booked, so it cannot be marked as contacted"):
        contact(handoff, minutes=40)
    with pytest.raises(RefusedError, match="lies before HO-"):
        contact(handoff, minutes=-5)
    assert Handoff.objects.get().contacted_at == NOW + timedelta(minutes=20)


# Back to the sender.


@pytest.mark.parametrize(
    ("reason", "pointer"),
    [("incomplete", 0), ("wrong_owner", 0), ("duplicate", 0), ("other", 232_792_560), ("not_a_fit", 232_792_560)],
)
def test_only_a_justified_return_gives_the_turn_back(firm: Company, reason: str, pointer: int) -> None:
    handoff = pipeline.reject(assigned(firm), reason=reason, actor="user:1", now=LATER)
    assert handoff.rejection_reason == reason
    assert Membership.objects.get(rep=firm.reps["ingrid"]).pointer == pointer


def test_the_sender_has_the_policys_time_to_send_it_again(firm: Company) -> None:
    firm.policies["sql_to_ae"].resubmit_minutes = 90
    firm.policies["sql_to_ae"].save()
    handoff = pipeline.reject(assigned(firm), reason="incomplete", actor="user:1", now=LATER)
    assert clock_of(handoff, ClockKind.RESUBMIT).deadline_at == LATER + timedelta(minutes=90)
    assert clock_of(handoff).stopped_at == LATER


def test_a_return_after_the_acknowledgement_is_still_possible(firm: Company) -> None:
    handoff = in_state(firm, State.ACKNOWLEDGED)
    assert pipeline.reject(handoff, reason="incomplete", actor="user:1", now=LATER).state == State.REJECTED


# Withdrawn.


@pytest.mark.parametrize("state", [State.RECEIVED, State.BLOCKED, State.UNASSIGNED, State.ASSIGNED, State.REJECTED])
def test_a_withdrawn_handoff_is_at_rest_whatever_it_was_doing(firm: Company, state: State) -> None:
    handoff = in_state(firm, state)
    pipeline.withdraw(handoff, reason="by mistake", actor="user:1", now=LATER)
    handoff.refresh_from_db()
    assert (handoff.state, handoff.closed_at, handoff.next_at) == (State.WITHDRAWN, LATER, None)
    assert not Clock.objects.exclude(state="stopped").exists()
    assert not Assignment.objects.filter(released_at=None).exists()
    assert set(Membership.objects.values_list("pointer", flat=True)) == {0}


def test_a_turn_is_given_back_once_though_it_was_returned_and_then_withdrawn(firm: Company) -> None:
    handoff = pipeline.reject(assigned(firm), reason="incomplete", actor="user:1", now=LATER)
    pipeline.withdraw(handoff, reason="by mistake", actor="user:1", now=LATER)
    assert Turn.objects.filter(kind="credit").count() == 1


def test_an_owner_match_that_took_no_turn_gives_none_back(firm: Company) -> None:
    handoff = assigned(firm, named_owner=firm.reps["freya"])
    pipeline.reject(handoff, reason="wrong_owner", actor="user:1", now=LATER)
    assert not Turn.objects.exists()


# Reassigned.


def test_a_reassignment_is_a_new_assignment_with_new_clocks(firm: Company) -> None:
    handoff = assigned(firm)
    after = pipeline.reassign(handoff, to=firm.reps["mikael"], reason="Knows them", actor="user:1", now=LATER)
    assert (after.owner, after.team, after.assigned_at) == (firm.reps["mikael"], firm.teams["ae_enterprise"], NOW)
    old, new = Assignment.objects.order_by("number")
    assert (old.released_at, old.release_reason, new.number, new.assigned_at) == (LATER, "reassigned", 2, LATER)
    assert clock_of(after).deadline_at == LATER + timedelta(hours=2)
    assert not old.clocks.exclude(state="stopped").exists()
    assert set(new.clocks.values_list("kind", flat=True)) == {"first_contact", "acknowledge"}
    keys = {row.purpose for row in Delivery.objects.filter(assignment_number=2)}
    assert keys == {"crm_update", "crm_note", "alert", "briefing"}


def test_a_reassignment_takes_the_policy_of_the_new_owners_team(firm: Company) -> None:
    PolicyFactory.create(state=Policy.State.LIVE, team=firm.teams["ae_general"], target_minutes=30)
    after = pipeline.reassign(assigned(firm), to=firm.reps["oskar"], reason="Knows them", actor="user:1", now=LATER)
    assert clock_of(after).deadline_at == LATER + timedelta(minutes=30)
    assert after.team == firm.teams["ae_general"]


def test_an_unassigned_handoff_can_be_given_away_by_hand(firm: Company) -> None:
    handoff = unassigned(firm)
    after = pipeline.reassign(handoff, to=firm.reps["oskar"], reason="Has time", actor="user:1", now=LATER)
    assert (after.owner, after.assigned_at, after.unassigned_since, after.next_at) == (
        firm.reps["oskar"],
        LATER,
        None,
        None,
    )


@pytest.mark.parametrize("key", ["dana", "hannah", "ben", "carsten", "mara"])
def test_nobody_outside_the_receiving_role_is_given_a_handoff_but_its_manager(firm: Company, key: str) -> None:
    for handoff in (assigned(firm), unassigned(firm)):
        with pytest.raises(BadValueError, match=f"^{firm.reps[key]} does not take over"):
            pipeline.reassign(handoff, to=firm.reps[key], reason="Has time", actor="user:1", now=LATER)
        assert Handoff.objects.get(pk=handoff.pk).version == handoff.version
        after = pipeline.reassign(handoff, to=firm.reps["elena"], reason="Hers", actor="user:1", now=LATER)
        assert after.owner == firm.reps["elena"]


def test_a_blocked_or_fresh_handoff_cannot_be_given_away(firm: Company) -> None:
    for handoff in (received(firm, name="Aker Freight"), blocked(firm)):
        with pytest.raises(IllegalMoveError):
            pipeline.reassign(handoff, to=firm.reps["oskar"], reason="Has time", actor="user:1", now=LATER)
    assert not Assignment.objects.exists()


def test_who_held_it_before_is_left_out_when_it_is_decided_again(firm: Company) -> None:
    handoff = received(firm)
    AssignmentFactory.create(
        handoff_uuid=handoff.uuid, rep=firm.reps["ingrid"], released_at=NOW, release_reason="reassigned"
    )
    handoff = pipeline.run(handoff, now=NOW, actor="engine")
    assert (handoff.owner, handoff.assignment) == (firm.reps["freya"], Assignment.objects.get(number=2))


# Closing.


def test_a_closed_handoff_may_be_handed_over_again_and_waits_for_nothing(firm: Company) -> None:
    handoff = in_state(firm, State.CONVERTED)
    assert (handoff.closed_at, handoff.next_at) == (LATER, None)
    assert not Clock.objects.exclude(state="stopped").exists()


def test_nothing_is_closed_that_was_never_contacted(firm: Company) -> None:
    with pytest.raises(IllegalMoveError, match="is assigned, so it cannot be closed"):
        pipeline.close(assigned(firm), outcome=State.CONVERTED, actor="user:1", now=LATER)


# What cannot be.


def test_a_text_that_is_too_long_and_a_reason_that_is_none_are_refused_at_every_door(firm: Company) -> None:
    handoff = assigned(firm)
    with pytest.raises(BadValueError, match="has 4,001 characters and at most 4,000 are kept"):
        pipeline.reject(handoff, reason="not_a_fit", comment="x" * 4_001, actor="user:1", now=LATER)
    with pytest.raises(BadValueError, match="There is no such reason"):
        pipeline.reject(handoff, reason="bored", actor="user:1", now=LATER)
    assert Handoff.objects.get(pk=handoff.pk).state == State.ASSIGNED
    assert not Delivery.objects.filter(purpose="notice").exists()


@pytest.mark.parametrize(("days", "sentence"), [(-1, "before the first contact"), (400, "more than a year away")])
def test_a_meeting_that_cannot_be_is_refused(firm: Company, days: int, sentence: str) -> None:
    handoff = contact(assigned(firm), minutes=10)
    with pytest.raises(BadValueError, match=sentence):
        pipeline.book_meeting(handoff, meeting_at=LATER + timedelta(days=days), actor="user:1", now=LATER)
    assert Handoff.objects.get(pk=handoff.pk).meeting_at is None


def test_a_contact_from_before_it_changed_hands_stops_the_clock_of_who_had_it_then(firm: Company) -> None:
    handoff = assigned(firm)
    first = handoff.assignment
    moved = NOW + timedelta(minutes=90)
    handoff = pipeline.reassign(handoff, to=firm.reps["freya"], reason="On leave", actor="user:1", now=moved)
    after = contact(handoff, minutes=20)
    assert (after.state, after.contacted_at) == (State.CONTACTED, NOW + timedelta(minutes=20))
    stops = {
        clock.assignment_id: clock.stopped_at
        for clock in Clock.objects.filter(handoff_uuid=handoff.uuid, kind=ClockKind.FIRST_CONTACT)
    }
    assert stops == {first.pk: NOW + timedelta(minutes=20), after.assignment_id: moved}, "never before it began"
    # A later one that is told first is corrected in the same way.
    again = contact(assigned(firm, name="Aker Freight"), minutes=60)
    assert contact(again, minutes=30).contacted_at == NOW + timedelta(minutes=30)
    assert Clock.objects.get(assignment=again.assignment, kind=ClockKind.FIRST_CONTACT).stopped_at == NOW + timedelta(
        minutes=30
    )
