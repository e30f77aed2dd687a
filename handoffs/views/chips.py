"""How a handoff stands against its clock: the chip, and the group it is listed under.

The server computes all of it: working hours and zones are no business of a browser.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from handoffs.models import Handoff, State
from handoffs.views.words import HOUR, Reading
from handoffs.wording import span
from routing import hours
from routing.calendars import thawed
from sla.clock import used
from sla.models import Clock

BREACHED, ANSWER, SOON, LATER, WAITING, CONTACTED, DONE = (
    "breached",
    "answer",
    "soon",
    "later",
    "waiting",
    "contacted",
    "done",
)

HELD = timedelta(minutes=15)
"""An unassigned handoff that is decided again sooner than this is not held until an opening, only waiting."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Chip:
    """Icon, words and colour together; `label` is the state in one word for those who hear the page."""

    group: str
    tone: str
    icon: str
    label: str
    words: str
    note: str = ""
    is_solid: bool = False


def chip(handoff: Handoff, clock: Clock | None, reading: Reading, *, is_sender: bool = False) -> Chip:
    """The chip of a handoff under its present clock (with `intervals`); `is_sender` if the reader sent it."""
    waiting = ANSWER if is_sender else WAITING
    state = State(handoff.state)
    if state in {State.CONVERTED, State.LOST, State.WITHDRAWN}:
        return _closed(handoff, reading)
    if state == State.RECEIVED:
        note = f"Received {reading.time(handoff.received_at)}"
        return Chip(group=WAITING, tone="idle", icon="clock", label="Received", words="Being prepared", note=note)
    if state == State.BLOCKED:
        note = f"Received {reading.time(handoff.received_at)}"
        return Chip(group=waiting, tone="bad", icon="stop", label="Blocked", words="Blocked by gaps", note=note)
    if state == State.UNASSIGNED:
        return _unassigned(handoff, reading)
    if clock is None:
        return Chip(group=LATER, tone="idle", icon="clock", label=state.label, words=state.label, note="No clock")
    if state == State.REJECTED:
        return _returned(clock, reading, waiting)
    if state in {State.CONTACTED, State.MEETING_BOOKED}:
        return _met(handoff, clock, reading)
    if clock.state == Clock.State.PAUSED:
        return _paused(clock, reading)
    return _running(clock, reading)


def _running(clock: Clock, reading: Reading) -> Chip:
    due = f"Due {reading.time(clock.deadline_at)}"
    if reading.now >= clock.deadline_at:
        over = f"{span(reading.now - clock.deadline_at)} over"
        return Chip(group=BREACHED, tone="bad", icon="stop", label="Breached", words=over, note=due, is_solid=True)
    left = hours.elapsed(thawed(clock.hours), reading.now, clock.deadline_at)
    words = f"{span(left)} left"
    group = SOON if clock.deadline_at - reading.now <= HOUR else LATER
    if reading.now >= clock.at_risk_at:
        return Chip(group=group, tone="warn", icon="warn", label="At risk", words=words, note=due)
    return Chip(group=group, tone="ok", icon="clock", label="On track", words=words, note=due)


def _paused(clock: Clock, reading: Reading) -> Chip:
    since = next((span.starts_at for span in clock.intervals.all() if span.ends_at is None), clock.started_at)
    left = max(
        timedelta(minutes=clock.target_minutes) - used(clock, clock.intervals.all(), now=reading.now), timedelta()
    )
    return Chip(
        group=WAITING,
        tone="idle",
        icon="pause",
        label="Paused",
        words=f"Paused {span(reading.now - since)}",
        note=f"{span(left)} left on resume",
    )


def _met(handoff: Handoff, clock: Clock, reading: Reading) -> Chip:
    at = clock.stopped_at or handoff.contacted_at or reading.now
    limit = f"Limit {span(timedelta(minutes=clock.target_minutes))}"
    if at > clock.deadline_at:
        late = f"{span(at - clock.deadline_at)} late"
        return Chip(group=CONTACTED, tone="bad", icon="stop", label="Contacted late", words=late, note=limit)
    words = f"Met in {span(used(clock, clock.intervals.all(), now=at))}"
    return Chip(group=CONTACTED, tone="ok", icon="done", label="Met", words=words, note=limit)


def _returned(clock: Clock, reading: Reading, group: str) -> Chip:
    due = f"Answer due {reading.time(clock.deadline_at)}"
    late = reading.now >= clock.deadline_at and clock.state != Clock.State.STOPPED
    return Chip(
        group=group,
        tone="bad" if late else "idle",
        icon="stop" if late else "pause",
        label="Returned, answer overdue" if late else "Returned",
        words="Returned",
        note=due,
    )


def _unassigned(handoff: Handoff, reading: Reading) -> Chip:
    if handoff.next_at and handoff.next_at - reading.now > HELD:
        note = f"Until {reading.time(handoff.next_at)}"
        return Chip(group=WAITING, tone="idle", icon="pause", label="Held, nobody at work", words="Held", note=note)
    since = handoff.unassigned_since or handoff.received_at
    if handoff.queue_id is not None:
        words = f"In the queue {span(reading.now - since)}"
        return Chip(group=WAITING, tone="info", icon="inbox", label="To take", words=words, note="Nobody took it yet")
    words = f"Unassigned {span(reading.now - since)}"
    return Chip(group=WAITING, tone="warn", icon="warn", label="Unassigned", words=words, note="Nobody could take it")


def _closed(handoff: Handoff, reading: Reading) -> Chip:
    won = handoff.state == State.CONVERTED
    label = State(handoff.state).label
    note = reading.time(handoff.closed_at) if handoff.closed_at else ""
    return Chip(
        group=DONE, tone="ok" if won else "idle", icon="done" if won else "x", label=label, words=label, note=note
    )
