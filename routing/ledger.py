"""Is every pointer still the sum of its turns? Looked at pool by pool, and told; never mended in silence."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db.models import F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from routing.models import Membership, Pool

EVERY = timedelta(minutes=5)
"""A pool is looked at again after so long."""

log = logging.getLogger(__name__)


def faults(pool_id: int) -> list[Membership]:
    """The members whose pointer is not the sum of their turns, with that sum as `total`. One query."""
    members = Membership.objects.filter(pool_id=pool_id).select_related("rep", "pool")
    return list(_astray(members).order_by("pk"))


def astray() -> QuerySet[Membership]:
    """The same of every pool in which the last look found one: what is mended is gone from it at once."""
    return _astray(Membership.objects.filter(pool__ledger_faults__gt=0)).order_by()


def _astray(members: QuerySet[Membership]) -> QuerySet[Membership]:
    return members.annotate(total=Coalesce(Sum("turns__units"), 0)).exclude(pointer=F("total"))


def look(*, now: datetime) -> Pool | None:
    """Looks at the pool that has waited longest, if that is five minutes or more; which one it was.

    What it finds stands in the pool's `ledger_faults` and in the process's log.
    """
    overdue = Q(ledger_checked_at__isnull=True) | Q(ledger_checked_at__lte=now - EVERY) | Q(ledger_checked_at__gt=now)
    pool = Pool.objects.filter(overdue).order_by(F("ledger_checked_at").asc(nulls_first=True), "pk").first()
    if pool is None:
        return None
    as_read = Pool.objects.filter(pk=pool.pk, ledger_checked_at=pool.ledger_checked_at)
    if pool.ledger_checked_at is None:
        as_read = Pool.objects.filter(pk=pool.pk, ledger_checked_at__isnull=True)
    if not as_read.update(ledger_checked_at=now):
        return None  # Somebody else looks at it.
    found = faults(pool.pk)
    for member in found:
        total: int = member.total  # type: ignore[attr-defined]
        log.error(
            "The pointer of %s in %s is %s, and the turns add up to %s: somebody changed a row by hand",
            member.rep, pool, member.pointer, total,
        )  # fmt: skip
    if pool.ledger_faults != len(found):
        Pool.objects.filter(pk=pool.pk).update(ledger_faults=len(found))
    return pool
