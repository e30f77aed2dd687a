"""Finds the first rule of a compiled version that takes the facts. Pure: `routing.compiling` reads the version."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import dropwhile

from routing.conditions import TAKER, Condition, Conditions, first_failing
from routing.facts import Facts, Located
from routing.index import Index

NAMED_REP = "named_rep"
POD = "pod"
QUEUE = "queue"
OWNER_STRATEGIES = frozenset({NAMED_REP, "open_deal_owner", "account_owner", "parent_account_owner"})
"""The words of `Rule.Strategy`, spelled here so that matching needs no tables."""


class NoRulesError(Exception):
    """There is nothing to route by; the message says what to do."""


@dataclass(frozen=True, slots=True)
class SegmentBounds:
    """A segment: head count in [at_least, below), or, with `by_tier`, accounts whose tier bears its code."""

    code: str
    at_least: int | None
    below: int | None
    by_tier: bool

    def holds(self, facts: Facts) -> bool:
        if self.by_tier:
            return facts.tier == self.code
        count = facts.employee_count
        if count is None:
            return facts.tier == self.code
        return self.spans(count)

    def spans(self, count: int) -> bool:
        """Whether so many people lie within the bounds."""
        return (self.at_least is None or count >= self.at_least) and (self.below is None or count < self.below)


@dataclass(frozen=True, slots=True)
class Region:
    """A territory: a code and what an account must be to lie in it."""

    code: str
    conditions: Conditions


@dataclass(frozen=True, slots=True)
class Line:
    """One rule, compiled. `named_rep`, where set, is the person this rule names."""

    id: int
    code: str
    name: str
    conditions: Conditions
    strategy: str
    pool_id: int | None
    named_rep: int | None
    when_unavailable: str
    target_minutes: int | None
    is_catch_all: bool

    @property
    def asks(self) -> tuple[Condition, ...]:
        """The conditions; with an owner or a pod rule, also that somebody is there to take it."""
        if self.strategy not in OWNER_STRATEGIES and self.strategy != POD:
            return self.conditions.items
        is_by_name = self.strategy == NAMED_REP and self.named_rep is not None
        taker = f"rep {self.named_rep}" if is_by_name else self.strategy
        return (*self.conditions.items, Condition(TAKER, frozenset({taker})))

    def owner_in(self, facts: Facts) -> int | None:
        """The person an owner rule would pick; None when there is none, so that the rule does not match."""
        if self.strategy == NAMED_REP and self.named_rep is not None:
            owner = self.named_rep if self.named_rep in facts.named else None
        else:
            owner = facts.owners.get(self.strategy)
        return owner if owner != facts.sender else None

    def refusal(self, located: Located) -> str | None:
        """Why this rule does not match, in words; None when it does."""
        failing = self.conditions.first_failing(located)
        if failing is not None:
            return f"{failing.words()}: {_shown(located.value(failing.field))}"
        if self.strategy in OWNER_STRATEGIES and self.owner_in(located.facts) is None:
            return "nobody in the receiving role is set for it"
        if self.strategy == POD and located.facts.pod is None:
            return "no pod owns the account"
        return None


@dataclass(frozen=True, slots=True)
class CompiledRules:
    """A rule-set version ready for matching; `lines` are in order of precedence, `territories` the narrower first.

    `named` are the people whom rules name, whatever they do today.
    """

    rule_set_id: int
    number: int
    segments: tuple[SegmentBounds, ...]
    territories: tuple[Region, ...]
    lines: tuple[Line, ...]
    named: frozenset[int] = field(init=False, repr=False, compare=False)
    _sizes: Sizes = field(init=False, repr=False, compare=False)
    _places: Index = field(init=False, repr=False, compare=False)
    _index: Index = field(init=False, repr=False, compare=False)
    _place_of: Mapping[int, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "named", frozenset(line.named_rep for line in self.lines if line.named_rep is not None))
        put(self, "_sizes", Sizes(self.segments))
        put(self, "_places", Index([region.conditions.items for region in self.territories]))
        put(self, "_index", Index([line.asks for line in self.lines]))
        put(self, "_place_of", {line.id: place for place, line in enumerate(self.lines)})

    def locate(self, facts: Facts) -> Located:
        """Places the facts in their segment and in the most specific territory that holds them."""
        known = {**facts.known, "segment": self._sizes.segment_of(facts), "territory": None}
        place = self._places.first(known)
        if place is not None:
            known["territory"] = self.territories[place].code
        return Located(facts, known)

    def match(self, facts: Facts) -> Match:
        """The first rule that takes the facts. The catch-all takes everything, so there is one; NoRulesError
        otherwise.
        """
        located = self.locate(facts)
        place = self._index.first(located.known)
        if place is None:
            raise NoRulesError(
                f"Rules v{self.number} have no catch-all, so nothing takes this handoff. Publish rules with one."
            )
        return Match(self, self.lines[place], located)

    def before(self, line: Line, *, count: int | None = None) -> tuple[Line, ...]:
        """The rules before this one, in order; with `count`, the last so many of them."""
        place = self._place_of[line.id]
        return self.lines[0 if count is None else max(0, place - count) : place]

    def all_that_match(self, located: Located) -> Iterator[Line]:
        """Every rule that takes the facts, in order of precedence."""
        return map(self.lines.__getitem__, self._index.places(located.known))


class Sizes:
    """Which segment a company falls into: the first, in their order, that holds it."""

    __slots__ = ("_bounds", "_by_code", "_by_count", "_by_tier", "_codes")

    def __init__(self, segments: Sequence[SegmentBounds]) -> None:
        self._codes = tuple(segment.code for segment in segments)
        nowhere = len(segments)
        self._by_tier = {s.code: place for place, s in reversed([*enumerate(segments)]) if s.by_tier}
        self._by_code = {s.code: place for place, s in reversed([*enumerate(segments)])}
        sized = [segment for segment in segments if not segment.by_tier]
        self._bounds = sorted({bound for s in sized for bound in (s.at_least, s.below) if bound is not None})
        # Between two bounds that lie side by side every company is alike; the first stretch lies below them all.
        samples = [self._bounds[0] - 1, *self._bounds] if self._bounds else [0]
        self._by_count = tuple(
            next((place for place, s in enumerate(segments) if not s.by_tier and s.spans(count)), nowhere)
            for count in samples
        )

    def segment_of(self, facts: Facts) -> str | None:
        """The code, or None."""
        count, nowhere = facts.employee_count, len(self._codes)
        if count is None:
            place = self._by_code.get(facts.tier or "", nowhere)
        else:
            by_count = self._by_count[bisect_right(self._bounds, count)]
            place = min(by_count, self._by_tier.get(facts.tier or "", nowhere))
        return self._codes[place] if place < nowhere else None


@dataclass(frozen=True, slots=True)
class Match:
    """The winning rule; why the others lost is worked out when asked for."""

    rules: CompiledRules
    line: Line
    located: Located

    def passed_over(self) -> Iterator[tuple[Line, str]]:
        """The rules before the winner, in order, each with the reason in words."""
        for line in self.rules.before(self.line):
            yield line, line.refusal(self.located) or "it would match"

    def onward(self) -> Iterator[Line]:
        """The winner, then every later rule that takes the facts too, in order."""
        return dropwhile(lambda line: line is not self.line, self.rules.all_that_match(self.located))

    def why_not(self, rule: int | str) -> str | None:
        """The first condition of a rule, told by id or code, that the facts fail, in words; None when all hold.

        Raises LookupError for a rule that this version does not have, or has switched off.
        """
        line = next((line for line in self.rules.lines if rule in {line.id, line.code}), None)
        if line is None:
            raise LookupError(f"Rules v{self.rules.number} use no rule {rule}. Choose one of their list.")
        return line.refusal(self.located)

    def just_before(self, count: int) -> list[tuple[Line, Condition | None]]:
        """The rules directly before the winner, at most `count`, in order, each with the first condition that failed.

        None stands for a rule without a person: all its conditions hold, and nobody is there whom it could go to.
        """
        known = self.located.known
        return [
            (line, first_failing(line.conditions.items, known)) for line in self.rules.before(self.line, count=count)
        ]


def _shown(value: str | int | frozenset[str] | None) -> str:
    if value is None or value == frozenset():
        return "it is not known"
    return f"it is {', '.join(sorted(value)) if isinstance(value, frozenset) else value}"
