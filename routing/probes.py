"""Records made from a version's own rules, with what must become of each. Pure.

For every rule one record that only it should take, and around it one record for each edge of each condition: the first
value inside and the first outside of a range, every word of a set and one that is not in it, the value that is not
known. What is expected is read off the numbers and words of the condition, not asked of it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from routing.conditions import PREFIX_FIELDS, RANGE_FIELDS, Condition
from routing.corners import own_record
from routing.countries import COUNTRIES
from routing.facts import Facts
from routing.lint_cells import TooWideError
from routing.lint_search import Budget, OutOfBudgetError, Search
from routing.lint_space import Space
from routing.matcher import CompiledRules, Line

STEPS = 5_000
STEPS_FOR_ALL = 100_000
OTHER = "something_else"


@dataclass(frozen=True, slots=True)
class Probe:
    """A record made for a rule. Without a condition, the rule should take it; with one, that condition should hold
    or not, as `inside` says.
    """

    line: Line
    facts: Facts
    condition: Condition | None = None
    inside: bool = True


def own_probes(rules: CompiledRules, *, types: Sequence[str]) -> Iterator[Probe]:
    """For each rule in order a record that lies outside all earlier rules if there is one, else any that it matches.

    Nothing comes for a rule whose conditions no record can meet together, and for one of which neither was found out
    in time.
    """
    makers = _Makers(rules, types)
    for number, line in enumerate(rules.lines):
        facts = own_record(rules, line, types=types) or makers.search(number)
        if facts is not None:
            yield Probe(line, facts)


def edge_probes(rules: CompiledRules, *, types: Sequence[str], around: Mapping[int, Facts]) -> Iterator[Probe]:
    """The records around the rules' own, which `around` holds by rule id: one edge of every rule in turn, so that
    whoever stops early has tried something of each.
    """
    plain = Facts(handoff_type=types[0])
    waiting = deque(
        _edge_probes(line, around.get(line.id, plain), rules, types) for line in rules.lines if line.conditions.items
    )
    while waiting:
        edges = waiting.popleft()
        probe = next(edges, None)
        if probe is not None:
            yield probe
            waiting.append(edges)


def _edge_probes(line: Line, facts: Facts, rules: CompiledRules, types: Sequence[str]) -> Iterator[Probe]:
    for condition in line.conditions.items:
        for changed, inside in _edges(condition, facts, rules, types):
            yield Probe(line, changed, condition, inside)


class _Makers:
    """Searches for the records that trying did not find."""

    def __init__(self, rules: CompiledRules, types: Sequence[str]) -> None:
        self._rules, self._types = rules, types
        self._left = STEPS_FOR_ALL

    @cached_property
    def _space(self) -> Space | None:
        try:
            return Space(self._rules, self._types)
        except TooWideError:
            return None

    def search(self, number: int) -> Facts | None:
        """A record that no earlier rule takes, else any that the rule matches; None if that is not known in time."""
        if self._space is None:
            return None
        for earlier in ((1 << number) - 1, 0):
            budget = Budget(min(STEPS, self._left))
            given = budget.steps
            try:
                found = Search(self._space, budget).find([self._space.lines[number]], earlier)
            except OutOfBudgetError:
                return None
            finally:
                self._left -= given - max(budget.steps, 0)
            if found is not None:
                return self._space.record(found.box)
        return None


def _edges(
    condition: Condition, facts: Facts, rules: CompiledRules, types: Sequence[str]
) -> Iterator[tuple[Facts, bool]]:
    """Records that differ from `facts` in what the condition looks at, and whether it should hold. The territory has
    no edges of its own: those of its conditions are lint's affair.
    """
    name = condition.field
    if condition.is_unreadable:
        return
    if name in RANGE_FIELDS:
        yield from _range_edges(condition, facts)
    elif name == "segment":
        yield from _segment_edges(condition, facts, rules)
    elif name == "handoff_type":
        yield from ((replace(facts, handoff_type=kind), kind in condition.values) for kind in types)
    elif name in PREFIX_FIELDS:
        for prefix in condition.prefixes:
            yield from ((replace(facts, postal_code=code), True) for code in (prefix, f"{prefix}0"))
        yield replace(facts, postal_code=None), condition.missing
    elif name == "product":
        yield from _product_edges(condition, facts)
    elif name != "territory":
        yield from _word_edges(condition, facts)


def _range_edges(condition: Condition, facts: Facts) -> Iterator[tuple[Facts, bool]]:
    for count, inside in _around(condition.at_least, condition.below):
        yield _with(facts, condition.field, count), inside
    yield _with(facts, condition.field, None), condition.missing


def _product_edges(condition: Condition, facts: Facts) -> Iterator[tuple[Facts, bool]]:
    for word in sorted(condition.values):
        yield replace(facts, products=frozenset({word, OTHER})), True
    yield replace(facts, products=frozenset({OTHER})), OTHER in condition.values
    yield replace(facts, products=frozenset()), condition.missing


def _word_edges(condition: Condition, facts: Facts) -> Iterator[tuple[Facts, bool]]:
    words = condition.values
    other = next((code for code in COUNTRIES if code not in words), OTHER) if condition.field == "country" else OTHER
    for word, inside in [*((word, True) for word in sorted(words)), (other, other in words)]:
        yield _with(facts, condition.field, word), inside
    yield _with(facts, condition.field, None), condition.missing


def _with(facts: Facts, name: str, value: str | int | None) -> Facts:
    kind, _, key = name.partition(".")
    if kind != "custom":
        changed: dict[str, Any] = {name: value}
        return replace(facts, **changed)
    kept = {other: word for other, word in facts.custom.items() if other != key}
    return replace(facts, custom=kept if value is None else {**kept, key: str(value)})


def _segment_edges(condition: Condition, facts: Facts, rules: CompiledRules) -> Iterator[tuple[Facts, bool]]:
    """The edges of every band, in accounts without a tier; bands that overlap say nothing of each other's edges."""
    bands = [bounds for bounds in rules.segments if not bounds.by_tier]
    for count in sorted({count for band in bands for count, _ in _around(band.at_least, band.below) if count >= 0}):
        holding = [band.code for band in bands if (band.at_least or 0) <= count < (band.below or count + 1)]
        if len(holding) < 2:
            inside = holding[0] in condition.values if holding else condition.missing
            yield replace(facts, employee_count=count, tier=None), inside
    yield replace(facts, employee_count=None, tier=None), condition.missing
    for band in rules.segments:
        yield replace(facts, employee_count=None, tier=band.code), band.code in condition.values


def _around(at_least: int | None, below: int | None) -> Iterator[tuple[int, bool]]:
    if at_least is not None:
        yield from ((at_least - 1, False), (at_least, True))
    if below is not None:
        yield from ((below - 1, True), (below, False))
