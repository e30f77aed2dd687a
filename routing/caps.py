"""How much work may be given: by the person's own limits, by their team's and by the pool's. The tightest binds.

A blank limit is none; 0 lets nothing through. A team's limits count what the people of that very team have, whatever
pool it came from; a pool's count what was given through it, whoever has it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast

from django.db.models import Count, Model, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from routing.models import Assignment, Pool, Rep, Team
from routing.reasons import Reason

SPANS = {"hour_cap": timedelta(hours=1), "day_cap": timedelta(days=1), "week_cap": timedelta(days=7)}
"""The rolling span of each rate cap."""

Holder = TypeVar("Holder", bound=Model)


def with_load(holders: QuerySet[Holder], *, by: str, now: datetime) -> QuerySet[Holder]:
    """Annotates `load` (open assignments) and `given_hour_cap`, `given_day_cap`, `given_week_cap` (rolling).

    `by` leads from an assignment to the holder: rep, rep__team or pool.
    """
    theirs = Assignment.objects.filter(**{by: OuterRef("pk")})
    given = {
        f"given_{cap}": _count(theirs.filter(assigned_at__gt=now - span, assigned_at__lte=now), by)
        for cap, span in SPANS.items()
    }
    loaded: Any = holders.annotate(load=_count(theirs.filter(released_at__isnull=True), by), **given)
    return cast("QuerySet[Holder]", loaded)


def loaded(rep_ids: Iterable[int], *, pool: Pool | None, now: datetime) -> list[Rep]:
    """The people as they stand now: with their team, what `with_load` annotates, and the limits they share."""
    reps = list(with_load(Rep.objects.filter(pk__in=rep_ids).select_related("team"), by="rep", now=now))
    share(reps, pool=pool, now=now)
    return reps


def share(reps: Sequence[Rep], *, pool: Pool | None, now: datetime) -> None:
    """Loads the limits that people share into `shared` of each: their team's and the pool's, counted at `now`.

    `reps` come with their team. No query where neither has a limit, and one for the teams and one for the pool else.
    """
    limited = {rep.team_id for rep in reps if rep.team.has_caps}
    teams = with_load(Team.objects.filter(pk__in=limited), by="rep__team", now=now).in_bulk() if limited else {}
    through = with_load(Pool.objects.filter(pk=pool.pk), by="pool", now=now).get() if pool and pool.has_caps else None
    for rep in reps:
        holders = (teams.get(rep.team_id), through)
        rep.shared = tuple(holder for holder in holders if holder is not None)  # type: ignore[attr-defined]


def shared_by(rep: Rep) -> tuple[Team | Pool, ...]:
    """The team and the pool with limits, as `share` loaded them."""
    found: tuple[Team | Pool, ...] = getattr(rep, "shared", ())
    return found


def over_cap(rep: Rep) -> Reason | None:
    """The first limit that is reached, rates before load and the person's own before the team's before the pool's.

    `rep` comes with what `with_load` loads, and with `share` where their team or pool counts.
    """
    holders = tuple(_holders(rep))
    for cap in SPANS:
        for holder, whose in holders:
            limit, given = getattr(holder, cap), getattr(holder, f"given_{cap}")
            if limit is not None and given >= limit:
                last = cap.removesuffix("_cap")
                return Reason("rate_cap", f"{whose}was given {given} of {limit} in the last {last}")
    for holder, whose in holders:
        load: int = holder.load
        if holder.load_cap is not None and load >= holder.load_cap:
            return Reason("load_cap", f"{whose}has {load} of {holder.load_cap} open")
    return None


def takes_nothing(rep: Rep) -> bool:
    """Whether a limit of 0 keeps all work from them."""
    return any(
        limit == 0
        for holder, _ in _holders(rep)
        for limit in (holder.load_cap, *(getattr(holder, cap) for cap in SPANS))
    )


def _holders(rep: Rep) -> Iterator[tuple[Any, str]]:
    yield rep, ""
    for holder in shared_by(rep):
        yield holder, f"{'is in' if isinstance(holder, Team) else 'takes turns in'} {holder.name}, which "


def _count(assignments: QuerySet[Assignment], by: str) -> Coalesce:
    counted = assignments.order_by().values(by).annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted), 0)
