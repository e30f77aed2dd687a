"""Notices inside the product: which ones a person sees, how many are unread, and marking them as read."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from handoffs.models import Notice
from routing.models import User

MOST_COUNTED = 100
"""Nobody needs to know by how much it is more."""


def shown_to(user: User, *, now: datetime) -> QuerySet[Notice]:
    """The person's own notices that may be shown by `now` (business time), newest first."""
    return Notice.objects.filter(user=user, shown_from__lte=now).order_by("-shown_from", "-id")


def unread(user: User, *, now: datetime) -> int:
    """How many of them are unread, 100 for that many or more."""
    return shown_to(user, now=now).filter(read_at__isnull=True).order_by()[:MOST_COUNTED].count()


def mark_read(user: User, *, now: datetime, only: int | None = None, until: datetime | None = None) -> int:
    """Marks the person's own notices as read: the one with the id `only`, or those shown before `until`.

    Returns how many were unread before.
    """
    mine = shown_to(user, now=now).filter(read_at__isnull=True).order_by()
    if only is not None:
        mine = mine.filter(pk=only)
    if until is not None:
        mine = mine.filter(shown_from__lt=until)
    return mine.update(read_at=now)
