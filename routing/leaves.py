"""Coming back from leave: how much of what others took meanwhile somebody may catch up on.

Off the roster, absent or paused is leave; nights, weekends and public holidays are not. A leave counts from the first
turn that was given past the person because of it, and ends when their pool is next asked with them back: then their
pointer moves once to max(own, lowest of those present - k turns), k being the pool's allowance. Where no turn was given
past them there is nothing to bound.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from routing import caps, turns
from routing.candidates import Candidate
from routing.models import Membership, Pool, Rep, Turn

NOT_COMPARED = frozenset({"segment_mismatch", "skill_mismatch"})
"""Who is passed over for these takes other work, so their pointer says nothing about those who were asked."""


def settle(pool: Pool, candidates: Sequence[Candidate], *, now: datetime, actor: str) -> list[Turn]:
    """Writes down who is away and lets those who are back catch up; the ledger's lines, if pointers moved.

    Runs under the pool's lock. No query unless somebody went or came back since the pool was last asked.
    """
    if not any(candidate.member and _has_moved(candidate, candidate.member) for candidate in candidates):
        return []
    asked = [candidate.rep.pk for candidate in candidates]
    members = {member.rep_id: member for member in Membership.objects.filter(pool=pool, rep__in=asked, is_active=True)}
    here = [(candidate, members[candidate.rep.pk]) for candidate in candidates if candidate.rep.pk in members]
    gone = [member.pk for candidate, member in here if candidate.on_leave and member.away_since is None]
    back = [member for candidate, member in here if not candidate.on_leave and member.away_since is not None]
    if gone:
        Membership.objects.filter(pk__in=gone).update(away_since=now)
    if not back:
        return []
    lowest = min((member.pointer for candidate, member in here if _is_present(candidate, member)), default=None)
    Membership.objects.filter(pk__in=[member.pk for member in back]).update(away_since=None)
    moved = (
        turns.return_from_leave(member, lowest=lowest, allowance=pool.return_allowance, now=now, actor=actor)
        for member in back
        if lowest is not None
    )
    return [turn for turn in moved if turn is not None]


def _has_moved(candidate: Candidate, member: Membership) -> bool:
    return candidate.on_leave != (member.away_since is not None)


def _is_present(candidate: Candidate, member: Membership) -> bool:
    if not takes_turns(candidate.rep, member, is_away=candidate.on_leave):
        return False
    return candidate.reason is None or candidate.reason.code not in NOT_COMPARED


def takes_turns(rep: Rep, member: Membership, *, is_away: bool) -> bool:
    """Whether they were there to take turns all the while: neither away now nor just back, nor kept from all work.

    `rep` comes with the limits that `caps.share` loads.
    """
    return not (is_away or member.away_since is not None or caps.takes_nothing(rep))
