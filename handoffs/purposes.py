"""What a delivery is called among people: by its purpose, and a step of the ladder by what the step does."""

from __future__ import annotations

from collections.abc import Mapping

from handoffs.models import Delivery
from routing.models import RoleCode
from sla.models import EscalationStep

Action = EscalationStep.Action

STEPS: Mapping[str, str] = {
    Action.NOTICE_AT_RISK: "At-risk notice",
    Action.REMIND: "Reminder",
    Action.ALERT_OWNER: "Overdue alert to the owner",
    Action.ALERT_ROLE: "Escalation to {role}",
    Action.REASSIGN: "Notice that there is nobody else",
}


def about(*, action: str, role: str) -> str:
    """How a delivery keeps which step it belongs to: the step's action and the code of the role, in one word."""
    return f"{action}:{role}"


def name_of(purpose: str, step: str) -> str:
    """The name of a delivery; `step` is what `about` wrote, empty for one that belongs to no step of a ladder."""
    action, _, role = step.partition(":")
    words = STEPS.get(action)
    if words is None:
        return str(dict(Delivery.Purpose.choices).get(purpose, purpose))
    return words.format(role=str(dict(RoleCode.choices).get(role, "a manager")).lower())
