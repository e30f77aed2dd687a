"""Working hours: calendars and the days on which they are shut.

Every save of either, and every removal of a day, is a new version of the calendar: clocks say by which one they began.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from simple_history.models import HistoricalRecords

from routing.hours import HoursError, WorkingHours
from routing.models.bounds import validate_time_zone
from routing.public_holidays import unknown_place


class Calendar(models.Model):
    """When a team or a person is at work. `week` maps mon..sun to [["09:00", "17:00"], ...]; a block may pass
    midnight.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=120, unique=True)
    time_zone = models.CharField(max_length=64, default="UTC", validators=[validate_time_zone])
    always_open = models.BooleanField("24 hours, 7 days", default=False)
    week = models.JSONField("weekly hours", default=dict, blank=True)
    country = models.CharField(max_length=2, blank=True, help_text="Public holidays of this country, e.g. NO")
    region = models.CharField(max_length=16, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)
    history = HistoricalRecords()

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    @transaction.atomic
    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        """Writes the calendar under its next version, also where two people save at once."""
        if not self._state.adding:
            mine = Calendar.objects.select_for_update(no_key=True).filter(pk=self.pk)
            self.version = mine.values_list("version", flat=True).get() + 1
            update_fields = None if update_fields is None else {*update_fields, "version"}
        super().save(*args, update_fields=update_fields, **kwargs)

    def clean(self) -> None:
        unknown = unknown_place(self.country, self.region)
        if unknown:
            field, sentence = unknown
            raise ValidationError({field: sentence})
        if self.always_open:
            self._refuse_hours()
            return
        try:
            WorkingHours.from_week(zone=self.time_zone, week=self.week)
        except HoursError as error:
            field = "time_zone" if error.field == "zone" else "week"
            raise ValidationError({field: str(error)}) from error

    def _refuse_hours(self) -> None:
        """A calendar that never shuts has no use for hours and holidays, and says so instead of passing them by."""
        way_out = "Clear it, or untick “24 hours, 7 days” and give the hours of each day, which may be 00:00 to 24:00."
        given = {"week": self.week, "country": self.country, "region": self.region}
        wrong = dict.fromkeys(given, f"A calendar that is open 24 hours, 7 days is never shut. {way_out}")
        if errors := {field: sentence for field, sentence in wrong.items() if given[field]}:
            raise ValidationError(errors)


class Holiday(models.Model):
    """A day on which a calendar is shut, in the calendar's own zone."""

    calendar = models.ForeignKey(Calendar, models.CASCADE, related_name="holidays")
    day = models.DateField()
    name = models.CharField(max_length=120)

    class Meta:
        ordering = ("day",)
        constraints = (models.UniqueConstraint(fields=("calendar", "day"), name="holiday_once_per_calendar"),)

    def __str__(self) -> str:
        return f"{self.day} {self.name}"

    @transaction.atomic
    def save(self, *args: Any, **kwargs: Any) -> None:
        """Writes the day, which makes a new version of the calendar, and of the one it may have been moved from."""
        calendars = {self.calendar_id, *Holiday.objects.filter(pk=self.pk).values_list("calendar", flat=True)}
        super().save(*args, **kwargs)
        _move_on(calendars)

    @transaction.atomic
    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Removes the day, which makes a new version of the calendar."""
        calendars = {self.calendar_id}
        deleted = super().delete(*args, **kwargs)
        _move_on(calendars)
        return deleted


def _move_on(calendars: set[int]) -> None:
    Calendar.objects.filter(pk__in=calendars).update(version=models.F("version") + 1)
