"""The tables of routing."""

from routing.models.assignment import Assignment, Decision
from routing.models.checks import Check
from routing.models.hours import Calendar, Holiday
from routing.models.people import Absence, Delegation, Rep, Role, Team, User
from routing.models.pools import Membership, Pod, Pool, Turn
from routing.models.rules import FrozenVersionError, Rule, RuleSet, Segment, Territory
from routing.models.types import Function, HandoffType, RoleCode, SegmentCode

__all__ = [
    "Absence",
    "Assignment",
    "Calendar",
    "Check",
    "Decision",
    "Delegation",
    "FrozenVersionError",
    "Function",
    "HandoffType",
    "Holiday",
    "Membership",
    "Pod",
    "Pool",
    "Rep",
    "Role",
    "RoleCode",
    "Rule",
    "RuleSet",
    "Segment",
    "SegmentCode",
    "Team",
    "Territory",
    "Turn",
    "User",
]
