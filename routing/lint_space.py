"""All records there can be, and rules as boxes of them. Pure.

A **box** allows some cells of some variables (`routing.lint_cells`), as bit masks, and everything of the others.

The territory is not a variable: it follows from the facts by the first territory that holds. A line is therefore an
`Area`: a box, and the places (bits over the territories, the last one for none) in which it counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_
from typing import Any

from routing.conditions import Conditions
from routing.facts import Facts
from routing.index import mask_of
from routing.lint_cells import PLACE, owner_needed, variable_of, variables
from routing.matcher import CompiledRules, Line

Box = dict[str, int]


@dataclass(frozen=True, slots=True)
class Area:
    """Where a rule matches: in this box, in these places. `box` is None where no record can be."""

    box: Box | None
    places: int

    @property
    def is_empty(self) -> bool:
        return self.box is None or not self.places


class Space:
    """The records that one version of the rules can meet, for handoffs of the types given.

    Sets of rules are bit masks too: bit n is line n, and after the lines come the territories. `weight` says how much
    looking at one place of it costs. Raises TooWideError where there is too much to be told apart.
    """

    def __init__(self, rules: CompiledRules, types: Sequence[str]) -> None:
        self.rules = rules
        self.types = tuple(types)
        self.everywhere = (1 << (len(rules.territories) + 1)) - 1
        self.variables = {variable.name: variable for variable in variables(rules, self.types)}
        self.full: Box = {name: variable.full for name, variable in self.variables.items()}
        self.lines = [self._area(line) for line in rules.lines]
        self.regions = [self._box(region.conditions) for region in rules.territories]
        self.boxes = [area.box if area.places else None for area in self.lines] + self.regions
        self.uses_places = any(area.places != self.everywhere for area in self.lines)
        named = [condition.field for line in rules.lines for condition in line.conditions.items]
        self.fields_of_rules = frozenset(variable_of(field) for field in named)
        self.possible = union(1 << number for number, box in enumerate(self.boxes) if box is not None)
        self.in_place = [self._in_place(place) for place in range(len(self.regions) + 1)]
        self.weight = 1 + len(self.full) // 20 + len(self.full) * len(self.boxes) // 20_000
        self._admitting = {name: self._admit(name) for name in self.variables}
        self._blank = {name: variable.blank for name, variable in self.variables.items()}
        self._some: dict[tuple[str, int], int] = {}
        self._all: dict[tuple[str, int], int] = {}

    def meeting(self, name: str, mask: int) -> int:
        """The rules that admit one of these cells."""
        found = self._some.get((name, mask))
        if found is None:
            found = self._some[name, mask] = union(
                each for n, each in enumerate(self._admitting[name]) if mask >> n & 1
            )
        return found

    def covering(self, name: str, mask: int) -> int:
        """The rules that admit all of these cells."""
        found = self._all.get((name, mask))
        if found is None:
            admitted = (each for n, each in enumerate(self._admitting[name]) if mask >> n & 1)
            found = self._all[name, mask] = reduce(and_, admitted)
        return found

    def met(self, box: Box, rules: int) -> int:
        """Those of the rules that share a record with the box, the territory left aside."""
        for name, mask in box.items():
            rules &= self.meeting(name, mask)
        return rules

    def taking(self, box: Box) -> int:
        """The rules that match the one record which `record` makes of the box."""
        holding = self.possible
        for name, blank in self._blank.items():
            holding &= self._admitting[name][_lowest(box[name]) if name in box else blank]
        regions = holding >> len(self.lines)
        return holding & self.in_place[_lowest(regions) if regions else len(self.regions)]

    def record(self, box: Box) -> Facts:
        """One record of the box; what the box leaves open is left unknown."""
        values: dict[str, Any] = {"handoff_type": self.types[0]}
        owners: dict[str, int] = {}
        custom: dict[str, str] = {}
        named: set[int] = set()
        for name, mask in sorted(box.items()):
            cell = self.variables[name].members[_lowest(mask)][0]
            owners |= cell.get("owners", {})
            custom |= cell.get("custom", {})
            named |= cell.get("named", frozenset())
            values |= {key: value for key, value in cell.items() if key not in {"owners", "custom", "named"}}
        return Facts(**values, owners=owners, custom=custom, named=frozenset(named))

    def _admit(self, name: str) -> list[int]:
        """By cell, the rules and territories that let it pass."""
        # Rules that admit the same cells are looked at together: of most variables most rules admit all.
        alike: dict[int, list[int]] = {}
        for number, box in enumerate(self.boxes):
            if box is not None:
                alike.setdefault(box.get(name, self.full[name]), []).append(number)
        admitting = [0] * len(self.variables[name].members)
        for mask, numbers in alike.items():
            rules = mask_of(numbers, len(self.boxes))
            for cell in bits(mask):
                admitting[cell] |= rules
        return admitting

    def _in_place(self, place: int) -> int:
        """The lines that count in a territory."""
        return union((area.places >> place & 1) << number for number, area in enumerate(self.lines)) & self.possible

    def _area(self, line: Line) -> Area:
        places = self.everywhere
        codes = [region.code for region in self.rules.territories]
        for condition in line.conditions.items:
            if condition.field == PLACE:
                places &= sum(1 << number for number, code in enumerate(codes) if code in condition.values) | (
                    condition.missing << len(codes)
                )
        box = self._box(Conditions(tuple(item for item in line.conditions.items if item.field != PLACE)))
        needed = owner_needed(line)
        if box is not None and needed is not None:
            box[variable_of(needed.field)] = self.variables[variable_of(needed.field)].masks[needed]
        return Area(box, places)

    def _box(self, conditions: Conditions) -> Box | None:
        """The cells in which all conditions hold; None when there is none. A territory lies in no territory."""
        box: Box = {}
        for condition in conditions.items:
            if condition.is_unreadable:
                return None
            if condition.field == PLACE:
                if not condition.missing:
                    return None
                continue
            name = variable_of(condition.field)
            box[name] = box.get(name, self.full[name]) & self.variables[name].masks[condition]
            if not box[name]:
                return None
        return box


def meet(one: Box, other: Box) -> Box | None:
    """What lies in both boxes; None when nothing does."""
    both = dict(one)
    for name, mask in other.items():
        both[name] = both.get(name, mask) & mask
        if not both[name]:
            return None
    return both


def _lowest(mask: int) -> int:
    return (mask & -mask).bit_length() - 1


def bits(numbers: int) -> Iterator[int]:
    """The numbers of the bits that are set, lowest first."""
    while numbers:
        yield (numbers & -numbers).bit_length() - 1
        numbers &= numbers - 1


def union(masks: Iterable[int]) -> int:
    """All bits of all masks."""
    return reduce(or_, masks, 0)
