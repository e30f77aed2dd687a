"""Limits of a person, of a team and of a pool: the tightest binds, and the sentence names whose it is."""

from datetime import timedelta
from typing import Any

import pytest

from routing.assign import assign
from routing.decide import decide
from routing.models import Decision, Pool, Rep, Rule, Team, Turn
from tests.factories import NOW, AssignmentFactory, RepFactory, TeamFactory
from tests.routing.desk import FACTS, give, owner_facts, owner_rule, pick, picks, pool_of, publish, who

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]


def words() -> dict[str, tuple[str, str]]:
    """Of the newest decision, the code and the words for each candidate."""
    newest = Decision.objects.order_by("id").last()
    assert newest is not None
    return {each["name"]: (each["code"], each["words"]) for each in newest.receipt["candidates"]}


def limit(holder: Team | Pool, **caps: int) -> None:
    type(holder)._default_manager.filter(pk=holder.pk).update(**caps)


def test_a_teams_limit_counts_all_that_its_people_have_from_wherever() -> None:
    pool = pool_of("AB")
    publish(catch_all=pool)
    colleague = RepFactory.create(team=pool.team)
    for _ in range(2):
        AssignmentFactory.create(rep=colleague)
    limit(pool.team, load_cap=3)
    assert picks(2) == "A-"
    assert words()["B"] == ("load_cap", f"is in {pool.team}, which has 3 of 3 open")
    assert Turn.objects.count() == 1, "at the limit no pointer moves"


def test_a_teams_limit_keeps_out_its_own_people_alone() -> None:
    pool = pool_of("AB")
    Rep.objects.filter(first_name="B").update(team=TeamFactory.create())
    publish(catch_all=pool)
    limit(pool.team, load_cap=0)
    assert picks(3) == "BBB"


@pytest.mark.parametrize(("cap", "span"), [("hour_cap", 1), ("day_cap", 24), ("week_cap", 7 * 24)])
def test_a_pools_limit_counts_what_was_given_through_it_in_the_rolling_span(cap: str, span: int) -> None:
    pool = pool_of("AB")
    publish(catch_all=pool)
    AssignmentFactory.create(rep=who("A"), assigned_at=NOW)
    limit(pool, **{cap: 2})
    assert picks(3) == "AB-"
    last = cap.removesuffix("_cap")
    assert words()["A"] == ("rate_cap", f"takes turns in {pool}, which was given 2 of 2 in the last {last}")
    assert pick(now=NOW + timedelta(hours=span)) == "A", "the first one fell out of the span"


def test_rates_are_checked_before_loads_and_the_persons_own_before_the_others() -> None:
    pool = pool_of("A")
    publish(catch_all=pool)
    limit(pool, load_cap=0, day_cap=0)
    limit(pool.team, load_cap=0)
    Rep.objects.update(load_cap=0)
    assert pick() == "-"
    assert words()["A"][0] == "rate_cap"
    limit(pool, day_cap=9)
    assert pick() == "-"
    assert words()["A"] == ("load_cap", "has 0 of 0 open")


def test_a_limit_that_is_reached_after_deciding_is_seen_under_the_lock() -> None:
    pool = pool_of("AB")
    publish(catch_all=pool)
    limit(pool.team, load_cap=1)
    limit(pool, hour_cap=1)
    first, second = decide(FACTS, now=NOW), decide(FACTS, now=NOW)
    assert [give(first).rep, give(second).rep] == [who("A"), None]


@pytest.mark.parametrize("whose", ["team", "pool"])
def test_a_named_owner_is_held_to_the_limits_of_team_and_pool_too(whose: str) -> None:
    pool = pool_of("AB")
    publish(owner_rule("hold", pool=pool), catch_all=pool)
    limit(pool if whose == "pool" else pool.team, load_cap=1)
    drafts = [decide(owner_facts(who("A")), now=NOW) for _ in range(2)]
    assert [give(draft).rep for draft in drafts] == [who("A"), None]
    assert pick(owner_facts(who("A"))) == "-"


def test_a_blank_limit_of_team_and_pool_costs_no_query(django_assert_max_num_queries: Any) -> None:
    publish(catch_all=pool_of("ABC"))
    decide(FACTS, now=NOW)
    with django_assert_max_num_queries(7):
        decide(FACTS, now=NOW)


# Held at the limits.


def test_the_same_reasons_at_each_look_are_one_decision() -> None:
    pool = pool_of("AB")
    publish(catch_all=pool)
    Rep.objects.update(load_cap=0)
    facts, handoff = FACTS, give(decide(FACTS, now=NOW)).decision.handoff_uuid

    def look(minutes: int) -> Decision:
        now = NOW + timedelta(minutes=minutes)
        return assign(decide(facts, now=now), handoff_uuid=handoff, number=1, now=now, actor="engine").decision

    assert [look(5), look(10)] == [Decision.objects.get()] * 2
    Rep.objects.filter(first_name="A").update(is_active=False)
    assert look(15) == look(20)
    assert Decision.objects.count() == 2, "another reason is another decision"


# Skills.


def test_who_lacks_a_skill_that_the_account_asks_for_is_passed_over() -> None:
    pool = pool_of("ABC")
    publish(catch_all=pool)
    Rep.objects.filter(first_name="B").update(skills=["DE"])
    Rep.objects.filter(first_name="C").update(skills=["de", "Data lineage"])
    german = owner_facts(who("A"), custom={"language": "de"})
    both = owner_facts(who("A"), custom={"language": "de", "skill": "data-lineage"})
    assert [pick(german), pick(both)] == ["B", "C"]
    assert words()["B"] == ("skill_mismatch", "does not have the skill data_lineage")
    assert pick(owner_facts(who("A"), custom={"skill": "klingon"})) == "-", "nobody has it, so it is held"


def test_assign_anyway_does_not_overlook_a_skill() -> None:
    pool = pool_of("A")
    publish({"pool": pool, "when_unavailable": Rule.WhenUnavailable.ASSIGN_ANYWAY}, catch_all=pool)
    assert pick(owner_facts(who("A"), custom={"skill": "klingon"})) == "-"
