"""A pool of people named by letters, live rules, and picks from them."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.db.models import Sum

from routing.assign import Outcome, assign
from routing.candidates import Draft
from routing.decide import decide
from routing.facts import Facts
from routing.models import Membership, Pool, Rep, RuleSet
from tests.factories import (
    NOW,
    AbsenceFactory,
    MembershipFactory,
    PoolFactory,
    RepFactory,
    RuleFactory,
    RuleSetFactory,
    SegmentFactory,
    TerritoryFactory,
)

FACTS = Facts(handoff_type="sql_to_ae", country="NO", employee_count=4200)


def pool_of(letters: str, **weights: int) -> Pool:
    """A pool of people named by letters, in that order, each of weight 1 unless said otherwise."""
    pool: Pool = PoolFactory.create()
    for place, letter in enumerate(letters):
        rep = RepFactory.create(first_name=letter, last_name="", team=pool.team)
        MembershipFactory.create(pool=pool, rep=rep, position=place, weight=weights.get(letter, 1))
    return pool


def who(letter: str) -> Rep:
    return Rep.objects.get(first_name=letter)


def publish(*rules: dict[str, Any], catch_all: Pool, number: int = 3) -> RuleSet:
    """Makes these rules live, in this order, before a catch-all that gives everything to a pool."""
    version: RuleSet = RuleSetFactory.create(state=RuleSet.State.LIVE, published_at=NOW, number=number)
    SegmentFactory.create(rule_set=version, code="enterprise", employees_from=1000)
    SegmentFactory.create(rule_set=version, code="smb", employees_from=0, employees_below=1000)
    TerritoryFactory.create(rule_set=version, code="nordics", conditions={"country": ["NO", "SE"]})
    for place, rule in enumerate(rules, start=1):
        RuleFactory.create(**{"rule_set": version, "position": place, "code": f"R-{place}", "pool": None, **rule})
    RuleFactory.create(
        rule_set=version,
        position=99,
        code="R-99",
        name="Catch-all",
        pool=catch_all,
        is_catch_all=True,
        owner=RepFactory.create(),
        target_minutes=240,
    )
    return version


def give(draft: Draft, *, now: datetime = NOW) -> Outcome:
    return assign(draft, handoff_uuid=uuid4(), number=1, now=now, actor="engine")


def pick(facts: Facts = FACTS, *, now: datetime = NOW, **options: Any) -> str:
    """The letter of whoever is given one more."""
    outcome = give(decide(facts, now=now, **options), now=now)
    return outcome.rep.first_name if outcome.rep else "-"


def picks(count: int, *, facts: Facts = FACTS) -> str:
    """The letters of so many picks, a minute apart."""
    return "".join(pick(facts, now=NOW + timedelta(minutes=place)) for place in range(count))


def away(letter: str, *, picks_from: int, picks_below: int) -> None:
    AbsenceFactory.create(
        rep=who(letter),
        starts_at=NOW + timedelta(minutes=picks_from),
        ends_at=NOW + timedelta(minutes=picks_below),
    )


def assert_pointers_equal_their_ledger() -> None:
    for member in Membership.objects.annotate(total=Sum("turns__units")):
        assert member.pointer == (member.total or 0), member


def owner_facts(owner: Rep, **known: Any) -> Facts:
    return Facts(handoff_type="sql_to_ae", employee_count=4200, owners={"account_owner": owner.pk}, **known)


def owner_rule(when_unavailable: str, **fields: Any) -> dict[str, Any]:
    return {"strategy": "account_owner", "when_unavailable": when_unavailable, **fields}
