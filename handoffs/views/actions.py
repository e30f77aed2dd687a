"""What was done for a handoff, from the ledger of the outbox, and what its owner does next."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from handoffs import wording
from handoffs.models import Delivery, Handoff
from handoffs.purposes import name_of
from handoffs.views.words import Reading
from sla.models import Clock

Purpose = Delivery.Purpose

DONE = {
    Purpose.CRM_UPDATE: "CRM updated",
    Purpose.CRM_NOTE: "Note written to the CRM",
    Purpose.ALERT: "{owner} notified via {channel}",
    Purpose.BRIEFING: "Briefing e-mail sent",
    Purpose.GAPS: "Sender told of the gaps",
    Purpose.UNASSIGNED: "Manager told that nobody can take it",
    Purpose.ACKNOWLEDGED: "Sender told of the acknowledgement",
    Purpose.ESCALATION: "Escalation sent",
    Purpose.NOTICE: "Notice sent",
}
NOT_DONE = {
    Purpose.CRM_UPDATE: "CRM update",
    Purpose.CRM_NOTE: "CRM note",
    Purpose.ALERT: "Alert to {owner} via {channel}",
    Purpose.BRIEFING: "Briefing e-mail",
    Purpose.GAPS: "Gap list to the sender",
    Purpose.UNASSIGNED: "Alert that nobody can take it",
    Purpose.ACKNOWLEDGED: "Acknowledgement to the sender",
    Purpose.ESCALATION: "Escalation",
    Purpose.NOTICE: "Notice",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One action or step: what, when, how it stands (icon and tone), and a note."""

    text: str
    time: str
    icon: str
    tone: str
    note: str = ""


def actions(handoff: Handoff, deliveries: Iterable[Delivery], clock: Clock | None, reading: Reading) -> list[Line]:
    """What was done, oldest first. A tick stands only for what the ledger shows delivered."""
    found = [_delivery(delivery, handoff, reading) for delivery in deliveries]
    if handoff.package:
        compiled = reading.time(handoff.package.compiled_at)
        found.insert(0, Line(text="Handoff package compiled", time=compiled, icon="done", tone="ok"))
    if clock is not None:
        found.append(Line(text="SLA clock started", time=reading.time(clock.started_at), icon="done", tone="ok"))
    return found


def next_steps(
    handoff: Handoff,
    clock: Clock | None,
    acknowledge_by: Clock | None,
    reading: Reading,
    *,
    contact: str,
    deal: str,
    findings: Delivery | None,
) -> list[Line]:
    """The owner's steps, ticked as they are taken. `contact` is the primary contact's first name.

    `findings` is the latest note of them: that step is ticked when the CRM has it, and says where it is until then.
    """
    due = _due(clock, reading)
    within = f" within {wording.duration(clock.target_minutes)}" if clock else ""
    ack_by = _due(acknowledge_by, reading) or "now"
    acknowledged = handoff.acknowledged_at or handoff.contacted_at
    steps = (
        ("Acknowledge", acknowledged, ack_by),
        (f"Contact {contact}{within}", handoff.contacted_at, due),
        ("Book the first meeting", handoff.meeting_at, ""),
    )
    taken = [_step(text, reading.time(at) if at else when, is_done=at is not None) for text, at, when in steps]
    return [*taken, _findings(f"Update {deal or 'the account'} with initial findings", findings, reading)]


def _findings(text: str, note: Delivery | None, reading: Reading) -> Line:
    if note is None or note.state == Delivery.State.CANCELLED:
        return Line(text=text, time="", icon="todo", tone="")
    if note.state == Delivery.State.DELIVERED:
        return Line(text=text, time=reading.time(note.delivered_at or note.queued_at), icon="done", tone="ok")
    if note.state == Delivery.State.PARKED:
        return Line(text=text, time="note failed", icon="stop", tone="bad")
    return Line(text=text, time="note queued", icon="half", tone="")


def _due(clock: Clock | None, reading: Reading) -> str:
    if clock is None:
        return ""
    return f"{'by' if reading.now < clock.deadline_at else 'was due'} {reading.time(clock.deadline_at)}"


def _step(text: str, when: str, *, is_done: bool) -> Line:
    tone = "ok" if is_done else "bad" if when.startswith("was due") else ""
    return Line(text=text, time=when, icon="done" if is_done else "todo", tone=tone)


def _delivery(delivery: Delivery, handoff: Handoff, reading: Reading) -> Line:
    owner = handoff.owner.name if handoff.owner else "the owner"
    purpose, channel = Purpose(delivery.purpose), delivery.get_channel_display()
    done, pending = (words[purpose].format(owner=owner, channel=channel) for words in (DONE, NOT_DONE))
    if step := getattr(delivery, "about", ""):
        pending = name_of(purpose, step)
        done = f"{pending} sent"
    if delivery.state == Delivery.State.DELIVERED:
        at = reading.time(delivery.delivered_at or delivery.queued_at)
        return Line(text=done, time=at, icon="done", tone="ok", note=_to(delivery))
    if delivery.state == Delivery.State.PARKED:
        note = f"Failed: {delivery.last_error} RevOps can send it again."
        return Line(text=f"{pending}: failed", time="", icon="stop", tone="bad", note=note)
    if delivery.state == Delivery.State.CANCELLED:
        return Line(text=f"{pending}: not sent", time="", icon="skip", tone="idle", note=delivery.last_error)
    if delivery.failures:
        again = f" Tried {delivery.failures} times, next {reading.time(delivery.next_at)}." if delivery.next_at else ""
        note = f"{delivery.last_error}{again}".replace("1 times", "once")
        return Line(text=f"{pending}: not yet sent", time="", icon="warn", tone="warn", note=note)
    return Line(text=f"{pending}: queued", time="", icon="half", tone="info", note=_to(delivery))


def _to(delivery: Delivery) -> str:
    """Where it went. CRM writes say nothing, since the page names the record; a member id would tell nobody."""
    if delivery.channel == Delivery.Channel.CRM:
        return ""
    named = delivery.recipient.startswith("#") or "@" in delivery.recipient
    return f"To {delivery.recipient}" if named else "As a direct message"
