"""Coming back from leave, calibration, and the golden vectors of the turns."""

from collections import Counter
from datetime import timedelta
from decimal import Decimal

import pytest

from routing import joining, receipts, turns
from routing.models import Decision, Membership, Pool, Rep, Turn
from tests.factories import NOW, MembershipFactory, RepFactory
from tests.routing.desk import (
    assert_pointers_equal_their_ledger,
    away,
    pick,
    picks,
    pool_of,
    publish,
    who,
)

pytestmark = pytest.mark.django_db


def three(*, allowance: int = 3, **weights: int) -> Pool:
    pool = pool_of("ABC", **weights)
    Pool.objects.filter(pk=pool.pk).update(return_allowance=allowance)
    publish(catch_all=pool)
    return pool


def returns() -> list[tuple[str, int]]:
    return [(turn.membership.rep.first_name, turn.units) for turn in Turn.objects.filter(kind="return").order_by("id")]


def pointers() -> dict[str, int]:
    return {member.rep.first_name: member.pointer for member in Membership.objects.select_related("rep")}


@pytest.mark.sqlite
def test_a_short_leave_is_caught_up_on_in_full() -> None:
    three()
    away("B", picks_from=3, picks_below=9)
    assert picks(18) == "ABCACACACBBBACBACB"
    assert returns() == [], "nothing was forgone, so no line says so"
    assert not Membership.objects.exclude(away_since=None).exists()
    assert_pointers_equal_their_ledger()


@pytest.mark.sqlite
def test_without_an_allowance_nothing_is_caught_up_on() -> None:
    three(allowance=0)
    away("B", picks_from=3, picks_below=9)
    assert picks(18) == "ABCACACACBACBACBAC"
    assert returns() == [("B", 3 * turns.UNIT)]
    assert_pointers_equal_their_ledger()


@pytest.mark.sqlite
def test_of_a_long_leave_three_turns_are_caught_up_on() -> None:
    three()
    away("B", picks_from=3, picks_below=63)
    assert picks(75)[63:] == "BBBACBACBACB"
    assert returns() == [("B", 27 * turns.UNIT)], "once, however often the pool is asked afterwards"
    assert_pointers_equal_their_ledger()


def test_the_allowance_is_counted_in_turns_of_their_own_weight() -> None:
    pool = three(B=4)
    away("B", picks_from=0, picks_below=40)
    picks(40)
    lowest = min(pointers()["A"], pointers()["C"])
    pick(now=NOW + timedelta(minutes=40))
    [(name, units)] = returns()
    assert (name, units) == ("B", lowest - 3 * turns.cost(4))
    assert pool.memberships.get(rep=who("B")).turns.get(kind="return").actor == "engine"


def test_a_pause_and_a_time_off_the_roster_are_leaves_too() -> None:
    three(allowance=1)
    Rep.objects.filter(first_name="B").update(paused_since=NOW)
    Rep.objects.filter(first_name="C").update(is_active=False)
    assert picks(6) == "AAAAAA"
    Rep.objects.update(paused_since=None, is_active=True)
    pick(now=NOW + timedelta(minutes=6))
    assert returns() == [("B", 5 * turns.UNIT), ("C", 5 * turns.UNIT)]
    [note] = [decision.receipt["returns"] for decision in Decision.objects.all() if decision.receipt["returns"]]
    assert [line["units"] for line in note] == [5 * turns.UNIT, 5 * turns.UNIT]
    assert_pointers_equal_their_ledger()


def test_who_serves_another_segment_is_no_measure_of_those_present() -> None:
    three(allowance=0)
    Rep.objects.filter(first_name="C").update(segments=["smb"])
    away("B", picks_from=0, picks_below=4)
    assert picks(4) == "AAAA"
    pick(now=NOW + timedelta(minutes=4))
    assert returns() == [("B", 4 * turns.UNIT)]


def test_each_leave_is_bounded_by_itself() -> None:
    three(allowance=0)
    away("B", picks_from=0, picks_below=4)
    away("B", picks_from=6, picks_below=10)
    picks(14)
    assert [name for name, _ in returns()] == ["B", "B"]


def test_somebody_who_merely_works_other_hours_catches_up_in_full() -> None:
    three(allowance=0)
    Rep.objects.filter(first_name="B").update(load_cap=0)
    assert picks(6) == "ACACAC"
    Rep.objects.update(load_cap=None)
    assert pick(now=NOW + timedelta(minutes=6)) == "B"
    assert returns() == []


def test_who_takes_nothing_by_their_limits_is_no_measure_of_those_present() -> None:
    three(allowance=0)
    Rep.objects.filter(first_name="C").update(load_cap=0)
    away("B", picks_from=0, picks_below=5)
    assert picks(6) == "AAAAA" + "B"
    assert returns() == [("B", 5 * turns.UNIT)], "level with A; C stands at nought because C takes nothing"


def test_with_nobody_present_all_the_while_nobody_is_moved() -> None:
    three()
    for letter in "ABC":
        away(letter, picks_from=0, picks_below=3)
    assert picks(4) == "---A"
    assert returns() == []


def test_a_leave_in_which_no_turn_was_given_past_them_bounds_nothing() -> None:
    three(allowance=0)
    away("B", picks_from=2, picks_below=4)
    assert [pick(now=NOW + timedelta(minutes=minute)) for minute in (0, 1, 5)] == ["A", "B", "C"]
    assert returns() == []


def test_a_pointer_is_set_by_hand_with_a_reason_and_the_ledger_says_so() -> None:
    pool = pool_of("A")
    member = pool.memberships.get()
    turn = turns.calibrate(member.pk, turns=Decimal("2.5"), now=NOW, actor="user:7", reason="Merged two pools")
    assert turn is not None
    assert (turn.kind, turn.units, turn.pointer_after) == ("calibrate", 581_981_400, 581_981_400)
    assert (turn.reason, turn.actor, turn.at) == ("Merged two pools", "user:7", NOW)
    assert turns.calibrate(member.pk, turns=Decimal("2.5"), now=NOW, actor="user:7", reason="Again") is None
    assert_pointers_equal_their_ledger()


@pytest.mark.parametrize(("value", "reason"), [("1", " "), ("NaN", "So"), ("Infinity", "So"), ("1000001", "So")])
def test_a_pointer_is_not_set_without_a_reason_or_to_what_is_no_number(value: str, reason: str) -> None:
    member = pool_of("A").memberships.get()
    with pytest.raises(turns.CalibrationError):
        turns.calibrate(member.pk, turns=Decimal(value), now=NOW, actor="user:7", reason=reason)
    assert not Turn.objects.exists()


def test_a_newcomer_joins_level_with_those_who_are_active() -> None:
    pool = three()
    picks(7)
    newcomer = MembershipFactory.create(pool=pool, rep=RepFactory.create(first_name="D", team=pool.team), position=9)
    joining.join(newcomer, now=NOW, actor="user:7")
    assert pointers()["D"] == 2 * turns.UNIT
    assert_pointers_equal_their_ledger()


def test_a_newcomer_takes_turns_with_the_others_however_long_somebody_is_away() -> None:
    pool = three()
    away("C", picks_from=0, picks_below=200)
    picks(60)
    newcomer = MembershipFactory.create(pool=pool, rep=RepFactory.create(first_name="D", team=pool.team), position=9)
    joining.join(newcomer, now=NOW + timedelta(minutes=60), actor="user:7")
    assert Counter(pick(now=NOW + timedelta(minutes=60 + n)) for n in range(30)) == {"A": 10, "B": 10, "D": 10}


def test_a_receipt_leads_to_the_same_person_again_and_another_pointer_to_another() -> None:
    three(A=2)
    picks(12)
    for decision in Decision.objects.all():
        assert receipts.chosen_by(decision.receipt) == decision.chosen_id
        chosen = next(c for c in decision.receipt["candidates"] if c["rep"] == decision.chosen_id)
        chosen["pointer"] += 100 * turns.UNIT
        assert receipts.chosen_by(decision.receipt) != decision.chosen_id
