"""What records can differ in, cut into cells that no rule tells apart. Pure.

A **variable** is a fact, or facts that one condition looks at together: head count and tier make the size, on which
conditions on `segment` and on `employee_count` both speak. Its cells are sets of values that every condition of the
version treats alike; each is kept as one value that stands for all. Whether an owner exists is a variable with two
cells. The territory is not a variable: it follows from the facts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, count, islice
from typing import Any

from routing.conditions import Condition
from routing.countries import COUNTRIES
from routing.facts import Facts, Located
from routing.index import Index
from routing.matcher import OWNER_STRATEGIES, CompiledRules, Line, SegmentBounds

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


def variables(rules: CompiledRules, types: Sequence[str]) -> Iterator[Variable]:
    """All variables on which the version speaks, by name. Raises TooWideError where there is too much of them."""

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
