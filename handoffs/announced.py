"""An announcement in chat as it should read now: with its buttons, or with what became of the handoff."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings

from handoffs import timeline
from handoffs.connectors.ports import Alert
from handoffs.links import handoff_link
from handoffs.models import Delivery, Handoff, State
from routing.models import Assignment, User


def as_it_stands(alert: Alert, delivery: Delivery) -> Alert:
    """The alert of `delivery` with buttons while its owner may still acknowledge it, else with what became of it."""
    handoff = (
        Handoff.objects.select_related("owner", "assignment").filter(pk=delivery.handoff_id or 0).first()
        if delivery.purpose == Delivery.Purpose.ALERT
        else None
    )
    if handoff is None:
        return alert
    status, since = _status(handoff, delivery.assignment_number)
    if status:
        zone = _zone(handoff, delivery.assignment_number)
        return replace(alert, status=status, status_at=since.astimezone(zone) if since else None)
    if not settings.SLACK_SIGNING_SECRET:  # nobody would answer the button
        return alert
    value = f"{handoff.reference}/{delivery.assignment_number}"
    return replace(alert, acknowledge=value, return_url=f"{handoff_link(handoff)}return/")


def _status(handoff: Handoff, number: int) -> tuple[str, datetime | None]:
    """What became of assignment `number`, and since when; empty while it waits for its owner."""
    if handoff.assignment is None or handoff.assignment.number != number:
        return (f"Now with {handoff.owner}" if handoff.owner else "No longer with this owner"), None
    match State(handoff.state):
        case State.ASSIGNED:
            return "", None
        case State.ACKNOWLEDGED:
            return f"Acknowledged by {_acknowledged_by(handoff)}", handoff.acknowledged_at
        case State.REJECTED:
            return f"{State.REJECTED.label} by {handoff.owner}", None
        case State.CONTACTED | State.MEETING_BOOKED:
            return "First contact made", handoff.contacted_at
        case state:
            return state.label, handoff.closed_at


def _zone(handoff: Handoff, number: int) -> ZoneInfo:
    """The zone in which the announcement gives its times: that of whoever it gave the handoff to."""
    held = Assignment.objects.filter(handoff_uuid=handoff.uuid, number=number)
    return ZoneInfo(held.values_list("rep__time_zone", flat=True).first() or "UTC")


def _acknowledged_by(handoff: Handoff) -> str:
    """The first name of whoever did it, who may be the owner's manager."""
    last = timeline.last(handoff.stream, "acknowledged")
    mark = last.actor.removeprefix("user:") if last else ""
    user = User.objects.filter(pk=int(mark)).first() if mark.isdigit() else None
    name = user.first_name if user else ""
    return name or (handoff.owner.first_name if handoff.owner else "its owner")
