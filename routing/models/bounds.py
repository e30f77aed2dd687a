"""What no value of the roster or the rules goes beyond: a slip of the keyboard is told at its field, not by whatever
reckons with it later.
"""

from __future__ import annotations

import zoneinfo
from datetime import UTC, datetime, timedelta

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator

YEAR_OF_MINUTES = 365 * 24 * 60
MOST_AT_ONCE = 100_000
"""Handoffs that a limit may name."""
MOST_PLACES = 1_000_000
"""Lines of a list."""
MOST_EMPLOYEES = 100_000_000
MOST_TURNS = 1_000
FIRST, LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
LONGEST_SPAN = timedelta(days=3 * 366)


def at_most(limit: int, of_what: str) -> MaxValueValidator:
    """A validator that names the limit: "At most 525,600 minutes, which is a year."."""
    return MaxValueValidator(limit, f"At most {limit:,} {of_what}.")


def validate_time_zone(value: str) -> None:
    """Raises ValidationError unless `value` is an IANA zone such as Europe/Oslo."""
    if value not in zoneinfo.available_timezones() or value in {"Factory", "localtime"}:
        raise ValidationError(f"“{value}” is not a time zone. Use an IANA name such as Europe/Oslo.")


def refuse_far_span(starts_at: datetime | None, ends_at: datetime | None) -> None:
    """Raises ValidationError, at the field, for a span (aware) outside 2000 to 2100 or longer than three years."""
    for field, at in (("starts_at", starts_at), ("ends_at", ends_at)):
        if at is not None and not FIRST <= at <= LAST:
            raise ValidationError({field: "This is far away. Choose a day between the years 2000 and 2100."})
    if starts_at is not None and ends_at is not None and ends_at - starts_at > LONGEST_SPAN:
        raise ValidationError({"ends_at": "This is longer than three years. Choose an earlier end."})
