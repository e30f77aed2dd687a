"""One pass over everything that is due: handoffs, deliveries. Two drivers call it, each alone is enough.

`manage.py engine` loops over it without a broker; Celery calls the same function when poked and from beat.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from handoffs import claiming, outbox, pipeline
from handoffs.models import Handoff

HANDOFFS_PER_PASS = 20
DELIVERIES_PER_PASS = 20


@dataclass(frozen=True, slots=True)
class Pass:
    """How much one pass found to do."""

    handoffs: int
    deliveries: int

    def __bool__(self) -> bool:
        return bool(self.handoffs or self.deliveries)


def sweep(*, now: datetime, clock: Callable[[], datetime]) -> Pass:
    """Does what is due at `now` (business time), a batch of each kind; safe beside any number of others doing the same.

    `clock` tells real time, for leases.
    """
    return Pass(
        handoffs=run_due(now=now, clock=clock),
        deliveries=outbox.deliver_due(now=now, clock=clock, limit=DELIVERIES_PER_PASS),
    )


def run_due(*, now: datetime, clock: Callable[[], datetime], limit: int = HANDOFFS_PER_PASS) -> int:
    """Runs up to `limit` due handoffs, each claimed when its turn comes; returns how many were taken."""
    until = clock() + claiming.BUDGET
    for taken in range(limit):
        claimed = claiming.claim_due(Handoff, now=now, real_now=clock(), limit=1) if clock() < until else []
        if not claimed:
            return taken
        pipeline.advance(claimed[0], now=now, actor="engine")
    return limit
