"""What RevOps sets per type."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest

from handoffs.admin.forms import TypeSettingForm
from handoffs.models import TypeSetting
from routing.admin_base import ModelAdmin, display
from routing.models import HandoffType


@admin.register(TypeSetting)
class TypeSettingAdmin(ModelAdmin[TypeSetting]):
    """One row per type of handoff: when it starts by itself, and how its package is scored."""

    form = TypeSettingForm
    list_display = ("shown_type", "is_enabled", "trigger", "cooldown_days", "from_team", "stale_after_days")
    list_select_related = ("from_team",)
    autocomplete_fields = ("from_team",)
    search_fields = ("handoff_type",)
    fieldsets = (
        (None, {"fields": ("handoff_type", "is_enabled", ("from_team", "cooldown_days"))}),
        ("Trigger", {"fields": ("score_threshold", "usage_stages")}),
        ("Completeness", {"fields": ("field_weights", "stale_after_days")}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: TypeSetting | None = None) -> tuple[str, ...]:
        return ("handoff_type",) if obj else ()

    def has_add_permission(self, request: HttpRequest) -> bool:
        # Every type has its row from the start.
        return False

    def has_delete_permission(self, request: HttpRequest, obj: TypeSetting | None = None) -> bool:
        # Without its row a type would not start at all; it is switched off instead.
        return False

    @display(description="type", ordering="handoff_type")
    def shown_type(self, setting: TypeSetting) -> str:
        return HandoffType(setting.handoff_type).label

    @display(description="starts at")
    def trigger(self, setting: TypeSetting) -> str:
        parts = [f"score {setting.score_threshold}"] if setting.score_threshold is not None else []
        return " or ".join([*parts, *setting.usage_stages]) or "its CRM event"
