"""Tries to make a record that a rule takes before all others: from its own words and numbers, asking the matcher. Pure.

It begins with the first value of each condition. While an earlier rule takes the record, a value is changed for one
that this rule still admits and that one does not. A record so found proves that the rule is reached; that none was
found proves nothing, and is left to `routing.lint_search`. Its cost follows the fields of a rule, not the number of
rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any

from routing.conditions import PREFIX_FIELDS, RANGE_FIELDS, Condition
from routing.facts import Facts, Located
from routing.lint_cells import segment_of, variable_of
from routing.matcher import NAMED_REP, OWNER_STRATEGIES, POD, CompiledRules, Line

TRIES = 40
MOST_HOMES = 8
MOST_OPTIONS, MOST_VALUES = 60, 2_000
OTHER = "something_else"
ELSEWHERE = ("IS", "CL", "NZ", "KE")
FACT_OF = {"product": "products", "postal_prefix": "postal_code"}
Chosen = Mapping[str, Any]


def own_record(rules: CompiledRules, line: Line, *, types: Sequence[str]) -> Facts | None:
    """A record of one of these types of handoff that the line takes; None if none was found soon."""
    tries = (_Try(rules, line, home, types).record() for home in islice(_homes(rules, line), MOST_HOMES))
    return next((facts for facts in tries if facts is not None), None)


def _homes(rules: CompiledRules, line: Line) -> Iterator[tuple[Condition, ...]]:
    """What places a record in the territories that the line asks for, one after another."""
    asked = [item for item in line.conditions.items if item.field == "territory"]
    if not asked:
        yield ()
        return
    yield from (region.conditions.items for region in rules.territories if region.code in asked[0].values)
    if asked[0].missing:
        yield ()


class _Try:
    """The search for one line in one territory. What goes together, such as head count and tier, is one variable."""

    def __init__(self, rules: CompiledRules, line: Line, home: Iterable[Condition], types: Sequence[str]) -> None:
        self.rules, self.line, self.types = rules, line, types
        self.wanted: dict[str, list[Condition]] = {"handoff_type": []}
        for item in (*line.conditions.items, *home):
            if item.field != "territory":
                self.wanted.setdefault(variable_of(item.field), []).append(item)
        self.refused: dict[str, list[Condition]] = {}
        """What earlier rules asked for that took a record, by variable."""
        self.seen: set[frozenset[tuple[str, Any]]] = set()

    def record(self) -> Facts | None:
        chosen: dict[str, Any] = {}
        for name in self.wanted:
            for option in self._options(name):
                chosen[name] = option
                break
            else:
                return None
        for _ in range(TRIES):
            facts = self._facts(chosen)
            located = self.rules.locate(facts)
            winner = next(self.rules.all_that_match(located), None)
            if winner is self.line:
                return facts
            change = self._change(chosen, located, winner) if winner is not None else None
            if change is None:
                return None
            chosen |= change
            self.seen.add(frozenset(chosen.items()))
        return None

    def _change(self, chosen: Chosen, located: Located, winner: Line) -> Chosen | None:
        """A value for which the winner does not take the record any more, and as few as can be that won before."""
        best: tuple[int, Chosen] | None = None
        for item in self._against(winner, located):
            name = variable_of(item.field)
            refused = self.refused.setdefault(name, [])
            if item not in refused:
                refused.append(item)
            for option in self._options(name):
                lost = sum(self._admits(other, option) for other in refused)
                if (best is None or lost < best[0]) and not self._admits(item, option):
                    change = {name: option}
                    if frozenset({**chosen, **change}.items()) not in self.seen:
                        best = lost, change
        return best[1] if best else None

    def _against(self, winner: Line, located: Located) -> Iterator[Condition]:
        """The conditions of which one has to fail; a territory is left by failing what makes it."""
        for item in winner.conditions.items:
            if item.field != "territory":
                yield item
                continue
            for region in self.rules.territories:
                if region.code == located.territory:
                    yield from region.conditions.items

    def _options(self, name: str) -> Iterator[Any]:
        """Values that the line admits: of its own conditions, and around the numbers of others."""
        wanted, refused = self.wanted.get(name, []), self.refused.get(name, [])
        values = _values(name, wanted, refused, self.rules, self.types)
        looked_at = islice(values, MOST_VALUES)
        return islice((each for each in looked_at if all(self._admits(item, each) for item in wanted)), MOST_OPTIONS)

    def _admits(self, item: Condition, option: Any) -> bool:
        if item.field == "segment":
            count, tier = option
            return item.admits(segment_of(self.rules.segments, Facts(handoff_type="", employee_count=count, tier=tier)))
        return item.admits(option[0] if item.field == "employee_count" else option)

    def _facts(self, chosen: Chosen) -> Facts:
        values: dict[str, Any] = {}
        custom: dict[str, str] = {}
        for name, option in chosen.items():
            kind, _, key = name.partition(".")
            if name == "size":
                values["employee_count"], values["tier"] = option
            elif kind != "custom":
                values[FACT_OF.get(name, name)] = option
            elif option is not None:
                custom[key] = option
        return Facts(**values, **_taker(self.line), custom=custom)


def _taker(line: Line) -> Mapping[str, Any]:
    """The facts with which an owner or a pod rule has somebody to give it to."""
    if line.strategy == POD:
        return {"pod": "pod"}
    if line.strategy == NAMED_REP and line.named_rep is not None:
        return {"named": frozenset({line.named_rep})}
    return {"owners": {line.strategy: 0}} if line.strategy in OWNER_STRATEGIES else {}


def _values(
    name: str,
    wanted: Sequence[Condition],
    refused: Sequence[Condition],
    rules: CompiledRules,
    types: Sequence[str],
) -> Iterable[Any]:
    """Values of a variable that may be told apart, what says nothing first."""
    bounds = {bound for item in (*wanted, *refused) for bound in (item.at_least, item.below) if bound is not None}
    if name == "handoff_type":
        return types
    if name == "size":
        bounds |= {bound for band in rules.segments for bound in (band.at_least, band.below) if bound is not None}
        counts = sorted({0, *bounds, *(bound - 1 for bound in bounds if bound)})
        tiers = [None, *(band.code for band in rules.segments)]
        return ((count, tier) for tier in tiers for count in (None, *counts))
    if name in RANGE_FIELDS:
        return [None, *sorted({*bounds, *(bound - 1 for bound in bounds)})]
    if name in PREFIX_FIELDS:
        prefixes = sorted({prefix for item in wanted for prefix in item.prefixes}) or [""]
        ends = ("", *"0123456789A-")
        return chain([None], (f"{prefix}{end}" for end in ends for prefix in prefixes if prefix or end))
    words = sorted({word for item in wanted for word in item.values})
    if name == "product":
        return [frozenset(), *(frozenset({word}) for word in (*words, OTHER))]
    others = ELSEWHERE if name == "country" else (OTHER,)
    return [None, *words, *others]
