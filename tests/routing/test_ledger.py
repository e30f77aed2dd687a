"""The engine looks whether pointers are the sum of their turns, and tells; it mends nothing."""

from datetime import timedelta
from decimal import Decimal

import pytest

from routing import ledger, turns
from routing.models import Membership, Pool, Turn
from tests.factories import NOW
from tests.routing.desk import picks, pool_of, publish, who

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]


def test_pools_are_looked_at_in_turn_and_not_again_for_five_minutes() -> None:
    first, second = pool_of("A"), pool_of("B")
    assert [ledger.look(now=NOW) for _ in range(3)] == [first, second, None]
    assert ledger.look(now=NOW + timedelta(minutes=4)) is None
    assert ledger.look(now=NOW + timedelta(minutes=5)) == first


def test_a_pointer_that_came_away_from_its_turns_is_told_and_left_as_it_is(caplog: pytest.LogCaptureFixture) -> None:
    pool = pool_of("AB")
    publish(catch_all=pool)
    picks(6)
    ledger.look(now=NOW)
    assert Pool.objects.get(pk=pool.pk).ledger_faults == 0
    Membership.objects.filter(rep=who("B")).update(pointer=7)
    later = NOW + timedelta(minutes=5)
    ledger.look(now=later)
    pool.refresh_from_db()
    assert (pool.ledger_faults, pool.ledger_checked_at) == (1, later)
    assert f"The pointer of B in {pool} is 7, and the turns add up to {3 * turns.UNIT}" in caplog.text
    assert Membership.objects.get(rep=who("B")).pointer == 7
    assert not Turn.objects.exclude(kind="debit").exists()


def test_setting_it_by_hand_makes_pointer_and_turns_agree_again() -> None:
    pool = pool_of("AB")
    publish(catch_all=pool)
    picks(6)
    member = Membership.objects.get(rep=who("B"))
    Membership.objects.filter(pk=member.pk).update(pointer=7)
    assert [fault.pk for fault in ledger.faults(pool.pk)] == [member.pk]
    turns.calibrate(member.pk, turns=Decimal(2), now=NOW, actor="user:7", reason="A row was changed by hand")
    assert ledger.faults(pool.pk) == []
    member.refresh_from_db()
    assert member.pointer == 2 * turns.UNIT == turns.sum_of(member)
