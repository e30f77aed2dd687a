"""Cases that somebody saved, where what they meet is odd: people who do something else now, rules without an end."""

from __future__ import annotations

from dataclasses import replace

import pytest

from routing import checks
from routing.compiling import compile_now
from routing.facts import Facts
from routing.matcher import CompiledRules, Match
from routing.models import Function, Rep, RuleSet
from tests.factories import CheckFactory, MembershipFactory, RepFactory, RuleFactory, RuleSetFactory
from tests.routing.test_checks import failures_of, version
from tests.routing.test_matcher import line

pytestmark = pytest.mark.django_db

RECORD = {"handoff_type": "sql_to_ae", "country": "NO"}


@pytest.fixture
def ada() -> Rep:
    return RepFactory.create(first_name="Ada", last_name="Ek", function=Function.AE)


@pytest.fixture
def draft(ada: Rep) -> RuleSet:
    """What Ada may receive goes to her, and all else to a pool."""
    draft: RuleSet = RuleSetFactory.create()
    named = {"strategy": "named_rep", "pool": None, "named_rep": ada}
    RuleFactory.create(rule_set=draft, position=1, code="R-1", name="Ada's", **named)
    pool = MembershipFactory.create().pool
    RuleFactory.create(
        rule_set=draft, position=9, code="R-9", name="Rest", pool=pool, is_catch_all=True, owner=ada, target_minutes=240
    )
    return draft


def test_a_person_who_does_something_else_now_is_not_taken_for_the_receiver(draft: RuleSet, ada: Rep) -> None:
    CheckFactory.create(name="Fjord", facts=RECORD, rule_code="", rep=ada)
    assert list(checks.saved_failures(compile_now(draft.pk))) == []
    Rep.objects.filter(pk=ada.pk).update(function=Function.SDR)
    [found] = checks.saved_failures(compile_now(draft.pk))
    assert found.taken_by == "R-9"
    assert "“Fjord” expects Ada Ek, but R-9 Rest takes the record" in found.sentence


def test_where_no_rule_takes_the_record_nobody_is_named(draft: RuleSet, ada: Rep) -> None:
    CheckFactory.create(name="Fjord", facts={"handoff_type": "closed_to_cs"}, rule_code="R-9")
    draft.rules.filter(is_catch_all=True).delete()
    [found] = checks.saved_failures(compile_now(draft.pk))
    assert "expects R-9, but nobody takes the record" in found.sentence


def test_a_saved_case_is_also_one_on_which_the_index_is_tried(
    draft: RuleSet, ada: Rep, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The index errs in a way that agrees with what was saved: reading the rules in order tells."""
    CheckFactory.create(name="Fjord", facts=RECORD, rule_code="R-9")
    sound = CompiledRules.match

    def skewed(self: CompiledRules, facts: Facts) -> Match:
        return replace(sound(self, facts), line=self.lines[-1])

    monkeypatch.setattr(CompiledRules, "match", skewed)
    [found] = checks.saved_failures(compile_now(draft.pk))
    assert found.sentence.startswith(
        "The matcher gives a record to R-9 Rest, while reading the rules in order gives it"
    )


def test_reading_rules_in_order_is_done_for_as_many_records_as_there_is_time(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = version(line("R-1", conditions={"score": {"from": 5}}), line("R-2"))
    sound = CompiledRules.match

    def skewed(self: CompiledRules, facts: Facts) -> Match:
        found = sound(self, facts)
        return replace(found, line=self.lines[1]) if facts.score == 4 else replace(found, line=self.lines[0])

    monkeypatch.setattr(CompiledRules, "match", skewed)
    told = {each.sentence.partition(" gives ")[0] for each in failures_of(rules)}
    assert "The matcher" in told
    monkeypatch.setattr(checks, "LINES_READ", 0)
    assert "The matcher" not in {each.sentence.partition(" gives ")[0] for each in failures_of(rules)}
