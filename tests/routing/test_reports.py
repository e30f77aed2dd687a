"""The report on a version is worked out once, and anew as soon as anything that it reads is different."""

from __future__ import annotations

from time import process_time
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from routing import reports, soundness
from routing.conditions import ConditionError, Conditions
from routing.models import Check, Membership, Pod, Pool, Rep, Rule, RuleSet, Territory
from tests.factories import (
    CheckFactory,
    MembershipFactory,
    PodFactory,
    RepFactory,
    RuleFactory,
    RuleSetFactory,
    TerritoryFactory,
)

pytestmark = pytest.mark.django_db
QUERIES = 9


@pytest.fixture
def version() -> RuleSet:
    """A sound version with a pool rule, a pod rule and a rule that names somebody, and a check that holds."""
    reports._reports.clear()
    made: RuleSet = RuleSetFactory.create(number=41)
    ada: Rep = RepFactory.create(first_name="Ada", last_name="Ek", function="ae")
    PodFactory.create(members=[ada])
    pool = MembershipFactory.create(pool__name="Small", pool__function="ae", rep__function="ae").pool
    asks: dict[str, Any] = {"handoff_type": ["sql_to_ae"]}
    rows: list[dict[str, Any]] = [
        {"strategy": "named_rep", "named_rep": ada, "conditions": {**asks, "custom.plan": ["gold"]}},
        {"strategy": "pod", "conditions": {**asks, "country": ["NO"]}},
        {"pool": pool, "conditions": asks},
        {"pool": pool, "is_catch_all": True, "owner": ada, "target_minutes": 240, "conditions": {}},
    ]
    for number, columns in enumerate(rows, start=1):
        values = {"pool": None, "strategy": "round_robin", **columns}
        RuleFactory.create(rule_set=made, position=number, code=f"R-{number}", name="Rule", **values)
    CheckFactory.create(name="Fjord", facts={"handoff_type": "sql_to_ae"}, rule_code="R-3")
    return made


def blocking(version: RuleSet) -> list[str]:
    return [problem.sentence for problem in reports.report(version) if problem.blocking]


def test_a_version_in_which_nothing_changed_is_looked_at_once(version: RuleSet) -> None:
    with CaptureQueriesContext(
        connection,
    ) as first:
        told = reports.report(version)
    assert [problem.sentence for problem in told if problem.blocking] == []
    with CaptureQueriesContext(connection) as again:
        assert reports.report(version) == told
    assert len(again) == QUERIES < len(first)


ADA = Rep.objects.filter(first_name="Ada")
CHANGES: dict[str, tuple[Any, dict[str, Any] | None, str]] = {
    "a pool is switched off": (Pool, {"is_active": False}, "is not active"),
    "the last member is taken out": (Membership, {"is_active": False}, "its pool Small has no active member"),
    "whom a rule names has left": (ADA, {"is_active": False}, "is not active any more"),
    "whom a rule names has another role": (ADA, {"function": "sdr"}, "receive"),
    "all who take turns have left": (Rep.objects.exclude(first_name="Ada"), {"is_active": False}, "no active member"),
    "a check expects something else": (Check, {"rule_code": "R-1"}, "“Fjord” expects R-1"),
    "the last pod is gone": (Pod, None, "no pod has an active member"),
    "a rule gives what its person does not receive": (
        Rule.objects.filter(code="R-1"),
        {"conditions": {"handoff_type": ["closed_to_cs"]}},
        "does not receive",
    ),
    "a territory ties": (None, {}, "neither is more specific"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_the_report_is_made_anew_as_soon_as(what: str, version: RuleSet) -> None:
    assert blocking(version) == []
    rows, columns, sentence = CHANGES[what]
    if rows is None:
        for code in ("north", "fjords"):
            TerritoryFactory.create(rule_set=version, code=code, conditions={"country": ["NO"]})
    elif columns is None:
        rows.objects.all().delete()
    else:
        getattr(rows, "objects", rows).update(**columns)
    assert any(sentence in told for told in blocking(version)), blocking(version)


def test_a_copy_that_says_the_same_has_the_same_report(version: RuleSet) -> None:
    copy: RuleSet = RuleSetFactory.create(number=42)
    for rule in version.rules.all():
        rule.pk, rule.rule_set = None, copy
        rule._state.adding = True
        rule.save()
    told = reports.report(version)
    with CaptureQueriesContext(connection) as again:
        assert reports.report(copy) == told
    assert len(again) == QUERIES


# What made reports take longer than anybody waits.


def postal(number: int, *, first: int = 0) -> Territory:
    codes = [f"{number:02}{code:04}" for code in range(first, first + 1000)]
    return Territory(code=f"t{number}", name=f"T{number}", conditions={"postal_prefix": codes})


def test_territories_of_a_thousand_postal_codes_each_are_compared_in_a_moment() -> None:
    start = process_time()
    assert list(soundness.ties(postal(number) for number in range(12))) == []
    assert process_time() - start < 3, "it took half a minute to compare every code with every other"


def test_a_shorter_code_ties_with_the_longer_ones_that_begin_with_it() -> None:
    wide = Territory(code="wide", name="Wide", conditions={"postal_prefix": ["9", "050001"]})
    assert "would both hold an account with postal prefix 050001…" in (soundness.tie(postal(5), wide) or "")
    assert soundness.tie(postal(4), wide) is None
    both = [Territory(code=c, name=c, conditions={"postal_prefix": [p]}) for c, p in (("a", "01"), ("b", "0"))]
    assert "postal prefix 01…" in (soundness.tie(*both) or "")
    assert "postal prefix 01…" in (soundness.tie(*reversed(both)) or "")


def test_a_rule_asks_about_no_more_fields_than_can_be_compared() -> None:
    asked: dict[str, Any] = {f"custom.a{number}": ["x"] for number in range(50)}
    assert len(Conditions.from_json(asked).items) == 50
    with pytest.raises(
        ConditionError, match=r"51 fields are more than the 50 a rule may ask about. Leave some of them"
    ):
        Conditions.from_json(asked | {"custom.more": ["x"]})
