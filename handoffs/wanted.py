"""Whether a message is still wanted when its turn comes: the world may have moved on since it was queued."""

from __future__ import annotations

from handoffs.models import Delivery, Handoff, State
from handoffs.retrying import QUICK_RETRIES
from handoffs.rule_signatures import standing
from routing.models import RuleSet
from sla.models import ClockKind

Purpose = Delivery.Purpose
ENDED = frozenset({State.CONTACTED, State.MEETING_BOOKED, State.CONVERTED, State.LOST, State.WITHDRAWN})

ABOUT_ASSIGNMENT = frozenset(
    {Purpose.CRM_UPDATE, Purpose.ALERT, Purpose.BRIEFING, Purpose.ESCALATION, Purpose.ACKNOWLEDGED}
)


def no_longer_wanted(delivery: Delivery) -> str:
    """Why sending it would now be wrong, in words; empty when it is still wanted."""
    if delivery.purpose == Purpose.REPLY:
        return "It is too late for an answer." if delivery.failures > QUICK_RETRIES else ""
    if delivery.handoff_id is None:
        return _no_rules_wait(delivery)
    if delivery.purpose == Purpose.ALERT_UPDATE:
        return _nothing_to_update(delivery)
    if delivery.payload.get("only_if_told"):
        return "" if _was_told(delivery) else "They had not heard of it."
    return _overtaken(delivery)


def _overtaken(delivery: Delivery) -> str:
    """What happened to the handoff that leaves nothing to say."""
    state, number = Handoff.objects.values_list("state", "assignment__number").get(pk=delivery.handoff_id or 0)
    if state == State.WITHDRAWN:
        return "" if delivery.payload.get("tells_of") == state else "The handoff was withdrawn first."
    about_assignment = delivery.purpose in ABOUT_ASSIGNMENT
    if about_assignment and number != delivery.assignment_number:
        return "The handoff went to somebody else first."
    if about_assignment and state == State.REJECTED:
        return "The handoff was returned to the sender first."
    if delivery.purpose == Purpose.ESCALATION and state in ENDED:
        return "The customer was contacted first."
    if delivery.payload.get("waits_for") == ClockKind.ACKNOWLEDGE and state == State.ACKNOWLEDGED:
        return "It was acknowledged first."
    if delivery.purpose == Purpose.GAPS and state != State.BLOCKED and delivery.assignment_number == 0:
        return "The gap was filled first."
    if delivery.purpose == Purpose.UNASSIGNED and state != State.UNASSIGNED:
        return "Somebody has it now."
    return ""


def _no_rules_wait(delivery: Delivery) -> str:
    """Why a version of the rules needs nobody any more; empty while it does, and where it is not about one."""
    waits = delivery.payload.get("waits_for_rules")
    if waits is None:
        return ""
    as_asked = RuleSet.objects.filter(pk=waits["version"], state=RuleSet.State.IN_APPROVAL)
    version = as_asked.filter(submissions=waits["submission"]).first()
    if version is None:
        return "The version does not wait any more."
    is_signed = "sides" in waits and not set(waits["sides"]) & set(standing(version).missing)
    return "Somebody else signed it first." if is_signed else ""


def _nothing_to_update(delivery: Delivery) -> str:
    """Why the alert cannot be brought up to date; empty while it is under way or there."""
    original = Delivery.objects.filter(uuid=delivery.payload["updates"])
    on_its_way = original.filter(state__in=(Delivery.State.QUEUED, Delivery.State.DELIVERED))
    return "" if on_its_way.exists() else "The alert itself was never sent."


def _was_told(delivery: Delivery) -> bool:
    """Whether the owner of that assignment got word that it was theirs."""
    return Delivery.objects.filter(
        handoff_id=delivery.handoff_id or 0,
        assignment_number=delivery.assignment_number,
        purpose__in=(Purpose.ALERT, Purpose.BRIEFING),
        state=Delivery.State.DELIVERED,
    ).exists()
