"""One pass over everything that is due: handoffs, deliveries. Two drivers call it, each alone is enough.

`manage.py engine` loops over it without a broker; Celery calls the same function when poked and from beat.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db import InterfaceError, OperationalError

from handoffs import claiming, outbox, pipeline
from handoffs.models import Handoff

HANDOFFS_PER_PASS = 20
DELIVERIES_PER_PASS = 20

log = logging.getLogger(__name__)


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
    for taken in range(limit):
        claimed = claiming.claim_due(Handoff, now=now, real_now=clock(), limit=1)
        if not claimed:
            return taken
        _run(claimed[0], now=now)
    return limit


def _run(handoff: Handoff, *, now: datetime) -> None:
    try:
        pipeline.advance(handoff, now=now, actor="engine")
    except (InterfaceError, OperationalError):  # the database is away, which is nothing about this row
        raise
    except Exception as error:  # one bad row must not stop the others; it is postponed and shown
        log.exception("%s could not be run", handoff.reference)
        sentence = f"An unexpected error stopped the run ({type(error).__name__}). RevOps can run it again."
        pipeline.postpone(handoff, sentence, permanent=False, now=now, actor="engine")
