"""Facts that are odd, cut short or not there at all: each goes by the rule that says so, and its receipt replays."""

from __future__ import annotations

from typing import Any

import pytest

from routing.facts import LONGEST_WORD, Facts
from routing.models import Decision
from routing.replay import replay
from tests.factories import RepFactory
from tests.routing.desk import owner_facts, owner_rule, pick, pool_of, publish

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("known", "taker"),
    [
        ({"region": "日本"}, "J"),
        ({"region": "  日本\n"}, "J"),
        ({"region": "日本語"}, "D"),
        ({"custom": {"κωδικός": "ΩΣ"}}, "G"),
        ({"custom": {"κωδικός": "شمال"}}, "D"),
        ({"industry": "ÇELİK"}, "D"),
        ({"source": "x" * 10_000}, "D"),
        ({"source": "長" * 10_000}, "D"),
        ({"source": "x" * LONGEST_WORD}, "L"),
        ({}, "U"),
        ({"industry": "\u200b\0"}, "D"),
        ({"industry": "\0\t"}, "U"),
        ({"employee_count": -3}, "U"),
        ({"country": "Atlantis"}, "U"),
    ],
)
def test_each_record_goes_by_the_rule_that_speaks_of_it(known: dict[str, Any], taker: str) -> None:
    asks: list[tuple[str, dict[str, Any]]] = [
        ("J", {"region": ["日本"]}),
        ("G", {"custom.κωδικός": ["Ως"]}),
        ("L", {"source": ["x" * LONGEST_WORD]}),
        ("U", {name: ["missing"] for name in ("region", "industry", "source", "country", "custom.κωδικός", "segment")}),
    ]
    rules = [
        {"strategy": "round_robin", "pool": pool_of(letter), "conditions": conditions} for letter, conditions in asks
    ]
    publish(*rules, catch_all=pool_of("D"))
    assert pick(Facts(handoff_type="sql_to_ae", **known)) == taker
    decision = Decision.objects.get()
    assert replay(decision).is_same
    assert all(len(word) <= LONGEST_WORD + 1 for word in decision.facts.values() if isinstance(word, str))


def test_an_owner_who_was_deleted_since_the_facts_were_read_is_passed_over() -> None:
    owner = RepFactory.create()
    publish(owner_rule("hold", name="Account owner"), catch_all=pool_of("A"))
    facts = owner_facts(owner)
    owner.delete()
    assert pick(facts) == "A"
    decision = Decision.objects.get()
    assert decision.receipt["skipped"] == [{"rule": "R-1", "why": "out", "candidates": []}]
    assert replay(decision).is_same
