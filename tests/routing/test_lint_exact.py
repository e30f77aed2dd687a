"""Lint says what a walk over every record says, on random small versions."""

from __future__ import annotations

import os
from random import Random

from routing.facts import Facts
from routing.lint import Linting, findings_of
from routing.lint_search import Budget, Search
from routing.lint_space import Space
from routing.matcher import CompiledRules
from tests.routing.brute import TYPES, cells_of, random_rules, records, targets_of, walk

SETS = int(os.environ.get("HANDOFFS_LINT_SETS", "200"))


def differences(rules: CompiledRules) -> list[str]:
    """Where lint and the walk disagree about one version, in words."""
    verdict = walk(rules)
    found = findings_of(rules, targets=targets_of(rules), types=TYPES)
    said = {(finding.kind, finding.code): finding for finding in found}
    wrong = []
    expected = {("dead", code) for code in verdict.impossible}
    expected |= {("dead" if alone else "union_dead", code) for code, alone in verdict.dead.items()}
    expected |= {("overlap", code) for code, others in verdict.overlaps.items() if others}
    expected |= {("gap", "R-99")} if verdict.gaps else set()
    # A dead rule is not told of its overlaps besides.
    gone = verdict.impossible | set(verdict.dead)
    expected -= {("overlap", code) for code in gone}
    wrong += [f"missing {each}" for each in sorted(expected - set(said))]
    wrong += [f"invented {each}" for each in sorted(set(said) - expected)]
    for finding in found:
        wrong += _wrong_in(rules, finding, verdict)
    return wrong + _gaps_wrong(rules, verdict.gaps)


def _wrong_in(rules, finding, verdict) -> list[str]:
    others = set(finding.others)
    if finding.kind == "overlap" and others != verdict.overlaps[finding.code]:
        return [f"{finding.code} overlaps {verdict.overlaps[finding.code]}, not {others}"]
    if finding.kind == "dead" and others and not others <= verdict.dead.get(finding.code, set()):
        return [f"{finding.code} is not dead by {others}"]
    if finding.witness is None:
        return [] if finding.kind == "dead" and finding.code in verdict.impossible else [f"{finding} has no witness"]
    winner = rules.match(finding.witness).line.code
    line = next(line for line in rules.lines if line.code == finding.code)
    if line.refusal(rules.locate(finding.witness)) is not None:
        return [f"{finding.code} does not match its witness {finding.witness}"]
    if finding.kind == "gap":
        return [] if winner == "R-99" else [f"the gap {finding.witness} goes to {winner}"]
    if finding.kind == "overlap":
        return [] if winner in others else [f"{finding.witness} of {finding.code} goes to {winner}"]
    located = rules.locate(finding.witness)
    met = {line.code for line in rules.lines if line.refusal(located) is None}
    return [] if met & others else [f"{finding.witness} of {finding.code} meets none of {others}"]


def _gaps_wrong(rules: CompiledRules, gaps: list[Facts]) -> list[str]:
    """All boxes of gaps together hold every record that the catch-all takes, and no other."""
    space = Space(rules, TYPES)
    search = Search(space, Budget(10_000_000))
    plain = (1 << len(rules.lines) - 1) - 1
    boxes = list(search.find_all([space.lines[-1]], plain, most=1_000))
    codes = [region.code for region in rules.territories]
    wanted, wrong = set(map(repr, gaps)), []
    for facts in records(rules):
        territory = rules.locate(facts).territory
        place = codes.index(territory) if territory is not None else len(codes)
        cells = cells_of(space, facts)
        inside = any(
            found.place in {None, place} and all(mask & cells[name] for name, mask in found.box.items())
            for found in boxes
        )
        if inside != (repr(facts) in wanted):
            wrong.append(f"{'an invented' if inside else 'a missing'} gap at {facts}")
    return wrong[:3]


def test_lint_equals_a_walk_over_every_record() -> None:
    wrong = {}
    for seed in range(SETS):
        found = differences(random_rules(Random(seed)))
        if found:
            wrong[seed] = found
    assert not wrong, f"{len(wrong)} of {SETS} versions differ, e.g. {dict(list(wrong.items())[:3])}"


def test_the_random_versions_have_something_of_everything_to_find() -> None:
    kinds: dict[str, int] = {}
    for seed in range(150):
        rules = random_rules(Random(seed))
        for finding in findings_of(rules, targets=targets_of(rules), types=TYPES):
            kinds[finding.kind] = kinds.get(finding.kind, 0) + 1
    assert all(kinds[kind] >= 10 for kind in ("dead", "union_dead", "overlap", "gap")), kinds
    assert "undecided" not in kinds


def test_the_same_version_gives_the_same_findings() -> None:
    rules = random_rules(Random(5))
    once, again = (Linting(rules, targets_of(rules), TYPES, Space(rules, TYPES)) for _ in range(2))
    assert list(once.findings()) == list(again.findings())
