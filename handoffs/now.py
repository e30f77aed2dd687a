"""The business clock, read at the doors and passed down; the domain never reads a clock itself.

Business time drives triggers, deadlines, holds and the log. Leases, signatures and sessions use `real_now`. They differ
only in the demo, whose clock can be advanced.
"""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone


def now() -> datetime:
    """The business instant, aware, UTC."""
    return timezone.now()


def real_now() -> datetime:
    """The instant on the wall, aware, UTC."""
    return timezone.now()
