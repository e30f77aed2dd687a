"""What lint says: findings, and the sentences that several of them share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from routing.facts import Facts
from routing.lint_words import listed
from routing.matcher import Line

OTHERS_SHOWN = 12


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


def undecided(line: Line) -> Finding:
    """That a rule could not be checked to the end."""
    return Finding(
        kind="undecided",
        code=line.code,
        blocking=False,
        sentence=f"{named(line)} could not be checked to the end, because too many rules before it touch it. Narrow "
        "some of them, or try records on it by hand.",
    )


def about_all(sentence: str) -> Finding:
    """What is said of no single rule."""
    return Finding(kind="undecided", code="", blocking=False, sentence=sentence)


def many_not_compared(count: int) -> str:
    """That overlaps were not looked for everywhere."""
    rules = "1 rule was" if count == 1 else f"{count:,} rules were"
    return (
        f"{rules} not compared with all rules before, because too many touch each other. There may be more overlaps "
        "than those listed."
    )


def few(lines: Sequence[Line]) -> str:
    """The rules by name; of many the first, and how many more."""
    names = [named(line) for line in lines[:OTHERS_SHOWN]]
    return listed([*names, f"{len(lines) - OTHERS_SHOWN} others"] if len(lines) > OTHERS_SHOWN else names)


def named(line: Line) -> str:
    """Code and name of a rule."""
    return f"{line.code} {line.name}".strip()
