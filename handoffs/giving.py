"""The pieces of a change: the row's identity and lock, the fence, handing over to an owner, and taking it back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Max, Q

from handoffs import notices, states
from handoffs.models import OPEN_STATES, Account, Deal, Delivery, Handoff, Package, Remark, State
from handoffs.notices import Given
from routing import turns
from routing.models import Assignment, HandoffType, Turn
from sla import clock
from sla.clock import Plan
from sla.models import ClockKind

RELATED = ("account", "deal", "from_rep", "from_team", "to_team", "owner__team", "team", "assignment", "package")


def lock(handoff: Handoff, verb: str = "", to: State | None = None, version: int | None = None) -> Handoff:
    """The row as it is now, ours until commit. With `verb`, raises a RefusedError if that may not be done to it."""
    row = Handoff.objects.select_for_update(no_key=True, of=("self",)).select_related(*RELATED).get(pk=handoff.pk)
    states.check_version(row, version)
    if verb and to is not None:
        states.check(row, verb, to)
    return row


def change(row: Handoff, **fields: Any) -> None:
    """Writes fields of a locked row and raises its version."""
    row.version += 1
    for name, value in fields.items():
        setattr(row, name, value)
    row.save(update_fields=[*fields, "version"])


def fence(handoff: Handoff, fields: Mapping[str, Any]) -> bool:
    """Writes fields of a claimed row if attempt, state and version are still those of the claim; False otherwise."""
    ours = Handoff.objects.filter(pk=handoff.pk, attempt=handoff.attempt, state=handoff.state, version=handoff.version)
    values = {"lease_until": None, **fields}
    if not ours.update(**values, version=handoff.version + 1):
        return False
    for name, value in values.items():
        setattr(handoff, name, value)
    handoff.version += 1
    return True


def hand_over(
    handoff: Handoff, fields: Mapping[str, Any], assignment: Assignment, package: Package, plan: Plan, *, now: datetime
) -> Given | None:
    """Makes `assignment` the handoff's present one: row, clocks, and the messages of steps 4 and 5.

    None if the row is no longer as it was claimed.
    """
    owner = assignment.rep
    team = (assignment.pool.team if assignment.pool else None) or owner.team
    changes = {
        **fields,
        "state": State.ASSIGNED,
        "owner": owner,
        "team": team,
        "assignment": assignment,
        "assigned_at": handoff.assigned_at or now,
        "unassigned_since": None,
        "next_at": None,
    }
    if not fence(handoff, changes):
        return None
    clocks = clock.start(plan, assignment, now=now, kinds=[ClockKind.FIRST_CONTACT, ClockKind.ACKNOWLEDGE])
    given = Given(handoff=handoff, package=package, owner=owner, team=team, number=assignment.number, clocks=clocks)
    Delivery.objects.bulk_create(notices.on_assigned(given, now=now))
    return given


def release(row: Handoff, reason: Assignment.Release, *, at: datetime, now: datetime) -> None:
    """Ends the present assignment at `now`, so that it no longer counts as load, and stops its clocks at `at`."""
    assignment = assignment_of(row)
    Assignment.objects.filter(pk=assignment.pk, released_at__isnull=True).update(released_at=now, release_reason=reason)
    clock.stop(assignment, at=at)


def assignment_of(row: Handoff) -> Assignment:
    """The present assignment of a row whose state says that it has one."""
    if row.assignment is None:
        raise states.RefusedError(f"{row.reference} has no owner, so there is nothing to do here.")
    return row.assignment


def next_number(row: Handoff) -> int:
    """The number of the handoff's next assignment."""
    last: int | None = Assignment.objects.filter(handoff_uuid=row.uuid).aggregate(last=Max("number"))["last"]
    return (last or 0) + 1


def dedupe_key(handoff_type: HandoffType, account: Account, deal: Deal | None) -> str:
    """Names type, account and deal: unique among open handoffs."""
    return f"{handoff_type}:{account.crm_id}:{deal.crm_id if deal else '-'}"


def existing(trigger_key: str | None, dedupe_key: str) -> Handoff | None:
    """The handoff that this trigger already led to, newest first."""
    same = Q(dedupe_key=dedupe_key, state__in=OPEN_STATES)
    if trigger_key:
        same |= Q(trigger_key=trigger_key)
    return Handoff.objects.filter(same).order_by("-id").first()


def credit_turn(assignment: Assignment, *, actor: str, now: datetime, reason: str) -> None:
    """Gives back the turn that the assignment took, if it took one."""
    debited = Turn.objects.filter(assignment=assignment, kind=Turn.Kind.DEBIT).first()
    if debited is not None:
        turns.credit(debited, now=now, actor=actor, reason=reason)


def remark(row: Handoff, text: str, actor: str, now: datetime) -> dict[str, str]:
    """Keeps what somebody wrote and gives the log its id; nothing for no text."""
    if not text.strip():
        return {}
    return {"remark": str(Remark.objects.create(handoff=row, text=text.strip(), actor=actor, at=now).uuid)}
