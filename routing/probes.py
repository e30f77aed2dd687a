"""Records made from a version's own rules, with what must become of each. Pure.

For every rule one record that only it should take, and around it one record for each edge of each condition: the first
value inside and the first outside of a range, every word of a set and one that is not in it, the value that is not
known. What is expected is read off the numbers and words of the condition, not asked of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from routing.conditions import PREFIX_FIELDS, RANGE_FIELDS, Condition
from routing.countries import COUNTRIES
from routing.facts import Facts
from routing.lint_search import Budget, OutOfBudgetError, Search
from routing.lint_space import Space
from routing.matcher import CompiledRules, Line

STEPS = 5_000
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


def probes(rules: CompiledRules, *, types: Sequence[str]) -> Iterator[Probe]:
    """The probes of all rules in order; of one whose conditions no record can meet together, the edges alone.

    The first probe of a rule lies outside all earlier rules if a record can; else an earlier rule takes it. It is left
    out where that could not be found out in time.
    """
    space = Space(rules, types)
    for number, line in enumerate(rules.lines):
        facts, decided = _record(space, number)
        if facts is None:
            facts = Facts(handoff_type=types[0])
        elif decided:
            yield Probe(line, facts)
        for condition in line.conditions.items:
            for changed, inside in _edges(condition, facts, rules, types):
                yield Probe(line, changed, condition, inside)


def _record(space: Space, number: int) -> tuple[Facts | None, bool]:
    """A record that no earlier rule takes, else any that the rule matches; and whether it is known which it is."""
    area, decided = space.lines[number], True
    for earlier in ((1 << number) - 1, 0):
        try:
            found = Search(space, Budget(STEPS)).find([area], earlier)
        except OutOfBudgetError:
            decided = False
            continue
        if found is not None:
            return space.record(found.box), decided
    return None, decided


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
