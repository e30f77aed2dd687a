"""Handoffs that wait because everybody is at a limit: looked at again as soon as somebody's load falls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial

from django.db import transaction
from django.db.models import OuterRef, Q, Subquery

from handoffs import wake
from handoffs.models import Handoff, State
from routing import caps
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


def look_again(handoff: Handoff, decision: Decision, *, now: datetime) -> None:
    """After the commit, makes a handoff that was held due at once if somebody of `decision` has room by then.

    Whoever made that room while the handoff was being held did not find it waiting yet.
    """
    full = [candidate["rep"] for candidate in decision.receipt["candidates"] if _is_full(candidate)]
    if full:
        transaction.on_commit(partial(_look_again, handoff.pk, full, decision.pool, now=now), robust=True)


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
    full = [pk for pk, receipt in waiting if receipt and any(map(_is_full, receipt["candidates"]))][:WOKEN]
    _make_due(full, now=now)


def _look_again(handoff_id: int, full: Sequence[int], pool: Pool | None, *, now: datetime) -> None:
    if any(caps.over_cap(rep) is None for rep in caps.loaded(full, pool=pool, now=now)):
        _make_due([handoff_id], now=now)


def _make_due(handoff_ids: Sequence[int], *, now: datetime) -> None:
    waiting = Handoff.objects.filter(pk__in=handoff_ids, state=State.UNASSIGNED, next_at__gt=now)
    if handoff_ids and waiting.update(next_at=now):
        wake.after_commit()


def _is_full(candidate: Mapping[str, object]) -> bool:
    return candidate["code"] == "load_cap"
