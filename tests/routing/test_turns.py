from datetime import timedelta
from decimal import Decimal

import pytest
from django.db.models import Sum

from routing import joining, turns
from routing.models import Membership, Pool, Rep, Turn
from tests.factories import NOW, AssignmentFactory, MembershipFactory, PoolFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def pool() -> Pool:
    made: Pool = PoolFactory.create()
    return made


def member(pool: Pool, **fields: object) -> Membership:
    made: Membership = MembershipFactory.create(pool=pool, **fields)
    return made


def take(who: Membership, *, times: int = 1) -> Turn:
    """The last of so many turns, each with an assignment of its own."""
    who.refresh_from_db()
    for _ in range(times):
        assignment = AssignmentFactory.create(rep=who.rep, pool=who.pool)
        turn = turns.debit(who, seq=turns.next_seq(who.pool_id), now=NOW, actor="engine", assignment_id=assignment.pk)
    return turn


def is_true_to_its_ledger(who: Membership) -> bool:
    who.refresh_from_db()
    total: int = Turn.objects.filter(membership=who).aggregate(total=Sum("units"))["total"] or 0
    return who.pointer == total


@pytest.mark.parametrize("weight", range(1, 21))
def test_no_turn_is_ever_rounded(weight: int) -> None:
    assert turns.cost(weight) * weight == 232_792_560


def test_a_debit_moves_the_pointer_by_the_cost_of_the_weight(pool: Pool) -> None:
    heavy = member(pool, weight=4)
    turn = take(heavy)
    assert (turn.kind, turn.units, turn.pointer_after, turn.seq) == ("debit", 58_198_140, 58_198_140, 1)
    heavy.refresh_from_db()
    assert (heavy.pointer, heavy.last_debit_seq) == (58_198_140, 1)


def test_the_ledger_of_a_pool_is_numbered_without_a_gap(pool: Pool) -> None:
    first, second = member(pool), member(pool)
    take(first)
    take(second, times=2)
    other = take(member(PoolFactory.create()))
    assert list(Turn.objects.filter(pool=pool).values_list("seq", flat=True)) == [1, 2, 3]
    assert other.seq == 1, "each pool counts for itself"


def test_the_lowest_pointer_is_next(pool: Pool) -> None:
    first, second = member(pool, position=0), member(pool, position=1)
    take(first)
    assert min(pool.memberships.all(), key=turns.order) == second


def test_among_equals_the_one_who_waited_longest_is_next_and_then_the_first_of_the_list(pool: Pool) -> None:
    first, second, third = (member(pool, position=place) for place in range(3))
    assert min(pool.memberships.all(), key=turns.order) == first
    take(second)
    take(first)
    take(third)
    assert min(pool.memberships.all(), key=turns.order) == second


def test_a_credit_gives_back_exactly_what_was_taken_and_only_once(pool: Pool) -> None:
    who = member(pool, weight=3)
    turn = take(who, times=2)
    back = turns.credit(turn, now=NOW + timedelta(hours=1), actor="user:1", reason="incomplete")
    assert back is not None
    assert (back.kind, back.units, back.reason) == ("credit", -turn.units, "incomplete")
    assert turns.credit(turn, now=NOW, actor="user:1", reason="again") is None
    who.refresh_from_db()
    assert who.pointer == turns.cost(3)
    assert is_true_to_its_ledger(who)


def test_a_credit_after_a_change_of_weight_gives_back_what_the_turn_had_cost(pool: Pool) -> None:
    who = member(pool, weight=1)
    turn = take(who)
    Membership.objects.filter(pk=who.pk).update(weight=2)
    turns.credit(turn, now=NOW, actor="user:1", reason="duplicate")
    who.refresh_from_db()
    assert who.pointer == 0


def test_a_credit_does_not_move_the_place_among_equals(pool: Pool) -> None:
    who = member(pool)
    turn = take(who)
    turns.credit(turn, now=NOW, actor="user:1", reason="duplicate")
    who.refresh_from_db()
    assert who.last_debit_seq == turn.seq


def test_a_turn_that_no_assignment_took_cannot_be_given_back(pool: Pool) -> None:
    who = member(pool)
    turn = turns.debit(who, seq=1, now=NOW, actor="user:1", assignment_id=None)
    assert turns.credit(turn, now=NOW, actor="user:1", reason="duplicate") is None


def test_a_change_of_weight_keeps_the_pointer(pool: Pool) -> None:
    who = member(pool, weight=1)
    take(who, times=3)
    who.weight = 3
    who.save()
    assert is_true_to_its_ledger(who)


def test_a_newcomer_starts_where_the_lowest_active_member_stands(pool: Pool) -> None:
    ahead, behind, gone = member(pool), member(pool), member(pool, is_active=False)
    take(ahead, times=5)
    take(behind, times=2)
    assert gone.pointer == 0
    newcomer = member(pool)
    turn = joining.join(newcomer, now=NOW, actor="user:1")
    newcomer.refresh_from_db()
    assert newcomer.pointer == 2 * turns.UNIT, "who left does not count"
    assert (turn.kind, turn.seq, turn.units) == ("join", 8, 2 * turns.UNIT)
    assert is_true_to_its_ledger(newcomer)


def test_the_first_member_of_a_pool_starts_at_nought(pool: Pool) -> None:
    only = member(pool)
    joining.join(only, now=NOW, actor="user:1")
    only.refresh_from_db()
    assert only.pointer == 0


def test_somebody_who_joins_again_is_moved_as_far_as_after_a_leave(pool: Pool) -> None:
    stayed, left = member(pool), member(pool, weight=2)
    take(left)
    take(stayed, times=9)
    turn = joining.join(left, now=NOW, actor="user:1")
    left.refresh_from_db()
    assert turn is not None
    assert (turn.kind, left.pointer) == ("return", 9 * turns.UNIT - 3 * turns.cost(2))
    assert is_true_to_its_ledger(left)
    assert joining.join(left, now=NOW, actor="user:1") is None, "and no further the next time"


def test_somebody_who_joins_again_is_never_moved_back(pool: Pool) -> None:
    low, who = member(pool), member(pool)
    take(low)
    turns.calibrate(who.pk, turns=Decimal(10), now=NOW, actor="user:1", reason="Helped out elsewhere")
    assert joining.join(who, now=NOW, actor="user:1") is None
    who.refresh_from_db()
    assert who.pointer == 10 * turns.UNIT


@pytest.mark.parametrize(
    ("rep", "fields"),
    [
        ({"is_active": False}, {}),
        ({"paused_since": NOW}, {}),
        ({"load_cap": 0}, {}),
        ({"segments": ["smb"]}, {}),
        ({"territories": ["dach"]}, {}),
        ({}, {"is_active": False}),
        ({}, {"away_since": NOW}),
    ],
)
def test_who_stood_still_while_turns_went_past_them_is_no_measure_for_a_newcomer(
    pool: Pool, rep: dict[str, object], fields: dict[str, object]
) -> None:
    take(member(pool), times=30)
    still = member(pool, **fields)
    Rep.objects.filter(pk=still.rep_id).update(**rep)
    newcomer = member(pool)
    joining.join(newcomer, now=NOW, actor="user:1")
    newcomer.refresh_from_db()
    assert newcomer.pointer == 30 * turns.UNIT


def test_a_newcomer_for_one_territory_starts_level_with_who_takes_that_one_too(pool: Pool) -> None:
    take(member(pool), times=30)
    same = member(pool)
    Rep.objects.filter(pk=same.rep_id).update(territories=["dach", "nordics"])
    newcomer = member(pool)
    Rep.objects.filter(pk=newcomer.rep_id).update(territories=["dach"])
    joining.join(newcomer, now=NOW, actor="user:1")
    newcomer.refresh_from_db()
    assert newcomer.pointer == 0


def test_with_nobody_there_even_who_is_away_is_a_better_measure_than_nought(pool: Pool) -> None:
    on_leave, gone, idle = member(pool), member(pool), member(pool)
    take(on_leave, times=5)
    take(gone, times=3)
    Rep.objects.filter(pk=on_leave.rep_id).update(paused_since=NOW)
    Rep.objects.filter(pk=gone.rep_id).update(is_active=False)
    Rep.objects.filter(pk=idle.rep_id).update(load_cap=0)
    newcomer = member(pool)
    joining.join(newcomer, now=NOW, actor="user:1")
    newcomer.refresh_from_db()
    assert newcomer.pointer == 5 * turns.UNIT


@pytest.mark.parametrize(
    ("given", "reason", "sentence"),
    [
        ("2", " ", "Say in a sentence why"),
        ("NaN", "Moved here", "Turns are a number between -1,000,000 and 1,000,000"),
        ("Infinity", "Moved here", "Turns are a number between"),
        ("-1000001", "Moved here", "Turns are a number between"),
    ],
)
def test_turns_are_set_by_hand_for_a_reason_and_within_bounds(given: str, reason: str, sentence: str) -> None:
    member = MembershipFactory.create()
    with pytest.raises(turns.CalibrationError, match=sentence):
        turns.calibrate(member.pk, turns=Decimal(given), now=NOW, actor="user:1", reason=reason)
    assert not Turn.objects.exists()
