"""The local CRM tables: what happened at an account, what was noted, read and used."""

from __future__ import annotations

from typing import Any

from django.contrib import admin

from handoffs.admin.forms import ActivityForm, ContentForm, NoteForm, UsageForm
from handoffs.models import Activity, ContentEngagement, Note, UsageStage
from routing.admin_base import AutocompleteSelectFilter, ChoicesDropdownFilter, ModelAdmin, display

OF_ACCOUNT = ("account", AutocompleteSelectFilter)


@admin.register(Activity)
class ActivityAdmin(ModelAdmin[Activity]):
    """Calls, mails, meetings, visits, signals."""

    form = ActivityForm
    list_display = ("subject", "kind", "account", "contact", "owner", "occurred_at")
    list_select_related = ("account", "contact", "owner")
    list_filter = (("kind", ChoicesDropdownFilter), OF_ACCOUNT)
    search_fields = ("subject", "crm_id", "account__name")
    autocomplete_fields = ("account", "deal", "contact", "owner")
    date_hierarchy = "occurred_at"
    show_full_result_count = False
    fieldsets = (
        (
            None,
            {"fields": ("kind", "occurred_at", "subject", "description", ("account", "deal"), ("contact", "owner"))},
        ),
        ("More", {"fields": ("crm_id", "properties", "crm_created_at", "crm_updated_at"), "classes": ("collapse",)}),
    )


@admin.register(Note)
class NoteAdmin(ModelAdmin[Note]):
    """What colleagues wrote down."""

    form = NoteForm
    list_display = ("shown_body", "tag", "account", "author", "source", "occurred_at")
    list_select_related = ("account", "author")
    list_filter = (("tag", ChoicesDropdownFilter), OF_ACCOUNT)
    search_fields = ("body", "crm_id", "account__name")
    autocomplete_fields = ("account", "deal", "contact", "author")
    date_hierarchy = "occurred_at"
    show_full_result_count = False
    fieldsets = (
        (None, {"fields": ("tag", "occurred_at", "body", "source", ("account", "deal"), ("contact", "author"))}),
        ("More", {"fields": ("crm_id", "crm_created_at", "crm_updated_at"), "classes": ("collapse",)}),
    )

    @display(description="note", ordering="body")
    def shown_body(self, note: Note) -> str:
        return note.body if len(note.body) <= 90 else f"{note.body[:89]}…"


@admin.register(ContentEngagement)
class ContentAdmin(ModelAdmin[ContentEngagement]):
    """What people at accounts read, watched and attended."""

    form = ContentForm
    list_display = ("title", "kind", "account", "contact", "occurred_at")
    list_select_related = ("account", "contact")
    list_filter = ("kind", OF_ACCOUNT)
    search_fields = ("title", "crm_id", "account__name")
    autocomplete_fields = ("account", "contact")
    date_hierarchy = "occurred_at"
    show_full_result_count = False


@admin.register(UsageStage)
class UsageStageAdmin(ModelAdmin[UsageStage]):
    """What accounts do in the product, over time."""

    form = UsageForm
    list_display = ("account", "stage", "used_seats", "contact", "as_of")
    list_select_related = ("account", "contact")
    list_filter = (("stage", ChoicesDropdownFilter), OF_ACCOUNT)
    search_fields = ("account__name",)
    autocomplete_fields = ("account", "contact")
    date_hierarchy = "as_of"

    @display(description="active of seats", ordering="active_users")
    def used_seats(self, usage: Any) -> str:
        active, seats = ("?" if count is None else count for count in (usage.active_users, usage.seats))
        return f"{active} of {seats}"
