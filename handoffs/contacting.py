"""What belongs to a first contact: when it can have been, and the note of what was learned. Called under the lock."""

from __future__ import annotations

from datetime import datetime

from handoffs import crm_writing, giving, states, wake
from handoffs.models import Delivery, Handoff


def check_time(row: Handoff, at: datetime, *, now: datetime) -> None:
    """Raises BadValueError for a contact in the future or before the handoff was first assigned."""
    if at > now:
        raise states.BadValueError("The contact lies in the future. Give the time at which it happened.")
    if row.assigned_at is None or at < row.assigned_at:
        raise states.BadValueError(
            f"The contact lies before {row.reference} was assigned. Give the first contact after the handoff."
        )


def noted(row: Handoff, findings: str, *, at: datetime, actor: str, now: datetime) -> dict[str, str]:
    """Queues the note about a contact at `at` and keeps the words; gives the log their id. Nothing for no words."""
    if findings.strip():
        number = giving.assignment_of(row).number
        note = crm_writing.findings(row, findings.strip(), number=number, at=at, now=now)
        Delivery.objects.bulk_create([note])
        wake.after_commit()
    return giving.remark(row, findings, actor, now)
