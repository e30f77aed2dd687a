"""Turns are fair and caps hold however many pick at once."""

from __future__ import annotations

import random
import uuid
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

import pytest
from django.db import transaction
from django.db.models import Max, Sum

from handoffs import engine, pipeline, timeline
from handoffs.models import Event, Handoff, State
from routing import turns
from routing.assign import Outcome, assign
from routing.candidates import Draft
from routing.decide import RETRY_HELD, decide
from routing.facts import Facts
from routing.models import Assignment, HandoffType, Membership, Pool, Rep, Rule, RuleSet, Turn
from tests.concurrency.crowd import crowd, succeeded, together
from tests.factories import (
    NOW,
    AlwaysOpenFactory,
    Company,
    MembershipFactory,
    PoolFactory,
    RepFactory,
    RuleFactory,
    RuleSetFactory,
    TeamFactory,
    rich_account,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.sqlite]


def pool_of(reps: Iterable[Rep], *, weights: Iterable[int] = ()) -> Pool:
    pool: Pool = PoolFactory.create()
    given = list(weights)
    for position, rep in enumerate(reps):
        MembershipFactory(pool=pool, rep=rep, position=position, weight=given[position] if given else 1)
    return pool


def people(count: int, **caps: int) -> list[Rep]:
    team = TeamFactory.create(calendar=AlwaysOpenFactory.create())
    return RepFactory.create_batch(count, team=team, **caps)


def rules_to(*pools: Pool) -> list[Draft]:
    """A decision for each pool, from live rules that tell them apart by country."""
    rule_set = RuleSetFactory.create(state=RuleSet.State.LIVE, published_at=NOW)
    countries = ("NO", "SE", "DK")[: len(pools)]
    for position, (country, pool) in enumerate(zip(countries, pools, strict=True), start=1):
        last = position == len(pools)
        RuleFactory(
            rule_set=rule_set,
            position=position,
            pool=pool,
            strategy=Rule.Strategy.ROUND_ROBIN,
            conditions={} if last else {"country": [country]},
            is_catch_all=last,
            target_minutes=240 if last else None,
            owner=pool.memberships.get(position=0).rep if last else None,
        )
    return [decide(Facts(handoff_type=HandoffType.SQL_TO_AE, country=country), now=NOW) for country in countries]


def pick(draft: Draft) -> Outcome:
    with transaction.atomic():
        return assign(draft, handoff_uuid=uuid.uuid4(), number=1, now=NOW, actor="engine")


def assert_the_ledger_is_whole(pool: Pool) -> None:
    numbers = list(Turn.objects.filter(pool=pool).order_by("seq").values_list("seq", flat=True))
    assert numbers == list(range(1, len(numbers) + 1))
    for membership in Membership.objects.filter(pool=pool):
        own = Turn.objects.filter(membership=membership)
        assert membership.pointer == (own.aggregate(sum=Sum("units"))["sum"] or 0)
        assert membership.last_debit_seq == (own.aggregate(last=Max("seq"))["last"] or 0)


def test_a_thousand_picks_by_fifty_at_once_differ_by_one_turn_at_most():
    pickers, each = crowd(postgresql=50, sqlite=8), crowd(postgresql=20, sqlite=25)
    pool = pool_of(people(10))
    [draft] = rules_to(pool)
    picked = succeeded(together(pickers, lambda _: [pick(draft) for _ in range(each)]))
    assert sum(len(outcomes) for outcomes in picked) == pickers * each

    taken = Counter(Turn.objects.values_list("membership__rep", flat=True))
    assert len(taken) == 10
    assert sum(taken.values()) == pickers * each
    assert max(taken.values()) - min(taken.values()) <= 1
    assert_the_ledger_is_whole(pool)


def test_picks_among_different_people_of_one_pool_share_its_ledger():
    """Territories may split a pool: then nobody is asked twice, and the ledger is still one."""
    pool = pool_of(people(4))
    [draft] = rules_to(pool)
    halves = [replace(draft, candidates=draft.candidates[:2]), replace(draft, candidates=draft.candidates[2:])]
    picks = crowd(postgresql=60, sqlite=8)
    succeeded(together(picks, lambda number: pick(halves[number % 2])))
    assert set(Counter(Turn.objects.values_list("membership__rep", flat=True)).values()) == {picks // 4}
    assert_the_ledger_is_whole(pool)


def test_weights_share_the_turns_exactly_when_many_pick_at_once():
    pool = pool_of(people(3), weights=(2, 1, 1))
    [draft] = rules_to(pool)
    pickers, each = crowd(postgresql=20, sqlite=4), crowd(postgresql=10, sqlite=10)
    succeeded(together(pickers, lambda _: [pick(draft) for _ in range(each)]))
    taken = Counter(Turn.objects.values_list("membership__position", flat=True))
    total = pickers * each
    assert taken == {0: total // 2, 1: total // 4, 2: total // 4}
    assert_the_ledger_is_whole(pool)


def test_nobody_gets_more_than_they_may_have_open():
    pool = pool_of(people(5, load_cap=3))
    [draft] = rules_to(pool)
    outcomes = succeeded(together(crowd(postgresql=40, sqlite=20), lambda _: pick(draft)))
    assert sum(outcome.assignment is not None for outcome in outcomes) == 15
    assert set(Counter(Assignment.objects.values_list("rep", flat=True)).values()) == {3}
    assert_the_ledger_is_whole(pool)


def test_a_cap_holds_for_somebody_who_takes_turns_in_several_pools():
    busy = people(1, load_cap=2)
    pools = [pool_of(busy) for _ in range(3)]
    drafts = rules_to(*pools)
    shuffled = random.Random(7)
    order = [shuffled.choice(drafts) for _ in range(crowd(postgresql=30, sqlite=9))]
    outcomes = succeeded(together(len(order), lambda number: pick(order[number])))
    assert sum(outcome.assignment is not None for outcome in outcomes) == 2
    assert Assignment.objects.count() == 2


def test_an_hourly_cap_holds_when_many_pick_at_once():
    pool = pool_of(people(4, hour_cap=2))
    [draft] = rules_to(pool)
    succeeded(together(crowd(postgresql=30, sqlite=12), lambda _: pick(draft)))
    assert set(Counter(Assignment.objects.values_list("rep", flat=True)).values()) == {2}


def test_a_teams_limit_holds_for_its_people_in_several_pools():
    """Two teams with limits, of whom each pool has other people: each team gets what it may have, and no more."""
    calendar = AlwaysOpenFactory.create()
    teams = [TeamFactory.create(calendar=calendar, load_cap=5), TeamFactory.create(calendar=calendar, hour_cap=4)]
    first, second = (RepFactory.create_batch(3, team=team) for team in teams)
    pools = [pool_of([first[0], second[0]]), pool_of([second[1], first[1]]), pool_of([first[2], second[2]])]
    drafts = rules_to(*pools)
    shuffled = random.Random(11)
    order = [shuffled.choice(drafts) for _ in range(crowd(postgresql=60, sqlite=18))]
    outcomes = succeeded(together(len(order), lambda number: pick(order[number])))
    assert sum(outcome.assignment is not None for outcome in outcomes) == 9
    assert Counter(Assignment.objects.values_list("rep__team", flat=True)) == {teams[0].pk: 5, teams[1].pk: 4}
    for pool in pools:
        assert_the_ledger_is_whole(pool)


def test_a_pools_limit_holds_when_many_pick_at_once():
    pool = pool_of(people(5))
    pool.load_cap = 7
    pool.save()
    [draft] = rules_to(pool)
    outcomes = succeeded(together(crowd(postgresql=50, sqlite=12), lambda _: pick(draft)))
    assert sum(outcome.assignment is not None for outcome in outcomes) == 7
    taken = Counter(Assignment.objects.values_list("rep", flat=True))
    assert max(taken.values()) - min(taken.values()) <= 1
    assert_the_ledger_is_whole(pool)


def test_a_leave_is_returned_from_once_however_many_ask_at_that_moment():
    pool = pool_of(people(3))
    away = pool.memberships.get(position=1)
    Rep.objects.filter(pk=away.rep_id).update(paused_since=NOW)
    [draft] = rules_to(pool)
    for _ in range(40):
        pick(draft)
    Rep.objects.update(paused_since=None)
    again = decide(draft.match.located.facts, now=NOW)
    succeeded(together(crowd(postgresql=30, sqlite=6), lambda _: pick(again)))
    assert Turn.objects.filter(kind=Turn.Kind.RETURN).count() == 1
    assert_the_ledger_is_whole(pool)


def test_engines_side_by_side_give_every_handoff_one_owner_and_keep_every_chain(firm: Company):
    handoffs = []
    for _ in range(crowd(postgresql=24, sqlite=8)):
        rich = rich_account(HandoffType.MQL_TO_SALES, sender=firm.reps["mara"])
        handoff, _ = pipeline.receive(
            handoff_type=HandoffType.MQL_TO_SALES,
            account=rich.account,
            deal=None,
            origin=Handoff.Origin.CRM,
            now=NOW,
            actor="crm",
        )
        handoffs.append(handoff)

    succeeded(
        together(
            crowd(postgresql=8, sqlite=3), lambda _: engine.run_due(now=NOW, clock=lambda: NOW, limit=len(handoffs))
        )
    )
    assert set(Handoff.objects.values_list("state", flat=True)) == {State.ASSIGNED}
    assert Counter(Assignment.objects.values_list("handoff_uuid", flat=True)) == {h.uuid: 1 for h in handoffs}
    taken = Counter(Turn.objects.values_list("membership__rep", flat=True))
    assert max(taken.values()) - min(taken.values()) <= 1
    assert_the_ledger_is_whole(firm.pools["sdr"])
    assert Event.objects.count() == 4 * len(handoffs)
    assert [h for h in handoffs if timeline.first_broken(h.stream)] == []
    assert turns.next_seq(firm.pools["sdr"].pk) == len(handoffs) + 1


def test_a_cap_holds_for_an_owner_whose_own_accounts_come_in_all_at_once():
    owner, catcher = people(1, load_cap=2)[0], people(1)[0]
    rule_set = RuleSetFactory.create(state=RuleSet.State.LIVE, published_at=NOW)
    RuleFactory(rule_set=rule_set, position=1, strategy=Rule.Strategy.ACCOUNT_OWNER, pool=None)
    catch_all = {"is_catch_all": True, "owner": catcher, "target_minutes": 240}
    RuleFactory(rule_set=rule_set, position=2, pool=pool_of([catcher]), **catch_all)
    facts = Facts(handoff_type=HandoffType.SQL_TO_AE, owners={Rule.Strategy.ACCOUNT_OWNER: owner.pk})
    draft = decide(facts, now=NOW)
    outcomes = succeeded(together(crowd(postgresql=20, sqlite=8), lambda _: pick(draft)))
    assert sum(outcome.assignment is not None for outcome in outcomes) == 2
    assert {outcome.held_until for outcome in outcomes if outcome.assignment is None} == {NOW + RETRY_HELD}


def test_owner_matches_that_count_as_turns_do_not_lock_the_pool_up():
    """One side takes the pool and then people, the other people and then the pool: they must agree on one order."""
    both = people(2, load_cap=100)
    pool = pool_of(both)
    pool.debits_owner_matches = True
    pool.save()
    [by_turn] = rules_to(pool)
    by_name = [replace(by_turn, direct=rep) for rep in both]
    drafts = [by_turn, *by_name] * crowd(postgresql=20, sqlite=4)
    outcomes = succeeded(together(len(drafts), lambda number: pick(drafts[number])))
    assert all(outcome.assignment for outcome in outcomes)
    assert Turn.objects.count() == len(drafts)
    assert_the_ledger_is_whole(pool)
