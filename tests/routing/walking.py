"""Calendars made at random, and a judge that walks over their minutes.

The judge reads the wall clock minute by minute, keeping its highest reading so far: a clock that is set back neither
reopens a block that ended nor closes one that began. It knows nothing of intervals.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from random import Random
from zoneinfo import ZoneInfo

from routing.hours import WEEKDAYS, WorkingHours, add, elapsed

MINUTE = timedelta(minutes=1)
DAY_MINUTES = 1440
MOST_MINUTES = 9 * DAY_MINUTES
# Whole hours, the half and the three quarters, and clocks that move by half an hour.
ZONES = (
    *("UTC", "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Asia/Tokyo"),
    *("Asia/Kolkata", "America/St_Johns", "Australia/Adelaide", "Asia/Kathmandu", "Pacific/Chatham"),
    *("Australia/Lord_Howe", "Africa/Casablanca", "Europe/London"),
)
YEARS = range(2024, 2031)
# Days on which nothing happens to a clock.
QUIET = ((1, 30), (6, 12), (12, 31))
TARGETS = (0, 1, 15, 15, 15, 30, 45, 60, 240, 480, 1440)


@dataclass(frozen=True)
class Case:
    """A question to a calendar: how long is it open between start and end, and when is the target over?"""

    hours: WorkingHours
    start: datetime
    end: datetime
    target: timedelta


def random_case(random: Random) -> Case:
    """Starts on any day of the week, in and out of hours, by day and by night."""
    zone = random.choice(ZONES)
    quiet = [datetime(year, month, day, tzinfo=UTC) for year in YEARS for month, day in QUIET]
    start = random.choice(random.choice((_moved(zone) or quiet, _moved(zone) or quiet, quiet)))
    start += random.randrange(3 * DAY_MINUTES) * MINUTE
    hours = random_hours(random, zone, start)
    length = random.randrange(3 * DAY_MINUTES)
    return Case(hours, start, start + length * MINUTE, random.choice(TARGETS) * MINUTE)


@cache
def _moved(zone: str) -> list[datetime]:
    """Days before the clocks of a zone are moved."""
    days = [datetime(YEARS[0], 1, 1, tzinfo=UTC) + timedelta(days=n) for n in range(366 * len(YEARS))]
    offsets = [day.astimezone(ZoneInfo(zone)).utcoffset() for day in days]
    return [
        day - timedelta(days=1) for day, now, next_ in zip(days, offsets, offsets[1:], strict=False) if now != next_
    ]


def random_hours(random: Random, zone: str, start: datetime) -> WorkingHours:
    """One block, split shifts, nights, weekends alone, or blocks at any minute; with and without days off."""
    week = random.choice((_office, _split, _nights, _weekends, _anything))(random)
    off = [start.date() + timedelta(days=random.randint(-2, 6)) for _ in range(random.choice((0, 0, 1, 2)))]
    return WorkingHours.from_week(zone=zone, week=week, holidays=frozenset(off))


def wrong(case: Case) -> str:
    """How a case differs from the walk, in words; empty when it does not."""
    length, left = (case.end - case.start) // MINUTE, case.target // MINUTE
    spent, due = 0, case.start if not left else None
    for minute, is_open in enumerate(_walked(case.hours, case.start)):
        spent += is_open and minute < length
        left -= is_open
        if due is None and not left:
            due = case.start + (minute + 1) * MINUTE
        if due is not None and minute >= length:
            break
    said = elapsed(case.hours, case.start, case.end)
    if said != spent * MINUTE:
        return f"{case}: {said} elapsed, walked {spent} minutes"
    said_due = add(case.hours, case.start, case.target)
    # Where the walk ended first, the deadline lies beyond it.
    fine = said_due == due if due is not None else said_due > case.start + MOST_MINUTES * MINUTE
    return "" if fine else f"{case}: due {said_due}, walked to {due}"


def _walked(hours: WorkingHours, start: datetime) -> Iterator[bool]:
    zone = ZoneInfo(hours.zone)
    reading = datetime.min  # noqa: DTZ901 - a reading of a wall clock has no zone
    for minute in range(-4 * 60, MOST_MINUTES):
        reading = max(reading, (start + minute * MINUTE).astimezone(zone).replace(tzinfo=None, fold=0))
        if minute >= 0:
            yield _open_at(hours, reading)


def _open_at(hours: WorkingHours, reading: datetime) -> bool:
    today: date = reading.date()
    for day in (today, today - timedelta(days=1)):
        if day not in hours.holidays:
            minutes = (reading - datetime.combine(day, time())) // MINUTE + day.weekday() * DAY_MINUTES
            if any(start // DAY_MINUTES == day.weekday() and start <= minutes < end for start, end in hours.blocks):
                return True
    return False


Week = dict[str, list[list[str]]]


def _office(random: Random) -> Week:
    opens = random.choice((8, 9, 10))
    return {day: [[f"{opens:02}:00", f"{opens + 8}:00"]] for day in WEEKDAYS[:5]}


def _split(random: Random) -> Week:
    noon = random.choice(("12:00", "12:30", "12:45"))
    return {day: [["08:15", noon], ["13:30", "18:00"]] for day in WEEKDAYS[: random.randint(1, 6)]}


def _nights(random: Random) -> Week:
    ends = random.choice(("02:00", "02:15", "02:30", "03:00", "06:45"))
    return {day: [["22:00", ends]] for day in random.sample(WEEKDAYS, random.randint(1, 7))}


def _weekends(random: Random) -> Week:
    return {"sat": [["00:00", "24:00"]], "sun": [[random.choice(("01:30", "02:00", "02:30")), "23:59"]]}


def _anything(random: Random) -> Week:
    week: Week = {}
    for day in random.sample(WEEKDAYS, random.randint(1, 7)):
        marks = sorted(random.sample(range(DAY_MINUTES), 2 * random.randint(1, 3)))
        pairs = zip(marks[::2], marks[1::2], strict=True)
        week[day] = [[f"{a // 60:02}:{a % 60:02}", f"{b // 60:02}:{b % 60:02}"] for a, b in pairs]
    return week
