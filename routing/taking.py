"""Somebody of a pool takes a handoff out of its queue: with the pool locked, within the limits, and it costs a turn."""

from __future__ import annotations

import uuid
from datetime import datetime

from routing import caps, standing, turns
from routing.models import Assignment, Decision, Membership, Pool, Rep


class CannotTakeError(Exception):
    """They may not take it; the message is a part of a sentence whose subject is the person."""


def lock(pool: Pool, rep: Rep) -> None:
    """Waits for the pool and the person, until the transaction ends."""
    standing.lock(pool.pk, [rep])


def take(
    pool: Pool, rep: Rep, *, decision: Decision | None, handoff_uuid: uuid.UUID, number: int, now: datetime, actor: str
) -> Assignment:
    """Writes Assignment and turn, in the caller's transaction, after `lock`.

    Hours do not count, since they are there to take it; the limits of person, team and pool do. `decision` is the one
    that put it into the queue. Raises CannotTakeError.
    """
    [fresh] = caps.loaded([rep.pk], pool=pool, now=now)
    member = Membership.objects.filter(pool=pool, rep=rep, is_active=True).first()
    if member is None or not fresh.is_active or not pool.is_active:
        raise CannotTakeError(f"is not in {pool.name}")
    reason = caps.over_cap(fresh)
    if reason is not None:
        raise CannotTakeError(reason.words)
    assignment = Assignment.objects.create(
        handoff_uuid=handoff_uuid, number=number, rep=rep, pool=pool, decision=decision, assigned_at=now
    )
    seq = turns.next_seq(pool.pk)
    turns.debit(member, seq=seq, now=now, actor=actor, assignment_id=assignment.pk, reason="taken from the queue")
    return assignment
