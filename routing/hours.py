"""Calendar arithmetic: is somebody at work, when next, and when will so much working time have passed.

A calendar is the frozen value `WorkingHours`. It is compiled once into sorted UTC intervals with running
sums, over a span of years that grows on demand and is kept with the calendar; every question is then two bisections,
never a walk over minutes and never a look at the holidays.

Wall-clock boundaries become instants by one rule: a boundary is the earliest instant at which the local clock
shows that time or a later one. A time skipped in spring therefore means the moment of the jump, and a time
shown twice in autumn its first showing, so that blocks never overlap and touching blocks never leave a hole.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from routing.public_holidays import public_holidays

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MINUTES = 24 * 60
WEEK_MINUTES = 7 * DAY_MINUTES
FARTHEST_YEARS = 64
FARTHEST = timedelta(days=366 * FARTHEST_YEARS)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class HoursError(ValueError):
    """A calendar that cannot be; the message is one sentence, `field` is zone, week or holidays."""

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkingHours:
    """When somebody is at work.

    `zone` is an IANA name. `blocks` are (start, end) in minutes since Monday 00:00 local, sorted; a block
    belongs to the weekday on which it begins, may run past midnight, and lasts 24 hours at most. `holidays`
    are local dates on which no block begins; the public holidays of `place`, a country and a region of it, are found
    besides for every year that is asked about, except for the years from `pinned[0]` to `pinned[1]`, whose public
    holidays are among `holidays` already. With `always` the rest is ignored. Construction raises `HoursError`.
    """

    zone: str = "UTC"
    blocks: tuple[tuple[int, int], ...] = ()
    holidays: frozenset[date] = frozenset()
    always: bool = False
    place: tuple[str, str] = ("", "")
    pinned: tuple[int, int] | None = None
    spans: dict[tuple[int, int], Span] = field(default_factory=dict, init=False, repr=False, compare=False)
    """Compiled so far, by first and last year."""

    def __post_init__(self) -> None:
        try:
            ZoneInfo(self.zone)
        except (KeyError, ValueError, OSError, TypeError):
            raise HoursError(
                f"The time zone {self.zone!r} is unknown: use a name such as Europe/Berlin.",
                field="zone",
            ) from None
        if self.always:
            return
        if not self.blocks:
            raise HoursError(
                "The calendar has no open hour: add at least one block to one weekday.",
                field="week",
            )
        for start, end in self.blocks:
            if not (0 <= start < WEEK_MINUTES and start < end <= start + DAY_MINUTES):
                raise HoursError(
                    f"The block {_spoken(start, end)} is impossible: it must last 1 minute to 24 hours.",
                    field="week",
                )
        first, *_ = ordered = sorted(self.blocks)
        for before, after in pairwise([*ordered, (first[0] + WEEK_MINUTES, first[1] + WEEK_MINUTES)]):
            if before[1] > after[0]:
                raise HoursError(
                    f"The blocks {_spoken(*before)} and {_spoken(*after)} overlap: shorten or merge them.",
                    field="week",
                )
        object.__setattr__(self, "blocks", tuple(ordered))

    def shut_in(self, year: int) -> frozenset[date]:
        """The days of a year, at least, on which no block begins."""
        if self.pinned is not None and self.pinned[0] <= year <= self.pinned[1]:
            return self.holidays
        return self.holidays | public_holidays(*self.place, year)

    @classmethod
    def from_week(
        cls,
        *,
        zone: str,
        week: Mapping[str, Sequence[Sequence[str]]],
        holidays: Sequence[date] | frozenset[date] = (),
        place: tuple[str, str] = ("", ""),
    ) -> WorkingHours:
        """Builds a calendar from `{"mon": [["09:00", "12:00"], ["22:00", "06:00"]], ...}` in local time.

        An end at or before its start is on the next day; "24:00" ends the day. Raises `HoursError`.
        """
        blocks: list[tuple[int, int]] = []
        for day, pairs in week.items():
            if day not in WEEKDAYS:
                raise HoursError(
                    f"The weekday {day!r} is unknown: use {', '.join(WEEKDAYS)}.",
                    field="week",
                )
            midnight = WEEKDAYS.index(day) * DAY_MINUTES
            # What comes from a form may be anything that JSON can be.
            listed: Sequence[Any] = pairs if isinstance(pairs, list | tuple) else [pairs]
            blocks.extend(_block(day, pair, midnight) for pair in listed)
        for holiday in holidays:
            if type(holiday) is not date:
                raise HoursError(
                    f"The holiday {holiday!r} is not a date: use a day such as 2026-12-25.",
                    field="holidays",
                )
        return cls(zone=zone, blocks=tuple(blocks), holidays=frozenset(holidays), place=place)


ALWAYS = WorkingHours(always=True)


def is_open(hours: WorkingHours, at: datetime) -> bool:
    """Whether `at` (aware) is inside a block; a block includes its start and not its end."""
    if hours.always:
        return True
    moment = _microseconds(at)
    span = _span_around(hours, at, at)
    index = bisect_right(span.starts, moment) - 1
    return index >= 0 and moment < span.ends[index]


def next_opening(hours: WorkingHours, at: datetime) -> datetime:
    """The earliest open instant not before `at` (aware), in UTC: `at` itself when it is open.

    Raises ValueError when nothing opens within the next 64 years.
    """
    moment = _microseconds(at)
    if hours.always:
        return _instant(moment)
    years = 1
    while years <= FARTHEST_YEARS:
        span = _span_around(hours, at, at, more_years=years)
        index = bisect_right(span.ends, moment)
        if index < len(span.starts):
            return _instant(max(moment, span.starts[index]))
        years *= 2
    raise ValueError(
        f"The calendar does not open within {FARTHEST_YEARS} years of {at.isoformat()}: check its holidays."
    )


def add(hours: WorkingHours, start: datetime, amount: timedelta) -> datetime:
    """The earliest instant, in UTC, by which `amount` of open time has passed since `start` (aware).

    A target that fills a block exactly ends with that block, not with the next opening; no amount ends at
    `start`. Raises ValueError for a negative amount or one that does not fit into 64 years.
    """
    if amount < timedelta(0):
        raise ValueError(f"Working time of {amount} cannot be added: it is negative.")
    if amount > FARTHEST:
        raise ValueError(_too_far(amount))
    moment, target = _microseconds(start), _length(amount)
    if hours.always or not target:
        return _instant(moment + target)
    years = 1
    while years <= FARTHEST_YEARS:
        span = _span_around(hours, start, start, more_years=years)
        due = span.open_before(moment) + target
        index = bisect_left(span.sums, due)
        if index < len(span.sums):
            return _instant(span.ends[index] - (span.sums[index] - due))
        years *= 2
    raise ValueError(_too_far(amount))


def elapsed(hours: WorkingHours, start: datetime, end: datetime) -> timedelta:
    """The open time between two aware instants; nothing when `end` is not after `start`."""
    first, last = _microseconds(start), _microseconds(end)
    if last <= first:
        return timedelta(0)
    if hours.always:
        return timedelta(microseconds=last - first)
    span = _span_around(hours, start, end)
    return timedelta(0, 0, span.open_before(last) - span.open_before(first))


def is_holiday(hours: WorkingHours, day: date) -> bool:
    """Whether the calendar is shut on that local day, whatever its week says."""
    return not hours.always and day in hours.shut_in(day.year)


@dataclass(frozen=True, slots=True)
class Span:
    """Intervals in microseconds since 1970 UTC; `sums[i]` is the open time up to the end of interval i."""

    starts: list[int]
    ends: list[int]
    sums: list[int]

    def open_before(self, moment: int) -> int:
        index = bisect_right(self.starts, moment) - 1
        if index < 0:
            return 0
        left = self.ends[index] - moment
        return self.sums[index] - left if left > 0 else self.sums[index]


def _span_around(hours: WorkingHours, first: datetime, last: datetime, *, more_years: int = 1) -> Span:
    # Whole years keep what is compiled small, and one year more lets most questions end in the span they began in.
    years = _year(first), _year(last) + more_years
    span = hours.spans.get(years)
    if span is None:
        span = hours.spans[years] = _compile(hours, *years)
    return span


def _compile(hours: WorkingHours, first_year: int, last_year: int) -> Span:
    zone = ZoneInfo(hours.zone)
    by_weekday: list[list[tuple[int, int]]] = [[] for _ in WEEKDAYS]
    for start, end in hours.blocks:
        weekday, minute = divmod(start, DAY_MINUTES)
        by_weekday[weekday].append((minute, end - weekday * DAY_MINUTES))
    starts: list[int] = []
    ends: list[int] = []
    sums: list[int] = []
    total = 0
    # A zone may be a day ahead of UTC and a block may run past midnight, so the span begins a little earlier.
    day = date(first_year, 1, 1) - timedelta(days=3)
    final = date(last_year, 12, 31)
    shut = hours.holidays.union(*(hours.shut_in(year) for year in range(day.year, last_year + 1)))
    while day <= final:
        for start_minute, end_minute in () if day in shut else by_weekday[day.weekday()]:
            opens, closes = (
                _boundary(zone, day, start_minute),
                _boundary(zone, day, end_minute),
            )
            if closes <= opens:
                continue
            total += closes - opens
            if ends and ends[-1] == opens:
                ends[-1], sums[-1] = closes, total
            else:
                starts.append(opens)
                ends.append(closes)
                sums.append(total)
        day += timedelta(days=1)
    return Span(starts, ends, sums)


def _boundary(zone: ZoneInfo, day: date, minute: int) -> int:
    wall = datetime.combine(day, time()) + timedelta(minutes=minute)
    early = _microseconds(wall.replace(tzinfo=zone, fold=0))
    late = _microseconds(wall.replace(tzinfo=zone, fold=1))
    # For a skipped time fold 1 lies before the jump and fold 0 after it; otherwise fold 0 is the first
    # showing.
    return early if early <= late else _jump(zone, late, early)


def _jump(zone: ZoneInfo, before: int, after: int) -> int:
    """The instant between the two at which the offset of the zone changes."""
    offset = _instant(before).astimezone(zone).utcoffset()
    while after - before > 1:
        middle = (before + after) // 2
        if _instant(middle).astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after


def _microseconds(at: datetime) -> int:
    if at.tzinfo is None:
        raise ValueError(f"The time {at.isoformat()} has no time zone: pass an aware datetime.")
    return _length(at - _EPOCH)


def _length(amount: timedelta) -> int:
    # Dividing by a microsecond says the same and takes three times as long.
    return (amount.days * 86_400 + amount.seconds) * 1_000_000 + amount.microseconds


def _instant(microseconds: int) -> datetime:
    return _EPOCH + timedelta(0, 0, microseconds)


def _year(at: datetime) -> int:
    return at.year if at.tzinfo is UTC else at.astimezone(UTC).year


def _block(day: str, pair: Sequence[str], midnight: int) -> tuple[int, int]:
    if not isinstance(pair, list | tuple) or len(pair) != 2:
        raise HoursError(
            f"The block {pair!r} on {day} needs a start and an end: write 09:00 and 17:00.",
            field="week",
        )
    start, end = (_minute(text, day) for text in pair)
    if start in (end, DAY_MINUTES):
        raise HoursError(
            f"The block {pair[0]}-{pair[1]} on {day} has no length: write 00:00-24:00 for a whole day.",
            field="week",
        )
    return midnight + start, midnight + (end if end > start else end + DAY_MINUTES)


def _minute(text: str, day: str) -> int:
    if text == "24:00":
        return DAY_MINUTES
    try:
        moment = datetime.strptime(text, "%H:%M")  # noqa: DTZ007 - a wall-clock time has no zone
    except (ValueError, TypeError):
        raise HoursError(
            f"The time {text!r} on {day} is not a time of day: write hours and minutes such as 09:00.",
            field="week",
        ) from None
    return moment.hour * 60 + moment.minute


def _spoken(start: int, end: int) -> str:
    def name(minute: int) -> str:
        day, rest = divmod(minute, DAY_MINUTES)
        return f"{WEEKDAYS[day % 7]} {rest // 60:02}:{rest % 60:02}"

    return f"{name(start)}-{name(end).split()[1]}"


def _too_far(amount: timedelta) -> str:
    return f"{amount} of working time does not fit into {FARTHEST_YEARS} years: choose a shorter target."
