"""Is a version of the rules sound? Finds rules that nothing reaches or that lead to nobody, gaps and overlaps, each
with a record that shows it. Exact and pure.

- **dead**: no record can reach the rule, because one earlier rule takes all of them, or because its conditions exclude
  each other. **union_dead**: only several earlier rules together do that.
- **target**: the rule is reached and leads to nobody.
- **overlap**: an earlier rule takes records that the rule would take too, and leads elsewhere. Rules that give an
  account to its own owner or pod come first on purpose and are not counted.
- **gap**: records that only the catch-all takes.
- **undecided**: the budget was used up before the answer was known.
- **unreadable**: conditions that another release wrote and this one would refuse; `routing.linting` looks for them.

Records are what facts can be: the segment follows from head count and tier, the territory from the facts it looks at.
Whether an owner exists, in a receiving role and other than the sender, is a fact of its own per strategy, and per
person where rules name one; that somebody has no such role today is no reason why a rule is dead.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from routing.facts import Facts
from routing.lint_search import Budget, Found, OutOfBudgetError, Search
from routing.lint_space import Area, Box, Space, TooWideError, bits
from routing.lint_words import box_in_words, conditions_in_words, listed
from routing.matcher import OWNER_STRATEGIES, CompiledRules, Line

STEPS_PER_QUESTION = 50_000
STEPS_FOR_ALL = 500_000
GAPS_PER_PLACE = 12
GAPS_SHOWN = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """Where a rule leads. `goes_to` tells targets apart; `trouble` is why nobody is there, as half a sentence."""

    goes_to: str
    trouble: str = ""
    way_out: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """Something about one rule. `others` are codes of the rules it has to do with, in order; `witness` is a record that
    shows it, None where no record exists or none was found.
    """

    kind: str
    code: str
    blocking: bool
    sentence: str
    witness: Facts | None = None
    others: tuple[str, ...] = ()


@dataclass(slots=True)
class _Budgets:
    """One budget for each question, out of one for all of them."""

    left: int = field(default_factory=lambda: STEPS_FOR_ALL)
    each: int = field(default_factory=lambda: STEPS_PER_QUESTION)

    def search(self, space: Space) -> Search:
        return Search(space, Budget(min(self.each, self.left)))

    def settle(self, search: Search) -> None:
        self.left -= min(self.each, self.left) - max(search.budget.steps, 0)


@dataclass(slots=True)
class Linting:
    """One version looked at. `types` are the handoff types there are; `targets` say by rule id where rules lead."""

    rules: CompiledRules
    targets: Mapping[int, Target]
    space: Space
    budgets: _Budgets = field(default_factory=_Budgets)
    before: list[int] = field(default_factory=list)
    """By line, as bits, the earlier lines that share a record with it."""
    taken_by: dict[int, int] = field(default_factory=dict)
    """By line, as bits, the later lines of which it was seen to take a record."""
    dead: int = 0
    """The lines found dead, as bits: they take nothing from anybody."""
    seen: dict[tuple[int, int], Box] = field(default_factory=dict)
    """Such a record, by line and the earlier line."""

    def findings(self) -> Iterator[Finding]:
        """All findings, rule by rule in their order."""
        for number, area in enumerate(self.space.lines):
            earlier = self.space.possible & ((1 << number) - 1)
            self.before.append(self.space.met(area.box or {}, earlier) if not area.is_empty else 0)
        for number, line in enumerate(self.rules.lines):
            try:
                yield from self._about(number, line)
            except OutOfBudgetError:
                yield Finding(
                    kind="undecided",
                    code=line.code,
                    blocking=False,
                    sentence=f"{_named(line)} could not be checked to the end, because too many rules before it touch "
                    "it. Narrow some of them, or try records on it by hand.",
                )

    def _about(self, number: int, line: Line) -> Iterator[Finding]:
        area = self.space.lines[number]
        reached = None
        if not line.is_catch_all:
            reached = self._find([area], self.before[number])
            if reached is None:
                self.dead |= 1 << number
                yield self._dead(number, line)
                return
        target = self.targets.get(line.id)
        if target is not None and target.trouble:
            yield Finding(
                kind="target",
                code=line.code,
                blocking=True,
                sentence=f"{_named(line)} leads to nobody: {target.trouble}. {target.way_out}",
                witness=self._witness(reached) if reached else None,
            )
        if line.is_catch_all:
            yield from self._gaps(number, line)
        else:
            yield from self._overlap(number, line)

    # Dead rules.

    def _dead(self, number: int, line: Line) -> Finding:
        area = self.space.lines[number]
        if area.is_empty or self._find([area], 0) is None:
            why = conditions_in_words(line)
            return Finding(
                kind="dead",
                code=line.code,
                blocking=True,
                sentence=f"{_named(line)} never takes anything: no record can meet “{why}”. Correct the conditions or "
                "delete the rule.",
            )
        killers = self._killers(number)
        names = [_named(self.rules.lines[n]) for n in killers]
        alone = len(killers) == 1
        first, which = ("first", "that rule") if alone else ("first, one or another", "one of those")
        sentence = (
            f"{_named(line)} never takes anything: all its records meet {listed(names)} {first}. Move {line.code} up, "
            f"narrow {which}, or delete {line.code}."
        )
        return Finding(
            kind="dead" if alone else "union_dead",
            code=line.code,
            blocking=True,
            sentence=sentence,
            witness=self._witness(self._find([area], 0)),
            others=tuple(self.rules.lines[n].code for n in killers),
        )

    def _killers(self, number: int) -> list[int]:
        """The one earlier rule that covers it all, else a set of them of which none can be spared."""
        area = self.space.lines[number]
        for earlier in bits(self.before[number]):
            if self._find([area], 1 << earlier) is None:
                return [earlier]
        search = self.budgets.search(self.space)
        search.find([area], self.before[number])
        self.budgets.settle(search)
        needed = search.used & self.before[number]
        for spared in reversed(list(bits(needed))):
            if self._find([area], needed & ~(1 << spared)) is None:
                needed &= ~(1 << spared)
        return list(bits(needed))

    # Gaps and overlaps.

    def _gaps(self, number: int, line: Line) -> Iterator[Finding]:
        search = self.budgets.search(self.space)
        try:
            found = list(search.find_all([self.space.lines[number]], self.before[number], most=GAPS_PER_PLACE))
        finally:
            self.budgets.settle(search)
        gaps = self._joined(found)
        for shown, (words, gap) in enumerate(gaps[:GAPS_SHOWN], start=1):
            more = len(gaps) - GAPS_SHOWN
            rest = f" At least {more} smaller gaps are not listed." if shown == GAPS_SHOWN and more > 0 else ""
            yield Finding(
                kind="gap",
                code=line.code,
                blocking=False,
                sentence=f"Only the catch-all {_named(line)} takes records where {words}. Add a rule for them, or "
                f"leave them to the catch-all.{rest}",
                witness=self._witness(gap),
            )

    def _joined(self, found: Sequence[Found]) -> list[tuple[str, Found]]:
        """Gaps that differ in their territory alone are one; the largest come first."""
        alike: dict[str, list[Found]] = {}
        for gap in found:
            alike.setdefault(box_in_words(self.space, gap.box), []).append(gap)
        codes = [*(region.code for region in self.rules.territories), "not known"]
        joined = []
        for words, gaps in alike.items():
            places = {gap.place for gap in gaps}
            share = sum(self._share(gap) for gap in gaps)
            if None not in places and len(places) < len(codes):
                where = listed([codes[place] for place in sorted(p for p in places if p is not None)], last="or")
                shown = f"{words} and territory is {where}" if words else f"territory is {where}"
            else:
                shown = words or "no other rule holds"
            joined.append((share, shown, gaps[0]))
        return [(words, gap) for _, words, gap in sorted(joined, key=lambda each: (-each[0], each[1]))]

    def _share(self, gap: Found) -> float:
        """How much of all kinds of records it is, each variable's cells counted alike."""
        share = 1.0
        for name, mask in gap.box.items():
            share *= mask.bit_count() / self.space.full[name].bit_count()
        return share

    def _overlap(self, number: int, line: Line) -> Iterator[Finding]:
        area, mine = self.space.lines[number], self.before[number]
        taking, witness = [], None
        for earlier in bits(mine & ~self.dead):
            other = self.rules.lines[earlier]
            if self._same_target(line, other) or other.strategy in OWNER_STRATEGIES or other.strategy == "pod":
                continue
            found = None
            if not self.taken_by.get(earlier, 0) >> number & 1:
                found = self._find([self.space.lines[earlier], area], self.before[earlier] & mine)
            if found is not None or self.taken_by.get(earlier, 0) >> number & 1:
                taking.append(other)
                witness = witness or self.seen[number, earlier]
        if taking:
            one = len(taking) == 1
            yield Finding(
                kind="overlap",
                code=line.code,
                blocking=False,
                sentence=f"{_named(line)} shares records with {listed([_named(other) for other in taking])}, which "
                f"{'comes' if one else 'come'} first and {'leads' if one else 'lead'} elsewhere. If {line.code} should "
                "have them, move it up.",
                witness=self.space.record(witness) if witness is not None else None,
                others=tuple(other.code for other in taking),
            )

    def _same_target(self, one: Line, other: Line) -> bool:
        return self._goes_to(one) == self._goes_to(other)

    def _goes_to(self, line: Line) -> str:
        target = self.targets.get(line.id)
        return target.goes_to if target else f"rule {line.id}"

    # Questions to the search.

    def _find(self, inside: Sequence[Area], outside: int) -> Found | None:
        search = self.budgets.search(self.space)
        try:
            found = search.find(inside, outside)
        finally:
            self.budgets.settle(search)
        if found is not None:
            self._remember(found.box)
        return found

    def _remember(self, box: Box) -> None:
        """One record tells of all rules that match it who takes it from them."""
        taking = self.space.taking(box)
        first = (taking & -taking).bit_length() - 1
        known = self.taken_by.get(first, 0)
        self.taken_by[first] = known | taking & (taking - 1)
        for number in bits(taking & (taking - 1) & ~known):
            self.seen[number, first] = box

    def _witness(self, found: Found | None) -> Facts | None:
        return self.space.record(found.box) if found is not None else None


def findings_of(rules: CompiledRules, *, targets: Mapping[int, Target], types: Sequence[str]) -> list[Finding]:
    """All findings about a version, rule by rule in their order; the same version gives the same list."""
    try:
        linting = Linting(rules, targets, Space(rules, types))
    except TooWideError as error:
        return [
            Finding(kind="undecided", code=line.code, blocking=False, sentence=str(error)) for line in rules.lines[:1]
        ]
    return list(linting.findings())


def _named(line: Line) -> str:
    return f"{line.code} {line.name}".strip()


__all__ = ["Finding", "Linting", "Target", "findings_of"]
