"""The escalation ladder as a page shows it: a track of points in time, and the sentences of a breached row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from handoffs.models import Handoff
from handoffs.views.chips import BREACHED, Chip, chip
from handoffs.views.words import Reading, share
from handoffs.wording import span
from routing.models import RoleCode
from sla.clock import used
from sla.models import Clock, EscalationStep

Action = EscalationStep.Action
Holders = Mapping[str, str]
"""The name of who holds a role, by the role's code."""
YOU = "You"
NOT_ON_THE_TRACK = frozenset({Action.NOTICE_AT_RISK, Action.REMIND})


@dataclass(frozen=True, kw_only=True, slots=True)
class Rung:
    """One point on the track: what happens or happened, and when. `state` is done, now or empty."""

    label: str
    time: str
    at: datetime
    state: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Track:
    """The clock card: the chip's words writ large, how much of the promise is used up, and the rungs by time."""

    chip: Chip
    sentence: str
    used: int
    rungs: tuple[Rung, ...]
    is_running: bool


def track(handoff: Handoff, clock: Clock, reading: Reading, *, is_owner: bool, holders: Holders) -> Track:
    """The clock card of one handoff under its first-contact clock (with `intervals` and `step_runs`)."""
    shown = chip(handoff, clock, reading)
    is_running = clock.state != Clock.State.STOPPED
    until = reading.now if is_running else (clock.stopped_at or reading.now)
    spent = used(clock, clock.intervals.all(), now=until)
    what = "First contact was due" if shown.group == BREACHED or not is_running else "First contact is due"
    rungs = sorted(_rungs(handoff, clock, reading, is_owner=is_owner, holders=holders), key=lambda rung: rung.at)
    return Track(
        chip=shown,
        sentence=f"{what} {reading.time(clock.deadline_at)} {reading.zone_name(clock.deadline_at)}",
        used=share(spent.total_seconds(), clock.target_minutes * 60),
        rungs=tuple(rungs),
        is_running=is_running,
    )


def what_happens(clock: Clock, reading: Reading, *, role: str, is_owner: bool, holders: Holders) -> tuple[str, str]:
    """What the ladder of a breached clock did, and what it does next: two sentences, either may be empty.

    `role` is the type's escalation role; `holders` says "You" for the reader.
    """
    who, were, are = ("You", "were", "are") if is_owner else ("The owner", "was", "is")
    ran = {run.step_id: run.ran_at for run in clock.step_runs.all()}
    done, ahead = "", []
    for step in clock.ladder:
        at, due = ran.get(step["step"]), datetime.fromisoformat(step["due_at"])
        if step["action"] in NOT_ON_THE_TRACK or (at is None and due <= reading.now):
            continue
        told = step["action"] != Action.REASSIGN
        name, was, is_ = (
            (who, were, are) if step["action"] == Action.ALERT_OWNER else _verbs_of(_who(step, role, holders))
        )
        if at is not None and told:
            done = f"{name} {was} alerted {reading.time(at)}."
        elif at is None:
            ahead.append(
                f"{name} {is_} alerted {reading.time(due)}" if told else f"goes to somebody else {reading.time(due)}"
            )
    coming = ", ".join(ahead)
    return done, f"{coming[:1].upper()}{coming[1:]}." if coming else ""


def _rungs(handoff: Handoff, clock: Clock, reading: Reading, *, is_owner: bool, holders: Holders) -> Iterator[Rung]:
    started, due = clock.started_at, clock.deadline_at
    passed = due <= (clock.stopped_at or reading.now)
    yield Rung(label="Started", time=reading.time(started), at=started, state="done")
    yield Rung(label="Due", time=reading.time(due), at=due, state="done" if passed else "")
    if clock.state != Clock.State.STOPPED:
        yield Rung(label="Now", time=reading.time(reading.now), at=reading.now, state="now")
    elif handoff.contacted_at and clock.stopped_at:
        yield Rung(label="First contact", time=reading.time(clock.stopped_at), at=clock.stopped_at, state="now")
    ran = {run.step_id: run.ran_at for run in clock.step_runs.all()}
    labels = {
        Action.ALERT_OWNER: "You are alerted" if is_owner else "Owner is alerted",
        Action.REASSIGN: "Goes to somebody else",
    }
    for step in clock.ladder:
        at = ran.get(step["step"])
        if step["action"] in NOT_ON_THE_TRACK or (clock.state == Clock.State.STOPPED and at is None):
            continue
        due = datetime.fromisoformat(step["due_at"])
        late = span(due - clock.deadline_at)
        label = labels.get(step["action"]) or _who(step, handoff.type_enum.escalation_role, holders)
        yield Rung(label=label, time=f"{reading.time(at or due)} (+{late})", at=at or due, state="done" if at else "")


def _verbs_of(name: str) -> tuple[str, str, str]:
    return (name, "were", "are") if name == YOU else (name, "was", "is")


def _who(step: Mapping[str, Any], of_the_type: str, holders: Holders) -> str:
    role = step["role"] or of_the_type
    return holders.get(role) or RoleCode(role).label
