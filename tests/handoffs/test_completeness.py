"""The guardrail: what blocks, what flags, what only costs points, and what has grown stale."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from handoffs.completeness import weights_of
from handoffs.completeness_fields import CRITICAL, FIELDS, WEIGHTS
from handoffs.connectors.ports import ActivityRecord, UsageRecord
from handoffs.context import Context
from handoffs.package import compile_package
from handoffs.template_sources import HANDOFF_TYPES
from tests.handoffs.contexts import ACCOUNT, ASTRID, BY_TYPE, DEAL, HENRIK, NOW, SQL, at, context, note

BARE = context(
    account=replace(ACCOUNT, metadata={}, score=None), deal=None, activities=(), notes=(), content=(), usage=None
)


def assessed(
    source: Context, handoff_type: str, weights: Mapping[str, int] | None = None, **kwargs: int
) -> dict[str, Any]:
    package = compile_package(source, handoff_type=handoff_type, now=NOW, weights=weights, **kwargs)
    result: dict[str, Any] = package["completeness"]
    return result


def missing(source: Context, handoff_type: str) -> dict[str, dict[str, Any]]:
    return {gap["key"]: gap for gap in assessed(source, handoff_type)["missing"]}


@pytest.mark.parametrize("handoff_type", HANDOFF_TYPES)
def test_without_qualification_context_of_the_type_it_is_blocked(handoff_type: str) -> None:
    result = assessed(BARE, handoff_type)
    assert result["verdict"] == "blocked"
    assert [gap["key"] for gap in result["missing"] if gap["blocking"]] == ["qualification.context"]
    assert result["missing"][0]["blocking"]


def activity(kind: str) -> ActivityRecord:
    return ActivityRecord(crm_id="V-1", kind=kind, subject="It happened", occurred_at=at(11, 1))


@pytest.mark.parametrize(
    ("handoff_type", "source"),
    [
        ("mql_to_sales", replace(BARE, account=replace(BARE.account, score=20))),
        ("mql_to_sales", replace(BARE, account=replace(BARE.account, metadata={"qualification_score": 70}))),
        ("mql_to_sales", replace(BARE, usage=UsageRecord(stage="activated", as_of=NOW))),
        ("mql_to_sales", replace(BARE, activities=(activity("trial"),))),
        ("sql_to_ae", replace(BARE, deal=replace(DEAL, metadata={"need": "Stale feeds"}))),
        ("sql_to_ae", replace(BARE, deal=replace(DEAL, metadata={"champion": "Astrid Nygaard"}))),
        ("sql_to_ae", replace(BARE, notes=(note("N-1", "pain_point", "It hurts"),))),
        ("closed_to_cs", replace(BARE, deal=replace(DEAL, metadata={"implementation_scope": "220 pipelines"}))),
        ("closed_to_cs", replace(BARE, notes=(note("N-1", "promised_outcome", "Live in March"),))),
        ("expansion_to_sales", replace(BARE, activities=(activity("expansion_signal"),))),
        ("expansion_to_sales", replace(BARE, account=replace(BARE.account, metadata={"expansion_signals": "80 more"}))),
    ],
)
def test_one_piece_of_context_of_the_type_is_enough_to_unblock(handoff_type: str, source: Context) -> None:
    assert assessed(source, handoff_type)["verdict"] != "blocked"


@pytest.mark.parametrize(
    ("handoff_type", "source"),
    [
        ("mql_to_sales", replace(BARE, account=replace(BARE.account, score=0))),
        ("mql_to_sales", replace(BARE, usage=UsageRecord(stage="Dormant", as_of=NOW))),
        ("mql_to_sales", replace(BARE, deal=replace(DEAL, metadata={"need": "Stale feeds"}))),
        ("sql_to_ae", replace(BARE, account=replace(BARE.account, score=90))),
        ("sql_to_ae", replace(BARE, deal=replace(DEAL, metadata={"budget_confirmed": False, "need": "  "}))),
        ("closed_to_cs", replace(BARE, deal=DEAL)),
        ("closed_to_cs", replace(BARE, notes=(note("N-1", "promised_outcome", "   "),))),
        ("expansion_to_sales", replace(BARE, usage=UsageRecord(stage="power", as_of=NOW))),
    ],
)
def test_context_of_another_kind_does_not_unblock(handoff_type: str, source: Context) -> None:
    assert assessed(source, handoff_type)["verdict"] == "blocked"


def test_a_role_guessed_from_a_title_qualifies_nobody() -> None:
    source = replace(BARE, contacts=(ASTRID, HENRIK), deal=replace(DEAL, metadata={}))
    assert "qualification.context" in missing(source, "sql_to_ae")


@pytest.mark.parametrize("handoff_type", HANDOFF_TYPES)
@pytest.mark.parametrize(
    "contacts",
    [
        (),
        (replace(HENRIK, email_bounced=True),),
        (replace(ASTRID, do_not_contact=True),),
        (replace(HENRIK, email="henrik at halvorsen"),),
    ],
)
def test_without_anybody_who_can_be_reached_it_is_blocked(handoff_type: str, contacts: tuple[Any, ...]) -> None:
    result = assessed(replace(BY_TYPE[handoff_type], contacts=contacts), handoff_type)
    assert result["verdict"] == "blocked"
    assert result["missing"][0]["sentence"].startswith("Nobody at the customer can be reached: add")


def test_weights_cannot_lift_a_block() -> None:
    weights = dict.fromkeys(WEIGHTS["sql_to_ae"], 0) | {"company.industry": 1}
    result = assessed(replace(BARE, contacts=()), "sql_to_ae", weights)
    assert result["score"] == 100
    assert result["verdict"] == "blocked"
    assert [gap["key"] for gap in result["missing"][:2]] == ["contacts.reachable", "qualification.context"]


@pytest.mark.parametrize(
    ("handoff_type", "key"), [(name, key) for name, keys in CRITICAL.items() for key in sorted(keys)]
)
def test_a_critical_gap_flags_but_does_not_block(handoff_type: str, key: str) -> None:
    result = assessed(without(key, BY_TYPE[handoff_type]), handoff_type)
    assert result["verdict"] == "flagged"
    assert key in {gap["key"] for gap in result["missing"] if gap["critical"]}
    assert result["score"] < 100


def without(key: str, source: Context) -> Context:
    """The context without everything that field is read from."""
    section, _, name = key.partition(".")
    if key == "deal.amount":
        return replace(source, deal=replace(DEAL, amount=None))
    if name == "last_touch":
        return replace(source, activities=())
    if name == "current_usage":
        return replace(source, usage=None)
    names = {
        "painPoints": "pain_point",
        "budget": "budget_confirmed",
        "decisionProcess": "decision_process",
        "next_steps": "next_step",
        "promised_outcomes": "promised_outcome",
        "relationship_context": "relationship",
        "pricing_history": "pricing_history",
    }
    stored = {names.get(name, name), name}
    deal = source.deal and replace(
        source.deal, metadata={key: value for key, value in source.deal.metadata.items() if key not in stored}
    )
    account = replace(
        source.account, metadata={key: value for key, value in source.account.metadata.items() if key not in stored}
    )
    notes = tuple(each for each in source.notes if each.tag not in stored)
    activities = tuple(each for each in source.activities if each.kind != "support_ticket")
    assert section in ("qualification", "template", "deal", "journey")
    return replace(source, deal=deal, account=account, notes=notes, activities=activities)


def test_an_unimportant_gap_only_costs_points() -> None:
    result = assessed(replace(SQL, account=replace(ACCOUNT, industry="")), "sql_to_ae")
    assert result["verdict"] == "complete"
    assert 90 < result["score"] < 100
    assert result["missing"] == [
        {
            "key": "company.industry",
            "label": "industry",
            "sentence": "The industry of the account is not recorded.",
            "section": "Company",
            "critical": False,
            "blocking": False,
            "filledBy": "RevOps",
        }
    ]


def test_a_budget_that_was_refused_is_a_gap() -> None:
    source = replace(SQL, deal=replace(DEAL, metadata={**DEAL.metadata, "budget_confirmed": False}))
    gap = missing(source, "sql_to_ae")["qualification.budget"]
    assert gap["sentence"] == "The budget is not confirmed (budget_confirmed on the deal)."


def test_the_score_never_rounds_up_to_complete() -> None:
    weights = dict.fromkeys(WEIGHTS["sql_to_ae"], 100) | {"company.industry": 1}
    assert assessed(replace(SQL, account=replace(ACCOUNT, industry="")), "sql_to_ae", weights)["score"] == 99


def test_sections_say_how_many_points_they_have() -> None:
    sections = assessed(replace(SQL, account=replace(ACCOUNT, industry="")), "sql_to_ae")["sections"]
    assert sections[0] == {"section": "Company", "points": 9, "of": 13}


def test_given_weights_replace_the_shipped_ones_field_by_field() -> None:
    weights = weights_of("sql_to_ae", {"company.industry": 50, "company.size": 0})
    assert weights["company.industry"] == 50
    assert "company.size" not in weights
    assert weights["qualification.timeline"] == WEIGHTS["sql_to_ae"]["qualification.timeline"]


@pytest.mark.parametrize(
    ("weights", "sentence"),
    [
        ({"company.mood": 5}, "The field 'company.mood' cannot be weighed: choose from company.industry"),
        ({"company.size": -1}, "The weight of company.size is -1: give a whole number from 0 to 100"),
        ({"company.size": 101}, "from 0 to 100"),
        ({"company.size": 2.5}, "from 0 to 100"),
        ({"company.size": True}, "from 0 to 100"),
        (dict.fromkeys(WEIGHTS["sql_to_ae"], 0), "Every weight is 0"),
    ],
)
def test_impossible_weights_are_refused(weights: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        weights_of("sql_to_ae", weights)


def test_what_has_not_changed_for_long_is_stale_and_history_never_is() -> None:
    old = replace(SQL, deal=replace(DEAL, updated_at=NOW - timedelta(days=200)))
    stale = assessed(old, "sql_to_ae")["stale"]
    assert stale[0]["sentence"].endswith("was last changed 200 days ago.")
    keys = {each["key"] for each in stale}
    assert "qualification.timeline" in keys
    assert not {"journey.source", "journey.firstTouch"} & keys
    assert assessed(old, "sql_to_ae", stale_after_days=200)["stale"] == []


@pytest.mark.parametrize("handoff_type", HANDOFF_TYPES)
def test_every_weighed_or_critical_field_has_its_words(handoff_type: str) -> None:
    assert set(WEIGHTS[handoff_type]) | CRITICAL[handoff_type] <= set(FIELDS)
    assert {"qualification.context", "contacts.reachable"} <= set(WEIGHTS[handoff_type])
