"""Finds a record that some rules take and others do not, or proves that there is none. Pure.

A record outside a box fails in one of its variables. So the search takes the box that leaves it the fewest ways out,
goes each way in turn, and stops at the first place that no box reaches: exact, like a solver of propositional logic,
and quick where rules are as people write them. What takes more steps than the budget has raises `OutOfBudgetError`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from routing.lint_space import Area, Box, Space, meet


class OutOfBudgetError(Exception):
    """The search was given up; nothing is known."""


@dataclass(slots=True)
class Budget:
    """Steps that may still be taken; a step looks at one box."""

    steps: int

    def spend(self, steps: int) -> None:
        """Raises OutOfBudgetError when they are used up."""
        self.steps -= steps
        if self.steps < 0:
            raise OutOfBudgetError


@dataclass(frozen=True, slots=True)
class Obstacle:
    """A box to stay out of; `number` is the rule it belongs to, None for what only settles the territory."""

    number: int | None
    box: Box


@dataclass(frozen=True, slots=True)
class Found:
    """A box all of whose records answer the question; `place` is their territory where that mattered."""

    box: Box
    place: int | None
    start: Box
    obstacles: Sequence[Obstacle]


@dataclass(slots=True)
class Search:
    """Questions about one space. `used` collects the rules that the proof of "there is none" needed."""

    space: Space
    budget: Budget
    used: set[int] = field(default_factory=set)

    def find(self, inside: Sequence[Area], outside: Sequence[tuple[int, Area]]) -> Found | None:
        """Records in all areas of `inside` and in none of `outside`; None when there is no such record."""
        return next(self._founds(inside, outside), None)

    def find_all(self, inside: Sequence[Area], outside: Sequence[tuple[int, Area]], *, most: int) -> Iterator[Found]:
        """Boxes that together hold every such record, each as wide as can be; at most `most` for each territory."""
        for place, start, obstacles in self._places(inside, outside):
            seen = list(obstacles)
            for _ in range(most):
                box = self._outside(start, seen)
                if box is None:
                    break
                found = Found(self._widened(box, start, obstacles), place, start, obstacles)
                seen.append(Obstacle(None, found.box))
                yield found

    def _founds(self, inside: Sequence[Area], outside: Sequence[tuple[int, Area]]) -> Iterator[Found]:
        for place, start, obstacles in self._places(inside, outside):
            box = self._outside(start, obstacles)
            if box is not None:
                yield Found(box, place, start, obstacles)

    def _places(
        self, inside: Sequence[Area], outside: Sequence[tuple[int, Area]]
    ) -> Iterator[tuple[int | None, Box, list[Obstacle]]]:
        """The question for each territory apart; once for all where no rule in it asks for one."""
        box: Box | None = {}
        places = self.space.everywhere
        for area in inside:
            box = meet(box, area.box) if box is not None and area.box is not None else None
            places &= area.places
        if box is None:
            return
        met = [(number, area) for number, area in outside if area.box is not None and area.places & places]
        if places == self.space.everywhere and all(area.places == places for _, area in met):
            yield None, box, [Obstacle(number, area.box) for number, area in met if area.box is not None]
            return
        for place in range(len(self.space.regions) + 1):
            if places >> place & 1:
                start, before = self._at(place, box)
                if start is None:
                    continue
                here = [Obstacle(n, area.box) for n, area in met if area.places >> place & 1 and area.box is not None]
                yield place, start, [*here, *(Obstacle(None, other) for other in before if meet(start, other))]

    def _at(self, place: int, box: Box) -> tuple[Box | None, list[Box]]:
        """What it takes to lie in a territory: in its own box, and in that of none before it."""
        regions = self.space.regions
        before = [region for region in regions[:place] if region is not None]
        if place == len(regions):
            return box, before
        own = regions[place]
        return (meet(box, own) if own is not None else None), before

    def _outside(self, box: Box, obstacles: Sequence[Obstacle]) -> Box | None:
        """A part of the box that no obstacle reaches."""
        self.budget.spend(1 + len(obstacles))
        while True:
            box, left, ways = self._narrowed(box, obstacles)
            if ways is None:
                return None
            if not left:
                return box
            if ways:
                break
            obstacles = left
        for name in ways[1]:
            allowed = box.get(name, self.space.full[name])
            kept = allowed & ~ways[0].box[name]
            inner = self._outside({**box, name: kept}, left)
            if inner is not None:
                return inner
            box = {**box, name: allowed & ways[0].box[name]}
        return None

    def _narrowed(
        self, box: Box, obstacles: Sequence[Obstacle]
    ) -> tuple[Box, list[Obstacle], tuple[Obstacle, list[str]] | tuple[()] | None]:
        """Takes every single way out. Gives the box, the obstacles still in it, and the narrowest of them with its
        ways out; no ways when the box became smaller, None when an obstacle holds the whole box.
        """
        left: list[Obstacle] = []
        best: tuple[Obstacle, list[str]] | tuple[()] = ()
        smaller = False
        for obstacle in obstacles:
            ways = self._ways_out(box, obstacle)
            if ways is None:
                continue
            if len(ways) > 1:
                left.append(obstacle)
                best = best if best and len(best[1]) <= len(ways) else (obstacle, ways)
                continue
            self._need(obstacle)
            if not ways:
                return box, [], None
            allowed = box.get(ways[0], self.space.full[ways[0]])
            box = {**box, ways[0]: allowed & ~obstacle.box[ways[0]]}
            smaller = True
        if smaller:
            return box, left, ()
        if best:
            self._need(best[0])
        return box, left, best

    def _ways_out(self, box: Box, obstacle: Obstacle) -> list[str] | None:
        """The variables in which a record of the box can avoid the obstacle; None when all its records do."""
        ways, full = [], self.space.full
        for name, mask in obstacle.box.items():
            allowed = box.get(name) or full[name]
            shared = allowed & mask
            if not shared:
                return None
            if shared != allowed:
                ways.append(name)
        return ways

    def _need(self, obstacle: Obstacle) -> None:
        if obstacle.number is not None:
            self.used.add(obstacle.number)

    def _widened(self, box: Box, start: Box, obstacles: Sequence[Obstacle]) -> Box:
        """The box with every variable opened in turn as far as no obstacle is met."""
        box = dict(box)
        for name in sorted(box):
            rest = {other: mask for other, mask in box.items() if other != name}
            taken = 0
            for obstacle in obstacles:
                if all(rest.get(other, mask) & mask for other, mask in obstacle.box.items() if other != name):
                    taken |= obstacle.box.get(name, self.space.full[name])
            limit = start.get(name, self.space.full[name])
            box[name] = limit & ~taken
            if box[name] == self.space.full[name]:
                del box[name]
        return box
