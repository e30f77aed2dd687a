"""Saved what-if cases: records with a known answer, tried on every version before it goes live."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest

from routing import checks
from routing.admin_base import BooleanRadioFilter, ModelAdmin, business_now, display
from routing.check_forms import CheckForm
from routing.models import Check, RuleSet


@admin.register(Check)
class CheckAdmin(ModelAdmin[Check]):
    """Cases that no version may get wrong."""

    form = CheckForm
    list_display = ("name", "expected", "note", "author", "is_active")
    list_select_related = ("pool", "rep", "author")
    list_filter = (("is_active", BooleanRadioFilter),)
    search_fields = ("name", "note", "rule_code", "pool__name")
    autocomplete_fields = ("pool", "rep")
    readonly_fields = ("author", "created_at")
    fieldsets = (
        (None, {"fields": ("name", "facts", "is_active")}),
        ("Expected: one of these", {"fields": ("rule_code", "pool", "rep")}),
        ("Why", {"fields": ("note", ("author", "created_at"))}),
    )

    def save_model(self, request: HttpRequest, obj: Check, form: Any, change: bool) -> None:
        if not change:
            obj.author, obj.created_at = request.user, business_now()  # type: ignore[assignment]  # only users get here
        super().save_model(request, obj, form, change)
        self._try_on_live(request, obj)

    def _try_on_live(self, request: HttpRequest, check: Check) -> None:
        """Says at once what the case would hold up: it may be right, and the rules wrong."""
        live = RuleSet.objects.filter(state=RuleSet.State.LIVE).first()
        failure = checks.tried(check, live.pk) if live is not None and check.is_active else None
        if failure is not None:
            held_up = "With the live rules it fails, and no version can be published while it does"
            self.message_user(request, f"{held_up}. {failure.sentence}", messages.WARNING)

    @display(description="expected")
    def expected(self, check: Check) -> str:
        return f"rule {check.rule_code}" if check.rule_code else str(check.pool or check.rep)
