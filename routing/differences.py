"""What is different between two versions of the rules, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from routing.conditions import Conditions
from routing.contents import KINDS, Contents, Part
from routing.rule_words import Names

NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Change:
    """A column of a part that reads differently, in words."""

    column: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.column}: {self.before} → {self.after}"


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference. `what` is added, removed, changed or moved; `name` what people call the part; `changes` the
    columns that read differently, if it was changed.
    """

    kind: str
    code: str
    what: str
    name: str
    sentence: str
    changes: tuple[Change, ...] = ()


def differences(before: Contents, after: Contents) -> list[Difference]:
    """How `after` differs from `before`: rules first, since they are what people change."""
    names = _names(before, after)
    return [
        found
        for kind in reversed([*KINDS])
        for found in (*_parts(kind, before, after, names), *_moves(kind, before, after))
    ]


def name_of(kind: str, row: Part) -> str:
    """How people call a part: "Rule R-105 SQL, enterprise", "Segment SMB"."""
    return f"Rule {row.code} {row.name}" if kind == "rule" else f"{kind.capitalize()} {row.name}"


def changed_columns(before: Part, after: Part, names: Names | None = None) -> Iterator[Change]:
    """Each column that reads differently, with both values: "pool: Commercial AE → Partner managers".

    `names` are those of the version's segments and territories, which conditions name by code.
    """
    names = names or Names({}, {})
    for column in after._meta.concrete_fields:
        if column.name in {"id", "rule_set", "position"}:
            continue
        old, new = getattr(before, column.name), getattr(after, column.name)
        if old != new:
            yield Change(str(column.verbose_name), in_words(column, old, names), in_words(column, new, names))


def in_words(column: Any, value: Any, names: Names) -> str:
    """A column's value as people say it."""
    if column.name == "conditions":
        return conditions_in_words(value, names)
    if value in (None, ""):
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(dict(column.flatchoices or ()).get(value, value))


def conditions_in_words(raw: object, names: Names) -> str:
    """Conditions as people say them; "everything" where there are none, and what is wrong where they cannot be read."""
    try:
        Conditions.from_json(raw)
    except ValueError as error:
        return str(error)
    return "; ".join(map(str, names.conditions(raw))) or "everything"


def _names(before: Contents, after: Contents) -> Names:
    """What either calls its segments and territories; the later name of those that were renamed."""
    found = {
        kind: {code: row.name for version in (before, after) for code, row in version.rows[kind].items()}
        for kind in ("segment", "territory")
    }
    return Names(found["segment"], found["territory"])


def _parts(kind: str, before: Contents, after: Contents, names: Names) -> Iterator[Difference]:
    old, new = before.rows[kind], after.rows[kind]
    for code, row in new.items():
        name = name_of(kind, row)
        if code not in old:
            yield Difference(kind, code, "added", name, f"{name} is new.")
        elif changes := tuple(changed_columns(old[code], row, names)):
            yield Difference(kind, code, "changed", name, f"{name}: {'; '.join(map(str, changes))}.", changes)
    for code, row in old.items():
        if code not in new:
            yield Difference(kind, code, "removed", name_of(kind, row), f"{name_of(kind, row)} is gone.")


def _moves(kind: str, before: Contents, after: Contents) -> Iterator[Difference]:
    if kind != "rule":
        return
    common = [code for code in after.order if code in before.rows["rule"]]
    stays = _longest_kept([code for code in before.order if code in after.rows["rule"]], common)
    for place, code in enumerate(common):
        if code not in stays:
            name = name_of(kind, after.rows["rule"][code])
            where = f"after {common[place - 1]}" if place else "first"
            yield Difference(kind, code, "moved", name, f"{name} is now tried {where}.")


def _longest_kept(before: Sequence[str], after: Sequence[str]) -> set[str]:
    """The most codes that stand in the same order in both: whatever is not among them was moved."""
    place = {code: number for number, code in enumerate(before)}
    chains: list[list[str]] = []
    # Patience sorting: the shortest possible last place for every length.
    for code in after:
        at = next((n for n, chain in enumerate(chains) if place[chain[-1]] > place[code]), len(chains))
        chain = [*(chains[at - 1] if at else []), code]
        chains[at : at + 1] = [chain]
    return set(chains[-1]) if chains else set()


def same_order(before: Sequence[str], after: Sequence[str]) -> bool:
    """Whether the codes that both have stand in the same order."""
    place = {code: number for number, code in enumerate(before)}
    common = [place[code] for code in after if code in place]
    return all(one < other for one, other in pairwise(common))
