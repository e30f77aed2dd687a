"""Finds a record that some rules take and others do not, or proves that there is none. Pure.

A record outside a box fails in one of its variables. So the search takes the box that leaves it the fewest ways out,
goes each way in turn, and stops at the first place that no box reaches: exact, like a solver of propositional logic.
The boxes in the way are looked at all at once, as bits of one number: which of them still meet the place, which cover
it, and which leave one way out alone. What takes more steps than the budget has raises `OutOfBudgetError`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from routing.lint_space import Area, Box, Space, bits, meet

Ways = tuple[int, int, int, int]
"""The obstacles with at least one, two, three and four ways out."""


class OutOfBudgetError(Exception):
    """The search was given up; nothing is known."""


@dataclass(slots=True)
class Budget:
    """Steps that may still be taken; a step looks at one place, and counts for more where there is more to look at."""

    steps: int

    def spend(self, weight: int = 1) -> None:
        """Raises OutOfBudgetError when they are used up."""
        self.steps -= weight
        if self.steps < 0:
            raise OutOfBudgetError


@dataclass(frozen=True, slots=True)
class Found:
    """A box all of whose records answer the question; `place` is their territory where that mattered."""

    box: Box
    place: int | None


@dataclass(slots=True)
class Search:
    """Questions about one space. `used` collects, as bits, what the proof of "there is none" needed."""

    space: Space
    budget: Budget
    used: int = 0

    def find(self, inside: Sequence[Area], outside: int) -> Found | None:
        """Records in all areas of `inside` and in none of the lines of `outside` (bits); None when there is none."""
        for place, start, obstacles in self._places(inside, outside):
            box = self._outside(start, obstacles)
            if box is not None:
                return Found(box, place)
        return None

    def find_all(self, inside: Sequence[Area], outside: int, *, most: int) -> Iterator[Found]:
        """Boxes that together hold every such record, each as wide as can be; at most `most` for each territory."""
        for place, start, obstacles in self._places(inside, outside):
            parts, found = [start], 0
            while parts and found < most:
                part = parts.pop()
                self.budget.spend(1 + len(parts) // 10)
                box = self._outside(part, obstacles)
                if box is not None:
                    wide = self._widened(box, start, obstacles)
                    parts = [left for each in (*parts, part) for left in self._without(each, wide)]
                    found += 1
                    yield Found(wide, place)

    def _places(self, inside: Sequence[Area], outside: int) -> Iterator[tuple[int | None, Box, int]]:
        """The question for each territory apart; once for all where no rule in it asks for one."""
        space = self.space
        box: Box | None = {}
        places = space.everywhere
        for area in inside:
            box = meet(box, area.box) if box is not None and area.box is not None else None
            places &= area.places
        if box is None:
            return
        outside = space.met(box, outside & space.possible)
        if places == space.everywhere and all(outside & ~lines == 0 for lines in space.in_place):
            yield None, box, outside
            return
        for place in range(len(space.regions) + 1):
            if places >> place & 1:
                start = self._in_region(place, box)
                if start is not None:
                    before = ((1 << place) - 1) << len(space.lines)
                    yield place, start, outside & space.in_place[place] | before & space.possible

    def _in_region(self, place: int, box: Box) -> Box | None:
        if place == len(self.space.regions):
            return box
        own = self.space.regions[place]
        return meet(box, own) if own is not None else None

    def _outside(self, box: Box, obstacles: int) -> Box | None:
        """A part of the box that no obstacle reaches."""
        while True:
            self.budget.spend(self.space.weight)
            obstacles = self.space.met(box, obstacles)
            if not obstacles:
                return box
            open_in, by_ways = self._ways_out(box, obstacles)
            covering = obstacles & ~by_ways[0]
            if covering:
                self.used |= covering & -covering
                return None
            forced = by_ways[0] & ~by_ways[1]
            if not forced:
                return self._branched(box, obstacles, open_in, by_ways)
            self.used |= forced
            box = self._narrowed(box, forced, open_in)
            if not all(box.values()):
                return None

    def _ways_out(self, box: Box, obstacles: int) -> tuple[dict[str, int], Ways]:
        """By variable, the obstacles that a record of the box can avoid there; and all by their number of such ways."""
        open_in: dict[str, int] = {}
        some = two = three = four = 0
        covering = self.space.covering
        for name, full in self.space.full.items():
            leaving = obstacles & ~covering(name, box.get(name, full))
            if leaving:
                open_in[name] = leaving
                four |= three & leaving
                three |= two & leaving
                two |= some & leaving
                some |= leaving
        return open_in, (some, two, three, four)

    def _narrowed(self, box: Box, forced: int, open_in: dict[str, int]) -> Box:
        """Takes the only way out of each of the forced obstacles; a variable without cells means there is none."""
        box = dict(box)
        for name, leaving in open_in.items():
            for number in bits(forced & leaving):
                box[name] = box.get(name, self.space.full[name]) & ~self._box(number)[name]
        return box

    def _branched(self, box: Box, obstacles: int, open_in: dict[str, int], by_ways: Ways) -> Box | None:
        """Goes each way out of the obstacle that leaves the fewest, in parts that share no record."""
        _, two, three, four = by_ways
        fewest = two & ~three or three & ~four or obstacles
        chosen = fewest & -fewest
        self.used |= chosen
        around = self._box(chosen.bit_length() - 1)
        for name, leaving in open_in.items():
            if leaving & chosen:
                allowed = box.get(name, self.space.full[name])
                found = self._outside({**box, name: allowed & ~around[name]}, obstacles & ~chosen)
                if found is not None:
                    return found
                box = {**box, name: allowed & around[name]}
        return None

    def _widened(self, box: Box, start: Box, obstacles: int) -> Box:
        """The box with every variable opened in turn as far as no obstacle is met."""
        box = dict(box)
        for name in sorted(box):
            rest = {other: mask for other, mask in box.items() if other != name}
            limit, full = start.get(name, self.space.full[name]), self.space.full[name]
            near = self.space.met(rest, obstacles)
            self.budget.spend(self.space.weight + near.bit_count() // 10)
            for number in bits(near):
                limit &= ~self._box(number).get(name, full)
            box[name] = limit
            if limit == full:
                del box[name]
        return box

    def _without(self, box: Box, taken: Box) -> Iterator[Box]:
        """What is left of a box without another, in parts that share no record."""
        if meet(box, taken) is None:
            yield box
            return
        for name, mask in taken.items():
            allowed = box.get(name, self.space.full[name])
            if allowed & ~mask:
                yield {**box, name: allowed & ~mask}
            box = {**box, name: allowed & mask}

    def _box(self, number: int) -> Box:
        return self.space.boxes[number] or {}
