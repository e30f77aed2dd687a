"""All records there can be, cut into cells that no rule tells apart, and rules as boxes of cells. Pure.

A **variable** is a fact, or facts that one condition looks at together: head count and tier make the size, on which
conditions on `segment` and on `employee_count` both speak. Its cells are sets of values that every condition of the
version treats alike; each is kept as one value that stands for all. A **box** allows some cells of some variables, as
bit masks, and everything of the others. Whether an owner exists is a variable with two cells.

The territory is not a variable: it follows from the facts by the first territory that holds. A line is therefore an
`Area`: a box, and the places (bits over the territories, the last one for none) in which it counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import combinations, count, islice
from operator import and_, or_
from typing import Any

from routing.conditions import MISSING, Condition, Conditions
from routing.countries import COUNTRIES
from routing.facts import Facts, Located
from routing.index import Index, mask_of
from routing.matcher import OWNER_STRATEGIES, CompiledRules, Line, SegmentBounds

Box = dict[str, int]
Cell = Mapping[str, Any]

SIZE = "size"
PLACE = "territory"
ELSEWHERE = ("IS", "CL", "NZ", "KE", "VN", "UY", "GH", "FJ")
MOST_PRODUCT_CELLS = 4096
MOST_CELLS = 100_000
MOST_FIELDS_BY_RULES = 4_000_000


class TooWideError(Exception):
    """There are more kinds of records than can be told apart here; the message says of what there is too much."""


@dataclass(frozen=True, slots=True)
class Area:
    """Where a rule matches: in this box, in these places. `box` is None where no record can be."""

    box: Box | None
    places: int

    @property
    def is_empty(self) -> bool:
        return self.box is None or not self.places


@dataclass(frozen=True, slots=True)
class Variable:
    """A fact, cut into cells. `members[n]` are all values that cell n stands for; the first of them is shown."""

    name: str
    members: tuple[tuple[Cell, ...], ...]
    masks: Mapping[Condition, int]

    @property
    def full(self) -> int:
        return (1 << len(self.members)) - 1

    @property
    def named(self) -> frozenset[str]:
        """The words that conditions name."""
        return frozenset(word for item in self.masks for word in (*item.values, *item.prefixes))

    @property
    def blank(self) -> int:
        """The cell of records that say nothing of it; the first where every record says something."""
        for number, members in enumerate(self.members):
            if any(all(value is None or value == frozenset() for value in cell.values()) for cell in members):
                return number
        return 0

    @classmethod
    def cut(
        cls, name: str, cells: Iterable[Cell], conditions: Sequence[Condition], place: Callable[[Cell], Located]
    ) -> Variable:
        """Joins the cells on which all conditions agree; `place` makes a record of a cell."""
        alike: dict[tuple[int, ...], list[Cell]] = {}
        holding = _holding(conditions)
        for cell in cells:
            alike.setdefault(tuple(holding(place(cell))), []).append(cell)
        masks = dict.fromkeys(conditions, 0)
        for number, holds in enumerate(alike):
            for condition in holds:
                masks[conditions[condition]] |= 1 << number
        return cls(name, tuple(tuple(group) for group in alike.values()), masks)


class Space:
    """The records that one version of the rules can meet, for handoffs of the types given.

    Sets of rules are bit masks too: bit n is line n, and after the lines come the territories. `weight` says how much
    looking at one place of it costs. Raises TooWideError where there is too much to be told apart.
    """

    def __init__(self, rules: CompiledRules, types: Sequence[str]) -> None:
        self.rules = rules
        self.types = tuple(types)
        self.everywhere = (1 << (len(rules.territories) + 1)) - 1
        self.variables = {variable.name: variable for variable in _variables(rules, self.types)}
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


def variable_of(field: str) -> str:
    """The variable on which a condition on `field` speaks."""
    return SIZE if field in {"segment", "employee_count"} else field


def owner_needed(line: Line) -> Condition | None:
    """That the owner exists whom a rule would pick, written as a condition; None when it needs nobody."""
    if line.strategy == "pod":
        return Condition(field="pod")
    if line.strategy not in OWNER_STRATEGIES:
        return None
    if line.strategy == "named_rep" and line.named_rep is not None:
        return Condition(field=f"named.{line.named_rep}")
    return Condition(field=f"owners.{line.strategy}")


def segment_of(segments: Iterable[SegmentBounds], facts: Facts) -> str | None:
    """The first segment that holds the record."""
    return next((bounds.code for bounds in segments if bounds.holds(facts)), None)


def meet(one: Box, other: Box) -> Box | None:
    """What lies in both boxes; None when nothing does."""
    both = dict(one)
    for name, mask in other.items():
        both[name] = both.get(name, mask) & mask
        if not both[name]:
            return None
    return both


def _holding(conditions: Sequence[Condition]) -> Callable[[Located], Iterable[int]]:
    """From a record to the places of the conditions that hold for it."""
    if any(variable_of(condition.field).partition(".")[0] in {"owners", "named", "pod"} for condition in conditions):
        return lambda placed: [place for place, each in enumerate(conditions) if _holds(each, placed)]
    index = Index([(condition,) for condition in conditions])
    return lambda placed: index.places(placed.known)


def _holds(condition: Condition, placed: Located) -> bool:
    kind, _, key = condition.field.partition(".")
    if kind == "owners":
        return key in placed.facts.owners
    if kind == "named":
        return int(key) in placed.facts.named
    if kind == "pod":
        return placed.facts.pod is not None
    return condition.holds(placed)


def _variables(rules: CompiledRules, types: Sequence[str]) -> Iterator[Variable]:
    def place(cell: Cell) -> Located:
        facts = Facts(**{"handoff_type": types[0], **cell})
        return Located.at(facts, segment_of(rules.segments, facts), None)

    asked: dict[str, dict[Condition, None]] = {}
    sources = [*(line.conditions for line in rules.lines), *(region.conditions for region in rules.territories)]
    needed = (condition for line in rules.lines if (condition := owner_needed(line)) is not None)
    for condition in [*(item for source in sources for item in source.items), *needed]:
        if condition.field != PLACE and not condition.is_unreadable:
            asked.setdefault(variable_of(condition.field), {})[condition] = None
    if len(asked) * len(rules.lines) > MOST_FIELDS_BY_RULES:
        raise TooWideError(
            f"{len(rules.lines):,} rules that ask about {len(asked):,} facts are too many to be compared."
        )
    left = MOST_CELLS
    of_regions = {item for region in rules.territories for item in region.conditions.items}
    for name, conditions in sorted(asked.items()):
        at_once = 1 + sum(condition in of_regions for condition in conditions)
        cells = list(islice(_cells(name, list(conditions), rules, types, at_once), left + 1))
        left -= len(cells)
        if left < 0:
            raise TooWideError(f"The conditions name more than {MOST_CELLS:,} values, too many to be compared.")
        yield Variable.cut(name, cells, list(conditions), place)


def _cells(
    name: str, conditions: Sequence[Condition], rules: CompiledRules, types: Sequence[str], at_once: int
) -> Iterator[Cell]:
    """Values of one variable, such that every value there can be is treated like one of them; named ones first."""
    kind, _, key = name.partition(".")
    words = sorted({word for condition in conditions for word in condition.values})
    if name == "handoff_type":
        yield from ({"handoff_type": code} for code in types)
    elif name == SIZE:
        yield from _sizes(conditions, rules.segments)
    elif name == "score":
        yield from ({"score": start} for start in _starts(conditions, lowest=-1))
        yield {"score": None}
    elif name == "product":
        yield from _product_sets(words, at_once)
    elif name == "postal_prefix":
        yield from _postal_codes(conditions)
    elif kind == "owners":
        yield from ({}, {"owners": {key: 0}})
    elif kind == "named":
        yield from ({}, {"named": frozenset({int(key)})})
    elif kind == "pod":
        yield from ({}, {"pod": "pod"})
    elif kind == "custom":
        yield from ({"custom": {key: word}} for word in (*words, _another(words)))
        yield {}
    else:
        # Facts know countries by two capital letters alone.
        spelt = [word for word in words if name != "country" or (len(word) == 2 and word.isascii() and word.isalpha())]
        other = (
            next((code for code in (*ELSEWHERE, *COUNTRIES) if code not in words), None)
            if name == "country"
            else _another(words)
        )
        yield from ({name: word} for word in (*spelt, other))
        yield {name: None}


def _another(words: Sequence[str]) -> str:
    return next(word for number in count() if (word := f"other{number or ''}") not in words)


def _starts(conditions: Iterable[Condition], *, lowest: int) -> list[int]:
    """The first number of each stretch on which all ranges agree."""
    edges = {edge for item in conditions for edge in (item.at_least, item.below) if edge is not None}
    return sorted({lowest, *(edge for edge in edges if edge > lowest)})


def _sizes(conditions: Sequence[Condition], segments: Sequence[SegmentBounds]) -> Iterator[Cell]:
    bounds = [Condition(SIZE, at_least=segment.at_least, below=segment.below) for segment in segments]
    tiers = [None, *(segment.code for segment in segments)]
    by_tier = [None, *(segment.code for segment in segments if segment.by_tier)]
    for start in _starts([*conditions, *bounds], lowest=0):
        yield from ({"employee_count": start, "tier": tier} for tier in by_tier)
    yield from ({"employee_count": None, "tier": tier} for tier in tiers)


def _product_sets(words: Sequence[str], at_once: int) -> Iterator[Cell]:
    """Sets no larger than needed: a set that meets n conditions has a part of n products that meets the same ones and
    no more, and `at_once` is how many a search may ask to meet, see `Search`.
    """
    known = [*words, _another(words)]
    most = min(len(known), at_once + 1)
    sizes = 1
    for size in range(1, most + 1):
        sizes = sizes * (len(known) - size + 1) // size
        if sizes > MOST_PRODUCT_CELLS:
            raise TooWideError("The rules name too many products for all their combinations to be compared.")
        yield from ({"products": frozenset(chosen)} for chosen in combinations(known, size))
    yield {"products": frozenset()}


def _postal_codes(conditions: Sequence[Condition]) -> Iterator[Cell]:
    """Every prefix stands for the codes of which it is the longest prefix that is named."""
    prefixes = sorted({prefix for condition in conditions for prefix in condition.prefixes})
    yield from ({"postal_code": prefix} for prefix in prefixes)
    letters = "9876543210ZYXWVUTSRQPONMLKJIHGFEDCBA-"
    free = next((letter for letter in letters if not letter.startswith(tuple(prefixes)) or not prefixes), "?")
    yield {"postal_code": free}
    yield {"postal_code": None}


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


__all__ = ["MISSING", "PLACE", "SIZE", "Area", "Box", "Space", "TooWideError", "Variable", "meet", "union"]
