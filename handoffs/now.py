"""The business clock, read at the doors and passed down; the domain never reads a clock itself.

Business time drives triggers, deadlines, holds and the log. Leases, signatures and sessions use `real_now`. They differ
only in the demo, whose clock can be advanced.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from handoffs.models import DemoClock
from handoffs.states import RefusedError


def now() -> datetime:
    """The business instant, aware, UTC."""
    return timezone.now() + ahead()


def real_now() -> datetime:
    """The instant on the wall, aware, UTC."""
    return timezone.now()


def ahead() -> timedelta:
    """How far the demo's clock was advanced; outside a demo nothing, and nothing is asked."""
    if not settings.HANDOFFS_DEMO:
        return timedelta(0)
    return DemoClock.objects.values_list("ahead", flat=True).first() or timedelta(0)


def advance(by: timedelta) -> datetime:
    """Moves the demo's clock on and returns the new business instant.

    Raises RefusedError outside a demo, and for anything but forwards: what happened cannot be undone.
    """
    if not settings.HANDOFFS_DEMO:
        raise RefusedError("Only the clock of a demo can be moved. Here it shows the time it is.")
    if by <= timedelta(0):
        raise RefusedError("The clock only moves forwards. Choose a time to come.")
    with transaction.atomic():
        DemoClock.objects.get_or_create(pk=1)
        clock = DemoClock.objects.select_for_update().get(pk=1)
        clock.ahead += by
        clock.save(update_fields=["ahead"])
    return now()
