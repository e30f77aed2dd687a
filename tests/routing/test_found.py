"""What lint and checks found is told once, each with the record that shows it, in words."""

from dataclasses import replace

import pytest

from routing.checks import Failure
from routing.facts import Facts
from routing.found import problems_of
from routing.lint_findings import Finding

pytestmark = pytest.mark.django_db

CHILE = Facts(handoff_type="mql_to_sales", country="CL", employee_count=40)
GAP = Finding(kind="gap", code="R-999", blocking=False, sentence="Only the catch-all takes these.", witness=CHILE)
DEAD = Finding(kind="dead", code="R-7", blocking=True, sentence="R-7 is never reached.")


def failure(code: str, *, is_saved: bool = False) -> Failure:
    return Failure(
        check=f"record of {code}",
        code=code,
        taken_by="R-1",
        blocking=True,
        sentence=f"The record made for {code} goes elsewhere.",
        facts=CHILE,
        is_saved=is_saved,
    )


def test_a_finding_tells_its_record_as_people_say_it():
    assert [one.sentence for one in problems_of(0, [GAP], [])] == [
        "Only the catch-all takes these. For example an MQL from Chile, 40 employees."
    ]


def test_a_gap_is_for_the_version_to_mend_and_told_once_per_record():
    found = problems_of(0, [GAP, replace(GAP, sentence="Again."), replace(GAP, witness=None)], [])
    assert [(one.kind, one.code) for one in found] == [("version", ""), ("version", "")]


def test_overlaps_of_two_rules_on_one_record_are_both_told():
    one = replace(GAP, kind="overlap", code="R-5", others=("R-1",))
    assert [found.code for found in problems_of(0, [one, replace(one, code="R-6")], [])] == ["R-5", "R-6"]


def test_a_dead_rule_is_not_told_again_by_the_check_made_from_it():
    found = problems_of(0, [DEAD], [failure("R-7"), failure("R-8")])
    assert [(one.code, one.blocking) for one in found] == [("R-7", True), ("R-8", True)]


def test_a_saved_check_is_told_by_its_own_name_and_never_left_out():
    found = problems_of(0, [DEAD], [failure("R-7", is_saved=True)])
    assert [(one.kind, one.code) for one in found] == [("rule", "R-7"), ("check", "record of R-7")]
