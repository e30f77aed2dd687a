"""Joining a pool's turns, and joining them again: level with those who are there, so that nobody is owed the past."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from routing import caps, leaves, turns
from routing.availability import on_leave, with_availability
from routing.models import Membership, Pool, Rep, Turn


def join(membership: Membership, *, now: datetime, actor: str) -> Turn | None:
    """Starts a new member at the lowest pointer of those who are there. Locks the pool.

    Somebody who had a place before keeps it, moved up as far as after a leave: to max(own, that lowest - k turns).
    None, and no line, when their pointer is not behind that.
    """
    turns.lock(membership.pool_id)
    membership.refresh_from_db(fields=["pointer", "last_debit_seq"])
    pool, lowest = membership.pool, _level(membership, now=now)
    if not Turn.objects.filter(membership=membership).exists():
        return turns.start(membership, at=lowest or 0, now=now, actor=actor)
    Membership.objects.filter(pk=membership.pk).update(away_since=None)
    if lowest is None:
        return None
    return turns.return_from_leave(membership, lowest=lowest, allowance=pool.return_allowance, now=now, actor=actor)


def _level(newcomer: Membership, *, now: datetime) -> int | None:
    """The lowest pointer of the others to whom the newcomer can be compared; None without others.

    Who is away, takes nothing or takes only a part of what the newcomer takes has stood still while turns went past
    them. Where there is nobody else, even they are a better measure than nought.
    """
    others = list(Membership.objects.filter(pool=newcomer.pool_id).exclude(pk=newcomer.pk))
    reps = _loaded([newcomer, *others], newcomer.pool, now=now)
    mine = reps[newcomer.rep_id]

    def is_member(other: Membership) -> bool:
        rep = reps[other.rep_id]
        return other.is_active and rep.is_active and not caps.takes_nothing(rep)

    def is_there(other: Membership) -> bool:
        rep = reps[other.rep_id]
        return other.is_active and leaves.takes_turns(rep, other, is_away=on_leave(rep, now))

    def is_alike(other: Membership) -> bool:
        return is_there(other) and _takes_all_of(reps[other.rep_id], mine)

    measures: tuple[Callable[[Membership], bool], ...] = (is_alike, is_there, is_member, lambda _: True)
    for measure in measures:
        pointers = [other.pointer for other in others if measure(other)]
        if pointers:
            return min(pointers)
    return None


def _takes_all_of(other: Rep, mine: Rep) -> bool:
    """Whether the other serves every segment and territory that the newcomer serves; an empty list means all."""
    pairs = ((other.segments, mine.segments), (other.territories, mine.territories))
    return all(not theirs or (own and set(own) <= set(theirs)) for theirs, own in pairs)


def _loaded(members: list[Membership], pool: Pool, *, now: datetime) -> dict[int, Rep]:
    reps = list(with_availability(Rep.objects.filter(pk__in=[member.rep_id for member in members]), now=now))
    caps.share(reps, pool=pool, now=now)
    return {rep.pk: rep for rep in reps}
