"""Who is chosen, under the pool's lock: turns, what changed in the meantime, and the receipt."""

from datetime import timedelta

import pytest

from routing.decide import decide
from routing.facts import Facts
from routing.models import Assignment, Decision, Pod, Pool, Rep, Turn
from routing.replay import replay
from tests.factories import NOW, AbsenceFactory, AssignmentFactory, RepFactory
from tests.routing.desk import (
    FACTS,
    assert_pointers_equal_their_ledger,
    away,
    give,
    owner_facts,
    owner_rule,
    pick,
    picks,
    pool_of,
    publish,
    who,
)

pytestmark = pytest.mark.django_db


# Taking turns.


@pytest.mark.sqlite
def test_a_weight_of_two_takes_two_turns_for_one() -> None:
    publish(catch_all=pool_of("ABC", A=2))
    assert picks(12) == "ABCABCAABCAA"
    assert_pointers_equal_their_ledger()


def test_equals_take_turns_in_the_order_of_the_list() -> None:
    publish(catch_all=pool_of("ABC"))
    assert picks(9) == "ABCABCABC"


def test_any_weights_are_served_in_their_proportion() -> None:
    publish(catch_all=pool_of("ABC", A=5, B=3, C=2))
    served = picks(50)
    assert [served.count(letter) for letter in "ABC"] == [25, 15, 10]
    assert_pointers_equal_their_ledger()


def test_whoever_was_away_for_a_while_catches_up() -> None:
    publish(catch_all=pool_of("ABC"))
    away("B", picks_from=3, picks_below=9)
    assert picks(18) == "ABCACACACBBBACBACB"


def test_somebody_who_cannot_take_it_is_passed_over_and_their_pointer_stays() -> None:
    pool = pool_of("AB")
    publish(catch_all=pool)
    Rep.objects.filter(first_name="A").update(load_cap=0)
    assert picks(3) == "BBB"
    assert pool.memberships.get(rep=who("A")).pointer == 0


def test_a_load_cap_is_reached_and_the_next_one_takes_over() -> None:
    publish(catch_all=pool_of("AB"))
    Rep.objects.filter(first_name="A").update(load_cap=2)
    assert picks(6) == "ABABBB"


def test_two_rules_that_share_a_pool_share_its_turns() -> None:
    pool = pool_of("AB")
    publish({"conditions": {"country": ["SE"]}, "pool": pool}, catch_all=pool)
    swedish = Facts(handoff_type="sql_to_ae", country="SE")
    assert [pick(swedish), pick(FACTS), pick(swedish)] == ["A", "B", "A"]


def test_the_least_loaded_comes_first_in_proportion_to_their_weight() -> None:
    pool = pool_of("AB", A=2)
    publish({"strategy": "least_loaded", "pool": pool}, catch_all=pool)
    for _ in range(3):
        AssignmentFactory.create(rep=who("A"))
    for _ in range(2):
        AssignmentFactory.create(rep=who("B"))
    assert pick() == "A", "three for a weight of two is less than two for one"
    assert pick() == "B", "now they are even, and B has the lower pointer"
    assert pick() == "A"


def test_the_same_rows_always_give_the_same_choice() -> None:
    publish(catch_all=pool_of("ABCDE"))
    drafts = [decide(FACTS, now=NOW) for _ in range(5)]
    assert len({tuple(candidate.rep.pk for candidate in draft.eligible) for draft in drafts}) == 1


def test_an_owner_match_counts_as_a_turn_only_where_the_pool_says_so() -> None:
    pool = pool_of("AB")
    publish(owner_rule("cover", pool=pool), catch_all=pool)
    assert pick(owner_facts(who("A"))) == "A"
    assert not Turn.objects.exists()
    Pool.objects.filter(pk=pool.pk).update(debits_owner_matches=True)
    assert pick(owner_facts(who("A"))) == "A"
    turn = Turn.objects.get()
    assert (turn.membership.rep, turn.kind, turn.reason) == (who("A"), "debit", "owner match")
    assert_pointers_equal_their_ledger()


def test_an_owner_who_is_not_in_the_pool_takes_nobodys_turn() -> None:
    pool = pool_of("AB")
    Pool.objects.filter(pk=pool.pk).update(debits_owner_matches=True)
    publish(owner_rule("cover", pool=pool), catch_all=pool)
    assert pick(owner_facts(RepFactory.create(first_name="O"))) == "O"
    assert not Turn.objects.exists()


# What happens between deciding and assigning.


@pytest.mark.sqlite
def test_who_reached_the_cap_in_the_meantime_is_passed_over() -> None:
    publish(catch_all=pool_of("AB"))
    draft = decide(FACTS, now=NOW)
    Rep.objects.filter(first_name="A").update(load_cap=0)
    outcome = give(draft)
    assert outcome.rep == who("B")
    codes = {each["name"]: each["code"] for each in outcome.decision.receipt["candidates"]}
    assert codes == {"A": "load_cap", "B": "eligible"}


@pytest.mark.sqlite
def test_who_went_away_or_asked_for_no_work_in_the_meantime_is_passed_over() -> None:
    publish(catch_all=pool_of("ABC"))
    draft = decide(FACTS, now=NOW)
    absence = AbsenceFactory.create(rep=who("A"), starts_at=NOW, ends_at=NOW + timedelta(days=1))
    Rep.objects.filter(first_name="B").update(paused_since=NOW)
    outcome = give(draft)
    assert outcome.rep == who("C")
    codes = {each["name"]: each["code"] for each in outcome.decision.receipt["candidates"]}
    assert codes == {"A": "absent", "B": "paused", "C": "eligible"}
    assert replay(outcome.decision).is_same

    absence.delete()
    Rep.objects.filter(first_name="B").update(paused_since=NOW, paused_until=NOW)
    assert give(draft).rep == who("B"), "a pause that is over is none; nor is an absence that was taken back"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"is_active": False}, "inactive"),
        ({"paused_since": NOW}, "paused"),
        ({"load_cap": 0}, "load_cap"),
        ({}, "absent"),
    ],
)
def test_an_owner_who_left_paused_or_went_away_in_the_meantime_is_not_given_it(
    change: dict[str, object], code: str
) -> None:
    owner = RepFactory.create(first_name="O")
    publish(owner_rule("hold"), catch_all=pool_of("A"))
    draft = decide(owner_facts(owner), now=NOW)
    if change:
        Rep.objects.filter(pk=owner.pk).update(**change)
    else:
        AbsenceFactory.create(rep=owner, starts_at=NOW, ends_at=NOW + timedelta(days=1))
    outcome = give(draft)
    assert (outcome.assignment, outcome.held_until) == (None, NOW + timedelta(minutes=5))
    assert [each["code"] for each in outcome.decision.receipt["candidates"]] == [code]
    assert replay(outcome.decision).is_same


def test_assign_anyway_overlooks_what_came_up_in_the_meantime_but_not_that_somebody_left() -> None:
    owner = RepFactory.create(first_name="O")
    publish(owner_rule("assign_anyway"), catch_all=pool_of("A"))
    draft = decide(owner_facts(owner), now=NOW)
    Rep.objects.filter(pk=owner.pk).update(paused_since=NOW)
    assert give(draft).rep == owner
    Rep.objects.filter(pk=owner.pk).update(is_active=False)
    assert give(draft).rep is None


def test_of_a_pod_the_next_one_takes_it_when_the_first_cannot_by_now() -> None:
    first, second = (RepFactory.create(first_name=name) for name in "PQ")
    Pod.objects.create(code="north", name="North").members.add(first, second)
    publish({"strategy": "pod"}, catch_all=pool_of("A"))
    draft = decide(Facts(handoff_type="sql_to_ae", pod="north"), now=NOW)
    Rep.objects.filter(pk=first.pk).update(load_cap=0)
    outcome = give(draft)
    assert outcome.rep == second
    assert replay(outcome.decision).is_same


def test_who_left_the_pool_in_the_meantime_is_passed_over() -> None:
    pool = pool_of("AB")
    publish(catch_all=pool)
    draft = decide(FACTS, now=NOW)
    pool.memberships.filter(rep=who("A")).update(is_active=False)
    assert give(draft).rep == who("B")


def test_turns_taken_in_the_meantime_count() -> None:
    publish(catch_all=pool_of("AB"))
    first, second = decide(FACTS, now=NOW), decide(FACTS, now=NOW)
    assert [give(first).rep, give(second).rep] == [who("A"), who("B")]


def test_with_nobody_left_in_the_meantime_it_is_tried_again_in_five_minutes() -> None:
    publish(catch_all=pool_of("AB"))
    draft = decide(FACTS, now=NOW)
    Rep.objects.update(load_cap=0)
    outcome = give(draft)
    assert (outcome.assignment, outcome.held_until) == (None, NOW + timedelta(minutes=5))
    assert outcome.decision.outcome == Decision.Outcome.NOBODY
    assert not Turn.objects.exists()


# The receipt.


@pytest.mark.sqlite
def test_the_receipt_holds_all_that_was_decided_on() -> None:
    pool = pool_of("AB", B=2)
    version = publish({"pool": pool, "name": "Nordics", "conditions": {"territory": ["nordics"]}}, catch_all=pool)
    AbsenceFactory.create(rep=who("A"), ends_at=NOW + timedelta(days=1))
    facts = Facts(
        handoff_type="sql_to_ae", country="NO", employee_count=4200, products=frozenset({"lineage"}), custom={"a": "b"}
    )
    outcome = give(decide(facts, now=NOW, excluded=frozenset({0})))
    decision = Decision.objects.get()
    assert decision == outcome.decision
    assert (decision.rule_set, decision.rule, decision.pool) == (version, version.rules.get(code="R-1"), pool)
    assert (decision.chosen, decision.outcome, decision.decided_at) == (who("B"), "assigned", NOW)
    assert Facts.from_json(decision.facts) == facts
    first, second = pool.memberships.order_by("position")
    place = {"anyway": False, "pointer": 0, "last_debit_seq": 0, "load": 0}
    assert decision.receipt == {
        "format": 1,
        "version": 3,
        "rule": "R-1",
        "rule_name": "Nordics",
        "strategy": "round_robin",
        "when_unavailable": "skip",
        "segment": "enterprise",
        "territory": "nordics",
        "pool": pool.name,
        "ask": {"now": NOW.isoformat(), "segment": "enterprise", "skills": []},
        "excluded": [0],
        "candidates": [
            {
                "rep": who("A").pk,
                "name": "A",
                "code": "absent",
                "words": "is away until 18 Nov 2026 10:00 UTC",
                "weight": 1,
                "position": 0,
                "member": first.pk,
                **place,
            },
            {
                "rep": who("B").pk,
                "name": "B",
                "code": "eligible",
                "words": "can take it",
                "weight": 2,
                "position": 1,
                "member": second.pk,
                **place,
            },
        ],
        "order": "turns",
        "covered": None,
        "stand_ins": [],
        "returns": [],
        "notes": [],
        "skipped_rules": [],
        "skipped": [],
        "chosen": {"rep": who("B").pk, "name": "B"},
        "ledger": {"seq": 1, "member": second.pk, "before": 0, "after": 116_396_280, "weight": 2},
    }
    assignment = Assignment.objects.get()
    assert (assignment.rep, assignment.pool, assignment.decision, assignment.assigned_at) == (
        who("B"),
        pool,
        decision,
        NOW,
    )
