"""The fairness ledger of a pool: whole-number pointers, debited in turn; the lowest eligible pointer is next.

A turn costs UNIT / weight. Every change is a line of the ledger, and a member's pointer is always the sum of their
lines. Callers hold the pool's lock (`lock`) from before they read pointers until they commit.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Protocol

from django.db.models import Max, Sum

from routing.models import Membership, Pool, Turn

UNIT = 232_792_560
"""Divisible by every weight from 1 to 20, so that no turn is ever rounded."""

MOST_TURNS = 1_000_000
"""As far as a pointer may be set by hand, well within what its column holds."""


class InTurn(Protocol):
    """A place in a pool: a membership, or one as a receipt remembers it."""

    @property
    def pointer(self) -> int: ...
    @property
    def last_debit_seq(self) -> int: ...
    @property
    def position(self) -> int: ...
    @property
    def pk(self) -> int: ...


class CalibrationError(ValueError):
    """A pointer cannot be set so; the message is one sentence for whoever asked."""


def cost(weight: int) -> int:
    """What one turn costs a member of this weight."""
    return UNIT // weight


def order(place: InTurn) -> tuple[int, int, int, int]:
    """Sorts members by who is next: lowest pointer, then the one whose last debit is oldest, then list position."""
    return (place.pointer, place.last_debit_seq, place.position, place.pk)


def sum_of(membership: Membership) -> int:
    """What the ledger says the pointer must be."""
    total: int | None = Turn.objects.filter(membership=membership).aggregate(total=Sum("units"))["total"]
    return total or 0


def lock(pool_id: int) -> None:
    """Waits for the pool; held until the transaction ends. Take it as late as the work allows."""
    Pool.objects.select_for_update(no_key=True).only("pk").get(pk=pool_id)


def next_seq(pool_id: int) -> int:
    """The number of the ledger's next line; only meaningful under the lock."""
    last: int | None = Turn.objects.filter(pool_id=pool_id).aggregate(last=Max("seq"))["last"]
    return (last or 0) + 1


def debit(
    membership: Membership,
    *,
    seq: int,
    now: datetime,
    actor: str,
    assignment_id: int | None,
    reason: str = "",
) -> Turn:
    """Takes one turn from the member."""
    return _write(
        membership, Turn.Kind.DEBIT, cost(membership.weight), seq=seq, now=now, actor=actor,
        assignment_id=assignment_id, reason=reason,
    )  # fmt: skip


def credit(turn: Turn, *, now: datetime, actor: str, reason: str) -> Turn | None:
    """Gives back a turn that was debited, once: for a justified return, a misroute or a withdrawal. Locks the pool."""
    lock(turn.pool_id)
    if turn.assignment_id is None:
        return None
    if Turn.objects.filter(assignment_id=turn.assignment_id, kind=Turn.Kind.CREDIT, pool_id=turn.pool_id).exists():
        return None
    membership = Membership.objects.get(pk=turn.membership_id)
    return _write(
        membership, Turn.Kind.CREDIT, -turn.units, seq=next_seq(turn.pool_id), now=now, actor=actor,
        assignment_id=turn.assignment_id, reason=reason,
    )  # fmt: skip


def start(membership: Membership, *, at: int, now: datetime, actor: str) -> Turn:
    """Gives a new member the pointer `at`. The pool is locked already."""
    return _write(
        membership, Turn.Kind.JOIN, at - membership.pointer, seq=next_seq(membership.pool_id), now=now, actor=actor,
        assignment_id=None, reason="",
    )  # fmt: skip


def return_from_leave(membership: Membership, *, lowest: int, allowance: int, now: datetime, actor: str) -> Turn | None:
    """Lets somebody who is back catch up on `allowance` turns at most: max(own, lowest of those present - k / weight).

    None, and no line, when their pointer is not behind that. The pool is locked already; once per leave or time out
    of the pool.
    """
    behind = lowest - allowance * cost(membership.weight) - membership.pointer
    if behind <= 0:
        return None
    return _write(
        membership, Turn.Kind.RETURN, behind, seq=next_seq(membership.pool_id), now=now, actor=actor,
        assignment_id=None, reason="",
    )  # fmt: skip


def calibrate(membership_id: int, *, turns: Decimal, now: datetime, actor: str, reason: str) -> Turn | None:
    """Sets a member's pointer by hand to so many turns of weight one, with the reason. Locks the pool.

    None, and no line, when pointer and ledger stand there already; a pointer that had come away from its ledger is true
    to it again afterwards. Raises CalibrationError without a reason, or beyond a million turns.
    """
    if not reason.strip():
        raise CalibrationError("Say in a sentence why the turns are set by hand.")
    if not (turns.is_finite() and abs(turns) <= MOST_TURNS):
        raise CalibrationError(f"Turns are a number between -{MOST_TURNS:,} and {MOST_TURNS:,}.")
    lock(Membership.objects.only("pool_id").get(pk=membership_id).pool_id)
    membership = Membership.objects.get(pk=membership_id)
    target = round(turns * UNIT)
    if target == membership.pointer == sum_of(membership):
        return None
    # From what the ledger says, which is the truth, and not from a pointer that may have come away from it.
    membership.pointer = sum_of(membership)
    units = target - membership.pointer
    return _write(
        membership, Turn.Kind.CALIBRATE, units, seq=next_seq(membership.pool_id), now=now, actor=actor,
        assignment_id=None, reason=reason.strip()[:200],
    )  # fmt: skip


def _write(
    membership: Membership,
    kind: Turn.Kind,
    units: int,
    *,
    seq: int,
    now: datetime,
    actor: str,
    assignment_id: int | None,
    reason: str,
) -> Turn:
    membership.pointer += units
    if kind == Turn.Kind.DEBIT:
        membership.last_debit_seq = seq
    Membership.objects.filter(pk=membership.pk).update(
        pointer=membership.pointer, last_debit_seq=membership.last_debit_seq
    )
    return Turn.objects.create(
        membership=membership,
        pool_id=membership.pool_id,
        seq=seq,
        kind=kind,
        units=units,
        pointer_after=membership.pointer,
        assignment_id=assignment_id,
        reason=reason,
        actor=actor,
        at=now,
    )
