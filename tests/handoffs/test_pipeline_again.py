"""Second thoughts and second tries: an acknowledgement taken back, a return sent again, a gap filled, a finding."""

from datetime import timedelta
from typing import Any

import pytest

from handoffs import engine, outbox, pipeline, timeline
from handoffs.models import Activity, Deal, Delivery, Handoff, Package, State
from handoffs.states import RefusedError
from routing.append_only import maintenance
from routing.compiling import compiled
from routing.models import Absence, Assignment, Membership, Rule
from sla.models import Clock, ClockInterval, ClockKind
from tests.factories import NOW, AbsenceFactory, Company
from tests.handoffs.given import LATER, assigned, blocked, received

pytestmark = pytest.mark.django_db

SECOND = timedelta(seconds=1)


def ack_clock(handoff: Handoff) -> Clock:
    return Clock.objects.get(handoff_uuid=handoff.uuid, kind=ClockKind.ACKNOWLEDGE)


def said(handoff: Handoff) -> str:
    return timeline.sentences(handoff.stream)[-1].text


# An acknowledgement taken back.


def test_an_acknowledgement_taken_back_was_never_there(firm: Company) -> None:
    handoff = assigned(firm)
    before = Clock.objects.values().get(pk=ack_clock(handoff).pk)
    pipeline.acknowledge(handoff, actor="user:1", now=LATER)
    undone = pipeline.undo_acknowledge(handoff, actor="user:1", now=LATER + 9 * SECOND)

    assert (undone.state, undone.acknowledged_at) == (State.ASSIGNED, None)
    after = Clock.objects.values().get(pk=before["id"])
    assert {**after, "version": 1} == {**before, "version": 1}
    assert ClockInterval.objects.filter(clock_id=before["id"]).values_list("starts_at", "ends_at").get() == (NOW, None)
    notice = Delivery.objects.get(purpose="acknowledged")
    assert (notice.state, notice.last_error) == ("cancelled", "The acknowledgement was taken back.")
    assert said(handoff) == "Acknowledgement taken back"


def test_whoever_took_it_back_may_acknowledge_again_and_the_sender_hears_of_that(firm: Company) -> None:
    handoff = assigned(firm)
    pipeline.acknowledge(handoff, actor="user:1", now=LATER)
    pipeline.undo_acknowledge(handoff, actor="user:1", now=LATER + SECOND)
    again = pipeline.acknowledge(handoff, actor="user:1", now=LATER + 2 * SECOND)
    assert (again.state, again.acknowledged_at) == (State.ACKNOWLEDGED, LATER + 2 * SECOND)
    assert list(Delivery.objects.filter(purpose="acknowledged").order_by("id").values_list("state", flat=True)) == [
        "cancelled",
        "queued",
    ]
    assert ack_clock(handoff).stopped_at == LATER + 2 * SECOND


def test_after_ten_seconds_an_acknowledgement_stands(firm: Company) -> None:
    handoff = assigned(firm)
    pipeline.acknowledge(handoff, actor="user:1", now=LATER)
    with pytest.raises(RefusedError, match="was acknowledged more than 10 seconds ago, and the sender knows"):
        pipeline.undo_acknowledge(handoff, actor="user:1", now=LATER + 10 * SECOND)
    assert Handoff.objects.get().state == State.ACKNOWLEDGED
    assert Delivery.objects.get(purpose="acknowledged").state == "queued"


def test_nobody_takes_back_what_somebody_else_acknowledged(firm: Company) -> None:
    handoff = assigned(firm)
    pipeline.acknowledge(handoff, actor="user:1", now=LATER)
    with pytest.raises(RefusedError, match="Somebody else acknowledged it"):
        pipeline.undo_acknowledge(handoff, actor="user:2", now=LATER + SECOND)
    assert Handoff.objects.get().state == State.ACKNOWLEDGED


def test_whoever_takes_it_back_is_reminded_after_all(firm: Company) -> None:
    handoff = assigned(firm)
    pipeline.acknowledge(handoff, actor="user:1", now=LATER)
    pipeline.undo_acknowledge(handoff, actor="user:1", now=LATER + SECOND)
    engine.climb_due(now=NOW + timedelta(hours=1), clock=lambda: NOW)
    assert said(handoff) == "Acknowledgement is overdue: Ingrid Solheim was reminded"


# A return sent again.


def returned(firm: Company, reason: str) -> Handoff:
    """Ingrid's, which she returned; Freya would be next."""
    return pipeline.reject(assigned(firm), reason=reason, actor="user:1", now=LATER)


def sent_again(handoff: Handoff) -> Handoff:
    at = LATER + timedelta(hours=1)
    pipeline.resubmit(handoff, comment="Next step is in the deal now", actor="user:2", now=at)
    return pipeline.run(handoff, now=at, actor="engine")


def test_a_return_that_is_sent_again_goes_back_to_the_same_owner(firm: Company) -> None:
    handoff = sent_again(returned(firm, "incomplete"))
    assert (handoff.state, handoff.owner, handoff.assigned_at) == (State.ASSIGNED, firm.reps["ingrid"], NOW)
    old, new = Assignment.objects.order_by("number")
    assert (old.release_reason, new.rep, new.released_at) == ("rejected", firm.reps["ingrid"], None)
    assert handoff.assignment == new
    resubmission = Clock.objects.get(kind=ClockKind.RESUBMIT)
    assert resubmission.stopped_at == LATER + timedelta(hours=1)
    assert set(new.clocks.values_list("kind", "state")) == {("first_contact", "running"), ("acknowledge", "running")}
    assert Membership.objects.get(rep=firm.reps["ingrid"]).pointer == 232_792_560, "one turn for one handoff"
    assert "Sent again: Next step is in the deal now" in [line.text for line in timeline.sentences(handoff.stream)]
    assert new.decision is not None
    words = {row["name"]: row["words"] for row in new.decision.receipt["candidates"]}
    assert words["Freya Aldous"] == "was passed over: it goes back to who returned it"


def test_a_return_that_kept_the_turn_costs_no_second_one(firm: Company) -> None:
    handoff = sent_again(returned(firm, "other"))
    assert handoff.owner == firm.reps["ingrid"]
    assert Membership.objects.get(rep=firm.reps["ingrid"]).pointer == 232_792_560


def test_a_return_for_the_wrong_owner_is_decided_without_them(firm: Company) -> None:
    handoff = sent_again(returned(firm, "wrong_owner"))
    assert handoff.owner == firm.reps["freya"]
    decision = Assignment.objects.get(number=2).decision
    assert decision is not None
    assert decision.receipt["excluded"] == [firm.reps["ingrid"].pk]


def test_a_return_whose_owner_went_on_leave_goes_to_the_next(firm: Company) -> None:
    handoff = returned(firm, "incomplete")
    Absence.objects.create(rep=firm.reps["ingrid"], starts_at=NOW, ends_at=NOW + timedelta(days=9))
    assert sent_again(handoff).owner == firm.reps["freya"]


def test_a_return_that_was_acknowledged_comes_back_unacknowledged(firm: Company) -> None:
    handoff = assigned(firm)
    pipeline.acknowledge(handoff, actor="user:1", now=LATER)
    pipeline.reject(handoff, reason="incomplete", actor="user:1", now=LATER)
    assert sent_again(handoff).acknowledged_at is None


# What the owner found out.


def test_findings_of_the_first_contact_are_noted_in_the_crm(firm: Company) -> None:
    handoff = assigned(firm)
    pipeline.log_contact(handoff, contacted_at=LATER, findings=" Wants a pilot <in> May ", actor="user:1", now=LATER)
    outbox.deliver_for(handoff, now=LATER, clock=lambda: LATER)
    note = Activity.objects.get(subject="First contact: sql_to_ae")
    assert note.description.startswith("Wants a pilot <in> May\n\n")
    assert (note.owner, note.deal, note.occurred_at) == (firm.reps["ingrid"], handoff.deal, LATER)
    sentences = [line.text for line in timeline.sentences(handoff.stream)]
    assert "First contact made: Wants a pilot <in> May" in sentences


def test_without_findings_nothing_more_is_written(firm: Company) -> None:
    handoff = assigned(firm)
    rows = handoff.deliveries.count()
    pipeline.log_contact(handoff, contacted_at=LATER, findings="  ", actor="user:1", now=LATER)
    assert handoff.deliveries.exclude(purpose="alert_update").count() == rows


# A gap filled.


def with_metadata(handoff: Handoff, metadata: dict[str, Any]) -> Deal:
    """The deal, which knows this and its account nothing."""
    assert handoff.deal is not None
    handoff.account.metadata = {}
    handoff.account.save()
    handoff.deal.metadata = metadata
    handoff.deal.save()
    return handoff.deal


def test_filling_the_gap_that_blocks_hands_it_over(firm: Company) -> None:
    handoff = received(firm)
    deal = with_metadata(handoff, {"source": "webinar"})
    handoff.account.notes.all().delete()
    handoff = pipeline.run(handoff, now=NOW, actor="engine")
    assert handoff.state == State.BLOCKED

    filled = pipeline.fill_gap(
        handoff, gap="qualification.context", value="Stale feeds reach customers", actor="user:1", now=LATER
    )
    assert (filled.state, filled.owner) == (State.ASSIGNED, firm.reps["ingrid"])
    deal.refresh_from_db()
    assert deal.metadata == {"source": "webinar", "need": "Stale feeds reach customers"}
    assert "Gap filled: qualification" in [line.text for line in timeline.sentences(handoff.stream)]


def test_filling_a_gap_of_a_handoff_that_is_under_way_scores_it_again(firm: Company) -> None:
    handoff = received(firm)
    assert handoff.deal is not None
    known = handoff.account.metadata | handoff.deal.metadata
    with_metadata(handoff, {key: value for key, value in known.items() if key != "budget_confirmed"})
    handoff = pipeline.run(handoff, now=NOW, actor="engine")
    assert (handoff.state, handoff.is_flagged) == (State.ASSIGNED, True)

    filled = pipeline.fill_gap(handoff, gap="qualification.budget", value="$240,000", actor="user:1", now=LATER)
    assert (filled.state, filled.is_flagged, filled.owner) == (State.ASSIGNED, False, handoff.owner)
    assert filled.completeness is not None
    assert handoff.completeness is not None
    assert filled.completeness > handoff.completeness
    assert list(Package.objects.order_by("number").values_list("number", "verdict")) == [
        (1, "flagged"),
        (2, "complete"),
    ]
    assert Assignment.objects.count() == 1


@pytest.mark.parametrize(
    ("gap", "value", "sentence"),
    [
        ("contacts.reachable", "Astrid", "Contact who can be reached cannot be filled from here. Fill it in the CRM."),
        ("nonsense", "x", "This cannot be filled from here. Fill it in the CRM."),
        ("qualification.budget", "  ", "Give a value of 1 to 2,000 characters."),
        ("qualification.budget", "x" * 2_001, "Give a value of 1 to 2,000 characters."),
    ],
)
def test_what_cannot_be_filled_from_here_is_refused(firm: Company, gap: str, value: str, sentence: str) -> None:
    handoff = blocked(firm)
    with pytest.raises(RefusedError) as refused:
        pipeline.fill_gap(handoff, gap=gap, value=value, actor="user:1", now=LATER)
    assert str(refused.value) == sentence
    assert Handoff.objects.get().state == State.BLOCKED


# Withdrawn.


def test_whoever_was_told_of_a_handoff_is_told_that_it_was_withdrawn(firm: Company) -> None:
    handoff = assigned(firm)
    Delivery.objects.filter(purpose="alert").update(state="delivered", delivered_at=NOW, next_at=None)
    pipeline.withdraw(handoff, reason="Marked by mistake", actor="user:2", now=LATER)
    notice = Delivery.objects.get(purpose="notice", recipient="U0INGRID")
    assert outbox.no_longer_wanted(notice) == ""
    assert notice.payload["alert"]["body"] == (
        f"{handoff.reference} was withdrawn: Marked by mistake. There is nothing left to do."
    )


def test_what_was_returned_goes_back_at_once_though_the_rule_waits_for_whose_turn_it_is(firm: Company) -> None:
    with maintenance():
        Rule.objects.filter(pool__isnull=False).update(when_unavailable=Rule.WhenUnavailable.HOLD)
    compiled.cache_clear()
    handoff = assigned(firm)
    assert handoff.owner == firm.reps["ingrid"]
    pipeline.reject(handoff, reason="incomplete", actor="user:1", now=LATER)
    AbsenceFactory.create(rep=firm.reps["freya"])
    pipeline.resubmit(handoff, actor="user:1", now=LATER)
    assert pipeline.run(handoff, now=LATER, actor="engine").owner == firm.reps["ingrid"]
