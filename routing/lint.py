"""Is a version of the rules sound? Finds rules that nothing reaches or that lead to nobody, gaps and overlaps, each
with a record that shows it. Pure: the same version gives the same findings.

- **dead**: no record can reach the rule, because one earlier rule takes all of them, or because its conditions exclude
  each other. **union_dead**: only several earlier rules together do that.
- **target**: the rule leads to nobody. It is said of every rule that is not known to be dead.
- **overlap**: an earlier rule takes records that the rule would take too, and leads elsewhere. Rules that give an
  account to its own owner or pod come first on purpose and are not counted.
- **gap**: records that only the catch-all takes.
- **undecided**: the budget was used up before the answer was known, or there is too much to compare.
- **unreadable**: conditions that another release wrote and this one would refuse; `routing.linting` looks for them.

What is found is proved: by a record, or by a search through all records there can be. What is not found is proved too,
except where undecided is said. A rule for which trying (`routing.corners`) finds a record is not searched for, so that
thousands of rules are decided, and only doubtful ones spend the budget. Rules as people write them, some 500, are
decided to the end. Of books that grew to 500, 2,000 or 10,000 narrow rules, which touch each other everywhere, hardly a
dead rule is left undecided, while gaps and overlaps are looked for as far as the budget goes: `benchmarks/lint.py`
prints how far that is.

Records are what facts can be: the segment follows from head count and tier, the territory from the facts it looks at.
Whether an owner exists, in a receiving role and other than the sender, is a fact of its own per strategy, and per
person where rules name one; that somebody has no such role today is no reason why a rule is dead.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from routing.conditions import Say
from routing.corners import own_record
from routing.facts import Facts
from routing.lint_cells import TooWideError
from routing.lint_findings import Finding, Target, about_all, few, many_not_compared, named, undecided
from routing.lint_gaps import joined
from routing.lint_search import Budget, Found, OutOfBudgetError, Search
from routing.lint_space import Space, bits
from routing.lint_words import as_spelt, conditions_in_words
from routing.matcher import OWNER_STRATEGIES, POD, CompiledRules, Line

STEPS_PER_RULE = 50_000
STEPS_FOR_DEAD = 200_000
STEPS_FOR_OVERLAPS = 100_000
STEPS_FOR_GAPS = 30_000
GAPS_PER_PLACE = 12
GAPS_SHOWN = 5


@dataclass(slots=True)
class _Purse:
    """Steps for a number of rules: each may take its share, of which what is left goes to the rest."""

    left: int
    rules: int

    def budget(self) -> Budget:
        """What the next rule may spend; in full, since a rule is paid for once it is settled."""
        share = max(self.left // max(self.rules, 1), STEPS_PER_RULE // 10)
        self.rules -= 1
        return Budget(min(self.left, share, STEPS_PER_RULE))

    def settle(self, given: int, budget: Budget) -> None:
        """Takes what was spent of a budget that began with `given` steps."""
        self.left -= given - max(budget.steps, 0)


@dataclass(slots=True)
class Linting:
    """One version looked at. `types` are the handoff types there are; `targets` say by rule id where rules lead;
    `space` is None where there is too much to be compared, so that rules are tried and nothing is searched for.
    """

    rules: CompiledRules
    targets: Mapping[int, Target]
    types: Sequence[str]
    space: Space | None
    before: list[int] = field(default_factory=list)
    """By line, as bits, the earlier lines that share a record with it, territories left aside."""
    dead: int = 0
    """The lines found dead, as bits: they take nothing from anybody."""
    records: dict[int, Facts] = field(default_factory=dict)
    """By line, a record that it takes."""
    lost_to: dict[int, int] = field(default_factory=dict)
    """By line, as bits, the earlier lines that were seen to take a record from it."""
    seen: dict[tuple[int, int], Facts] = field(default_factory=dict)
    """Such a record, by line and the earlier line."""
    leading_to: dict[str, int] = field(default_factory=dict)
    """By where lines lead, these lines as bits."""
    say: Say = as_spelt
    on_purpose: int = 0
    """The lines that come first on purpose: they give an account to its own people."""

    def __post_init__(self) -> None:
        for number, line in enumerate(self.rules.lines):
            goes_to = self._goes_to(line)
            self.leading_to[goes_to] = self.leading_to.get(goes_to, 0) | 1 << number
            self.on_purpose |= (line.strategy in OWNER_STRATEGIES or line.strategy == POD) << number

    def findings(self) -> Iterator[Finding]:
        """All findings, rule by rule in their order; what is said of no single rule comes last."""
        lines = self.rules.lines
        found: list[list[Finding]] = [[] for _ in lines]
        self._try_all()
        if self.space is not None:
            self.before = [_met_before(self.space, number) for number in range(len(lines))]
        doubtful = [number for number, line in enumerate(lines) if not (number in self.records or line.is_catch_all)]
        purse = _Purse(STEPS_FOR_DEAD, len(doubtful))
        for number in doubtful:
            found[number] += self._unless_reached(number, purse)
        for number, line in enumerate(lines):
            if not self.dead >> number & 1:
                found[number] += self._target(number, line)
            if line.is_catch_all and self.space is not None:
                found[number] += self._gaps(self.space, number, line)
        not_compared = self._compare_all()
        for number in self._in_question():
            found[number] += self._overlap(number, lines[number])
        for each in found:
            yield from each
        if not_compared and self.space is not None:
            yield about_all(many_not_compared(not_compared))

    def _try_all(self) -> None:
        place = {line.id: number for number, line in enumerate(self.rules.lines)}
        for number, line in enumerate(self.rules.lines):
            facts = own_record(self.rules, line, types=self.types)
            if facts is not None:
                self.records[number] = facts
                matching = self.rules.all_that_match(self.rules.locate(facts))
                self._remember(facts, [place[each.id] for each in matching])

    # Dead rules, and rules that lead to nobody.

    def _unless_reached(self, number: int, purse: _Purse) -> Iterator[Finding]:
        line, space = self.rules.lines[number], self.space
        if space is None:
            yield undecided(line)
            return
        budget = purse.budget()
        given = budget.steps
        search = Search(space, budget)
        try:
            found = search.find([space.lines[number]], self.before[number])
        except OutOfBudgetError:
            yield undecided(line)
        else:
            if found is None:
                self.dead |= 1 << number
                yield self._dead(space, number, search.used & self.before[number], budget)
            else:
                self.records[number] = self._record(space, found)
        purse.settle(given, budget)

    def _dead(self, space: Space, number: int, needed: int, budget: Budget) -> Finding:
        """`needed` are the earlier lines of the proof; who among them can be spared is found out while steps last."""
        line, area = self.rules.lines[number], space.lines[number]
        found = None
        with suppress(OutOfBudgetError):
            found = Search(space, budget).find([area], 0) if needed else None
            if found is None:
                why = conditions_in_words(line, self.say)
                return Finding(
                    kind="dead",
                    code=line.code,
                    blocking=True,
                    sentence=f"{named(line)} never takes anything: no record can meet “{why}”. Correct the conditions "
                    "or delete the rule.",
                )
            needed = _alone(space, number, space.taking(found.box) & self.before[number], budget) or needed
            for spared in reversed(list(bits(needed))):
                if needed ^ (1 << spared) and _kills(space, number, needed ^ (1 << spared), budget):
                    needed ^= 1 << spared
        killers = [self.rules.lines[n] for n in bits(needed)]
        alone = len(killers) == 1
        first, which = ("first", "that rule") if alone else ("first, one or another", "one of those")
        return Finding(
            kind="dead" if alone else "union_dead",
            code=line.code,
            blocking=True,
            sentence=f"{named(line)} never takes anything: all its records meet {few(killers)} {first}. Move "
            f"{line.code} up, narrow {which}, or delete {line.code}.",
            witness=space.record(found.box) if found is not None else None,
            others=tuple(killer.code for killer in killers),
        )

    def _target(self, number: int, line: Line) -> Iterator[Finding]:
        target = self.targets.get(line.id)
        if target is not None and target.trouble:
            yield Finding(
                kind="target",
                code=line.code,
                blocking=True,
                sentence=f"{named(line)} leads to nobody: {target.trouble}. {target.way_out}",
                witness=self.records.get(number),
            )

    # Gaps and overlaps.

    def _gaps(self, space: Space, number: int, line: Line) -> Iterator[Finding]:
        search = Search(space, Budget(min(STEPS_FOR_GAPS, STEPS_PER_RULE)))
        found: list[Found] = []
        gave_up = False
        try:
            found.extend(search.find_all([space.lines[number]], self.before[number], most=GAPS_PER_PLACE))
        except OutOfBudgetError:
            gave_up = True
        gaps = joined(space, found, self.say)
        for shown, (words, gap) in enumerate(gaps[:GAPS_SHOWN], start=1):
            more = len(gaps) - GAPS_SHOWN
            rest = f" At least {more} smaller gaps are not listed." if shown == GAPS_SHOWN and more > 0 else ""
            yield Finding(
                kind="gap",
                code=line.code,
                blocking=False,
                sentence=f"Only the catch-all {named(line)} takes records where {words}. Add a rule for them, or "
                f"leave them to the catch-all.{rest}",
                witness=space.record(gap.box),
            )
        if gave_up:
            yield Finding(
                kind="undecided",
                code=line.code,
                blocking=False,
                sentence=f"What only the catch-all {named(line)} takes was not found out to the end, because there "
                "are too many rules. There may be more gaps than those listed.",
            )

    def _in_question(self) -> Iterator[int]:
        """The lines that may share records with earlier ones."""
        dead = self.dead
        return (n for n, line in enumerate(self.rules.lines) if not (line.is_catch_all or dead >> n & 1))

    def _compare_all(self) -> int:
        """Looks for a record of every two lines that lead elsewhere; gives the number of lines not done with."""
        numbers = list(self._in_question())
        if self.space is None:
            return len(numbers)
        purse = _Purse(STEPS_FOR_OVERLAPS, len(numbers))
        return sum(not self._compared(self.space, number, purse) for number in numbers)

    def _compared(self, space: Space, number: int, purse: _Purse) -> bool:
        rivals = self.before[number] & ~self._no_rivals(number)
        budget = purse.budget()
        given = budget.steps
        try:
            for earlier in bits(rivals & ~self.lost_to.get(number, 0)):
                inside, outside = (
                    [space.lines[earlier], space.lines[number]],
                    self.before[earlier] & self.before[number],
                )
                found = Search(space, budget).find(inside, outside)
                if found is not None:
                    self._record(space, found)
        except OutOfBudgetError:
            return False
        finally:
            purse.settle(given, budget)
        return True

    def _no_rivals(self, number: int) -> int:
        """As bits, the lines that may take records from it: they take nothing, or on purpose, or lead to the same."""
        return self.dead | self.on_purpose | self.leading_to.get(self._goes_to(self.rules.lines[number]), 0)

    def _overlap(self, number: int, line: Line) -> Iterator[Finding]:
        taking = list(bits(self.lost_to.get(number, 0) & ~self._no_rivals(number)))
        if taking:
            others = [self.rules.lines[each] for each in taking]
            one = len(others) == 1
            yield Finding(
                kind="overlap",
                code=line.code,
                blocking=False,
                sentence=f"{named(line)} shares records with {few(others)}, which {'comes' if one else 'come'} first "
                f"and {'leads' if one else 'lead'} elsewhere. If {line.code} should have them, move it up.",
                witness=self.seen[number, taking[0]],
                others=tuple(other.code for other in others),
            )

    def _goes_to(self, line: Line) -> str:
        target = self.targets.get(line.id)
        return target.goes_to if target else f"rule {line.id}"

    # What records tell.

    def _record(self, space: Space, found: Found) -> Facts:
        facts = space.record(found.box)
        self._remember(facts, bits(space.taking(found.box)))
        return facts

    def _remember(self, facts: Facts, matching: Iterable[int]) -> None:
        """One record tells of all rules that match it who takes it from them."""
        first, *others = matching
        for number in others:
            if not self.lost_to.get(number, 0) >> first & 1:
                self.lost_to[number] = self.lost_to.get(number, 0) | 1 << first
                self.seen[number, first] = facts


def findings_of(
    rules: CompiledRules, *, targets: Mapping[int, Target], types: Sequence[str], say: Say = as_spelt
) -> list[Finding]:
    """All findings about a version, rule by rule in their order; the same version gives the same list.

    `say` knows what people call the values.
    """
    try:
        space, too_wide = Space(rules, types), ""
    except TooWideError as error:
        space, too_wide = None, f"{error} "
    found = list(Linting(rules, targets, types, space, say=say).findings())
    if too_wide:
        found.append(about_all(f"{too_wide}Gaps were not looked for, and of dead rules and overlaps only the plain."))
    return found


def _met_before(space: Space, number: int) -> int:
    area, earlier = space.lines[number], space.possible & ((1 << number) - 1)
    return space.met(area.box or {}, earlier) if not area.is_empty else 0


def _kills(space: Space, number: int, killers: int, budget: Budget) -> bool:
    """Whether these lines together leave the line nothing."""
    return Search(space, budget).find([space.lines[number]], killers) is None


def _alone(space: Space, number: int, candidates: int, budget: Budget) -> int:
    """The first of these lines that takes all of the line by itself, as a bit; 0 if none does."""
    return next((1 << each for each in bits(candidates) if _kills(space, number, 1 << each, budget)), 0)
