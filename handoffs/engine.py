"""One pass over everything that is due: triggers, handoffs, deliveries. Two drivers call it, each alone is enough.

`manage.py engine` loops over it without a broker; Celery calls the same function when poked and from beat.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime

from django.db import DatabaseError

from handoffs import claiming, outbox, pipeline, triggers
from handoffs.models import Handoff

HANDOFFS_PER_PASS = 20
DELIVERIES_PER_PASS = 20

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Pass:
    """How much one pass found to do."""

    started: int
    handoffs: int
    deliveries: int

    def __bool__(self) -> bool:
        return bool(self.started or self.handoffs or self.deliveries)


def sweep(*, now: datetime, real_now: datetime) -> Pass:
    """Does what is due at `now` (business time), a batch of each kind; safe beside any number of others doing the same."""
    return Pass(
        started=triggers.start_due(now=now),
        handoffs=run_due(now=now, real_now=real_now),
        deliveries=outbox.deliver_due(now=now, real_now=real_now, limit=DELIVERIES_PER_PASS),
    )


def run_due(*, now: datetime, real_now: datetime) -> int:
    """Runs a batch of due handoffs; returns how many were taken."""
    taken = claiming.claim_due(Handoff, now=now, real_now=real_now, limit=HANDOFFS_PER_PASS)
    for handoff in taken:
        try:
            pipeline.advance(handoff, now=now, actor="engine")
        except DatabaseError:
            raise
        except Exception as error:  # one bad row must not stop the others; it is postponed and shown
            log.exception("%s could not be run", handoff.reference)
            sentence = f"An unexpected error stopped the run ({type(error).__name__}). RevOps can run it again."
            pipeline.postpone(handoff, sentence, permanent=False, now=now, actor="engine")
    return len(taken)
