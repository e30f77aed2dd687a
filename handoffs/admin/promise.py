"""Where handoffs stand, and how their first-contact promise stands: columns and filters."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest

from handoffs.models import OPEN_STATES, Handoff, State
from handoffs.now import now
from routing.admin_base import RadioFilter
from sla.models import Clock, ClockKind

DUE_COLOURS = {
    "met": "success",
    "late": "danger",
    "over": "danger",
    "risk": "warning",
    "good": "info",
    "paused": "warning",
}

STUCK: Mapping[str, Q] = {
    "blocked": Q(state=State.BLOCKED),
    "nobody": Q(state=State.UNASSIGNED),
    "parked": Q(parked_at__isnull=False),
    "left": Q(state__in=OPEN_STATES, owner__is_active=False),
}
"""What does not go on without somebody, by the word of the filter and of the first page."""
GAPS = Q(state__in=OPEN_STATES, is_flagged=True) | STUCK["blocked"]
"""Facts are missing, whether they hold it up or not."""
_DAY = timedelta(days=1)
AGES: Mapping[str, tuple[str, timedelta, timedelta | None]] = {
    "hour": ("Under 1 hour", timedelta(0), timedelta(hours=1)),
    "day": ("1 to 24 hours", timedelta(hours=1), _DAY),
    "week": ("1 to 7 days", _DAY, 7 * _DAY),
    "older": ("Over 7 days", 7 * _DAY, None),
}


WAITING = ("stuck", "gaps", *STUCK)
"""The choices of "where it stands" of which the list shows the oldest first."""


class AgeFilter(RadioFilter):
    """How long ago it was received."""

    title = "age"
    parameter_name = "age"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(key, words) for key, (words, _, _) in AGES.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() not in AGES:
            return queryset
        _, youngest, oldest = AGES[self.value() or ""]
        at = now()
        kept = queryset.filter(received_at__lte=at - youngest)
        return kept.filter(received_at__gt=at - oldest) if oldest else kept


class StandingFilter(RadioFilter):
    """Where it stands, in the words people use."""

    title = "where it stands"
    parameter_name = "stands"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("open", "Open: not contacted yet"),
            ("stuck", "Stuck: one of the next four"),
            ("blocked", "Waits for the sender: a gap blocks it"),
            ("nobody", "Nobody has it"),
            ("parked", "Parked: the engine gave up"),
            ("left", "Its owner has left"),
            ("gaps", "Open with gaps"),
            ("returned", "Returned, to be resubmitted"),
            ("contacted", "Contacted"),
            ("ended", "Ended"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        meaning = {
            "open": Q(state__in=OPEN_STATES),
            **STUCK,
            "stuck": reduce(or_, STUCK.values()),
            "gaps": GAPS,
            "returned": Q(state=State.REJECTED),
            "contacted": Q(state__in=(State.CONTACTED, State.MEETING_BOOKED)),
            "ended": Q(state__in=(State.CONVERTED, State.LOST, State.WITHDRAWN)),
        }
        return queryset.filter(meaning.get(self.value() or "", Q()))


class PromiseFilter(RadioFilter):
    """How the first-contact promise stands."""

    title = "first contact"
    parameter_name = "promise"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("over", "Past its deadline"), ("risk", "At risk"), ("good", "On track"), ("paused", "Paused")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        at = now()
        runs = Q(clock_state=Clock.State.RUNNING)
        meaning = {
            "over": runs & Q(promised_at__lte=at),
            "risk": runs & Q(risk_at__lte=at, promised_at__gt=at),
            "good": runs & Q(risk_at__gt=at),
            "paused": Q(clock_state=Clock.State.PAUSED),
        }
        return queryset.filter(meaning.get(self.value() or "", Q()))


def with_promise(handoffs: QuerySet[Handoff]) -> QuerySet[Handoff]:
    """Adds promised_at, risk_at, clock_state and clock_stopped_at of the present assignment's first-contact clock."""
    clock = Clock.objects.filter(assignment=OuterRef("assignment"), kind=ClockKind.FIRST_CONTACT)
    return handoffs.annotate(
        promised_at=Subquery(clock.values("deadline_at")[:1]),
        risk_at=Subquery(clock.values("at_risk_at")[:1]),
        clock_state=Subquery(clock.values("state")[:1]),
        clock_stopped_at=Subquery(clock.values("stopped_at")[:1]),
    )


def promise(handoff: Any, at: datetime) -> tuple[str, str] | None:
    """How the first-contact promise stands at `at`: a key of DUE_COLOURS, and the word for it."""
    due = handoff.promised_at
    if due is None:
        return None
    stopped = handoff.clock_stopped_at
    if stopped is not None:
        if handoff.contacted_at is None:
            return None
        return ("met", "Met") if stopped <= due else ("late", "Missed")
    if handoff.clock_state == Clock.State.PAUSED:
        return ("paused", "Paused")
    if at >= due:
        return ("over", "Over")
    return ("risk", "At risk") if at >= handoff.risk_at else ("good", "On track")
