"""Clocks: planned from a policy, started with an assignment, stopped by what they wait for. No broker timers.

A timer is the column `next_step_at`. Deadlines are the earliest instant at which the open time elapsed equals the
target.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Q

from routing import hours
from routing.calendars import frozen, thawed, working_hours
from routing.hours import ALWAYS, WorkingHours
from routing.models import Assignment, Calendar
from sla.models import Clock, ClockInterval, ClockKind, EscalationStep, Policy, StepRun


class NoPolicyError(Exception):
    """No policy is live for the type; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A promise before its clock runs: policy version, calendar, target and ladder, as they will be pinned."""

    policy: Policy
    calendar: Calendar | None
    hours: WorkingHours
    steps: tuple[EscalationStep, ...]
    target_minutes: dict[str, int]


@dataclass(frozen=True, slots=True)
class Rung:
    """A step of a clock's frozen ladder: the id of its EscalationStep, what it does, and when it is due (UTC)."""

    step: int
    action: str
    role: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Climb:
    """What was claimed: the rung to take now, and the lower ones that it overtook."""

    rung: Rung
    superseded: tuple[Rung, ...]


def policy_for(*, handoff_type: str, team_id: int | None, segment: str) -> Policy:
    """The most specific live policy: team and segment, then team, then segment, then the type alone.

    Raises NoPolicyError when not even the type has one.
    """
    fitting = list(
        Policy.objects.filter(
            Q(team__isnull=True) | Q(team_id=team_id),
            Q(segment="") | Q(segment=segment),
            state=Policy.State.LIVE,
            handoff_type=handoff_type,
        )
        .select_related("calendar", "team__calendar")
        .prefetch_related("steps", "calendar__holidays", "team__calendar__holidays")
    )
    if not fitting:
        raise NoPolicyError(f"No SLA policy is live for {handoff_type}. Publish one, so that its clock can start.")
    return max(fitting, key=lambda policy: (policy.team_id is not None, policy.segment != ""))


def policy_of(assignment: Assignment) -> Policy:
    """The policy version that the assignment's clocks were pinned to."""
    return (
        Policy.objects.select_related("calendar")
        .prefetch_related("steps", "calendar__holidays")
        .get(pk=Clock.objects.values_list("policy_id").filter(assignment=assignment)[:1])
    )


def plan(policy: Policy, *, first_contact_minutes: int | None) -> Plan:
    """What the clocks of a new assignment will be; a rule's own first-contact target, if any, replaces the policy's."""
    return Plan(
        policy=policy,
        calendar=policy.calendar,
        hours=working_hours(policy.calendar),
        steps=tuple(policy.steps.all()),
        target_minutes={
            ClockKind.FIRST_CONTACT: first_contact_minutes or policy.target_minutes,
            ClockKind.ACKNOWLEDGE: policy.acknowledge_minutes,
            ClockKind.RESUBMIT: policy.resubmit_minutes,
        },
    )


def start(plan: Plan, assignment: Assignment, *, now: datetime, kinds: Sequence[ClockKind]) -> list[Clock]:
    """Starts one clock per kind at `now`, each with its open interval: two statements for any number."""
    clocks = Clock.objects.bulk_create([_clock(plan, assignment, kind, now) for kind in kinds])
    ClockInterval.objects.bulk_create(
        [ClockInterval(clock=clock, kind=ClockInterval.Kind.RUNNING, starts_at=now) for clock in clocks]
    )
    return clocks


def stop(assignment: Assignment, *, at: datetime, kinds: Iterable[ClockKind] | None = None) -> list[Clock]:
    """Stops the running or paused clocks of an assignment at `at`; without `kinds`, all of them."""
    clocks = list(
        Clock.objects.select_for_update()
        .filter(assignment=assignment, **({"kind__in": list(kinds)} if kinds is not None else {}))
        .exclude(state=Clock.State.STOPPED)
    )
    _end([clock.pk for clock in clocks], at=at)
    return clocks


def stop_earlier(assignment: Assignment, *, at: datetime) -> None:
    """Moves the end of a stopped first-contact clock back to `at`: the earliest contact wins, whenever it is told."""
    stopped = Clock.objects.select_for_update().filter(
        assignment=assignment, kind=ClockKind.FIRST_CONTACT, state=Clock.State.STOPPED, stopped_at__gt=at
    )
    _end([clock.pk for clock in stopped], at=at)


def run_on(assignment: Assignment, *, kind: ClockKind) -> None:
    """Undoes a stop: the clock runs again as if it had never stopped, and its ladder goes on where it was."""
    for row in Clock.objects.select_for_update().filter(assignment=assignment, kind=kind, state=Clock.State.STOPPED):
        last = row.intervals.filter(ends_at=row.stopped_at).order_by("-starts_at").first()
        if last is not None:
            ClockInterval.objects.filter(pk=last.pk).update(ends_at=None)
        row.state, row.stopped_at = Clock.State.RUNNING, None
        _wait_for(row, _not_taken(row))


def used(clock: Clock, intervals: Iterable[ClockInterval], *, now: datetime) -> timedelta:
    """Open time spent so far: the running intervals measured in the hours pinned to the clock."""
    pinned = thawed(clock.hours)
    spans = (
        hours.elapsed(pinned, interval.starts_at, interval.ends_at or now)
        for interval in intervals
        if interval.kind == ClockInterval.Kind.RUNNING
    )
    return sum(spans, timedelta(0))


def due_clocks(*, now: datetime, limit: int) -> list[Clock]:
    """The running clocks that have a step to take at `now`, the longest overdue first."""
    due = Clock.objects.filter(next_step_at__lte=now, state=Clock.State.RUNNING)
    return list(due.order_by("next_step_at", "id")[:limit])


def due_rung(clock: Clock, *, now: datetime) -> Rung | None:
    """The highest rung that is due and was not taken yet."""
    return next((rung for rung in reversed(_not_taken(clock)) if rung.due_at <= now), None)


def rungs_after(clock: Clock, moment: datetime) -> list[Rung]:
    """The rungs that come after `moment`, the earliest first."""
    return [rung for rung in map(_rung_of, sorted(clock.ladder, key=_due_at)) if rung.due_at > moment]


def climb(clock: Clock, *, now: datetime) -> Climb | None:
    """Claims the highest due rung, in the caller's transaction; the lower due ones are written down as superseded.

    None when the clock stopped, somebody else climbed since `clock` was read, or nothing is due.
    """
    row = _as_read(clock)
    if row is None:
        return None
    rungs = _not_taken(row)
    due = [rung for rung in rungs if rung.due_at <= now]
    _wait_for(row, [rung for rung in rungs if rung.due_at > now])
    if not due:
        return None
    *lower, top = due
    outcomes = [*((rung, StepRun.Outcome.SUPERSEDED) for rung in lower), (top, StepRun.Outcome.DONE)]
    StepRun.objects.bulk_create(
        [
            StepRun(clock=row, step_id=rung.step, due_at=rung.due_at, ran_at=now, outcome=outcome)
            for rung, outcome in outcomes
        ]
    )
    return Climb(top, tuple(lower))


def put_off(clock: Clock, rung: Rung, *, until: datetime) -> bool:
    """Moves a rung that cannot be taken yet to `until`, in the caller's transaction; False if the clock moved on."""
    row = _as_read(clock)
    if row is None:
        return False
    row.ladder = sorted(
        ({**step, "due_at": until.isoformat()} if step["step"] == rung.step else step for step in row.ladder),
        key=_due_at,
    )
    _wait_for(row, _not_taken(row))
    return True


def look_again(clock: Clock, *, at: datetime) -> None:
    """Leaves the ladder as it is and looks at the clock again at `at`, unless it moved on since it was read."""
    Clock.objects.filter(pk=clock.pk, version=clock.version, state=Clock.State.RUNNING).update(next_step_at=at)


def _as_read(clock: Clock) -> Clock | None:
    """The running clock under its lock, if it is still the one that was read."""
    still = Clock.objects.filter(pk=clock.pk, version=clock.version, state=Clock.State.RUNNING)
    return still.select_for_update(no_key=True).first()


def _not_taken(clock: Clock) -> list[Rung]:
    """The rungs that were neither taken nor overtaken, the earliest first."""
    taken = set(StepRun.objects.filter(clock=clock).values_list("step_id", flat=True))
    left = (step for step in clock.ladder if step["step"] not in taken)
    return [_rung_of(step) for step in sorted(left, key=_due_at)]


def _rung_of(step: Mapping[str, Any]) -> Rung:
    return Rung(step["step"], step["action"], step["role"], _due_at(step))


def _wait_for(row: Clock, rungs: Sequence[Rung]) -> None:
    """Writes when the clock is looked at next: at the first of these rungs, or never."""
    row.next_step_at = min((rung.due_at for rung in rungs), default=None)
    row.version += 1
    row.save(update_fields=["state", "stopped_at", "next_step_at", "ladder", "version"])


def _due_at(step: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(step["due_at"])


def _end(pks: list[int], *, at: datetime) -> None:
    """Ends clocks at `at`, with every interval that runs beyond it."""
    beyond = Q(ends_at__isnull=True) | Q(ends_at__gt=at)
    ClockInterval.objects.filter(beyond, clock__in=pks, starts_at__gt=at).update(ends_at=F("starts_at"))
    ClockInterval.objects.filter(beyond, clock__in=pks, starts_at__lte=at).update(ends_at=at)
    Clock.objects.filter(pk__in=pks).update(
        state=Clock.State.STOPPED, stopped_at=at, next_step_at=None, version=F("version") + 1
    )


def _clock(plan: Plan, assignment: Assignment, kind: ClockKind, now: datetime) -> Clock:
    target = timedelta(minutes=plan.target_minutes[kind])
    deadline = hours.add(plan.hours, now, target)
    at_risk = hours.add(plan.hours, now, target * plan.policy.at_risk_percent / 100)
    ladder = [
        _rung(step, plan.hours, deadline=deadline, at_risk=at_risk) for step in plan.steps if step.clock_kind == kind
    ]
    ladder.sort(key=_due_at)
    return Clock(
        assignment=assignment,
        handoff_uuid=assignment.handoff_uuid,
        kind=kind,
        policy=plan.policy,
        calendar=plan.calendar,
        calendar_version=plan.calendar.version if plan.calendar else None,
        hours={} if plan.hours is ALWAYS else frozen(plan.hours, year=now.year),
        target_minutes=plan.target_minutes[kind],
        started_at=now,
        at_risk_at=at_risk,
        deadline_at=deadline,
        ladder=ladder,
        next_step_at=_due_at(ladder[0]) if ladder else None,
    )


def _rung(step: EscalationStep, open_hours: WorkingHours, *, deadline: datetime, at_risk: datetime) -> dict[str, Any]:
    """A ladder step as it is frozen into the clock: when it is due is settled here, once."""
    after = timedelta(minutes=step.after_minutes)
    if step.action == EscalationStep.Action.NOTICE_AT_RISK:
        due = at_risk
    elif step.unit == EscalationStep.Unit.BUSINESS:
        due = hours.add(open_hours, deadline, after)
    else:
        due = deadline + after
    return {
        "step": step.pk,
        "action": step.action,
        "role": step.role,
        "after_minutes": step.after_minutes,
        "due_at": due.isoformat(),
    }
