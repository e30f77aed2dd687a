"""One pass over everything that is due: handoffs, ladders, alarms, leaves, deliveries. Two drivers call it.

Each alone is enough: `manage.py engine` loops over it without a broker; Celery calls the same function when poked and
from beat.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from handoffs import advancing, alarms, claiming, escalation, leaving, outbox
from handoffs.models import Handoff
from routing import ledger
from sla.clock import due_clocks

HANDOFFS_PER_PASS = 20
STEPS_PER_PASS = 20
ALARMS_PER_PASS = 20
LEAVES_PER_PASS = 5
DELIVERIES_PER_PASS = 20


@dataclass(frozen=True, slots=True)
class Pass:
    """How much one pass found to do."""

    handoffs: int
    steps: int
    alarms: int
    leaves: int
    deliveries: int

    def __bool__(self) -> bool:
        return bool(self.handoffs or self.steps or self.alarms or self.leaves or self.deliveries)


def sweep(*, now: datetime, clock: Callable[[], datetime]) -> Pass:
    """Does what is due at `now` (business time), a batch of each kind; safe beside any number of others doing the same.

    `clock` tells real time, for leases.
    """
    done = Pass(
        handoffs=run_due(now=now, clock=clock),
        steps=climb_due(now=now, clock=clock),
        alarms=alarms.raise_due(now=now, clock=clock, limit=ALARMS_PER_PASS),
        leaves=leaving.look_due(now=now, clock=clock, limit=LEAVES_PER_PASS),
        deliveries=outbox.deliver_due(now=now, clock=clock, limit=DELIVERIES_PER_PASS),
    )
    ledger.look(now=now)
    return done


def run_due(*, now: datetime, clock: Callable[[], datetime], limit: int = HANDOFFS_PER_PASS) -> int:
    """Runs up to `limit` due handoffs, each claimed when its turn comes; returns how many were taken."""
    until = clock() + claiming.BUDGET
    for taken in range(limit):
        claimed = claiming.claim_due(Handoff, now=now, real_now=clock(), limit=1) if clock() < until else []
        if not claimed:
            return taken
        advancing.advance(claimed[0], now=now, actor="engine")
    return limit


def climb_due(*, now: datetime, clock: Callable[[], datetime], limit: int = STEPS_PER_PASS) -> int:
    """Takes the highest due step of up to `limit` clocks; returns how many clocks were looked at."""
    taken = 0
    for ticking in claiming.in_time(due_clocks(now=now, limit=limit), clock=clock):
        escalation.take_step(ticking, now=now)
        taken += 1
    return taken
