"""What another release stored and this one would refuse at save: it still compiles, routes, replays, and is told of."""

from __future__ import annotations

from typing import Any

import pytest

from routing import checks, linting
from routing.compiling import compile_now, compiled
from routing.conditions import ConditionError, Conditions
from routing.facts import Facts, Located
from routing.models import Decision, Rule, RuleSet
from routing.replay import replay
from tests.factories import MembershipFactory, RepFactory, RuleFactory, RuleSetFactory, TerritoryFactory
from tests.routing.desk import FACTS, pick, pool_of, publish

pytestmark = pytest.mark.django_db

RECORDS = (
    FACTS,
    Facts(handoff_type="sql_to_ae"),
    Facts(
        handoff_type="mql_to_sales",
        country="SE",
        region="missing",
        score=80,
        products=frozenset({"seats"}),
        custom={"plan": "gold"},
    ),
)
REFUSED: tuple[Any, ...] = (
    {"country": ["ZZ"]},
    {"country": []},
    {"country": "NO"},
    {"country": [5, "NO"]},
    {"country": {"from": 3}},
    {"handoff_type": ["gift"]},
    {"region": ["x" * 10_000]},
    {"product": [""]},
    {"postal_prefix": []},
    {"score": {"from": 90, "below": 10, "missing": True}},
    {"score": {"from": "many"}},
    {"score": ["high"]},
    {"employee_count": {}},
    {"employee_count": {"from": 10**12}},
    {"colour": ["red", "missing"]},
    {"taker": ["pod"]},
    {"custom.": ["gold"]},
    {"territory": None},
    ["country"],
    "country",
)


@pytest.mark.parametrize("raw", [*REFUSED, None])
def test_what_is_refused_today_lets_nothing_pass_and_is_never_any(raw: Any) -> None:
    with pytest.raises(ConditionError):
        Conditions.from_json(raw)
    stored = Conditions.stored(raw)
    assert stored.items
    for facts in RECORDS:
        failing = stored.first_failing(Located.at(facts, None, None))
        assert failing is not None
        assert failing.words()


def test_what_can_be_read_is_read_alike() -> None:
    raw = {"country": ["no", "missing"], "score": {"from": 70}, "custom.plan": ["Gold"]}
    assert Conditions.stored(raw) == Conditions.from_json(raw)


def test_a_word_that_is_none_any_more_leaves_the_others_of_its_condition_as_they_are() -> None:
    stored = Conditions.stored({"country": ["ZZ", "no"], "segment": ["Mid-market"]})
    assert stored.first_failing(Located.at(FACTS, "mid_market", None)) is None
    assert [item.words() for item in stored.items] == ["country is NO or ZZ", "segment is mid_market"]


@pytest.mark.parametrize("raw", [{"country": ["ZZ"]}, {"colour": ["red"]}, {"score": {"from": 9, "below": 2}}, []])
def test_live_rules_with_such_a_condition_go_on_with_the_next_rule(raw: Any) -> None:
    publish({"strategy": "round_robin", "pool": pool_of("A"), "conditions": raw}, catch_all=pool_of("B"))
    assert pick() == "B"
    decision = Decision.objects.get()
    assert replay(decision).is_same
    [(line, why)] = compiled(decision.rule_set_id).match(FACTS).passed_over()
    assert (line.code, bool(why)) == ("R-1", True)


def test_a_territory_with_such_a_condition_holds_nobody_and_the_next_one_does() -> None:
    version = publish(
        {"strategy": "round_robin", "pool": pool_of("A"), "conditions": {"territory": ["nordics"]}},
        catch_all=pool_of("B"),
    )
    TerritoryFactory.create(rule_set=version, code="odd", conditions={"country": ["NO"], "colour": ["red"]})
    assert compile_now(version.pk).locate(FACTS).territory == "nordics"
    assert pick() == "A"


def test_a_receipt_of_a_country_that_is_none_any_more_replays_to_the_same_owner() -> None:
    asks = {"country": ["FI", "ZZ"]}
    publish({"strategy": "round_robin", "pool": pool_of("A"), "conditions": asks}, catch_all=pool_of("B"))
    assert pick(Facts(handoff_type="sql_to_ae", country="FI")) == "A"
    decision = Decision.objects.get()
    decision.facts["country"] = "ZZ"  # as a release that still knew it would have stored it
    assert replay(decision).is_same
    decision.facts["country"] = None
    assert not replay(decision).is_same
    assert Facts(handoff_type="sql_to_ae", country="ZZ").country is None, "what is new is spelt as today"


def version_with(raw: Any) -> RuleSet:
    version: RuleSet = RuleSetFactory.create(number=41)
    pool = MembershipFactory.create().pool
    RuleFactory.create(rule_set=version, position=1, code="R-1", name="Odd", pool=pool, conditions=raw)
    RuleFactory.create(
        rule_set=version, position=9, code="R-9", name="Rest", pool=pool, is_catch_all=True,
        owner=RepFactory.create(), target_minutes=240,
    )  # fmt: skip
    return version


@pytest.mark.parametrize("raw", REFUSED)
def test_lint_and_checks_read_any_of_it_to_the_end_and_lint_names_the_rule(raw: Any) -> None:
    version = version_with(raw)
    first, *_ = linting.findings(version.pk)
    assert (first.kind, first.code, first.blocking) == ("unreadable", "R-1", True)
    assert first.sentence.startswith("R-1 Odd asks for what no record can have. ")
    checks.failures(version.pk)


def test_lint_says_which_word_no_record_can_have() -> None:
    version = version_with({"country": ["NO", "ZZ"]})
    [finding] = (each for each in linting.findings(version.pk) if each.blocking)
    assert finding.sentence == (
        "R-1 Odd asks for what no record can have. country: “ZZ” is not a country code of ISO 3166. Write two letters, "
        "e.g. NO."
    )
    Rule.objects.filter(rule_set=version, code="R-1").update(is_enabled=False)
    assert not [each for each in linting.findings(version.pk) if each.kind == "unreadable"], "it is not in use"


def test_lint_names_a_territory_that_cannot_be_read() -> None:
    version = version_with({"country": ["NO"]})
    TerritoryFactory.create(rule_set=version, code="odd", name="Oddland", conditions={"country": ["ZZ"]})
    [finding] = (each for each in linting.findings(version.pk) if each.blocking)
    assert finding.sentence.startswith("Territory Oddland asks for what no record can have. country: “ZZ” is not")
