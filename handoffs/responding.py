"""Step 7: the response of a handoff, from its record. The same record gives the same text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from handoffs import timeline, wording
from handoffs.models import Delivery, Handoff, ReturnReason, State
from handoffs.package import contact_to_reach
from handoffs.response_facts import (
    DELIVERED,
    NOT_NEEDED,
    NOT_YET,
    PLANNED,
    QUEUED,
    Action,
    ResponseFacts,
    ResponseState,
)
from handoffs.states import RefusedError
from routing.models import Decision, Rep
from routing.offices import holder_of
from sla.models import Clock, ClockKind, EscalationStep

Purpose = Delivery.Purpose
STATES: Mapping[str, ResponseState] = {
    State.BLOCKED: "blocked",
    State.REJECTED: "returned",
    State.WITHDRAWN: "withdrawn",
}
"""States with a heading of their own; the others are assigned or not."""


def response_of(handoff: Handoff, *, zone: str = "UTC", rehearsed: bool = False) -> ResponseFacts:
    """What the response says of a handoff that was run, for a reader in `zone` (IANA).

    `rehearsed` marks what a dry run would do. Raises RefusedError while no package was compiled.
    """
    package = handoff.package
    if package is None:
        reason = handoff.last_error or "it has not been looked at yet"
        raise RefusedError(f"{handoff.reference} has no package: {reason.rstrip('.')}. Run it, then ask again.")
    state = STATES.get(handoff.state) or ("unassigned" if handoff.assignment is None else "assigned")
    none_yet = NOT_NEEDED if state == "withdrawn" else NOT_YET
    clock = _first_contact(handoff)
    decision = Decision.objects.filter(handoff_uuid=handoff.uuid).select_related("pool__team").first()
    number = handoff.assignment.number if handoff.assignment else 0
    ledger = _Ledger(handoff.deliveries.filter(assignment_number__in={0, number}).order_by("id"), rehearsed=rehearsed)
    first = contact_to_reach(package.body)
    return ResponseFacts(
        handoff_type=handoff.handoff_type,
        state=state,
        account_name=handoff.account.name,
        at=handoff.assigned_at or package.compiled_at,
        package=package.body,
        reference="" if rehearsed else handoff.reference,
        from_name=handoff.from_rep.name if handoff.from_rep else "",
        from_first_name=handoff.from_rep.first_name if handoff.from_rep else "",
        from_team=handoff.from_team.name if handoff.from_team else "",
        to_name=handoff.owner.name if handoff.owner else "",
        to_team=handoff.team.name if handoff.team else "",
        owner_first_name=handoff.owner.first_name if handoff.owner else "",
        contact_first_name=first["name"].split()[0] if first else "",
        sla_minutes=clock.target_minutes if clock else None,
        deadline=clock.deadline_at if clock else None,
        zone=zone,
        account_zone=package.context["account"].get("time_zone", ""),
        reason=_reason(handoff, decision, zone=zone, rehearsed=rehearsed),
        rehearsed=rehearsed,
        queue=handoff.queue.name if state == "unassigned" and handoff.queue is not None else "",
        held_until=_held_until(handoff, state),
        crm=ledger.action(Purpose.CRM_UPDATE, Purpose.CRM_NOTE) if clock else none_yet,
        alert=ledger.action(Purpose.ALERT) if clock else none_yet,
        alert_channel=ledger.channel(Purpose.ALERT),
        briefing=ledger.action(Purpose.BRIEFING) if clock else none_yet,
        gap_list=ledger.action(Purpose.GAPS),
        acknowledgement_required=clock is not None,
        acknowledged_at=handoff.acknowledged_at,
        ladder=_ladder(handoff, clock) if clock else (),
    )


class _Ledger:
    """What the outbox shows of a handoff's deliveries."""

    def __init__(self, deliveries: Iterable[Delivery], *, rehearsed: bool) -> None:
        self.rows = list(deliveries)
        self.rehearsed = rehearsed

    def action(self, *purposes: Purpose) -> Action:
        """Delivered only if each purpose was, by its own channel or by its fallback; the briefing by its own alone."""
        states = [self._one(purpose) for purpose in purposes]
        return next((state for state in states if state.state == "failed"), None) or next(
            (state for state in states if state != DELIVERED), DELIVERED
        )

    def channel(self, purpose: Purpose) -> str:
        """The medium that carried it, or will."""
        rows = [row for row in self.rows if row.purpose == purpose]
        carried = [row for row in rows if row.state == Delivery.State.DELIVERED] or rows
        return carried[0].get_channel_display() if carried else "Slack"

    def _one(self, purpose: Purpose) -> Action:
        rows = [row for row in self.rows if row.purpose == purpose]
        if purpose == Purpose.BRIEFING:  # it is said of the mail itself, whatever stood in for it
            rows = [row for row in rows if row.fallback_of_id is None]
        if not rows:
            return NOT_NEEDED
        if self.rehearsed:
            return PLANNED
        if any(row.state == Delivery.State.DELIVERED for row in rows):
            return DELIVERED
        if any(row.state == Delivery.State.QUEUED for row in rows):
            return QUEUED
        return Action("failed", rows[-1].last_error.rstrip(".") or "not sent")


def _first_contact(handoff: Handoff) -> Clock | None:
    if handoff.assignment is None:
        return None
    return Clock.objects.filter(assignment=handoff.assignment, kind=ClockKind.FIRST_CONTACT).first()


def _held_until(handoff: Handoff, state: str) -> datetime | None:
    """When an unassigned handoff is decided again, or by when a returned one is to be answered."""
    if state == "returned":
        clock = Clock.objects.filter(assignment=handoff.assignment, kind=ClockKind.RESUBMIT).first()
        return clock.deadline_at if clock else None
    return handoff.next_at if state == "unassigned" else None


def _said(handoff: Handoff, verb: str) -> str:
    """What was written when it was last returned or withdrawn, as a sentence of its own."""
    text = timeline.last_remark(handoff.stream, verb)
    return f" {text}" if text else ""


def _reason(handoff: Handoff, decision: Decision | None, *, zone: str, rehearsed: bool) -> str:
    if handoff.state == State.BLOCKED:
        return f"Nobody has it: the sender {'would be' if rehearsed else 'was'} asked to fill what is missing."
    if handoff.state == State.REJECTED:
        why = dict(ReturnReason.choices).get(handoff.rejection_reason, "") or "no reason given"
        return f"{handoff.owner or 'The owner'} returned it: {str(why).lower()}.{_said(handoff, 'rejected')}"
    if handoff.state == State.WITHDRAWN:
        return f"Its trigger was wrong, so it ended without an outcome.{_said(handoff, 'withdrawn')}"
    if handoff.state == State.UNASSIGNED and handoff.queue is not None:
        return f"It waits in the queue of {handoff.queue.name} for whoever takes it."
    if handoff.state == State.UNASSIGNED and decision is not None:
        passed = [f"{c['name']} {c['words']}" for c in decision.receipt["candidates"] if c["code"] != "eligible"]
        passed = [wording.localised(said, lambda at: wording.moment(at, zone)) for said in passed]
        where = decision.pool.name if decision.pool else "the roster"
        return f"Nobody in {where} can take it now: {'; '.join(passed) or 'it has no members'}."
    return ""


def _ladder(handoff: Handoff, clock: Clock) -> tuple[tuple[str, datetime], ...]:
    """Who hears of a missed deadline, and when, from the ladder that is frozen into the clock."""
    names = {
        EscalationStep.Action.ALERT_OWNER: handoff.owner.name if handoff.owner else "the owner",
        EscalationStep.Action.REASSIGN: "reassigned",
    }
    steps = []
    for rung in clock.ladder:
        due = datetime.fromisoformat(rung["due_at"])
        if rung["action"] == EscalationStep.Action.ALERT_ROLE:
            steps.append((_holder(handoff, rung["role"], due), due))
        elif rung["action"] in names:
            steps.append((names[rung["action"]], due))
    return tuple(steps)


def _holder(handoff: Handoff, role: str, due: datetime) -> str:
    code = role or handoff.type_enum.escalation_role
    holder: Rep | None = holder_of(code, near=handoff.owner, at=due)
    return holder.name if holder else code.replace("_", " ")
