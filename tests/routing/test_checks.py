"""Records with a known answer: those made from the rules, and those that somebody saved."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from routing import checks
from routing.checks import Failure, generated_failures
from routing.conditions import Condition, Conditions
from routing.facts import Facts
from routing.matcher import CompiledRules, Line, Match
from routing.models import Check, Pool, Rep, RuleSet
from routing.probes import Probe, edge_probes, own_probes
from tests.factories import (
    CheckFactory,
    MembershipFactory,
    PoolFactory,
    RepFactory,
    RuleFactory,
    RuleSetFactory,
    SegmentFactory,
)
from tests.routing.test_matcher import NORDICS, OSLO, SEGMENTS, line

TYPES = ("mql_to_sales", "sql_to_ae")
EVERYTHING: dict[str, Any] = {
    "handoff_type": ["sql_to_ae"],
    "segment": ["mid_market", "partner"],
    "territory": ["oslo"],
    "country": ["NO"],
    "industry": ["retail", "missing"],
    "product": ["seats"],
    "score": {"from": 40, "below": 60, "missing": True},
    "employee_count": {"from": 200},
    "custom.plan": ["gold"],
    "postal_prefix": ["01"],
}


def version(*lines: Line) -> CompiledRules:
    return CompiledRules(1, 7, SEGMENTS, (OSLO, NORDICS), (*lines, line("R-99", is_catch_all=True)))


def edges(rules: CompiledRules) -> list[Probe]:
    own = {probe.line.id: probe.facts for probe in own_probes(rules, types=TYPES)}
    return list(edge_probes(rules, types=TYPES, around=own))


def values(rules: CompiledRules, field: str, fact: str) -> dict[Any, bool]:
    """What the edges of one condition of the first rule put into a fact, and on which side of it that is."""
    around = [probe for probe in edges(rules) if probe.condition and probe.condition.field == field]
    return {getattr(probe.facts, fact): probe.inside for probe in around if probe.line.code == "R-1"}


def test_a_range_is_tried_just_inside_and_just_outside_both_ends_and_unknown() -> None:
    rules = version(line("R-1", conditions=EVERYTHING))
    assert values(rules, "score", "score") == {39: False, 40: True, 59: True, 60: False, None: True}
    assert values(rules, "employee_count", "employee_count") == {199: False, 200: True, None: False}


def test_a_set_is_tried_with_each_of_its_words_with_another_and_unknown() -> None:
    rules = version(line("R-1", conditions=EVERYTHING))
    assert values(rules, "industry", "industry") == {"retail": True, "something_else": False, None: True}
    assert values(rules, "country", "country") == {"NO": True, "AD": False, None: False}
    assert values(rules, "handoff_type", "handoff_type") == {"sql_to_ae": True, "mql_to_sales": False}
    assert values(rules, "postal_prefix", "postal_code") == {"01": True, "010": True, None: False}
    products = values(rules, "product", "products")
    assert products == {
        frozenset({"seats", "something_else"}): True,
        frozenset({"something_else"}): False,
        frozenset(): False,
    }
    plans = [probe for probe in edges(rules) if probe.condition and probe.condition.field == "custom.plan"]
    assert [(dict(each.facts.custom), each.inside) for each in plans] == [
        ({"plan": "gold"}, True),
        ({"plan": "something_else"}, False),
        ({}, False),
    ]


def test_a_segment_is_tried_at_the_edges_of_every_band_and_by_tier() -> None:
    rules = version(line("R-1", conditions={"segment": ["mid_market", "partner"]}))
    tried = {(probe.facts.employee_count, probe.facts.tier): probe.inside for probe in edges(rules)}
    assert tried == {
        (0, None): False,
        (99, None): False,
        (100, None): True,
        (999, None): True,
        (1000, None): False,
        (None, None): False,
        (None, "partner"): True,
        (None, "mid_market"): True,
        (None, "enterprise"): False,
        (None, "smb"): False,
    }


def test_every_rule_has_a_record_of_its_own_which_it_takes() -> None:
    rules = version(
        line("R-1", conditions={"country": ["NO"]}),
        line("R-2", "account_owner"),
        line("R-3", conditions=EVERYTHING | {"country": ["SE", "NO"]}),
        line("R-4", "named_rep", named_rep=7),
        line("R-5", "pod"),
    )
    own = {probe.line.code: probe.facts for probe in own_probes(rules, types=TYPES)}
    assert {code: rules.match(facts).line.code for code, facts in own.items()} == {
        "R-1": "R-1", "R-2": "R-2", "R-3": "R-1", "R-4": "R-4", "R-5": "R-5", "R-99": "R-99",
    }, "Oslo lies in Norway, which R-1 takes: R-3 has none of its own"  # fmt: skip


def failures_of(rules: CompiledRules) -> list[Failure]:
    return list(generated_failures(rules))


def test_sound_rules_fail_nothing() -> None:
    assert failures_of(version(line("R-1", conditions=EVERYTHING), line("R-2", "account_owner"), line("R-3"))) == []


def test_a_rule_without_a_record_of_its_own_names_the_one_that_takes_it() -> None:
    found = failures_of(
        version(line("R-1", conditions={"score": {"from": 1}}), line("R-2", conditions={"score": {"from": 5}}))
    )
    assert [(each.check, each.code, each.taken_by, each.blocking) for each in found] == [
        ("record of R-2", "R-2", "R-1", True)
    ]
    assert found[0].sentence == (
        "The record made for R-2 Rule R-2 goes to R-1 Rule R-1 instead. Move R-2 up, or narrow the other."
    )
    assert found[0].facts.score == 5


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (Condition("score", at_least=40), lambda self, located: (located.facts.score or 0) > 40),
        (
            Condition("score", below=60),
            lambda self, located: located.facts.score is not None and located.facts.score <= 60,
        ),
        (
            Condition("industry", values=frozenset({"retail"})),
            lambda self, located: located.facts.industry in {"retail", None},
        ),
        (Condition("product", values=frozenset({"seats"})), lambda self, located: located.facts.products == {"seats"}),
    ],
)
def test_a_condition_that_is_read_wrongly_at_its_edge_is_caught(
    monkeypatch: pytest.MonkeyPatch, written: Condition, read: Any
) -> None:
    rules = version(replace(line("R-1"), conditions=Conditions((written,))))
    monkeypatch.setattr(Condition, "holds", read)
    found = [each for each in failures_of(rules) if each.check == "edge of R-1"]
    assert found
    assert found[0].sentence.endswith("of R-1 Rule R-1 is not read as such. Write the condition again.")


def test_the_last_word_of_the_last_of_many_rules_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [line(f"R-{n}", conditions={"industry": [f"i{n}_{m}" for m in range(9)]}) for n in range(1, 40)]
    rules, holds = version(*lines), Condition.holds
    assert failures_of(rules) == []
    monkeypatch.setattr(
        Condition, "holds", lambda self, located: holds(self, located) and located.facts.industry != "i39_8"
    )
    assert [(each.check, each.facts.industry) for each in failures_of(rules)] == [("edge of R-39", "i39_8")]


def test_what_there_was_no_time_to_try_is_told_and_blocks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "MOST_EDGES", 12)
    long, short = {"industry": [f"word{m}" for m in range(30)]}, {"country": ["NO"]}
    rules = version(line("R-1", conditions=long), line("R-2", conditions=short), line("R-3", "account_owner"))
    (told,) = failures_of(rules)
    assert (told.check, told.code, told.blocking, told.facts) == ("edges", "", False, None)
    assert told.sentence == (
        "R-1 has more values than are tried at the edges of their conditions: 12 were, one of every rule in turn."
    )
    monkeypatch.setattr(Condition, "holds", lambda self, located: self.field != "country")
    assert "edge of R-2" in {each.check for each in failures_of(rules)}, "every rule has had its turn"


def test_every_rule_is_tried_before_any_edge_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "MOST_EDGES", 0)
    wide, narrow = line("R-3", conditions={"score": {"from": 1}}), line("R-4", conditions={"score": {"from": 5}})
    lines = [line(f"R-{n}", conditions={"industry": [f"i{n}_{m}" for m in range(900)]}) for n in (1, 2)]
    assert [each.check for each in failures_of(version(*lines, wide, narrow))] == ["record of R-4", "edges"]


def test_products_too_many_to_compare_are_tried_all_the_same() -> None:
    lines = [line(f"R-{n}", conditions={"product": [f"p{n}_{m}" for m in range(12)]}) for n in range(1, 9)]
    rules = version(*lines)
    assert failures_of(rules) == []
    assert len({probe.line.code for probe in own_probes(rules, types=TYPES)}) == 9


def test_a_country_that_no_account_can_have_is_caught() -> None:
    written = Conditions((Condition("country", frozenset({"NO", "NORWAY"})),))
    (found,) = failures_of(version(replace(line("R-1"), conditions=written)))
    assert (found.check, found.facts.country) == ("edge of R-1", None)


def test_an_index_that_answers_otherwise_than_the_rules_in_order_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = version(line("R-1", conditions={"country": ["NO"]}), line("R-2"))
    sound = CompiledRules.match

    def skewed(self: CompiledRules, facts: Facts) -> Match:
        found = sound(self, facts)
        return replace(found, line=self.lines[1]) if facts.country == "NO" else found

    monkeypatch.setattr(CompiledRules, "match", skewed)
    found = failures_of(rules)
    assert "The record made for R-1 Rule R-1 goes to R-2 Rule R-2 instead" in found[0].sentence
    told = [each for each in found if each.sentence.startswith("The matcher gives a record to R-2 Rule R-2, while")]
    assert told
    assert all(each.facts.country == "NO" for each in told)


# Saved cases.

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> Rep:
    return RepFactory.create(first_name="Ada", last_name="Ek", function="ae")


@pytest.fixture
def pool() -> Pool:
    return MembershipFactory.create(pool__name="Nordic pool").pool


@pytest.fixture
def draft(ada: Rep, pool: Pool) -> RuleSet:
    """Enterprises of Norway go to Ada, all others of Norway to a pool, and so does the rest."""
    draft: RuleSet = RuleSetFactory.create()
    SegmentFactory.create(rule_set=draft, code="enterprise", employees_from=1000)
    RuleFactory.create(
        rule_set=draft, position=1, code="R-1", name="Big", strategy="named_rep", pool=None, named_rep=ada,
        conditions={"country": ["NO"], "segment": ["enterprise"]},
    )  # fmt: skip
    RuleFactory.create(rule_set=draft, position=2, code="R-2", name="Norway", pool=pool, conditions={"country": ["NO"]})
    RuleFactory.create(
        rule_set=draft, position=9, code="R-9", name="Rest", pool=PoolFactory.create(), is_catch_all=True,
        owner=ada, target_minutes=240,
    )  # fmt: skip
    return draft


BIG = {"handoff_type": "sql_to_ae", "country": "NO", "employee_count": 4200}
SMALL = {"handoff_type": "sql_to_ae", "country": "no", "employee_count": 12}


def test_cases_that_come_out_as_written_fail_nothing(draft: RuleSet, ada: Rep, pool: Pool) -> None:
    CheckFactory.create(facts=BIG, rule_code="", rep=ada)
    CheckFactory.create(facts=BIG, rule_code="R-1")
    CheckFactory.create(facts=SMALL, rule_code="", pool=pool)
    CheckFactory.create(facts={"handoff_type": "sql_to_ae"}, rule_code="R-9")
    assert checks.failures(draft.pk) == []


@pytest.mark.parametrize("expected", ["rule", "pool", "rep"])
def test_a_case_that_comes_out_otherwise_names_the_rule_that_took_it(
    draft: RuleSet, ada: Rep, pool: Pool, expected: str
) -> None:
    wanted = {
        "rule": {"facts": BIG, "rule_code": "R-2"},
        "pool": {"facts": BIG, "rule_code": "", "pool": pool},
        "rep": {"facts": SMALL, "rule_code": "", "rep": ada},
    }[expected]
    CheckFactory.create(name="Fjord Energy", **wanted)
    (found,) = checks.failures(draft.pk)
    words = {"rule": "R-2", "pool": "Nordic pool", "rep": "Ada Ek"}[expected]
    taker = "R-2 Norway" if expected == "rep" else "R-1 Big"
    assert found.sentence == (
        f"The check “Fjord Energy” expects {words}, but {taker} takes the record. Change the rules, or the check if it "
        "is out of date."
    )
    assert (found.check, found.taken_by, found.blocking) == ("Fjord Energy", taker.split(maxsplit=1)[0], True)


def test_a_case_that_is_switched_off_is_not_tried(draft: RuleSet) -> None:
    CheckFactory.create(facts=BIG, rule_code="R-2", is_active=False)
    assert checks.failures(draft.pk) == []


def test_a_case_that_can_no_longer_be_read_fails_with_its_reason(draft: RuleSet) -> None:
    CheckFactory.create(name="Old", facts={"handoff_type": "gone"}, rule_code="R-2")
    (found,) = checks.failures(draft.pk)
    assert found.sentence.startswith("The check “Old” cannot be read: handoff_type: give one of ")


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ([], "Facts are a mapping"),
        ({}, "handoff_type: give one of"),
        ({"handoff_type": "sql_to_ae", "colour": "red"}, "“colour” is not a fact"),
        ({"handoff_type": "sql_to_ae", "named": [1]}, "“named” is not a fact"),
        ({"handoff_type": "sql_to_ae", "country": "Norway"}, "country: “Norway” is not a country code of ISO 3166"),
        ({"handoff_type": "sql_to_ae", "employee_count": -1}, "employee_count: give a whole number of at least 0"),
        ({"handoff_type": "sql_to_ae", "employee_count": "12"}, "employee_count: give a whole number"),
        ({"handoff_type": "sql_to_ae", "score": 1.5}, "score: give a whole number"),
        ({"handoff_type": "sql_to_ae", "score": True}, "score: give a whole number"),
        ({"handoff_type": "sql_to_ae", "products": "seats"}, "products: give a list of words"),
        ({"handoff_type": "sql_to_ae", "owners": {"boss": 1}}, "owners: “boss” is none of"),
        ({"handoff_type": "sql_to_ae", "owners": {"account_owner": "Ada"}}, "owners: account_owner needs the number"),
        ({"handoff_type": "sql_to_ae", "custom": ["plan"]}, "custom: give a mapping"),
        ({"handoff_type": "sql_to_ae", "industry": "x" * 10_000}, "industry: give at most 200 characters"),
        ({"handoff_type": "sql_to_ae", "owners": {"account_owner": True}}, "owners: account_owner needs the number"),
        ({"handoff_type": "sql_to_ae", "region": " "}, "region: give text"),
        ({"handoff_type": "sql_to_ae", "region": 7}, "region: give text"),
    ],
)
def test_facts_that_cannot_be_are_refused_with_the_field_named(facts: Any, sentence: str) -> None:
    with pytest.raises(ValidationError) as refused:
        CheckFactory.build(facts=facts).full_clean()
    assert sentence in refused.value.message_dict["facts"][0]


def test_facts_are_read_as_routing_spells_them() -> None:
    read = CheckFactory.build(
        facts={
            "handoff_type": "sql_to_ae",
            "country": " no ",
            "industry": "Oil & Gas",
            "postal_code": "ec1a 1bb",
            "products": ["API Access"],
            "custom": {"plan": "Gold"},
            "region": "日本",
            "score": -5,
            "tier": None,
        }
    ).read()
    assert (read.country, read.industry, read.postal_code, read.region) == ("NO", "oil_&_gas", "EC1A1BB", "日本")
    assert (read.products, read.custom, read.score, read.tier) == (
        frozenset({"api_access"}),
        {"plan": "gold"},
        -5,
        None,
    )


@pytest.mark.parametrize("fields", [{"rule_code": ""}, {"rule_code": "R-1", "pool": True}])
def test_a_check_expects_exactly_one_thing(fields: dict[str, Any]) -> None:
    expected = {**fields, "pool": PoolFactory.create()} if "pool" in fields else fields
    with pytest.raises(IntegrityError), transaction.atomic():
        CheckFactory.create(**expected)
    assert not Check.objects.exists()
