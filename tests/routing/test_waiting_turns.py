"""Whose turn it is is out: a pool's rule may pass them over, wait for them, or give it to their cover."""

from collections import Counter
from datetime import timedelta
from decimal import Decimal

import pytest

from routing import turns
from routing.compiling import compiled
from routing.decide import decide
from routing.models import Decision, Membership, Pod, Pool, Rep, Turn
from routing.replay import replay
from tests.factories import NOW, AbsenceFactory, RepFactory
from tests.routing.desk import (
    FACTS,
    Facts,
    assert_pointers_equal_their_ledger,
    away,
    give,
    pick,
    picks,
    pool_of,
    publish,
    who,
)

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]


@pytest.fixture(autouse=True)
def afresh() -> None:
    compiled.cache_clear()


def pool_with(when_unavailable: str, letters: str = "ABC", **fields: object) -> Pool:
    pool = pool_of(letters)
    publish({"pool": pool, "when_unavailable": when_unavailable, **fields}, catch_all=pool)
    return pool


def covered_by(letter: str, cover: Rep) -> None:
    Rep.objects.filter(first_name=letter).update(cover=cover)


def assert_all_replay() -> None:
    assert [decision.pk for decision in Decision.objects.all() if not replay(decision).is_same] == []


# Waiting for them.


def test_with_hold_the_handoff_waits_for_whoever_is_next_until_they_are_back() -> None:
    pool_with("hold")
    away("B", picks_from=1, picks_below=9)
    assert pick() == "A"
    outcome = give(decide(FACTS, now=NOW + timedelta(minutes=1)), now=NOW + timedelta(minutes=1))
    assert (outcome.rep, outcome.held_until) == (None, NOW + timedelta(minutes=9))
    assert outcome.decision.outcome == Decision.Outcome.HELD
    codes = {each["name"]: each["code"] for each in outcome.decision.receipt["candidates"]}
    assert codes == {"A": "eligible", "B": "absent", "C": "eligible"}, "others could, and it is not theirs"
    assert pick(now=NOW + timedelta(minutes=9)) == "B"
    assert_all_replay()


def test_with_hold_nobody_waits_for_who_could_not_take_it_at_all() -> None:
    pool_with("hold", "ABCD")
    Rep.objects.filter(first_name="A").update(is_active=False)
    Rep.objects.filter(first_name="B").update(segments=["smb"])
    assert pick(excluded=frozenset({who("C").pk})) == "D"


def test_with_hold_it_waits_for_who_is_next_under_the_lock_and_not_for_who_was_before() -> None:
    pool_with("hold", "AB")
    draft = decide(FACTS, now=NOW)
    member = Membership.objects.get(rep=who("B"))
    Rep.objects.filter(first_name="A").update(paused_since=NOW)
    outcome = give(draft)
    assert outcome.rep is None, "A is next, and paused by now"
    turns.calibrate(member.pk, turns=Decimal(-1), now=NOW, actor="user:1", reason="Owed one")
    assert pick() == "B"
    assert_all_replay()


def test_with_hold_the_fewest_open_are_waited_for_where_these_decide() -> None:
    pool_with("hold", "AB", strategy="least_loaded")
    assert picks(1) == "A"
    Rep.objects.filter(first_name="B").update(paused_since=NOW)
    assert pick() == "-"
    Rep.objects.filter(first_name="B").update(paused_since=None)
    assert pick() == "B"
    assert_all_replay()


# Their cover.


def test_the_cover_of_whoever_is_next_takes_it_for_a_turn_of_theirs() -> None:
    pool = pool_with("cover")
    covered_by("B", who("A"))
    away("B", picks_from=0, picks_below=60)
    assert Counter(picks(60)) == {"A": 40, "C": 20}, "A works for two, and C gets no less than before"
    assert Counter(Turn.objects.values_list("membership__rep__first_name", flat=True)) == {"A": 20, "B": 20, "C": 20}
    assert {member.pointer for member in pool.memberships.all()} == {20 * turns.UNIT}
    assert_pointers_equal_their_ledger()
    assert pick(now=NOW + timedelta(minutes=60)) == "A", "and B, back again, is owed nothing"
    assert_all_replay()


def test_a_cover_from_outside_the_pool_takes_it_and_the_receipt_says_for_whom() -> None:
    pool = pool_with("cover")
    cover = RepFactory.create(first_name="Z", last_name="")
    covered_by("A", cover)
    AbsenceFactory.create(rep=who("A"))
    outcome = give(decide(FACTS, now=NOW))
    receipt = outcome.decision.receipt
    assert outcome.rep == cover
    assert receipt["notes"] == ["Z covers for A"]
    assert receipt["covered"] == {"rep": who("A").pk, "name": "A"}
    assert [(each["name"], each["code"]) for each in receipt["stand_ins"]] == [("Z", "eligible")]
    assert receipt["ledger"]["member"] == pool.memberships.get(rep=who("A")).pk
    [turn] = Turn.objects.all()
    assert (turn.membership.rep, turn.reason) == (who("A"), "covered by Z")
    assert picks(4) == "BCZB"
    assert_all_replay()
    receipt["stand_ins"][0]["code"] = "absent"
    assert replay(outcome.decision).differences[0] == "It goes to B, and Z is stored."


def test_a_chain_of_covers_is_followed_and_where_it_ends_the_next_in_turn_takes_it() -> None:
    pool_with("cover")
    last = RepFactory.create(first_name="Z", last_name="")
    middle = RepFactory.create(first_name="Y", last_name="", cover=last)
    covered_by("A", middle)
    AbsenceFactory.create(rep=who("A"))
    AbsenceFactory.create(rep=middle)
    assert pick() == "Z"
    Rep.objects.filter(pk=last.pk).update(load_cap=1)
    assert pick() == "B"
    assert_all_replay()


def test_a_cover_who_cannot_take_it_by_now_is_passed_over_under_the_lock() -> None:
    pool_with("cover")
    cover = RepFactory.create(first_name="Z", last_name="")
    covered_by("A", cover)
    AbsenceFactory.create(rep=who("A"))
    draft = decide(FACTS, now=NOW)
    Rep.objects.filter(pk=cover.pk).update(load_cap=0)
    outcome = give(draft)
    assert outcome.rep == who("B")
    assert [(each["name"], each["code"]) for each in outcome.decision.receipt["stand_ins"]] == [("Z", "load_cap")]
    assert_all_replay()


def test_with_everybody_out_a_cover_is_still_asked() -> None:
    pool_with("cover", "AB")
    for letter in "AB":
        AbsenceFactory.create(rep=who(letter))
    assert pick() == "-"
    covered_by("A", RepFactory.create(first_name="Z", last_name=""))
    assert pick() == "Z"
    assert_all_replay()


def test_a_cover_takes_what_the_whole_pod_cannot() -> None:
    member, cover = (RepFactory.create(first_name=name, last_name="") for name in "PZ")
    Pod.objects.create(code="north", name="North").members.add(member)
    publish({"strategy": "pod", "when_unavailable": "cover"}, catch_all=pool_of("A"))
    Rep.objects.filter(pk=member.pk).update(cover=cover)
    AbsenceFactory.create(rep=member)
    assert pick(Facts(handoff_type="sql_to_ae", pod="north")) == "Z"
    assert_all_replay()


def test_without_such_a_rule_whoever_is_out_is_passed_over() -> None:
    pool_with("skip")
    covered_by("A", RepFactory.create(first_name="Z", last_name=""))
    AbsenceFactory.create(rep=who("A"))
    assert picks(2) == "BC"
