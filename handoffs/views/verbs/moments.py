"""A time that somebody types on their own clock, whatever their clock does twice a year."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError

MINUTE = timedelta(minutes=1)
_FORMATS = ("%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%d.%m.%Y %H:%M")


class LocalMoment(forms.Field):
    """A `datetime-local` in the reader's `zone`; cleans to an aware UTC instant.

    A time that the clocks skipped is refused. Of two instants with the same reading, the first that lies from
    `earliest` to `latest` is meant. A minute is as fine as it gets: the minute of `earliest` itself means `earliest`.
    """

    widget = forms.DateTimeInput(attrs={"type": "datetime-local", "class": "input"}, format="%Y-%m-%dT%H:%M")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.zone = ZoneInfo("UTC")
        self.earliest: datetime | None = None
        self.latest: datetime | None = None

    def prepare_value(self, value: Any) -> Any:
        """An instant on the reader's clock; what they typed as they typed it."""
        if isinstance(value, datetime) and value.tzinfo is not None:
            return value.astimezone(self.zone).replace(tzinfo=None)
        return value

    def to_python(self, value: Any) -> datetime | None:
        """The instant meant (UTC), or None for nothing."""
        typed = str(value or "").strip()
        if not typed:
            return None
        naive = _parsed(typed)
        if naive is None:
            raise ValidationError("Give a date and a time, such as 2026-11-19 14:30.")
        try:
            first, second = (naive.replace(tzinfo=self.zone, fold=fold).astimezone(UTC) for fold in (0, 1))
        except (OverflowError, ValueError) as error:
            raise ValidationError("There is no such date. Give one of this century.") from error
        if first.astimezone(self.zone).replace(tzinfo=None) != naive:
            day = f"{naive.day} {naive:%b %Y}"
            raise ValidationError(f"On {day} the clocks in {self.zone.key} skip {naive:%H:%M}. Give the hour after it.")
        return self._meant(first, second)

    def _meant(self, first: datetime, second: datetime) -> datetime:
        for at in (first, second):
            if self.earliest is not None and at <= self.earliest < at + MINUTE:
                return self.earliest
            if (self.earliest is None or at >= self.earliest) and (self.latest is None or at <= self.latest):
                return at
        return first


def _parsed(typed: str) -> datetime | None:
    for pattern in _FORMATS:
        try:
            return datetime.strptime(typed, pattern)  # noqa: DTZ007 - a zone is put on it by the caller
        except ValueError:
            continue
    return None
