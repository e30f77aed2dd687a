from typing import Any

import pytest

from routing.compiling import compile_now, live_rules
from routing.conditions import Conditions
from routing.facts import Facts
from routing.matcher import OWNER_STRATEGIES, POD, CompiledRules, Line, NoRulesError, Region, SegmentBounds
from routing.models import Rep, Rule, RuleSet
from tests.factories import NOW, RepFactory, RuleFactory, RuleSetFactory, SegmentFactory, TerritoryFactory

SEGMENTS = (
    SegmentBounds("partner", at_least=None, below=None, by_tier=True),
    SegmentBounds("enterprise", at_least=1000, below=None, by_tier=False),
    SegmentBounds("mid_market", at_least=100, below=1000, by_tier=False),
    SegmentBounds("smb", at_least=0, below=100, by_tier=False),
)
NORDICS = Region("nordics", Conditions.from_json({"country": ["NO", "SE"]}))
OSLO = Region("oslo", Conditions.from_json({"country": ["NO"], "postal_prefix": ["0"]}))


def line(code: str, strategy: str = "round_robin", conditions: Any = None, **fields: Any) -> Line:
    values: dict[str, Any] = {
        "id": int(code.removeprefix("R-")),
        "code": code,
        "name": f"Rule {code}",
        "conditions": Conditions.from_json(conditions or {}),
        "strategy": strategy,
        "pool_id": 1,
        "named_rep": None,
        "when_unavailable": "skip",
        "target_minutes": None,
        "is_catch_all": False,
    }
    return Line(**{**values, **fields})


def rules(*lines: Line) -> CompiledRules:
    return CompiledRules(rule_set_id=1, number=7, segments=SEGMENTS, territories=(OSLO, NORDICS), lines=lines)


def facts(**known: Any) -> Facts:
    return Facts(**{"handoff_type": "sql_to_ae", **known})


# Where an account lies.


@pytest.mark.parametrize(
    ("employees", "segment"),
    [
        *((0, "smb"), (1, "smb"), (99, "smb")),
        *((100, "mid_market"), (999, "mid_market")),
        *((1000, "enterprise"), (250_000, "enterprise")),
    ],
)
def test_a_segment_includes_its_lower_bound_and_not_its_upper(employees: int, segment: str) -> None:
    assert rules().locate(facts(employee_count=employees, tier="smb")).segment == segment


def test_segments_that_meet_share_no_account_whatever_their_order() -> None:
    for count in (0, 99, 100, 999, 1000, 5000):
        holding = [bounds.code for bounds in SEGMENTS if bounds.holds(facts(employee_count=count))]
        assert len(holding) == 1, (count, holding)


def test_without_a_head_count_the_tier_tells_the_segment() -> None:
    assert rules().locate(facts(tier="mid_market")).segment == "mid_market"
    assert rules().locate(facts(tier="startup")).segment is None
    assert rules().locate(facts()).segment is None


def test_a_partner_is_one_by_tier_whatever_its_size() -> None:
    assert rules().locate(facts(tier="partner", employee_count=5000)).segment == "partner"
    assert rules().locate(facts(tier="partner", employee_count=3)).segment == "partner"


def test_the_most_specific_territory_wins() -> None:
    assert rules().locate(facts(country="NO", postal_code="0150")).territory == "oslo"
    assert rules().locate(facts(country="NO", postal_code="5003")).territory == "nordics"
    assert rules().locate(facts(country="SE")).territory == "nordics"
    assert rules().locate(facts(country="DE")).territory is None
    assert rules().locate(facts()).territory is None


# The first match wins.


def test_order_is_precedence() -> None:
    wide, narrow = line("R-1"), line("R-2", conditions={"country": ["NO"]})
    assert rules(wide, narrow).match(facts(country="NO")).line.code == "R-1"
    assert rules(narrow, wide).match(facts(country="NO")).line.code == "R-2"
    assert rules(narrow, wide).match(facts(country="SE")).line.code == "R-1"


def test_the_rules_before_the_winner_say_why_they_did_not_match() -> None:
    found = rules(
        line("R-1", "named_rep"),
        line("R-2", conditions={"segment": ["enterprise"]}),
        line("R-3", conditions={"country": ["SE"]}),
        line("R-4", "pod"),
        line("R-9", is_catch_all=True),
        line("R-10"),
    ).match(facts(employee_count=50))
    assert found.line.code == "R-9"
    assert [(passed.code, why) for passed, why in found.passed_over()] == [
        ("R-1", "nobody in the receiving role is set for it"),
        ("R-2", "segment is enterprise: it is smb"),
        ("R-3", "country is SE: it is not known"),
        ("R-4", "no pod owns the account"),
    ]


def test_without_a_catch_all_what_no_rule_takes_is_an_error_with_the_way_out() -> None:
    with pytest.raises(NoRulesError) as refused:
        rules(line("R-1", conditions={"country": ["SE"]})).match(facts(country="NO"))
    assert str(refused.value) == ("Rules v7 have no catch-all, so nothing takes this handoff. Publish rules with one.")


# Owner rules.


@pytest.mark.parametrize("strategy", ["named_rep", "open_deal_owner", "account_owner", "parent_account_owner"])
def test_an_owner_rule_matches_only_where_there_is_such_an_owner(strategy: str) -> None:
    both = rules(line("R-1", strategy), line("R-9"))
    assert both.match(facts()).line.code == "R-9"
    assert both.match(facts(owners={strategy: 5})).line.code == "R-1"
    others = {"named_rep", "open_deal_owner", "account_owner", "parent_account_owner"} - {strategy}
    assert both.match(facts(owners=dict.fromkeys(others, 5))).line.code == "R-9"


def test_a_rule_that_names_a_person_gives_it_to_that_person() -> None:
    named = line("R-1", "named_rep", named_rep=7)
    assert named.owner_in(facts(owners={"named_rep": 5}, named=frozenset({7}))) == 7


def test_a_rule_that_names_a_person_does_not_match_what_they_do_not_receive() -> None:
    named = line("R-1", "named_rep", named_rep=7)
    assert named.owner_in(facts(named=frozenset({7}))) == 7
    assert named.owner_in(facts(named=frozenset({8}))) is None


def test_a_rule_that_names_the_sender_does_not_match() -> None:
    named = line("R-1", "named_rep", named_rep=7)
    assert named.owner_in(facts(sender=7, named=frozenset({7}))) is None
    assert named.owner_in(facts(sender=8, named=frozenset({7}))) == 7


# Compiling what is stored.


@pytest.mark.django_db
def test_compiling_keeps_the_order_and_leaves_out_what_is_switched_off() -> None:
    version: RuleSet = RuleSetFactory.create()
    ben: Rep = RepFactory.create()
    RuleFactory.create(
        rule_set=version, position=1, code="Z", is_catch_all=True, owner=ben, target_minutes=240, name="Catch-all"
    )
    RuleFactory.create(rule_set=version, position=2, code="B")
    RuleFactory.create(rule_set=version, position=3, code="C", is_enabled=False)
    RuleFactory.create(rule_set=version, position=4, code="A", strategy="named_rep", pool=None, named_rep=ben)
    compiled = compile_now(version.pk)
    assert [rule.code for rule in compiled.lines] == ["B", "A", "Z"], "the catch-all is last wherever it was put"
    assert (compiled.lines[1].named_rep, compiled.named) == (ben.pk, frozenset({ben.pk}))


@pytest.mark.django_db
def test_compiling_puts_the_narrower_territory_and_the_larger_segment_first() -> None:
    version: RuleSet = RuleSetFactory.create()
    TerritoryFactory.create(rule_set=version, code="wide", conditions={"country": ["NO"]})
    TerritoryFactory.create(rule_set=version, code="narrow", conditions={"country": ["NO"], "industry": ["retail"]})
    SegmentFactory.create(rule_set=version, code="small", employees_from=0, employees_below=100)
    SegmentFactory.create(rule_set=version, code="large", employees_from=100)
    SegmentFactory.create(rule_set=version, code="friend", by_tier=True)
    compiled = compile_now(version.pk)
    assert [region.code for region in compiled.territories] == ["narrow", "wide"]
    assert [bounds.code for bounds in compiled.segments] == ["friend", "large", "small"]


@pytest.mark.django_db
def test_with_nothing_live_there_is_nothing_to_route_by() -> None:
    RuleSetFactory.create(state=RuleSet.State.DRAFT)
    with pytest.raises(NoRulesError) as refused:
        live_rules()
    assert str(refused.value) == "No rules are live, so nothing can be routed. Publish a rule set first."


@pytest.mark.django_db
def test_only_the_live_version_counts() -> None:
    RuleSetFactory.create(number=900, state=RuleSet.State.DRAFT)
    live: RuleSet = RuleSetFactory.create(number=800, state=RuleSet.State.LIVE, published_at=NOW)
    RuleSetFactory.create(number=901, state=RuleSet.State.ARCHIVED, published_at=NOW)
    RuleFactory.create(rule_set=live, strategy=Rule.Strategy.ROUND_ROBIN)
    assert live_rules().number == 800


@pytest.mark.django_db
def test_what_another_process_publishes_is_in_force_here_at_once_for_one_query(
    django_assert_num_queries: Any,
) -> None:
    old: RuleSet = RuleSetFactory.create(number=1, state=RuleSet.State.DRAFT)
    RuleFactory.create(rule_set=old, code="OLD")
    new: RuleSet = RuleSetFactory.create(number=2, state=RuleSet.State.DRAFT)
    RuleFactory.create(rule_set=new, code="NEW")
    versions = RuleSet.objects.filter
    versions(pk=old.pk).update(state=RuleSet.State.LIVE, published_at=NOW)
    kept = live_rules()
    with django_assert_num_queries(1):
        assert live_rules() is kept

    # Only the rows change, as they do when somebody else publishes; this process keeps what it compiled.
    versions(pk=old.pk).update(state=RuleSet.State.ARCHIVED)
    versions(pk=new.pk).update(state=RuleSet.State.LIVE, published_at=NOW)

    assert [line.code for line in live_rules().lines] == ["NEW"]
    with django_assert_num_queries(1):
        assert live_rules().number == 2
    versions(pk=new.pk).update(state=RuleSet.State.ARCHIVED)
    with pytest.raises(NoRulesError):
        live_rules()


def test_the_words_of_strategies_are_those_of_the_tables() -> None:
    assert OWNER_STRATEGIES | {POD} <= set(Rule.Strategy.values)


@pytest.mark.django_db
def test_a_segment_may_be_written_with_a_hyphen() -> None:
    version: RuleSet = RuleSetFactory.create()
    SegmentFactory.create(rule_set=version, code="mid-market", employees_from=0)
    RuleFactory.create(rule_set=version, code="A", conditions={"segment": ["mid-market"]})
    assert compile_now(version.pk).match(facts(employee_count=50)).line.code == "A"
