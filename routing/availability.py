"""Why a person may or may not take work now: ordered checks, the first that fails gives the reason code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import Prefetch, QuerySet

from routing import hours
from routing.calendars import working_hours
from routing.caps import over_cap, with_load
from routing.facts import normal_word
from routing.models import Absence, Rep
from routing.reasons import Reason


@dataclass(frozen=True, slots=True)
class Ask:
    """What the person would be given: used for exclusions and the checks of segment and skills.

    `skills` are all asked for: languages and products, as `routing.facts.skills_asked` reads them.
    """

    now: datetime
    excluded: frozenset[int] = frozenset()
    segment: str | None = None
    skills: frozenset[str] = frozenset()


def with_availability(reps: QuerySet[Rep], *, now: datetime) -> QuerySet[Rep]:
    """Loads what `why_not` looks at: absences, calendars and counts of work, in two or three queries for any number."""
    absences = Absence.objects.filter(ends_at__gt=now).order_by("starts_at").select_related("cover")
    return with_load(reps, by="rep", now=now).select_related("calendar", "team__calendar").prefetch_related(
        Prefetch("absences", queryset=absences, to_attr="coming_absences"),
        "calendar__holidays",
        "team__calendar__holidays",
    )  # fmt: skip


def why_not(rep: Rep, ask: Ask) -> Reason | None:
    """The first reason why `rep` (from `with_availability`) may not take it now, or None."""
    if not rep.is_active:
        return Reason("inactive", "has left the roster")
    if rep.pk in ask.excluded:
        return Reason("excluded", "held it before")
    if ask.segment and rep.segments and ask.segment not in rep.segments:
        return Reason("segment_mismatch", f"does not serve {ask.segment}")
    lacking = sorted(ask.skills - {normal_word(str(skill)) for skill in rep.skills})
    if lacking:
        return Reason("skill_mismatch", f"does not have the skill {' and '.join(lacking)}")
    return _time_off(rep, ask.now) or over_cap(rep)


def on_leave(rep: Rep, at: datetime) -> bool:
    """Whether the person is off the roster, absent or paused: a time that they may catch up on only in part.

    Nights, weekends and public holidays are no leave: who works other hours catches up on them in full.
    """
    return not rep.is_active or rep.is_paused(at) or absence_at(rep, at) is not None


def absence_at(rep: Rep, at: datetime) -> Absence | None:
    """The absence that covers `at`, from those loaded."""
    coming: Sequence[Absence] = rep.coming_absences  # type: ignore[attr-defined]
    return next((absence for absence in coming if absence.starts_at <= at < absence.ends_at), None)


def away_or_paused(rep: Rep, at: datetime) -> Reason | None:
    """Whether an absence of those loaded covers `at`, or a pause."""
    absence = absence_at(rep, at)
    if absence is not None:
        return Reason("absent", f"is away until {absence.ends_at:%d %b %Y %H:%M} UTC", absence.ends_at)
    return Reason("paused", "asked for no new work", rep.paused_until) if rep.is_paused(at) else None


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
    today = now.astimezone(ZoneInfo(calendar.zone)).date()
    if not hours.is_open(calendar, now) and hours.is_holiday(calendar, today):
        return Reason("holiday", "has a public holiday", hours.next_opening(calendar, now))
    away = away_or_paused(rep, now)
    if away is not None:
        return away
    if not hours.is_open(calendar, now):
        opening = hours.next_opening(calendar, now)
        return Reason("outside_hours", f"is off work until {opening:%d %b %Y %H:%M} UTC", opening)
    return None
