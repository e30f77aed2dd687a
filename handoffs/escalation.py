"""What happens when a promise is about to be missed, or was: the due step of a clock's ladder.

The claim of a step, its messages and its log line are one transaction, so that a step is neither lost nor done twice,
whoever dies. After an outage only the highest due step is taken.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import InterfaceError, OperationalError, transaction
from structlog.contextvars import bound_contextvars

from handoffs import giving, notices, purposes, reassigning, timeline, wake
from handoffs.announcing import spoken
from handoffs.failpoints import pass_point
from handoffs.models import Delivery, Handoff, Notice, State
from handoffs.reassigning import Heir, TakenMeanwhileError
from handoffs.timeline import Entry
from routing.models import Rep, RoleCode
from routing.offices import holder_of
from sla import clock as sla_clock
from sla.clock import Climb, Rung
from sla.models import Clock, ClockKind, EscalationStep

log = logging.getLogger(__name__)

ACTOR = "sla"
TRY_AGAIN = timedelta(minutes=5)
Action = EscalationStep.Action


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """A step that was claimed: the locked handoff, its clock, the rung, and who takes the handoff over, if it moves."""

    handoff: Handoff
    clock: Clock
    rung: Rung
    heir: Heir | None
    now: datetime

    @property
    def waits_for(self) -> ClockKind:
        return ClockKind(self.clock.kind)

    @property
    def on_the_hook(self) -> Rep | None:
        """Who the clock waits for: the sender where it is a resubmission, else the owner."""
        return self.handoff.from_rep if self.waits_for == ClockKind.RESUBMIT else self.handoff.owner

    @property
    def role(self) -> str:
        return self.rung.role or self.handoff.type_enum.escalation_role


def take_step(clock: Clock, *, now: datetime) -> None:
    """Takes the highest due step of a clock; whatever goes wrong with it, it is looked at again in five minutes.

    Raises only when the database is away.
    """
    with bound_contextvars(handoff_uuid=str(clock.handoff_uuid), clock=str(clock.uuid)):
        try:
            _take_step(clock, now=now)
        except (InterfaceError, OperationalError):
            raise
        except TakenMeanwhileError:
            sla_clock.look_again(clock, at=now + TRY_AGAIN)
        except Exception:  # one bad row must not stop the others
            log.exception("The ladder of clock %s could not be climbed; it is tried again in %s", clock.uuid, TRY_AGAIN)
            sla_clock.look_again(clock, at=now + TRY_AGAIN)


def _take_step(clock: Clock, *, now: datetime) -> None:
    handoff = Handoff.objects.select_related(*giving.RELATED, "team__manager").get(uuid=clock.handoff_uuid)
    rung = sla_clock.due_rung(clock, now=now)
    heir = None
    moves = rung is not None and rung.action == Action.REASSIGN and clock.kind != ClockKind.RESUBMIT
    if rung is not None and moves and handoff.package is not None:
        heir = reassigning.find(handoff, handoff.package, now=now)
        if heir.opens_at is not None:
            _wait_for_opening(handoff, clock, rung, until=heir.opens_at, now=now)
            return
    pass_point("escalation.decided")
    with transaction.atomic():
        row = giving.lock(handoff)
        if not _counts(clock, row):
            sla_clock.stop(clock.assignment, at=now, kinds=[ClockKind(clock.kind)])
            return
        climbed = sla_clock.climb(clock, now=now)
        if climbed is None:
            return
        pass_point("escalation.claimed")
        lines = _overtaken(climbed)
        lines.append(TAKE[climbed.rung.action](Step(handoff=row, clock=clock, rung=climbed.rung, heir=heir, now=now)))
        timeline.append(row.stream, lines, actor=ACTOR, now=now, after=timeline.head(row.stream))
        pass_point("escalation.before_commit")
        wake.after_commit()


def _counts(clock: Clock, row: Handoff) -> bool:
    """Whether the handoff, locked, still waits for what the clock counts; a step is taken of no other."""
    waits = {State.REJECTED} if clock.kind == ClockKind.RESUBMIT else {State.ASSIGNED, State.ACKNOWLEDGED}
    return row.state in waits and clock.assignment_id == row.assignment_id


def _wait_for_opening(handoff: Handoff, clock: Clock, rung: Rung, *, until: datetime, now: datetime) -> None:
    """Nobody who could take it is at work: the step is due again when somebody is."""
    with transaction.atomic():
        row = giving.lock(handoff)
        if sla_clock.put_off(clock, rung, until=until):
            timeline.record(row.stream, "put_off", actor=ACTOR, now=now, until=until)


def _overtaken(climbed: Climb) -> list[Entry]:
    return [Entry("superseded", {"step": rung.step, "action": rung.action}) for rung in climbed.superseded]


def _warn(step: Step) -> Entry:
    """Before the promise is missed: the owner still has time."""
    body = f"{step.waits_for.label} of {step.handoff.reference} is due {_deadline(step)}."
    return _tell_the_one(step, "warned", title=f"At risk: {step.handoff.account.name}", body=body, priority="high")


def _remind(step: Step) -> Entry:
    body = f"{step.waits_for.label} of {step.handoff.reference} was due {_deadline(step)}."
    return _tell_the_one(step, "reminded", title=f"Reminder: {step.handoff.account.name}", body=body, priority="high")


def _alert_owner(step: Step) -> Entry:
    body = f"{step.waits_for.label} of {step.handoff.reference} was due {_deadline(step)}."
    title = f"Overdue: {step.handoff.account.name}"
    return _tell_the_one(step, "owner_alerted", title=title, body=body, priority="urgent")


def _alert_role(step: Step) -> Entry:
    """Whoever answers for the role nearest the owner; without one the team's manager."""
    near = step.on_the_hook
    person = holder_of(step.role, near=near, at=step.now) or (near.team.manager if near else None)
    who = near.name if near else "Nobody"
    due = _deadline(step, for_=person)
    body = f"{who} has it. {step.waits_for.label} of {step.handoff.reference} was due {due}."
    _queue(step, person, title=f"Overdue: {step.handoff.account.name}", body=body, priority="urgent")
    return _line(step, "role_alerted", person, role=step.role)


def _reassign(step: Step) -> Entry:
    """To somebody who never had it; with nobody left, the role is told that it stays where it is."""
    row, former = step.handoff, step.handoff.owner
    heir = None
    if step.heir is not None and row.package is not None:
        heir = reassigning.hand_on(row, row.package, step.heir, now=step.now, actor=ACTOR)
    if heir is not None:
        return _line(step, "escalated", heir, previous=former.pk if former else None)
    person = holder_of(step.role, near=former, at=step.now)
    who = former.name if former else "its sender"
    due = _deadline(step, for_=person)
    body = f"{row.reference} stays with {who}: there is nobody else to give it to. It was due {due}."
    _queue(step, person, title=f"Overdue, and nobody else: {row.account.name}", body=body, priority="urgent")
    return _line(step, "left", former)


TAKE: Mapping[str, Callable[[Step], Entry]] = {
    Action.NOTICE_AT_RISK: _warn,
    Action.REMIND: _remind,
    Action.ALERT_OWNER: _alert_owner,
    Action.ALERT_ROLE: _alert_role,
    Action.REASSIGN: _reassign,
}


def _tell_the_one(step: Step, verb: str, *, title: str, body: str, priority: str) -> Entry:
    """A message to whoever the clock waits for, with what comes next."""
    _queue(step, step.on_the_hook, title=title, body=body, priority=priority, lines=_ahead(step))
    return _line(step, verb, step.on_the_hook)


def _queue(step: Step, person: Rep | None, *, title: str, body: str, priority: str, lines: Sequence[str] = ()) -> None:
    is_of_owner = step.waits_for != ClockKind.RESUBMIT
    notices.to_rep(
        step.handoff,
        person,
        # An escalation is dropped when the handoff was returned; this one is about just that.
        Delivery.Purpose.ESCALATION if is_of_owner else Delivery.Purpose.NOTICE,
        kind=Notice.Kind.AT_RISK if step.rung.action == Action.NOTICE_AT_RISK else Notice.Kind.OVERDUE,
        title=title,
        body=body,
        number=giving.assignment_of(step.handoff).number,
        now=step.now,
        mark=str(step.rung.step),
        team=step.handoff.team if is_of_owner else step.handoff.from_team,
        lines=lines,
        priority=priority,
        deadline=step.clock.deadline_at,
        waits_for=step.waits_for,
        about=purposes.about(action=step.rung.action, role=step.role),
    ).queue()


def _line(step: Step, verb: str, person: Rep | None, **more: object) -> Entry:
    who = person.pk if person else None
    return Entry(verb, {"step": step.rung.step, "waits_for": step.waits_for.value, "rep": who, **more})


def _deadline(step: Step, *, for_: Rep | None = None) -> str:
    """The deadline on the clock of whoever reads it; where nobody is named, of whoever it waits for."""
    reader = for_ or step.on_the_hook
    return spoken(step.clock.deadline_at, reader.time_zone if reader else "UTC")


def _ahead(step: Step) -> list[str]:
    """What the ladder does next, a sentence per rung."""
    zone = step.on_the_hook.time_zone if step.on_the_hook else "UTC"
    said = []
    for rung in sla_clock.rungs_after(step.clock, step.now):
        when = spoken(rung.due_at, zone)
        role = RoleCode(rung.role or step.handoff.type_enum.escalation_role).label
        words = {
            Action.ALERT_OWNER.value: f"You are alerted {when}.",
            Action.ALERT_ROLE.value: f"{role} is alerted {when}.",
            Action.REASSIGN.value: f"It goes to somebody else {when}.",
        }
        said += [words[rung.action]] if rung.action in words else []
    return said
