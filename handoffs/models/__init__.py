"""The tables of handoffs."""

from handoffs.models.approval import Approval
from handoffs.models.crm import (
    Account,
    Activity,
    Contact,
    ContentEngagement,
    Deal,
    Note,
    UsageStage,
)
from handoffs.models.delivery import Delivery
from handoffs.models.demo_clock import DemoClock
from handoffs.models.event import Event
from handoffs.models.handoff import (
    IN_ORDER,
    OPEN_STATES,
    Handoff,
    Package,
    ReturnReason,
    Standing,
    State,
    TypeSetting,
)
from handoffs.models.kept_answer import KeptAnswer
from handoffs.models.notice import Notice
from handoffs.models.preference import Preference
from handoffs.models.remark import Remark

__all__ = [
    "IN_ORDER",
    "OPEN_STATES",
    "Account",
    "Activity",
    "Approval",
    "Contact",
    "ContentEngagement",
    "Deal",
    "Delivery",
    "DemoClock",
    "Event",
    "Handoff",
    "KeptAnswer",
    "Note",
    "Notice",
    "Package",
    "Preference",
    "Remark",
    "ReturnReason",
    "Standing",
    "State",
    "TypeSetting",
    "UsageStage",
]
