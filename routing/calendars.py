"""From a stored calendar to the value that calendar arithmetic works on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from routing.hours import ALWAYS, WorkingHours
from routing.models import Calendar
from routing.public_holidays import public_holidays


def working_hours(calendar: Calendar | None) -> WorkingHours:
    """The hours of a calendar with its own days and its country's public holidays; none means always open.

    Reads `calendar.holidays`: prefetch them when asking for many.
    """
    if calendar is None or calendar.always_open:
        return ALWAYS
    own = {holiday.day for holiday in calendar.holidays.all()}
    return WorkingHours.from_week(
        zone=calendar.time_zone,
        week=calendar.week,
        holidays=frozenset(own | public_holidays(calendar.country, calendar.region)),
    )


def frozen(hours: WorkingHours) -> dict[str, Any]:
    """The hours as JSON, for pinning into a running clock."""
    if hours.always:
        return {"always": True}
    return {
        "zone": hours.zone,
        "blocks": [list(block) for block in hours.blocks],
        "holidays": sorted(day.isoformat() for day in hours.holidays),
    }


def thawed(raw: Mapping[str, Any]) -> WorkingHours:
    """The reverse of `frozen`; an empty mapping means always open."""
    if not raw or raw.get("always"):
        return ALWAYS
    return WorkingHours(
        zone=raw["zone"],
        blocks=tuple((start, end) for start, end in raw["blocks"]),
        holidays=frozenset(date.fromisoformat(day) for day in raw["holidays"]),
    )
