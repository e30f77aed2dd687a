"""What lint says of versions made by hand, and of stored ones: which rule, why, and the way out."""

from __future__ import annotations

from typing import Any

import pytest

from routing import linting
from routing.conditions import Conditions
from routing.lint import findings_of
from routing.lint_findings import Finding, Target
from routing.matcher import CompiledRules, Line, Region
from routing.models import Function, Rep, RuleSet
from tests.factories import (
    MembershipFactory,
    PodFactory,
    PoolFactory,
    RepFactory,
    RuleFactory,
    RuleSetFactory,
    SegmentFactory,
    TerritoryFactory,
)
from tests.routing.test_matcher import NORDICS, OSLO, SEGMENTS, line

TYPES = ("mql_to_sales", "sql_to_ae")
CATCH_ALL = line("R-99", is_catch_all=True)


def lint(*lines: Line, regions: tuple[Region, ...] = (), **targets: Target) -> list[Finding]:
    version = CompiledRules(1, 7, SEGMENTS, regions, (*lines, CATCH_ALL))
    where = {each.id: Target(goes_to=f"pool {each.pool_id}") for each in version.lines}
    return findings_of(version, targets={**where, **{int(key[1:]): to for key, to in targets.items()}}, types=TYPES)


def only(kind: str, found: list[Finding]) -> Finding:
    (finding,) = (each for each in found if each.kind == kind)
    return finding


def test_a_rule_by_head_count_is_dead_after_the_segment_that_holds_it() -> None:
    partner_out = line("R-1", conditions={"segment": ["partner"]})
    enterprise = line("R-2", conditions={"segment": ["enterprise"]})
    large = line("R-3", conditions={"employee_count": {"from": 5000}})
    finding = only("union_dead", lint(partner_out, enterprise, large))
    assert (finding.code, finding.others, finding.blocking) == ("R-3", ("R-1", "R-2"), True)
    assert finding.sentence == (
        "R-3 Rule R-3 never takes anything: all its records meet R-1 Rule R-1 and R-2 Rule R-2 first, one or another. "
        "Move R-3 up, narrow one of those, or delete R-3."
    )
    assert not [each for each in lint(enterprise, large) if each.kind == "dead"], "partners of that size are left to it"


def test_a_rule_is_dead_after_a_wider_one_and_the_witness_meets_that_one() -> None:
    finding = only(
        "dead", lint(line("R-1", conditions={"score": {"from": 70}}), line("R-2", conditions={"score": {"from": 80}}))
    )
    assert (finding.code, finding.others) == ("R-2", ("R-1",))
    assert finding.witness.score == 80
    assert "all its records meet R-1 Rule R-1 first." in finding.sentence


def test_a_rule_is_dead_by_two_halves_of_a_range_together() -> None:
    halves = (
        line("R-1", conditions={"score": {"below": 50, "missing": True}}),
        line("R-2", conditions={"score": {"from": 50}}),
    )
    assert only("union_dead", lint(*halves, line("R-3"))).others == ("R-1", "R-2")
    apart = line("R-1", conditions={"score": {"below": 50}}), halves[1]
    assert not [each for each in lint(*apart, line("R-3")) if each.blocking], "a score that is not known is left to R-3"


def test_a_record_is_found_where_the_first_way_round_a_rule_leads_nowhere() -> None:
    retail = line("R-1", conditions={"handoff_type": ["mql_to_sales"], "industry": ["retail"]})
    low = line("R-2", conditions={"handoff_type": ["sql_to_ae"], "score": {"below": 50, "missing": True}})
    high = line("R-3", conditions={"handoff_type": ["sql_to_ae"], "score": {"from": 50}})
    assert not [each for each in lint(retail, low, high, line("R-4")) if each.blocking]


def test_conditions_that_exclude_each_other_are_told_with_their_words() -> None:
    finding = only("dead", lint(line("R-1", conditions={"segment": ["smb"], "employee_count": {"from": 100}})))
    assert (finding.witness, finding.blocking) == (None, True)
    assert finding.sentence == (
        "R-1 Rule R-1 never takes anything: no record can meet “employee count is 100 or more, and segment is smb”. "
        "Correct the conditions or delete the rule."
    )


def test_a_rule_for_a_territory_nobody_drew_is_dead() -> None:
    assert only("dead", lint(line("R-1", conditions={"territory": ["atlantis"]}))).witness is None


def test_the_narrower_territory_counts_as_another_place() -> None:
    regions = (OSLO, NORDICS)
    nordics, oslo = (line(f"R-{n}", conditions={"territory": [code]}) for n, code in ((1, "nordics"), (2, "oslo")))
    norway = line("R-3", conditions={"country": ["NO"]})
    assert only("union_dead", lint(nordics, oslo, norway, regions=regions)).others == ("R-1", "R-2")
    assert not [each for each in lint(nordics, norway, regions=regions) if each.blocking], "Oslo is left to it"


def test_an_owner_rule_leaves_whoever_has_no_owner_and_kills_only_its_like() -> None:
    assert not [each for each in lint(line("R-1", "account_owner"), line("R-2")) if each.blocking]
    again = lint(line("R-1", "account_owner"), line("R-2", "account_owner", conditions={"country": ["NO"]}))
    assert only("dead", again).others == ("R-1",)
    people = line("R-1", "named_rep", named_rep=7), line("R-2", "named_rep", named_rep=8)
    assert not [each for each in lint(*people) if each.blocking], "they are two people"


def test_one_of_several_products_is_enough_and_none_is_its_own_case() -> None:
    seats = line("R-1", conditions={"product": ["seats"]})
    assert only("dead", lint(seats, line("R-2", conditions={"product": ["seats"], "country": ["NO"]}))).others == (
        "R-1",
    )
    assert not [each for each in lint(seats, line("R-2", conditions={"product": ["seats", "api"]})) if each.blocking]
    assert not [each for each in lint(seats, line("R-2", conditions={"product": ["missing"]})) if each.blocking]


def test_an_earlier_rule_that_takes_a_part_and_leads_elsewhere_is_named() -> None:
    retail = line("R-1", conditions={"industry": ["retail"]}, pool_id=1)
    norway = line("R-2", conditions={"country": ["NO"]}, pool_id=2)
    finding = only("overlap", lint(retail, norway))
    assert (finding.code, finding.others, finding.blocking) == ("R-2", ("R-1",), False)
    assert (finding.witness.country, finding.witness.industry) == ("NO", "retail")
    same = line("R-2", conditions={"country": ["NO"]}, pool_id=1)
    assert "overlap" not in {each.kind for each in lint(retail, same)}, "both lead to the same pool"
    owners = line("R-1", "account_owner")
    assert "overlap" not in {each.kind for each in lint(owners, norway)}, (
        "an account's own owner comes first on purpose"
    )


def test_a_gap_is_told_in_words_with_a_record_in_it() -> None:
    smb = line("R-1", conditions={"segment": ["smb", "mid_market"], "handoff_type": ["sql_to_ae"]})
    rest = line("R-2", conditions={"handoff_type": ["mql_to_sales"]})
    finding = only("gap", lint(smb, rest))
    assert (finding.code, finding.blocking) == ("R-99", False)
    assert finding.sentence == (
        "Only the catch-all R-99 Rule R-99 takes records where handoff type is sql_to_ae, and segment is partner, "
        "enterprise or not known. Add a rule for them, or leave them to the catch-all."
    )
    assert finding.witness.handoff_type == "sql_to_ae"


def test_a_gap_by_words_and_numbers_says_what_is_left_out() -> None:
    norway = line("R-1", conditions={"country": ["NO", "SE"]})
    young = line("R-2", conditions={"score": {"from": 0, "below": 40}, "custom.plan": ["gold", "missing"]})
    words = [each.sentence for each in lint(norway, young) if each.kind == "gap"]
    assert any(
        "country is none of NO or SE, and score is under 0, 40 or more or not known" in text for text in words
    ), words
    assert any("country is none of NO or SE, and plan is not gold" in text or "plan is" in text for text in words), (
        words
    )


def test_without_a_gap_nothing_is_said_of_the_catch_all() -> None:
    assert lint(line("R-1")) == []


def test_one_hard_question_uses_up_its_own_budget_and_all_together_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = [line(f"R-{n}", conditions={"country": [land]}) for n, land in enumerate(("NO", "SE", "FI", "DK"), 1)]
    narrower = [line(f"R-{n}", conditions={"country": [land]}) for n, land in ((5, "NO"), (6, "SE"))]
    monkeypatch.setattr("routing.lint.STEPS_FOR_DEAD", 3)
    found = lint(*rules, *narrower)
    assert [(each.kind, each.code) for each in found if each.kind in {"dead", "undecided"}] == [
        ("dead", "R-5"),
        ("undecided", "R-6"),
    ], "there was budget for the first"


def test_more_kinds_of_records_than_can_be_told_apart_is_said_once_and_blocks_nothing() -> None:
    rules = [line(f"R-{n}", conditions={"product": [f"p{n}"], "score": {"from": n}}) for n in range(1, 40)]
    regions = tuple(Region(f"t{n}", Conditions.from_json({"product": [f"p{n}"]})) for n in range(1, 40))
    (finding,) = (each for each in lint(*rules, regions=regions) if each.kind == "undecided")
    assert (finding.code, finding.blocking) == ("", False)
    assert finding.sentence.startswith("The rules name too many products for all their combinations to be compared.")


def test_the_largest_gaps_are_told_and_the_others_counted() -> None:
    lands = ("NO", "SE", "FI", "DK", "DE", "FR", "ES", "IT", "PT", "PL", "NL", "BE", "AT", "CH", "IE", "GB")
    rules = [
        line(f"R-{n}", conditions={"country": [land], "industry": [f"i{n}"]}) for n, land in enumerate(lands, start=1)
    ]
    rules.append(line("R-8", conditions={"country": ["missing"]}))
    gaps = [each.sentence for each in lint(*rules) if each.kind == "gap"]
    assert len(gaps) == 5
    assert gaps[-1].endswith("At least 7 smaller gaps are not listed."), "no more than twelve are looked for"
    assert not any("not listed" in text for text in gaps[:-1])


def test_what_the_budget_does_not_reach_is_undecided_and_never_guessed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("routing.lint.STEPS_PER_RULE", 0)
    found = lint(line("R-1"), line("R-2"))
    assert {(each.kind, each.code) for each in found} == {("undecided", "R-2"), ("undecided", "R-99")}
    assert not any(each.blocking for each in found)
    assert found[0].sentence.startswith("R-2 Rule R-2 could not be checked to the end")


def test_an_empty_target_is_told_however_little_budget_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("routing.lint.STEPS_PER_RULE", 0)
    empty = Target(goes_to="pool 1", trouble="its pool has no active member", way_out="Add one.")
    tried, doubtful = line("R-1"), line("R-2")
    found = lint(tried, doubtful, **{f"_{tried.id}": empty, f"_{doubtful.id}": empty})
    assert [(each.code, each.blocking) for each in found if each.kind == "target"] == [("R-1", True), ("R-2", True)]


def wide() -> list[Line]:
    return [line(f"R-{n}", conditions={"product": [f"p{n}_{m}" for m in range(12)]}) for n in range(1, 9)]


def test_products_too_many_to_compare_hide_nothing_that_trying_finds() -> None:
    wider, empty = line("R-9", conditions={"score": {"from": 5}}), Target(goes_to="x", trouble="nobody is there")
    lines = [*wide(), wider, line("R-10", conditions={"score": {"from": 9}})]
    found = lint(*lines, **{f"_{lines[2].id}": empty})
    assert [(each.kind, each.code, each.blocking) for each in found if each.kind != "overlap"] == [
        ("target", "R-3", True),
        ("undecided", "R-10", False),
        ("undecided", "", False),
    ]
    assert found[-1].sentence == (
        "The rules name too many products for all their combinations to be compared. Gaps were not looked for, and of "
        "dead rules and overlaps only the plain."
    )


# Stored versions: where rules lead.

pytestmark = pytest.mark.django_db


def stored(**fields: Any) -> RuleSet:
    """A version with one rule of these fields before a catch-all whose pool has a member."""
    version: RuleSet = RuleSetFactory.create(number=41)
    manned = MembershipFactory.create().pool
    RuleFactory.create(rule_set=version, position=1, code="R-1", name="Nordics", **{"pool": manned, **fields})
    RuleFactory.create(
        rule_set=version, position=9, code="R-9", name="Rest", pool=manned, is_catch_all=True,
        owner=RepFactory.create(), target_minutes=240,
    )  # fmt: skip
    return version


def troubles(version: RuleSet) -> list[str]:
    return [each.sentence for each in linting.findings(version.pk) if each.kind == "target" and each.blocking]


TAKES_FROM_A_POOL = pytest.mark.parametrize("strategy", ["round_robin", "least_loaded", "queue"])


@TAKES_FROM_A_POOL
def test_a_pool_or_queue_without_active_members_leads_to_nobody(strategy: str) -> None:
    way_out = "Add an active member, or choose another pool."
    condition = {"country": ["NO"]}
    empty = PoolFactory.create(name="Empty")
    assert troubles(stored(pool=empty, conditions=condition, strategy=strategy)) == [
        f"R-1 Nordics leads to nobody: its pool Empty has no active member. {way_out}"
    ]


@TAKES_FROM_A_POOL
@pytest.mark.parametrize("gone", ["membership", "rep", "pool"])
def test_a_pool_or_queue_is_as_good_as_its_active_members(gone: str, strategy: str) -> None:
    member = MembershipFactory.create(pool__name="Small")
    version = stored(pool=member.pool, conditions={"country": ["NO"]}, strategy=strategy)
    assert troubles(version) == []
    row = {"membership": member, "rep": member.rep, "pool": member.pool}[gone]
    type(row).objects.filter(pk=row.pk).update(is_active=False)
    why = "is switched off" if gone == "pool" else "has no active member"
    assert [text.split(". ")[0] for text in troubles(version)] == [f"R-1 Nordics leads to nobody: its pool Small {why}"]


def test_a_queue_and_turns_in_the_same_pool_lead_to_the_same_people() -> None:
    pool = MembershipFactory.create().pool
    version = stored(pool=pool, strategy="queue", conditions={"country": ["NO"]})
    RuleFactory.create(
        rule_set=version, position=2, code="R-2", pool=pool, conditions={"handoff_type": ["mql_to_sales"]}
    )
    assert "overlap" not in {each.kind for each in linting.findings(version.pk)}


def test_a_person_who_left_or_receives_none_of_it_is_no_target() -> None:
    ada: Rep = RepFactory.create(first_name="Ada", last_name="Ek", function=Function.SDR)
    fields = {"strategy": "named_rep", "pool": None, "named_rep": ada}
    assert troubles(stored(**fields, conditions={"handoff_type": ["mql_to_sales"]})) == []


def test_a_person_in_the_wrong_function_is_no_target() -> None:
    ada: Rep = RepFactory.create(first_name="Ada", last_name="Ek", function=Function.SDR)
    version = stored(strategy="named_rep", pool=None, named_rep=ada, conditions={"handoff_type": ["sql_to_ae"]})
    assert troubles(version) == [
        "R-1 Nordics leads to nobody: Ada Ek is SDR and receives none of its handoffs. Name somebody else."
    ]
    Rep.objects.filter(pk=ada.pk).update(is_active=False)
    assert troubles(version) == ["R-1 Nordics leads to nobody: Ada Ek is no longer active. Name somebody else."]


def test_a_pod_rule_needs_pods_with_people() -> None:
    version = stored(strategy="pod", pool=None)
    assert [text.split(". ")[0] for text in troubles(version)] == [
        "R-1 Nordics leads to nobody: no pod has an active member"
    ]
    PodFactory.create(members=[RepFactory.create()])
    assert troubles(version) == []


def test_a_stored_version_is_spoken_of_in_the_words_that_people_use() -> None:
    asked = {"handoff_type": ["sql_to_ae"], "country": ["NO"], "segment": ["mid_market"]}
    version = stored(conditions=asked)
    SegmentFactory.create(
        rule_set=version, code="mid_market", name="Mittelstand", employees_from=0, employees_below=900
    )
    SegmentFactory.create(rule_set=version, code="enterprise", name="Enterprise", employees_from=900)
    said = " ".join(each.sentence for each in linting.findings(version.pk) if each.kind == "gap")
    assert "handoff type is not SQL" in said or "handoff type is MQL" in said
    assert "country is not Norway" in said
    assert "segment is Enterprise or not known" in said
    assert not any(code in said for code in ("sql_to_ae", "mql_to_sales", "mid_market", "NO"))


def test_a_version_whose_catch_all_is_gone_may_not_be_published() -> None:
    version = stored()
    version.rules.filter(is_catch_all=True).delete()
    (finding,) = [each for each in linting.findings(version.pk) if each.kind == "catch_all"]
    assert finding.blocking
    assert "takes everything" in finding.sentence


def test_territories_of_a_stored_version_are_known() -> None:
    version = stored(conditions={"territory": ["nordics"]})
    assert linting.findings(version.pk)[0].kind == "dead"
    TerritoryFactory.create(rule_set=version, code="nordics", conditions={"country": ["NO"]})
    assert "dead" not in {each.kind for each in linting.findings(version.pk)}
