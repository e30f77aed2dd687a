"""The admins of other apps, in our theme: the beat's schedule, sign-in attempts, and who changed what in the admin."""

from __future__ import annotations

from typing import Any

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.http import HttpRequest
from django_celery_beat.admin import ClockedScheduleAdmin as BeatClockedAdmin
from django_celery_beat.admin import CrontabScheduleAdmin as BeatCrontabAdmin
from django_celery_beat.admin import PeriodicTaskAdmin as BeatTaskAdmin
from django_celery_beat.admin import PeriodicTaskForm as BeatTaskForm
from django_celery_beat.admin import TaskSelectWidget as BeatTaskSelect
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)

from routing.admin_base import (
    ChoicesDropdownFilter,
    ModelAdmin,
    ReadOnlyAdmin,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    display,
)

for foreign in (
    *(PeriodicTask, IntervalSchedule, CrontabSchedule, SolarSchedule, ClockedSchedule),
    *(AccessAttempt, AccessLog, AccessFailureLog),
):
    if admin.site.is_registered(foreign):
        admin.site.unregister(foreign)


class TaskSelect(UnfoldAdminSelectWidget, BeatTaskSelect):
    """The registered tasks, in the theme."""


class TaskForm(BeatTaskForm):
    """A line of the schedule."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["task"].widget = UnfoldAdminTextInputWidget()
        self.fields["regtask"].widget = TaskSelect()


@admin.register(PeriodicTask)
class PeriodicTaskAdmin(BeatTaskAdmin, ModelAdmin[Any]):
    """What the beat starts and when."""

    form = TaskForm

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        # The actions of django-celery-beat ask for no permission, though they start and stop tasks.
        return super().get_actions(request) if self.has_change_permission(request) else {}


@admin.register(CrontabSchedule)
class CrontabScheduleAdmin(BeatCrontabAdmin, ModelAdmin[Any]):
    """Schedules by the calendar."""

    inlines = ()


@admin.register(ClockedSchedule)
class ClockedScheduleAdmin(BeatClockedAdmin, ModelAdmin[Any]):
    """Schedules for one instant."""

    inlines = ()


@admin.register(IntervalSchedule, SolarSchedule)
class ScheduleAdmin(ModelAdmin[Any]):
    """Schedules by interval and by the sun."""


@admin.register(AccessAttempt)
class AccessAttemptAdmin(ReadOnlyAdmin[Any]):
    """Failed sign-ins that still count. Deleting one lets the person try again at once."""

    list_display = ("attempt_time", "username", "ip_address", "failures_since_start", "user_agent")
    search_fields = ("username", "ip_address")
    date_hierarchy = "attempt_time"
    fields = ("attempt_time", "username", "ip_address", "failures_since_start", "user_agent", "path_info")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm("axes.delete_accessattempt"))


@admin.register(AccessLog, AccessFailureLog)
class SignInLogAdmin(ReadOnlyAdmin[Any]):
    """Who signed in, and who tried."""

    list_display = ("attempt_time", "username", "ip_address", "user_agent")
    search_fields = ("username", "ip_address")
    date_hierarchy = "attempt_time"
    fields = ("attempt_time", "username", "ip_address", "user_agent", "path_info")
    show_full_result_count = False


@admin.register(LogEntry)
class LogEntryAdmin(ReadOnlyAdmin[LogEntry]):
    """Who changed what here."""

    list_display = ("action_time", "user", "shown_action", "content_type", "object_repr", "change")
    list_select_related = ("user", "content_type")
    list_filter = (("action_flag", ChoicesDropdownFilter),)
    search_fields = ("object_repr", "user__email")
    date_hierarchy = "action_time"
    show_full_result_count = False
    fields = ("action_time", "user", "action_flag", "content_type", "object_id", "object_repr", "change")
    readonly_fields = ("change",)

    @display(description="did", ordering="action_flag", label={1: "success", 2: "info", 3: "danger"})
    def shown_action(self, entry: LogEntry) -> tuple[int, str]:
        return entry.action_flag, entry.get_action_flag_display()

    @display(description="what")
    def change(self, entry: LogEntry) -> str:
        return entry.get_change_message()
