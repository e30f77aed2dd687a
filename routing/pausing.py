"""Asking for no new work for a while, and coming back: what somebody has stays theirs."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from routing.models import Rep

LENGTHS = (30, 60, 90)
"""Minutes that a pause may last; without a length it lasts until it is lifted."""


class PauseError(ValueError):
    """A pause that cannot be; the message is one sentence for whoever asked."""


def pause(rep_id: int, *, minutes: int | None, now: datetime) -> Rep:
    """Gives the person no new work from `now` on, for 30, 60 or 90 minutes or (None) until resumed.

    A pause that runs is replaced. Raises PauseError for another length and for somebody who is off the roster.
    """
    if minutes is not None and minutes not in LENGTHS:
        raise PauseError("A pause lasts 30, 60 or 90 minutes, or until it is lifted. Choose one of these.")
    with transaction.atomic():
        rep = Rep.objects.select_for_update(no_key=True).get(pk=rep_id)
        if not rep.is_active:
            raise PauseError(f"{rep} is off the roster and gets no work anyway.")
        rep.paused_since = now
        rep.paused_until = now + timedelta(minutes=minutes) if minutes is not None else None
        rep.save(update_fields=["paused_since", "paused_until"])
    return rep


def resume(rep_id: int, *, now: datetime) -> bool:
    """Ends the person's pause; False when there was none to end."""
    with transaction.atomic():
        rep = Rep.objects.select_for_update(no_key=True).get(pk=rep_id)
        was_paused = rep.is_paused(now)
        if was_paused:
            rep.paused_since = rep.paused_until = None
            rep.save(update_fields=["paused_since", "paused_until"])
    return was_paused
