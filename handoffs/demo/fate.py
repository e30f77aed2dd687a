"""What becomes of a handoff of the demo's past, drawn once per handoff in believable shares."""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import Enum, auto


class Turn(Enum):
    """The course of a handoff between assignment and first contact."""

    ON_TIME = auto()
    LATE = auto()
    RETURNED = auto()
    REASSIGNED = auto()
    WITHDRAWN = auto()


_SHARES = {Turn.ON_TIME: 73, Turn.LATE: 13, Turn.RETURNED: 6, Turn.REASSIGNED: 6, Turn.WITHDRAWN: 2}

RETURNS = (
    ("incomplete", "No budget and no timeline in the deal. Please ask once more before I call."),
    ("incomplete", "The only contact has left. Who took over?"),
    ("wrong_owner", "They buy through an integrator, so this belongs to the partner team."),
    ("wrong_owner", "The parent company is mine, this branch is not: it sits in another territory."),
    ("duplicate", "The same request as last week, sent through another form."),
    ("not_a_fit", "A student project. Nice people, no company behind it."),
    ("not_a_fit", "They want to build it themselves and only asked for the price."),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Fate:
    """Shares are of the first-contact target, counted from assignment. `acknowledged` None: contacted without it."""

    turn: Turn
    is_blocked: bool = False
    acknowledged: float | None
    contacted: float
    meets: bool
    converts: bool
    thorough: bool = True


def draw(rng: random.Random, *, may_block: bool) -> Fate:
    """A fate in the shares of a firm that does well and not perfectly."""
    turn = rng.choices(list(_SHARES), weights=list(_SHARES.values()))[0]
    contacted = rng.triangular(1.08, 3.2, 1.4) if turn is Turn.LATE else rng.triangular(0.06, 0.98, 0.35)
    return Fate(
        turn=turn,
        is_blocked=may_block and rng.random() < 0.08,
        acknowledged=None if rng.random() < 0.05 else contacted * rng.uniform(0.05, 0.6),
        contacted=contacted,
        meets=rng.random() < 0.72,
        converts=rng.random() < 0.74,
        thorough=rng.random() < 0.55,
    )


def good(rng: random.Random) -> Fate:
    """A fate without detours that ends well."""
    return Fate(
        turn=Turn.ON_TIME,
        acknowledged=rng.uniform(0.03, 0.2),
        contacted=rng.uniform(0.2, 0.8),
        meets=True,
        converts=True,
    )
