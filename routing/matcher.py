"""Finds the first rule of a compiled version that takes the facts. Pure: `routing.compiling` reads the version."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from routing.conditions import Conditions
from routing.facts import Facts, Located

NAMED_REP = "named_rep"
POD = "pod"
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

    def owner_in(self, facts: Facts) -> int | None:
        """The person an owner rule would pick; None when there is none, so that the rule does not match."""
        if self.strategy != NAMED_REP or self.named_rep is None:
            return facts.owners.get(self.strategy)
        return self.named_rep if self.named_rep in facts.named and self.named_rep != facts.sender else None

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
    """A rule-set version ready for matching."""

    rule_set_id: int
    number: int
    segments: tuple[SegmentBounds, ...]
    territories: tuple[Region, ...]
    lines: tuple[Line, ...]

    @property
    def named(self) -> frozenset[int]:
        """The people whom rules name, whatever they do today."""
        return frozenset(line.named_rep for line in self.lines if line.named_rep is not None)

    def locate(self, facts: Facts) -> Located:
        """Places the facts in their segment and in the most specific territory that holds them."""
        segment = next((s.code for s in self.segments if s.holds(facts)), None)
        placed = Located(facts, segment, None)
        territory = next((t.code for t in self.territories if t.conditions.first_failing(placed) is None), None)
        return Located(facts, segment, territory)

    def match(self, facts: Facts) -> Match:
        """The first rule that takes the facts. The catch-all takes everything, so there is one; NoRulesError
        otherwise.
        """
        located = self.locate(facts)
        for line in self.lines:
            if line.refusal(located) is None:
                return Match(self, line, located)
        raise NoRulesError(
            f"Rules v{self.number} have no catch-all, so nothing takes this handoff. Publish rules with one."
        )


@dataclass(frozen=True, slots=True)
class Match:
    """The winning rule; why the earlier ones lost is recomputed on demand."""

    rules: CompiledRules
    line: Line
    located: Located

    def passed_over(self) -> Iterator[tuple[Line, str]]:
        """The rules before the winner, in order, each with the reason in words."""
        for line in self.rules.lines:
            if line.id == self.line.id:
                return
            yield line, self.line_refusal(line)

    def onward(self) -> Iterator[Line]:
        """The winner, then every later rule that takes the facts too, in order."""
        for line in islice(self.rules.lines, self.rules.lines.index(self.line), None):
            if line.refusal(self.located) is None:
                yield line

    def line_refusal(self, line: Line) -> str:
        return line.refusal(self.located) or "it would match"


def _shown(value: str | int | frozenset[str] | None) -> str:
    if value is None or value == frozenset():
        return "it is not known"
    return f"it is {', '.join(sorted(value)) if isinstance(value, frozenset) else value}"
