"""Facts are made normal as they are made: what cannot be such a fact is not known, and no text is kept without end."""

from __future__ import annotations

from typing import Any

import pytest

from routing.facts import Facts
from routing.matcher import CompiledRules
from tests.routing.test_matcher import line


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"employee_count": True}, None),
        ({"employee_count": "12"}, None),
        ({"employee_count": 10**20}, None),
        ({"score": False}, None),
        ({"score": float("nan")}, None),
        ({"score": float("inf")}, None),
        ({"country": 47}, None),
        ({"region": ["north"]}, None),
        ({"pod": 7}, None),
        ({"products": "seats"}, frozenset()),
        ({"products": 7}, frozenset()),
        ({"products": ["", None, "Seats"]}, frozenset({"seats"})),
        ({"custom": ["plan"]}, {}),
        ({"custom": {1: "gold", "plan": None, "": "x", "size": " "}}, {}),
    ],
)
def test_what_cannot_be_such_a_fact_is_not_known(given: dict[str, Any], kept: object) -> None:
    [name] = given
    assert getattr(Facts(handoff_type="sql_to_ae", **given), name) == kept


def test_text_without_end_is_cut_and_equals_nothing_shorter() -> None:
    facts = Facts(handoff_type="sql_to_ae", pod="x" * 10_000, to_team="a" + " " * 2_000 + "b")
    assert facts.pod == "x" * 200 + "…"
    assert facts.to_team == "a…", "not the team a"


@pytest.mark.parametrize("rule", [line("R-1", "account_owner"), line("R-1", "named_rep", named_rep=7)])
def test_whoever_hands_it_over_is_not_whom_an_owner_rule_gives_it_to(rule: Any) -> None:
    rules = CompiledRules(1, 7, (), (), (rule, line("R-9", is_catch_all=True)))
    known: dict[str, Any] = {"owners": {"account_owner": 7}, "named": frozenset({7})}
    assert rules.match(Facts(handoff_type="sql_to_ae", **known)).line.code == "R-1"
    assert rules.match(Facts(handoff_type="sql_to_ae", sender=7, **known)).line.code == "R-9"
