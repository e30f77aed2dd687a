"""What acknowledging does to a locked handoff, and what taking it back undoes."""

from __future__ import annotations

from datetime import datetime, timedelta

from handoffs import giving, notices, timeline
from handoffs.models import Delivery, Handoff, Notice, State
from handoffs.states import RefusedError
from sla import clock
from sla.models import ClockKind

UNDO = timedelta(seconds=10)


def mark(row: Handoff, *, now: datetime) -> None:
    """It is in the owner's hands: its clock stops, and the sender hears of it once it can no longer be undone."""
    giving.change(row, state=State.ACKNOWLEDGED, acknowledged_at=now)
    clock.stop(giving.assignment_of(row), at=now, kinds=[ClockKind.ACKNOWLEDGE])
    title, body = f"Acknowledged: {row.account.name}", f"{row.reference} is in the hands of {row.owner}."
    purpose, kind = Delivery.Purpose.ACKNOWLEDGED, Notice.Kind.ACKNOWLEDGED
    giving.tell_sender(row, purpose, kind, title, body, now=now, after=UNDO)
    notices.alert_changed(row, "acknowledged", now=now).queue()


def take_back(row: Handoff, *, actor: str, now: datetime) -> None:
    """As if it had never been. Raises RefusedError for anybody but who acknowledged, and after ten seconds."""
    last = timeline.last(row.stream, "acknowledged")
    if last is None or last.actor != actor:
        raise RefusedError("Somebody else acknowledged it, so only they can take that back.")
    if row.acknowledged_at is None or now >= row.acknowledged_at + UNDO:
        raise RefusedError(
            f"{row.reference} was acknowledged more than {UNDO.seconds} seconds ago, and the sender knows. "
            "Return it to the sender if it is not yours."
        )
    giving.change(row, state=State.ASSIGNED, acknowledged_at=None)
    assignment = giving.assignment_of(row)
    clock.run_on(assignment, kind=ClockKind.ACKNOWLEDGE)
    Delivery.objects.filter(
        handoff=row, assignment_number=assignment.number, purpose=Delivery.Purpose.ACKNOWLEDGED, state="queued"
    ).update(state=Delivery.State.CANCELLED, next_at=None, last_error="The acknowledgement was taken back.")
    giving.unsay_acknowledged(row, now=now)
    notices.alert_changed(row, "undone", now=now).queue()
