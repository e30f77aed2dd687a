"""A handoff that waits in a pool's queue, and what becomes of it when somebody takes it."""

from __future__ import annotations

from datetime import datetime

from handoffs import giving
from handoffs.models import Handoff
from handoffs.states import RefusedError
from routing import taking
from routing.models import Decision, Rep
from routing.taking import CannotTakeError
from sla import clock
from sla.clock import NoPolicyError


def lock(handoff: Handoff, by: Rep) -> None:
    """Waits for the pool in whose queue it was when the caller read it; before the handoff, as every run does."""
    if handoff.queue is not None:
        taking.lock(handoff.queue, by)


def take(row: Handoff, by: Rep, *, actor: str, now: datetime) -> None:
    """Makes a locked handoff theirs: assignment, turn, clocks and messages. Raises RefusedError if they may not."""
    if row.queue is None or row.package is None:
        raise RefusedError(f"{row.reference} waits in nobody's queue. Its manager can give it to you.")
    waited = Decision.objects.filter(handoff_uuid=row.uuid, outcome=Decision.Outcome.QUEUED).select_related("rule")
    decision = waited.order_by("-id").first()
    rule = decision.rule if decision is not None else None
    try:
        policy = clock.policy_for(handoff_type=row.handoff_type, team_id=row.queue.team_id, segment=row.segment)
        assignment = taking.take(
            row.queue,
            by,
            decision=decision,
            handoff_uuid=row.uuid,
            number=giving.next_number(row),
            now=now,
            actor=actor,
        )
    except CannotTakeError as error:
        raise RefusedError(f"{by.name} {error}, so {row.reference} stays in the queue.") from error
    except NoPolicyError as error:
        raise RefusedError(str(error)) from error
    plan = clock.plan(policy, first_contact_minutes=rule.target_minutes if rule else None)
    giving.pass_on(row, assignment, row.package, plan, now=now)
