"""Handoffs that wait because everybody is at a limit: looked at again as soon as somebody's load falls."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from django.db import transaction
from django.db.models import OuterRef, Q, Subquery

from handoffs import wake
from handoffs.models import Handoff, State
from routing.models import Decision, Pool, Rep

LOOKED_AT = 20
WOKEN = 5
"""At most so many are woken by one that is given back: there is room for one more, and the first may not fit."""


def wake_waiting(rep: Rep, *, now: datetime) -> None:
    """After the commit, makes those due that `rep`'s load kept waiting, the longest waiting first.

    Not before it: whoever settles such a handoff holds its pool and waits for its row, and the caller may hold that row
    and wait for the pool. If the process dies in between, they are due a few minutes later anyway.
    """
    transaction.on_commit(partial(_wake, rep, now=now), robust=True)


def _wake(rep: Rep, *, now: datetime) -> None:
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
    if full and Handoff.objects.filter(pk__in=full, state=State.UNASSIGNED, next_at__gt=now).update(next_at=now):
        wake.after_commit()


def _is_full(candidates: list[dict[str, object]]) -> bool:
    return any(candidate["code"] == "load_cap" for candidate in candidates)
