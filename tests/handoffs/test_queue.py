"""A rule may leave a handoff in a pool's queue: its members are told, and whoever takes it first has it."""

from datetime import timedelta

import pytest

from handoffs import access, pipeline, reassigning, timeline
from handoffs.models import Delivery, Handoff, Notice, State
from handoffs.responding import response_of
from handoffs.response import render_markdown
from handoffs.states import IllegalMoveError, RefusedError, StaleVersionError
from routing.compiling import compiled
from routing.models import Assignment, Decision, Membership, Rep, Rule, Turn
from routing.replay import replay
from routing.turns import UNIT
from sla.models import Clock, ClockKind
from tests.factories import NOW, AbsenceFactory, Company, company
from tests.handoffs.given import received

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]

LATER = NOW + timedelta(minutes=10)


@pytest.fixture
def firm() -> Company:
    """The firm, where what is won waits in customer success's queue."""
    compiled.cache_clear()
    return company(strategies={"cs": Rule.Strategy.QUEUE})


@pytest.fixture
def waiting(firm: Company) -> Handoff:
    return pipeline.run(received(firm, "closed_to_cs"), now=NOW, actor="engine")


def take(handoff: Handoff, by: Rep, *, version: int | None = None) -> Handoff:
    return pipeline.take(handoff, by=by, actor=f"user:{by.user_id}", now=LATER, version=version)


def test_it_waits_without_an_owner_a_clock_or_a_turn_and_the_members_are_told(firm: Company, waiting: Handoff) -> None:
    assert (waiting.state, waiting.owner, waiting.queue) == (State.UNASSIGNED, None, firm.pools["cs"])
    assert (waiting.next_at, waiting.alarm_at) == (None, NOW + timedelta(minutes=30))
    assert not Clock.objects.exists()
    assert not Turn.objects.filter(kind=Turn.Kind.DEBIT).exists()
    assert timeline.sentences(waiting.stream)[-1].text.startswith("Put into the queue of ")
    [announced] = Delivery.objects.filter(handoff=waiting, purpose=Delivery.Purpose.UNASSIGNED)
    assert announced.payload["alert"]["title"] == "To take: Closed won Handoff: Halvorsen Marine Logistics"
    told = {str(notice.user) for notice in Notice.objects.filter(kind=Notice.Kind.TO_TAKE)}
    assert told == {"Hannah Brandt", "Yusuf Demir"}
    said = render_markdown(response_of(waiting))
    assert "It waits in the queue of" in said
    assert f"### Next Steps for the members of {firm.pools['cs'].name}" in said
    assert "1. Take it: whoever takes it first has it, and its clock starts then" in said
    assert "decided again" not in said


def test_whoever_takes_it_has_it_with_clocks_for_one_turn(firm: Company, waiting: Handoff) -> None:
    yusuf = firm.reps["yusuf"]

    taken = take(waiting, yusuf, version=waiting.version)

    assert (taken.state, taken.owner, taken.queue, taken.unassigned_since) == (State.ASSIGNED, yusuf, None, None)
    assert taken.assigned_at == LATER
    assignment = Assignment.objects.get(handoff_uuid=taken.uuid)
    assert (assignment.pool, assignment.decision) == (firm.pools["cs"], Decision.objects.latest("id"))
    [turn] = Turn.objects.filter(kind=Turn.Kind.DEBIT)
    assert (turn.membership.rep, turn.units, turn.assignment) == (yusuf, UNIT, assignment)
    assert Membership.objects.get(rep=yusuf).pointer == UNIT
    promise = Clock.objects.get(kind=ClockKind.FIRST_CONTACT)
    assert (promise.started_at, promise.deadline_at) == (LATER, LATER + timedelta(hours=24))
    assert timeline.sentences(taken.stream)[-1].text == "Taken from the queue by Yusuf Demir"
    assert Delivery.objects.filter(handoff=taken, purpose=Delivery.Purpose.BRIEFING).count() == 1


def test_of_two_the_first_has_it_and_the_second_is_told(firm: Company, waiting: Handoff) -> None:
    seen = waiting.version
    take(waiting, firm.reps["yusuf"], version=seen)

    with pytest.raises(StaleVersionError):
        take(waiting, firm.reps["hannah"], version=seen)
    with pytest.raises(IllegalMoveError, match="is assigned, so it cannot be taken"):
        take(waiting, firm.reps["hannah"])

    assert Assignment.objects.get().rep == firm.reps["yusuf"]
    assert Turn.objects.filter(kind=Turn.Kind.DEBIT).count() == 1


def test_only_members_of_the_pool_see_and_may_take_it(firm: Company, waiting: Handoff) -> None:
    people = ("hannah", "yusuf", "ingrid", "carsten", "ben")
    sees = {key for key in people if access.visible_to(firm.user(key)).filter(pk=waiting.pk).exists()}
    takes = {key for key in people if access.may(firm.user(key), "take", waiting)}
    assert (sees, takes) == ({"hannah", "yusuf", "carsten", "ben"}, {"hannah", "yusuf"})
    with pytest.raises(RefusedError, match=r"Ingrid Solheim is not in .*, so HO-.* stays in the queue"):
        take(waiting, firm.reps["ingrid"])


def test_somebody_who_left_the_pool_neither_sees_nor_takes_it(firm: Company, waiting: Handoff) -> None:
    Membership.objects.filter(rep=firm.reps["yusuf"]).update(is_active=False)
    assert not access.visible_to(firm.user("yusuf")).filter(pk=waiting.pk).exists()
    assert not access.may(firm.user("yusuf"), "take", waiting)
    with pytest.raises(RefusedError, match="Yusuf Demir is not in"):
        take(waiting, firm.reps["yusuf"])


def test_limits_hold_for_whoever_takes(firm: Company, waiting: Handoff) -> None:
    Rep.objects.filter(pk=firm.reps["yusuf"].pk).update(load_cap=0)
    with pytest.raises(RefusedError, match=r"Yusuf Demir has 0 of 0 open.*, so HO-\d+ stays in the queue"):
        take(waiting, firm.reps["yusuf"])
    waiting.refresh_from_db()
    assert (waiting.state, waiting.queue) == (State.UNASSIGNED, firm.pools["cs"])


def test_a_manager_may_give_it_to_somebody_and_it_leaves_the_queue(firm: Company, waiting: Handoff) -> None:
    given = pipeline.reassign(waiting, to=firm.reps["hannah"], reason="", actor="user:1", now=LATER)
    assert (given.owner, given.queue) == (firm.reps["hannah"], None)
    with pytest.raises(IllegalMoveError):
        take(given, firm.reps["yusuf"])


def test_what_is_in_no_queue_is_nobodys_to_take(firm: Company) -> None:
    firm.pools["ae_enterprise"].memberships.update(is_active=False)
    handoff = pipeline.run(received(firm), now=NOW, actor="engine")
    assert handoff.state == State.UNASSIGNED
    with pytest.raises(RefusedError, match="waits in nobody's queue"):
        take(handoff, firm.reps["ingrid"])


def test_looking_again_leaves_it_in_the_queue_and_tells_nobody_twice(firm: Company, waiting: Handoff) -> None:
    told = Delivery.objects.count(), Notice.objects.count()
    pipeline.retry(waiting, actor="user:1", now=LATER)
    again = pipeline.run(waiting, now=LATER, actor="engine")
    assert (again.state, again.queue) == (State.UNASSIGNED, firm.pools["cs"])
    assert (Delivery.objects.count(), Notice.objects.count()) == told


def test_what_somebody_let_lie_does_not_go_back_into_the_queue(firm: Company, waiting: Handoff) -> None:
    taken = take(waiting, firm.reps["yusuf"])
    assert taken.package is not None
    heir = reassigning.find(taken, taken.package, now=LATER + timedelta(days=2))
    assert heir.person == firm.reps["carsten"]


def test_what_was_returned_and_sent_again_goes_back_to_who_took_it(firm: Company, waiting: Handoff) -> None:
    taken = take(waiting, firm.reps["yusuf"])
    pipeline.reject(taken, reason="incomplete", actor="user:1", now=LATER)
    pipeline.resubmit(taken, actor="user:1", now=LATER)
    again = pipeline.run(taken, now=LATER, actor="engine")
    assert (again.owner, again.queue) == (firm.reps["yusuf"], None)


def test_its_receipt_replays(firm: Company, waiting: Handoff) -> None:
    decision = Decision.objects.get()
    assert (decision.outcome, decision.chosen) == (Decision.Outcome.QUEUED, None)
    assert replay(decision).is_same
    take(waiting, firm.reps["yusuf"])
    assert replay(decision).is_same


def test_who_took_it_stands_in_a_receipt_of_its_own_with_ledger_and_loads(firm: Company, waiting: Handoff) -> None:
    hannah, yusuf = firm.reps["hannah"], firm.reps["yusuf"]
    AbsenceFactory.create(rep=yusuf, starts_at=NOW, ends_at=LATER + timedelta(days=1))
    taken = take(waiting, yusuf)

    assert taken.assignment is not None
    decision = taken.assignment.decision
    assert decision is not None
    assert (decision.outcome, decision.chosen, decision.decided_at) == (Decision.Outcome.ASSIGNED, yusuf, LATER)
    waited = Decision.objects.get(outcome=Decision.Outcome.QUEUED)
    assert (decision.rule, decision.rule_set, decision.facts) == (waited.rule, waited.rule_set, waited.facts)
    receipt, member = decision.receipt, Membership.objects.get(rep=yusuf)
    assert (receipt["order"], receipt["chosen"]) == ("taken", {"rep": yusuf.pk, "name": "Yusuf Demir"})
    assert receipt["ledger"] == {"seq": 1, "member": member.pk, "before": 0, "after": UNIT, "weight": 1}
    stood = [(each["rep"], each["code"], each["anyway"], each["load"]) for each in receipt["candidates"]]
    assert stood == [(yusuf.pk, "absent", True, 0), (hannah.pk, "eligible", False, 0)]
    assert replay(decision).is_same

    receipt["candidates"][0]["anyway"] = False
    assert replay(decision).differences == ("It goes to nobody, and Yusuf Demir is stored.",)
