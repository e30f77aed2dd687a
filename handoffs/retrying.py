"""When to try again: two quick retries, then slower ones, and after 20 hours no more by itself."""

from __future__ import annotations

from datetime import timedelta

QUICK_RETRIES = 2
GIVE_UP = timedelta(hours=20)

_WAITS = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    *(timedelta(minutes=minutes) for minutes in (5, 15, 30, 60, 120)),
)
_LONGEST = timedelta(hours=4)


def wait_after(failures: int) -> timedelta | None:
    """How long to wait after the n-th failure in a row (n from 1); None when the 20 hours are used up."""
    waits = [_WAITS[n] if n < len(_WAITS) else _LONGEST for n in range(failures)]
    return waits[-1] if sum(waits, timedelta(0)) <= GIVE_UP else None
