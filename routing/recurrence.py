"""The days on which an event of a calendar file repeats: rules as calendar programs write them, and no others.

What a file says is hostile: a rule may never come true, or name every second of a day. So only parts that keep each
step a day or longer are taken, and the search ends, whatever the rule, within a few hundred years of calendar.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import islice, takewhile
from typing import Any

import icalendar
from dateutil.rrule import rrulestr

_DAYS = frozenset({"BYDAY", "BYMONTH"})
_MONTHS = _DAYS | {"BYMONTHDAY", "BYSETPOS"}
PARTS: Mapping[str, frozenset[str]] = {"DAILY": _DAYS, "WEEKLY": _DAYS, "MONTHLY": _MONTHS, "YEARLY": _MONTHS}
"""What a rule of each frequency may ask about, beside FREQ, INTERVAL, COUNT, UNTIL and WKST."""
_ALWAYS = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST"})
UNREAD = "Its rule for repeating cannot be read. Enter it by hand."
LONGEST = 1000
"""Characters of a rule as written."""
MOST = 1000
"""Times that a rule may say it repeats, and days, weeks, months or years between two."""
CYCLE = 7600
"""Years by which a search is moved. The calendar repeats every 400, and dateutil gives up a rule that never comes true
only at the year 9999: from there it is not far."""


class RecurrenceError(Exception):
    """A rule that is not followed; the message is a sentence."""


def starts(rule: object, start: datetime, *, last: datetime) -> Iterator[datetime]:
    """The starts of a series from `start` to `last`, both without a zone and of the years 2000 to 2200, in order.

    Raises RecurrenceError for a rule that cannot be read, or repeats in a way that absences do not.
    """
    parts = _parts(rule)
    _whole(parts.get("INTERVAL"), "interval")
    count = _whole(parts.pop("COUNT", None), "number of times")
    parts.pop("UNTIL", None)
    until = _moved(last, CYCLE)
    try:
        bare: Any = icalendar.vRecur(parts)
        written = bare.to_ical().decode()
        if len(written) > LONGEST:
            raise RecurrenceError("Its rule for repeating is too long. Enter it by hand.")
        found = iter(rrulestr(written, dtstart=_moved(start, CYCLE)))
        for each in islice(takewhile(lambda at: at <= until, found), count):
            yield _moved(each, -CYCLE)
    except (ValueError, TypeError, AttributeError, OverflowError) as error:
        raise RecurrenceError(UNREAD) from error


def _parts(rule: object) -> dict[str, Any]:
    if isinstance(rule, list):
        raise RecurrenceError("It repeats by several rules. Enter it by hand.")
    if not isinstance(rule, icalendar.vRecur):
        raise RecurrenceError(UNREAD)
    parts = {str(name).upper(): value for name, value in rule.items()}
    frequency = str(next(iter(parts.get("FREQ", [])), "")).upper()
    if frequency not in PARTS:
        raise RecurrenceError("It does not repeat daily, weekly, monthly or yearly. Enter it by hand.")
    odd = sorted(parts.keys() - PARTS[frequency] - _ALWAYS)
    if odd:
        raise RecurrenceError(
            f"It repeats {frequency.lower()} by {odd[0][:20]}, which is not followed. Enter it by hand."
        )
    return parts


def _whole(values: Any, what: str) -> int | None:
    """The number that a part gives, 1 to 1,000; None when it is not there."""
    if values is None:
        return None
    [value] = values if isinstance(values, list) and len(values) == 1 else [None]
    if not isinstance(value, int) or not 1 <= value <= MOST:
        raise RecurrenceError(f"The {what} of its series is no number from 1 to {MOST:,}. Enter it by hand.")
    return value


def _moved(at: datetime, years: int) -> datetime:
    return at.replace(year=at.year + years)
