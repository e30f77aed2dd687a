"""Handoffs that wait because everybody is at a limit: looked at again as soon as somebody's load falls."""

from __future__ import annotations

from datetime import datetime

from django.db.models import OuterRef, Q, Subquery

from handoffs.models import Handoff, State
from routing.models import Decision, Pool, Rep

LOOKED_AT = 20
WOKEN = 5
"""At most so many are woken by one that is given back: there is room for one more, and the first may not fit."""


def wake_waiting(rep: Rep, *, now: datetime) -> int:
    """Makes those due that `rep`'s load kept waiting, the longest waiting first; how many. One query when none waits.

    Runs in the caller's transaction. A handoff that somebody works on at this moment is left to them.
    """
    pools = Pool.objects.filter(memberships__rep=rep, memberships__is_active=True)
    newest = Decision.objects.filter(handoff_uuid=OuterRef("uuid")).order_by("-id").values("receipt")[:1]
    waiting = (
        Handoff.objects.filter(Q(team__in=pools.values("team")) | Q(team=rep.team_id))
        .filter(state=State.UNASSIGNED, next_at__gt=now)
        .order_by("unassigned_since", "pk")
        .annotate(receipt=Subquery(newest))
        .values_list("pk", "receipt")[:LOOKED_AT]
    )
    full = [pk for pk, receipt in waiting if receipt and _is_full(receipt["candidates"])][:WOKEN]
    if not full:
        return 0
    free = Handoff.objects.select_for_update(skip_locked=True, no_key=True).filter(
        pk__in=full, state=State.UNASSIGNED, lease_until__isnull=True
    )
    return Handoff.objects.filter(pk__in=list(free.values_list("pk", flat=True))).update(next_at=now)


def _is_full(candidates: list[dict[str, object]]) -> bool:
    return any(candidate["code"] == "load_cap" for candidate in candidates)
