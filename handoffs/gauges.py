"""What a monitoring system asks: counts and ages from the database, at the moment it asks.

Every number comes from the rows, so that any number of processes says the same and a restart forgets nothing. Eight
queries. All but those for `handoffs_escalations_total` follow partial indexes over what is open, due or parked; that
one counts every ladder step ever taken, from an index alone, and `LONGEST_MILLISECONDS` bounds it. Labels are words of
ours and never name anybody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import product

from django.db import connection, transaction
from django.db.models import Count, Min, Q, Sum
from django.db.models.functions import Coalesce

from handoffs.models import OPEN_STATES, Delivery, Handoff, State
from routing.models import HandoffType, Pool
from sla.models import Clock, ClockKind, EscalationStep, StepRun

# A scrape that takes longer would hold up what it measures.
LONGEST_MILLISECONDS = 5000
LIVE_STATES = (*OPEN_STATES, State.CONTACTED, State.MEETING_BOOKED)

Labels = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Gauge:
    """A named number for each combination of label values. `counts_up` is true for one that never falls."""

    name: str
    says: str
    labels: Labels = ()
    values: Mapping[Labels, float] = field(default_factory=dict)
    counts_up: bool = False


def read(*, now: datetime) -> list[Gauge]:
    """All gauges at `now` (business time, aware), ages in seconds. Raises DatabaseError, also if it takes too long."""
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL statement_timeout = {LONGEST_MILLISECONDS}")
        return [*_handoffs(now), *_timers(now), *_outbox(now), _escalations(), _ledger()]


def _handoffs(now: datetime) -> Iterator[Gauge]:
    rows = (
        Handoff.objects.filter(state__in=LIVE_STATES)
        .order_by()
        .values_list("state", "handoff_type")
        .annotate(count=Count("pk"), parked=Count("pk", filter=Q(parked_at__isnull=False)))
    )
    live: dict[Labels, float] = {(state, kind): 0.0 for state in LIVE_STATES for kind in HandoffType.values}
    parked: dict[Labels, float] = dict.fromkeys(((kind,) for kind in HandoffType.values), 0.0)
    for state, kind, count, held in rows:
        live[state, kind] = count
        parked[(kind,)] += held
    yield Gauge("handoffs_live", "Handoffs that are not closed.", ("state", "type"), live)
    yield Gauge("handoffs_parked", "Handoffs that were given up on until somebody looks.", ("type",), parked)

    due = Handoff.objects.filter(next_at__lte=now).aggregate(count=Count("pk"), oldest=Min("next_at"))
    yield Gauge("handoffs_due", "Handoffs waiting for the engine.", (), {(): due["count"]})
    yield Gauge("handoffs_due_oldest_seconds", "How long the oldest of them waits.", (), {(): _age(due["oldest"], now)})


def _timers(now: datetime) -> Iterator[Gauge]:
    rows = (
        Clock.objects.filter(next_step_at__isnull=False)
        .order_by()
        .values_list("kind")
        .annotate(count=Count("pk"), due=Count("pk", filter=Q(next_step_at__lte=now)), oldest=Min("next_step_at"))
    )
    found = {kind: (count, due, _age(oldest, now)) for kind, count, due, oldest in rows}
    named = ("timers", "timers_due", "timers_due_oldest_seconds")
    says = (
        "Clocks with a ladder step to come.",
        "Ladder steps that are due and not yet taken.",
        "How long the oldest due step waits.",
    )
    for place, (name, sentence) in enumerate(zip(named, says, strict=True)):
        values: dict[Labels, float] = {
            (kind,): found[kind][place] if kind in found else 0.0 for kind in ClockKind.values
        }
        yield Gauge(f"handoffs_{name}", sentence, ("clock",), values)


def _outbox(now: datetime) -> Iterator[Gauge]:
    queued = (
        Delivery.objects.filter(state=Delivery.State.QUEUED, next_at__isnull=False)
        .order_by()
        .values_list("channel")
        .annotate(
            count=Count("pk"),
            failed=Count("pk", filter=Q(failures__gt=0)),
            first_queued=Min("queued_at"),
            first_due=Min("next_at"),
        )
    )
    parked = (
        Delivery.objects.filter(state=Delivery.State.PARKED).order_by().values_list("channel").annotate(Count("pk"))
    )
    states: dict[Labels, float] = dict.fromkeys(product(("queued", "parked"), Delivery.Channel.values), 0.0)
    states |= {("parked", channel): count for channel, count in parked}
    nothing: dict[Labels, float] = dict.fromkeys(((channel,) for channel in Delivery.Channel.values), 0.0)
    failing, oldest, due = dict(nothing), dict(nothing), dict(nothing)
    for channel, count, failed, first_queued, first_due in queued:
        states["queued", channel] = count
        failing[channel,] = failed
        oldest[channel,] = _age(first_queued, now)
        due[channel,] = _age(first_due, now)
    yield Gauge("handoffs_outbox", "Deliveries not yet made.", ("state", "channel"), states)
    for name, says, values in (
        ("failing", "Queued deliveries that failed at least once.", failing),
        ("oldest_seconds", "How long ago the oldest queued delivery was asked for.", oldest),
        ("due_oldest_seconds", "How long the oldest due delivery waits to be tried.", due),
    ):
        yield Gauge(f"handoffs_outbox_{name}", says, ("channel",), values)


def _escalations() -> Gauge:
    actions = dict(EscalationStep.objects.values_list("pk", "action"))
    values: dict[Labels, float] = dict.fromkeys(((action,) for action in EscalationStep.Action.values), 0.0)
    taken = StepRun.objects.filter(outcome=StepRun.Outcome.DONE).order_by().values_list("step_id")
    for step, count in taken.annotate(Count("pk")):
        values[actions[step],] += count
    return Gauge("handoffs_escalations_total", "Ladder steps taken.", ("action",), values, counts_up=True)


def _ledger() -> Gauge:
    faults: int = Pool.objects.aggregate(total=Coalesce(Sum("ledger_faults"), 0))["total"]
    return Gauge("handoffs_ledger_faults", "Members whose pointer is not the sum of their turns.", (), {(): faults})


def _age(since: datetime | None, now: datetime) -> float:
    return max(0.0, (now - since).total_seconds()) if since else 0.0
