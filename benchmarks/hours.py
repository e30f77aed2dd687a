"""Calendar arithmetic beside pandas, businesstimedelta and business-duration: the same calendar, the same questions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from statistics import median
from time import perf_counter
from typing import Any
from zoneinfo import ZoneInfo

import businesstimedelta
import pandas as pd
from business_duration import businessDuration

from routing import hours
from routing.hours import WEEKDAYS, WorkingHours
from routing.public_holidays import public_holidays
from tests.routing.walking import random_case, wrong

QUESTIONS = 400
ROUNDS = 7
AS_OFTEN = 20
WALKED = 5_000
YEARS = range(2024, 2031)
OPENS, CLOSES = time(9), time(17)
SHUT = sorted(day for year in YEARS for day in public_holidays("NO", "", year))
# businesstimedelta looks for the next holiday and fails when there is none.
LAST_DAY = date(2100, 1, 1)
TARGETS = {"pandas CustomBusinessHour": 20.0, "businesstimedelta": 50.0, "business-duration": 15.0}

Question = tuple[datetime, Any]


def run() -> bool:
    """Prints rates and ratios; whether each ratio and the walk over minutes kept their target."""
    office = WorkingHours.from_week(
        zone="UTC", week={day: [["09:00", "17:00"]] for day in WEEKDAYS[:5]}, place=("NO", "")
    )
    met = _adding(office)
    met &= _elapsing(office)
    _over_a_night_of_moved_clocks()
    differing = sum(bool(wrong(random_case(Random(seed)))) for seed in range(WALKED))
    print(f"  {differing} of {WALKED:,} random cases differ from a walk over their minutes (none may)")
    return met and not differing


def _adding(office: WorkingHours) -> bool:
    """Whole hours, because a pandas offset counts those alone; from moments in and out of hours."""
    random = Random(3)
    asked = [(_moment(random), random.randint(1, 40)) for _ in range(QUESTIONS)]
    offsets = {n: pd.offsets.CustomBusinessHour(n=n, start="09:00", end="17:00", holidays=SHUT) for n in range(1, 41)}
    stamps = [(pd.Timestamp(start.replace(tzinfo=None)), offsets[n]) for start, n in asked]
    rules = _rules()
    deltas = [(start.replace(tzinfo=None), businesstimedelta.BusinessTimeDelta(rules, hours=n)) for start, n in asked]
    ours = [(start, timedelta(hours=n)) for start, n in asked]

    def add(start: datetime, amount: timedelta) -> datetime:
        return hours.add(office, start, amount)

    answers = [add(*each) for each in ours]
    met = True
    peers: tuple[tuple[str, Sequence[Question]], ...] = (
        ("pandas CustomBusinessHour", stamps),
        ("businesstimedelta", deltas),
    )

    def peer(start: Any, amount: Any) -> Any:
        return start + amount

    for name, questions in peers:
        found = [peer(*each) for each in questions]
        differing = [
            (asked_of, ours_said, said)
            for asked_of, ours_said, said in zip(questions, answers, found, strict=True)
            if not _agree(office, ours_said, said)
        ]
        met &= _report("add", name, _rates((add, ours), (peer, questions)), differing)
    return met


def _elapsing(office: WorkingHours) -> bool:
    random = Random(5)
    pairs = [(start, start + random.randint(1, 20_000) * timedelta(minutes=1)) for start in _moments(random)]
    naive = [(pd.Timestamp(start.replace(tzinfo=None)), pd.Timestamp(end.replace(tzinfo=None))) for start, end in pairs]
    shut = dict.fromkeys(SHUT, "shut")

    def elapsed(start: datetime, end: datetime) -> timedelta:
        return hours.elapsed(office, start, end)

    def peer(start: Any, end: Any) -> float:
        spent: float = businessDuration(
            startdate=start, enddate=end, starttime=OPENS, endtime=CLOSES, holidaylist=shut, unit="min"
        )
        return spent

    differing = []
    for each, plain in zip(pairs, naive, strict=True):
        ours, said = elapsed(*each) / timedelta(minutes=1), peer(*plain)
        # It answers "not a number" where no time is open between the two.
        if abs(ours - (0.0 if said != said else said)) > 0.01:  # noqa: PLR0124 - the test for "not a number"
            differing.append((each, said))
    return _report("elapsed", "business-duration", _rates((elapsed, pairs), (peer, naive)), differing)


def _agree(office: WorkingHours, ours: datetime, said: Any) -> bool:
    """Whether a peer says the same: with or without a zone, and the next opening where we say the end of the block."""
    theirs = said.replace(tzinfo=UTC)
    return bool(theirs == ours or theirs == hours.next_opening(office, ours))


def _over_a_night_of_moved_clocks() -> None:
    """What the peers cannot say: they reckon on the wall clock, so a night with 23 or 25 hours has 24."""
    zone = ZoneInfo("Europe/Berlin")
    nights = WorkingHours.from_week(zone=zone.key, week={day: [["22:00", "06:00"]] for day in WEEKDAYS})
    offset = pd.offsets.CustomBusinessHour(n=7, start="22:00", end="06:00", weekmask="Mon Tue Wed Thu Fri Sat Sun")
    for day in (date(2026, 3, 28), date(2026, 10, 24)):
        start = datetime.combine(day, time(22), tzinfo=zone)
        ours = hours.add(nights, start, timedelta(hours=7)).astimezone(zone)
        theirs = pd.Timestamp(start) + offset
        print(f"  7 h of a night from {start:%d %b %H:%M} in Berlin: {ours:%H:%M}; by pandas {theirs:%H:%M}")


def _moments(random: Random) -> list[datetime]:
    return [_moment(random) for _ in range(QUESTIONS)]


def _moment(random: Random) -> datetime:
    return datetime(2025, 1, 1, tzinfo=UTC) + random.randrange(3 * 365 * 24 * 60) * timedelta(minutes=1)


def _rules() -> Any:
    work = businesstimedelta.WorkDayRule(start_time=OPENS, end_time=CLOSES, working_days=[0, 1, 2, 3, 4])
    days = businesstimedelta.HolidayRule(dict.fromkeys([*SHUT, LAST_DAY], "shut"))
    return businesstimedelta.Rules([work, days])


def _rates(*runs: tuple[Callable[..., Any], Sequence[Question]]) -> list[list[float]]:
    """Answers per second of ours and of a peer's, in turn; ours are asked more often, so that both take a while."""
    rates: list[list[float]] = [[] for _ in runs]
    for _ in range(ROUNDS):
        for found, (ask, questions), times in zip(rates, runs, (AS_OFTEN, 1), strict=True):
            start = perf_counter()
            for _ in range(times):
                for question in questions:
                    ask(*question)
            found.append(times * len(questions) / (perf_counter() - start))
    return rates


def _report(verb: str, name: str, rates: list[list[float]], differing: Sequence[Any]) -> bool:
    ours, theirs = rates
    ratio, target = median(a / b for a, b in zip(ours, theirs, strict=True)), TARGETS[name]
    print(
        f"  {verb:8} {median(ours):9,.0f} per second, {name} {median(theirs):9,.0f}; ratio {ratio:.0f} (at least "
        f"{target:.0f}): {'met' if ratio >= target else 'missed'}; {len(differing)} of {QUESTIONS} answers differ"
    )
    for each in differing[:2]:
        print(f"    e.g. {each}")
    return ratio >= target
