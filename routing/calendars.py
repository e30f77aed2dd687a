"""From a stored calendar to the value that calendar arithmetic works on, and from there into a running clock."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any

from routing.hours import ALWAYS, WorkingHours
from routing.models import Calendar

PINNED_YEARS = 4
"""Years after the present one whose public holidays a running clock keeps."""


def working_hours(calendar: Calendar | None) -> WorkingHours:
    """The hours of a calendar with its own days and its country's public holidays; none means always open.

    Calendars that say the same share one value with all that was compiled of it. Reads `calendar.holidays`: prefetch
    them when asking for many.
    """
    if calendar is None or calendar.always_open:
        return ALWAYS
    week = tuple((day, tuple(map(tuple, blocks))) for day, blocks in calendar.week.items())
    own = frozenset(holiday.day for holiday in calendar.holidays.all())
    return _stored(calendar.time_zone, week, own, (calendar.country, calendar.region))


@lru_cache(maxsize=1024)
def _stored(
    zone: str, week: tuple[tuple[str, tuple[tuple[str, ...], ...]], ...], own: frozenset[date], place: tuple[str, str]
) -> WorkingHours:
    return WorkingHours.from_week(zone=zone, week=dict(week), holidays=own, place=place)


def frozen(hours: WorkingHours, *, year: int) -> dict[str, Any]:
    """The hours as JSON, for pinning into a clock that starts in `year`: later news of the calendar do not move it.

    Public holidays are written out for the years around; a clock that runs on for longer finds those of its place.
    """
    if hours.always:
        return {"always": True}
    pinned = (year - 1, year + PINNED_YEARS)
    days = hours.holidays.union(*(hours.shut_in(each) for each in range(pinned[0], pinned[1] + 1)))
    return {
        "zone": hours.zone,
        "blocks": [list(block) for block in hours.blocks],
        "holidays": sorted(day.isoformat() for day in days),
        "place": list(hours.place),
        "pinned": list(pinned),
    }


def thawed(raw: Mapping[str, Any]) -> WorkingHours:
    """The reverse of `frozen`; an empty mapping means always open. Clocks that say the same share one value."""
    if not raw or raw.get("always"):
        return ALWAYS
    blocks = tuple((start, end) for start, end in raw["blocks"])
    country, region = raw.get("place", ("", ""))
    pinned = raw.get("pinned")
    return _thawed(
        raw["zone"], blocks, tuple(raw["holidays"]), (country, region), (pinned[0], pinned[1]) if pinned else None
    )


@lru_cache(maxsize=1024)
def _thawed(
    zone: str,
    blocks: tuple[tuple[int, int], ...],
    holidays: tuple[str, ...],
    place: tuple[str, str],
    pinned: tuple[int, int] | None,
) -> WorkingHours:
    days = frozenset(map(date.fromisoformat, holidays))
    return WorkingHours(zone=zone, blocks=blocks, holidays=days, place=place, pinned=pinned)
