"""A pool under its lock: how the people it may choose from stand now.

Both statements are written out and not built anew by the ORM: they run for every handoff, while others wait.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import connection
from django.db.models import OuterRef, Subquery

from routing import caps, turns
from routing.availability import away_or_paused
from routing.caps import SPANS
from routing.models import Absence, Membership, Pool, Rep, Team
from routing.reasons import Reason

# First the pool, then team by team: the team, where it has limits, and then its people by id. All pools keep to this
# one order, so that no two transactions wait for each other.
_LOCK = """
    SELECT rep.id
    FROM routing_rep rep
    JOIN routing_pool pool ON pool.id = %s
    JOIN routing_team team ON team.id = rep.team_id
    WHERE rep.id IN ({people})
    ORDER BY rep.team_id, rep.id
    FOR NO KEY UPDATE OF {rows}
"""
_READ = """
    SELECT member.id, member.rep_id, member.weight, member.position, member.pointer, member.last_debit_seq,
           (SELECT max(seq) FROM routing_turn WHERE pool_id = member.pool_id),
           EXISTS (SELECT 1 FROM routing_absence WHERE rep_id = rep.id AND starts_at <= %s AND ends_at > %s)
           OR rep.paused_since IS NOT NULL,
           (SELECT count(*) FROM routing_assignment WHERE rep_id = rep.id AND released_at IS NULL), rep.load_cap{given}
    FROM routing_membership member JOIN routing_rep rep ON rep.id = member.rep_id
    WHERE member.pool_id = %s AND member.rep_id IN ({people}) AND member.is_active AND rep.is_active
"""
_GIVEN = """,
           rep.{cap},
           (SELECT count(*) FROM routing_assignment WHERE rep_id = rep.id AND assigned_at > %s AND assigned_at <= %s)"""


def lock(pool_id: int, reps: Sequence[Rep]) -> None:
    """Waits for the pool and for these people, whose caps hold across pools; held until the transaction ends.

    Their teams are waited for as well where one of them has limits, which its people share.
    """
    if not connection.features.has_select_for_update:
        return  # SQLite lets one transaction write at a time, so all of it is ours already.
    rows = "pool, team, rep" if any(rep.team.has_caps for rep in reps) else "pool, rep"
    with connection.cursor() as cursor:
        cursor.execute(_LOCK.format(people=_marks(reps), rows=rows), [pool_id, *(rep.pk for rep in reps)])


def lock_one(rep: Rep, *, pool: Pool | None) -> None:
    """Waits for the one person whom a rule names, with pool and team before them, as `lock` does.

    The pool is waited for if it counts the handoff as a turn or has limits.
    """
    if pool is not None and (pool.debits_owner_matches or pool.has_caps):
        turns.lock(pool.pk)
    if rep.team.has_caps:
        Team.objects.select_for_update(no_key=True).only("pk").get(pk=rep.team_id)
    if rep.has_caps:
        Rep.objects.select_for_update(no_key=True).only("pk").get(pk=rep.pk)


def read(pool: Pool, reps: Sequence[Rep], *, now: datetime) -> tuple[list[Membership], int]:
    """The memberships of those who are still in the pool, and the number of the ledger's next line.

    Caps, and what they have and were given as `caps.with_load` and `caps.share` load it, are renewed on `reps`
    themselves; so are absences and pauses of those who are away. A rate cap that none of them had when they were loaded
    costs no count, and limits that nobody shared or nobody away cost no query.
    """
    people = {rep.pk: rep for rep in reps}
    rates = [cap for cap in SPANS if any(getattr(rep, cap) is not None for rep in reps)]
    names = ["load", "load_cap", *(name for cap in rates for name in (cap, f"given_{cap}"))]
    moment = connection.ops.adapt_datetimefield_value
    spans = [instant for cap in rates for instant in (moment(now - SPANS[cap]), moment(now))]
    sql = _READ.format(given="".join(_GIVEN.format(cap=cap) for cap in rates), people=_marks(reps))
    with connection.cursor() as cursor:
        cursor.execute(sql, [moment(now), moment(now), *spans, pool.pk, *people])
        rows = cursor.fetchall()
    if any(caps.shared_by(rep) for rep in reps):
        caps.share(reps, pool=pool, now=now)
    _renew([people[row[1]] for row in rows if row[7]], now=now)
    members, seq = [], 1
    for pk, rep_id, weight, position, pointer, last_debit_seq, last_seq, _, *counts in rows:
        seq = (last_seq or 0) + 1
        vars(people[rep_id]).update(zip(names, counts, strict=True))
        members.append(
            Membership(
                id=pk,
                pool_id=pool.pk,
                rep_id=rep_id,
                weight=weight,
                position=position,
                pointer=pointer,
                last_debit_seq=last_debit_seq,
            )
        )
    return members, seq


def out_by_now(rep: Rep, *, pool: Pool | None, now: datetime) -> Reason | None:
    """Why the one person, locked by `lock_one`, may not take it after all: left, away, paused or at a limit.

    One statement, unless their team or the pool has limits.
    """
    away = Absence.objects.filter(rep=OuterRef("pk"), starts_at__lte=now, ends_at__gt=now).order_by("-ends_at")
    theirs = Rep.objects.filter(pk=rep.pk).select_related("team").annotate(away=Subquery(away.values("pk")[:1]))
    [fresh] = caps.with_load(theirs, by="rep", now=now)
    if not fresh.is_active:
        return Reason("inactive", "has left the roster")
    absences = Absence.objects.filter(pk=fresh.away) if fresh.away else []  # type: ignore[attr-defined]
    fresh.coming_absences = list(absences)  # type: ignore[attr-defined]
    caps.share([fresh], pool=pool, now=now)
    return away_or_paused(fresh, now) or caps.over_cap(fresh)


def _renew(reps: Sequence[Rep], *, now: datetime) -> None:
    """Loads absences and pauses afresh."""
    if not reps:
        return
    fresh = Rep.objects.filter(pk__in=[rep.pk for rep in reps]).only("paused_since", "paused_until").in_bulk()
    absences = Absence.objects.filter(rep__in=reps, ends_at__gt=now).order_by("starts_at")
    for rep in reps:
        rep.paused_since, rep.paused_until = fresh[rep.pk].paused_since, fresh[rep.pk].paused_until
        rep.coming_absences = [each for each in absences if each.rep_id == rep.pk]  # type: ignore[attr-defined]


def _marks(values: Sequence[object]) -> str:
    return ", ".join(["%s"] * len(values))
