"""Boxes of records as people say them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from routing.conditions import Say
from routing.facts import Facts
from routing.lint_cells import SIZE, Cell, Variable, segment_of
from routing.lint_space import Box, Space
from routing.matcher import Line

MOST_WORDS = 6
UNKNOWN = "not known"


def listed(words: Sequence[str], *, last: str = "and") -> str:
    """One sentence part of several words: a, b and c."""
    return f" {last} ".join(part for part in (", ".join(words[:-1]), *words[-1:]) if part)


def as_spelt(_field: str, word: str) -> str:
    """What rules write, for whoever knows no names."""
    return word


def conditions_in_words(line: Line, say: Say = as_spelt) -> str:
    """What a rule asks for."""
    return _all_of([condition.words(say=say) for condition in line.conditions.items]) or "everything"


def _all_of(parts: Sequence[str]) -> str:
    """Joined so that what stands between two ands belongs together, though it may be a choice."""
    return ", and ".join(parts) if any(" or " in part for part in parts) else " and ".join(parts)


def box_in_words(space: Space, box: Box, say: Say = as_spelt) -> str:
    """What the records of a box have in common. Facts that only place them on the map are left to the territory, and
    that nobody owns them goes without saying.
    """
    parts = []
    for name, mask in sorted(box.items()):
        kind = name.partition(".")[0]
        if kind in {"owners", "named", "pod"} or (space.uses_places and name not in space.fields_of_rules):
            continue
        parts.append(_size(space, mask, say) if name == SIZE else _plain(space.variables[name], mask, say))
    return _all_of(parts)


def _plain(variable: Variable, mask: int, say: Say) -> str:
    name = variable.name.removeprefix("custom.").replace("_", " ")
    if variable.name == "score":
        return f"{name} is {_stretches(variable, mask)}"
    spelt = _words(variable, mask)
    inside = _said(variable, spelt, say)
    closed, named = variable.name == "handoff_type", variable.named
    if closed or all(word in named for word in spelt if word != UNKNOWN):
        shown = inside if len(inside) <= MOST_WORDS else [*inside[:MOST_WORDS], f"{len(inside) - MOST_WORDS} others"]
        return f"{name} is {listed(shown, last='or')}"
    within = set(spelt)
    outside = _said(variable, [word for word in _words(variable, variable.full & ~mask) if word not in within], say)
    return f"{name} is {'none of' if len(outside) > 1 else 'not'} {listed(outside, last='or')}".replace(
        f"not {UNKNOWN}", "known"
    )


def _said(variable: Variable, words: Sequence[str], say: Say) -> list[str]:
    """Values by their names; what is not known stays so, and of products that come together each has its own."""
    return [
        word if word == UNKNOWN else " with ".join(say(variable.name, part) for part in word.split(" with "))
        for word in words
    ]


def _words(variable: Variable, mask: int) -> list[str]:
    """The values of the cells; of products, those that come alone."""
    cells = [cell for cell in _cells(variable, mask) if len(cell.get("products", ())) < 2]
    return [_word(variable, cell) for cell in cells]


def _cells(variable: Variable, mask: int) -> Iterator[Cell]:
    for number, members in enumerate(variable.members):
        if mask >> number & 1:
            yield from members


def _word(variable: Variable, cell: Cell) -> str:
    if variable.name.startswith("custom."):
        return next(iter(cell.get("custom", {}).values()), UNKNOWN)
    value = next(iter(cell.values()), None)
    if isinstance(value, frozenset):
        return " with ".join(sorted(value)) or UNKNOWN
    return UNKNOWN if value is None else str(value)


def _size(space: Space, mask: int, say: Say) -> str:
    """By segments where it is made of whole ones, else by head count."""
    variable = space.variables[SIZE]

    def segments(mask: int) -> set[str]:
        return {_segment(space, cell) for cell in _cells(variable, mask)}

    inside = segments(mask)
    if not inside & segments(variable.full & ~mask):
        order = [*(bounds.code for bounds in space.rules.segments), UNKNOWN]
        words = [word if word == UNKNOWN else say("segment", word) for word in sorted(inside, key=order.index)]
        return f"segment is {listed(words, last='or')}"
    return f"employee count is {_stretches(variable, mask)}"


def _segment(space: Space, cell: Cell) -> str:
    return segment_of(space.rules.segments, Facts(handoff_type="", **cell)) or UNKNOWN


def _stretches(variable: Variable, mask: int) -> str:
    key = "score" if variable.name == "score" else "employee_count"
    every = sorted({cell[key] for cell in _cells(variable, variable.full) if cell[key] is not None})
    inside = {cell[key] for cell in _cells(variable, mask)}
    runs: list[list[int | None]] = []
    for start, end in zip(every, [*every[1:], None], strict=True):
        if start in inside:
            if runs and runs[-1][1] == start:
                runs[-1][1] = end
            else:
                runs.append([start, end])
    words = [f"{start:,} or more" if end is None else _span(start or 0, end) for start, end in runs]
    return listed([*words, *([UNKNOWN] if None in inside else [])], last="or")


def _span(start: int, end: int) -> str:
    if start < 0:
        return f"under {end:,}"
    return f"{start:,}" if end == start + 1 else f"{start:,} to {end - 1:,}"
