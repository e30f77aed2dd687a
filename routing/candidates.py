"""Who was looked at, and a decision before the turn is taken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from routing.availability import Ask
from routing.matcher import QUEUE, Line, Match
from routing.models import Membership, Pool, Rep, Team
from routing.reasons import HARD, PASSING, Reason


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who was looked at, and the reason against them, if there is one.

    `anyway` says that the rule gives it to them in spite of the reason. `member` is their place in the pool; `on_leave`
    says whether they were off the roster, absent or paused.
    """

    rep: Rep
    reason: Reason | None
    member: Membership | None = None
    anyway: bool = False
    on_leave: bool = False

    @property
    def is_free(self) -> bool:
        return self.reason is None or self.anyway

    @property
    def is_out(self) -> bool:
        """Whether they could take it but for a reason that passes."""
        return not self.is_free and self.reason is not None and self.reason.code in PASSING

    @property
    def is_ruled_out(self) -> bool:
        """Whether no rule could give it to them."""
        return self.reason is not None and self.reason.code in HARD


@dataclass(frozen=True, slots=True)
class Skipped:
    """A rule that matched and gave it to nobody: its people were out, or it leads to another team than asked for."""

    line: Line
    candidates: tuple[Candidate, ...]
    is_other_team: bool = False

    @property
    def words(self) -> str:
        return f"{self.line.code} {self.line.name}{', another team' if self.is_other_team else ''}"


@dataclass(frozen=True, slots=True)
class Draft:
    """A decision before the turn is taken: the rule, the pool or the one person, and a reason for every candidate.

    With `skips` the rule's people are out and it says to go on to the next one. `covered` is the owner for whom
    `direct` stands in. `stand_ins` are the covers of members who are out, by the member's id, where one of them is free
    and the rule asks covers.
    """

    match: Match
    ask: Ask
    candidates: tuple[Candidate, ...]
    direct: Rep | None = None
    pool: Pool | None = None
    held_until: datetime | None = None
    notes: tuple[str, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    skips: bool = False
    covered: Rep | None = None
    stand_ins: Mapping[int, tuple[Candidate, ...]] = field(default_factory=dict)

    @property
    def can_be_given(self) -> bool:
        """Whether somebody can take it now, as far as is known before the pool is locked."""
        return self.direct is not None or (self.held_until is None and bool(self.eligible or self.stand_ins))

    @property
    def eligible(self) -> tuple[Candidate, ...]:
        return tuple(candidate for candidate in self.candidates if candidate.is_free)

    @property
    def queue(self) -> Pool | None:
        """The pool in whose queue it waits, if the rule says so."""
        return self.pool if self.match.line.strategy == QUEUE and self.direct is None else None

    @property
    def team(self) -> Team | None:
        """The team that receives it: the pool's, else that of the person the rule names."""
        if self.pool is not None:
            return self.pool.team
        return self.candidates[0].rep.team if self.candidates else None
