"""Why a person may or may not take work now: ordered checks, the first that fails gives the reason code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Count, OuterRef, Prefetch, QuerySet, Subquery
from django.db.models.functions import Coalesce

from routing import hours
from routing.calendars import working_hours
from routing.models import Absence, Assignment, Rep

SPANS = {"hour_cap": timedelta(hours=1), "day_cap": timedelta(days=1), "week_cap": timedelta(days=7)}


@dataclass(frozen=True, slots=True)
class Reason:
    """Why not, as a code for machines and a sentence part for people; `until` is when it ends, if that is known."""

    code: str
    words: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """What the person would be given: used for exclusions and the segment check."""

    now: datetime
    excluded: frozenset[int] = frozenset()
    segment: str | None = None


def with_availability(reps: QuerySet[Rep], *, now: datetime) -> QuerySet[Rep]:
    """Loads what `why_not` looks at: absences, calendars and counts of work, in two or three queries for any number."""
    absences = Absence.objects.filter(ends_at__gt=now).order_by("starts_at").select_related("cover")
    return with_load(reps, now=now).select_related("calendar", "team__calendar").prefetch_related(
        Prefetch("absences", queryset=absences, to_attr="coming_absences"),
        "calendar__holidays",
        "team__calendar__holidays",
    )  # fmt: skip


def with_load(reps: QuerySet[Rep], *, now: datetime) -> QuerySet[Rep]:
    """Annotates `load` (open assignments) and `given_hour_cap`, `given_day_cap`, `given_week_cap` (rolling)."""
    theirs = Assignment.objects.filter(rep=OuterRef("pk"))
    given = {
        f"given_{cap}": _count(theirs.filter(assigned_at__gt=now - span, assigned_at__lte=now))
        for cap, span in SPANS.items()
    }
    return reps.annotate(load=_count(theirs.filter(released_at__isnull=True)), **given)


def why_not(rep: Rep, ask: Ask) -> Reason | None:
    """The first reason why `rep` (from `with_availability`) may not take it now, or None."""
    if not rep.is_active:
        return Reason("inactive", "has left the roster")
    if rep.pk in ask.excluded:
        return Reason("excluded", "held it before")
    if ask.segment and rep.segments and ask.segment not in rep.segments:
        return Reason("segment_mismatch", f"does not serve {ask.segment}")
    return _time_off(rep, ask.now) or over_cap(rep)


def over_cap(rep: Rep) -> Reason | None:
    """Whether the person's own rate or load cap is reached; 0 means none at all."""
    for cap in SPANS:
        limit, given = getattr(rep, cap), getattr(rep, f"given_{cap}")
        if limit is not None and given >= limit:
            return Reason("rate_cap", f"was given {given} of {limit} in the last {cap.removesuffix('_cap')}")
    load: int = rep.load  # type: ignore[attr-defined]
    if rep.load_cap is not None and load >= rep.load_cap:
        return Reason("load_cap", f"has {load} of {rep.load_cap} open")
    return None


def absence_at(rep: Rep, at: datetime) -> Absence | None:
    """The absence that covers `at`, from those loaded."""
    coming: Sequence[Absence] = rep.coming_absences  # type: ignore[attr-defined]
    return next((absence for absence in coming if absence.starts_at <= at < absence.ends_at), None)


def next_free(rep: Rep, now: datetime) -> datetime | None:
    """When the person is next at work, not away and not paused; None when that cannot be told."""
    at = now
    calendar = working_hours(rep.calendar or rep.team.calendar)
    for _ in range(10):
        absence = absence_at(rep, at)
        if absence is not None:
            at = absence.ends_at
            continue
        if rep.is_paused(at):
            if rep.paused_until is None:
                return None
            at = rep.paused_until
            continue
        opening = hours.next_opening(calendar, at)
        if opening == at:
            return at
        at = opening
    return None


def _time_off(rep: Rep, now: datetime) -> Reason | None:
    calendar = working_hours(rep.calendar or rep.team.calendar)
    if not hours.is_open(calendar, now) and now.astimezone(ZoneInfo(calendar.zone)).date() in calendar.holidays:
        return Reason("holiday", "has a public holiday", hours.next_opening(calendar, now))
    absence = absence_at(rep, now)
    if absence is not None:
        return Reason("absent", f"is away until {absence.ends_at:%d %b %Y %H:%M} UTC", absence.ends_at)
    if rep.is_paused(now):
        return Reason("paused", "asked for no new work", rep.paused_until)
    if not hours.is_open(calendar, now):
        opening = hours.next_opening(calendar, now)
        return Reason("outside_hours", f"is off work until {opening:%d %b %Y %H:%M} UTC", opening)
    return None


def _count(assignments: QuerySet[Assignment]) -> Coalesce:
    counted = assignments.order_by().values("rep").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted), 0)
