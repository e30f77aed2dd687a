"""Working hours: calendars and the days on which they are shut."""

from __future__ import annotations

import uuid

from django.core.exceptions import ValidationError
from django.db import models
from simple_history.models import HistoricalRecords

from routing.hours import HoursError, WorkingHours
from routing.public_holidays import unknown_place


class Calendar(models.Model):
    """When a team or a person is at work. `week` maps mon..sun to [["09:00", "17:00"], ...]; a block may pass
    midnight.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=120, unique=True)
    time_zone = models.CharField(max_length=64, default="UTC")
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

    def clean(self) -> None:
        unknown = unknown_place(self.country, self.region)
        if unknown:
            field, sentence = unknown
            raise ValidationError({field: sentence})
        if self.always_open:
            return
        try:
            WorkingHours.from_week(zone=self.time_zone, week=self.week)
        except HoursError as error:
            field = "time_zone" if error.field == "zone" else "week"
            raise ValidationError({field: str(error)}) from error


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
