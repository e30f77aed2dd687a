"""Calendars with their holidays."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from routing.admin_base import (
    BooleanRadioFilter,
    HistoryModelAdmin,
    PaginationInlineFormSet,
    TabularInline,
    display,
)
from routing.forms import CalendarForm
from routing.hours import WEEKDAYS
from routing.models import Calendar, Holiday


class HolidayLines(PaginationInlineFormSet):
    """The days on which a calendar is shut; one that never shuts has none."""

    def clean(self) -> None:
        super().clean()
        kept = [
            form for form in self.forms if form not in self.deleted_forms and (form.has_changed() or form.instance.pk)
        ]
        if self.instance.always_open and kept:
            raise forms.ValidationError(
                "A calendar that is open 24 hours, 7 days is never shut. Delete these days, or untick that and give "
                "the hours of each day."
            )


class HolidayInline(TabularInline[Holiday, Calendar]):
    """The days a calendar is shut."""

    model = Holiday
    formset = HolidayLines
    fields = ("day", "name")
    tab = True


@admin.register(Calendar)
class CalendarAdmin(HistoryModelAdmin[Calendar]):
    """Working hours. An edit makes a new version; clocks that run keep the hours they started with."""

    form = CalendarForm
    list_display = ("name", "time_zone", "opening", "country", "days_shut", "version")
    list_filter = (("always_open", BooleanRadioFilter), "country")
    search_fields = ("name", "time_zone", "country")
    ordering = ("name",)
    readonly_fields = ("version",)
    inlines = (HolidayInline,)
    fieldsets = (
        (None, {"fields": (("name", "time_zone"), "always_open", "week")}),
        ("Public holidays", {"fields": (("country", "region"),)}),
        ("Version", {"fields": ("version",)}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Calendar]:
        return super().get_queryset(request).annotate(holiday_count=Count("holidays"))

    @display(description="open")
    def opening(self, calendar: Calendar) -> str:
        if calendar.always_open:
            return "day and night"
        days = [day for day in WEEKDAYS if calendar.week.get(day)]
        return ", ".join(day.capitalize() for day in days) if days else "never"

    @display(description="own holidays", ordering="holiday_count")
    def days_shut(self, calendar: Any) -> int:
        return int(calendar.holiday_count)
