"""What was decided and who holds what: to read, never to edit."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from routing import admin_cells
from routing.admin_base import (
    AutocompleteSelectFilter,
    ChoicesDropdownFilter,
    RadioFilter,
    ReadOnlyAdmin,
    display,
)
from routing.models import Assignment, Decision


@admin.register(Decision)
class DecisionAdmin(ReadOnlyAdmin[Decision]):
    """Receipts: the facts, the rule that won, and why everybody else did not get it."""

    list_display: tuple[str, ...] = (
        "id",
        "decided_at",
        "shown_outcome",
        "chosen",
        "rule",
        "pool",
        "rule_set",
    )
    list_display_links: tuple[str, ...] = ("id", "decided_at")
    list_select_related: ClassVar[tuple[str, ...]] = ("chosen", "rule", "pool", "rule_set")
    list_filter = (
        ("outcome", ChoicesDropdownFilter),
        ("pool", AutocompleteSelectFilter),
        ("chosen", AutocompleteSelectFilter),
    )
    search_fields = ("handoff_uuid", "uuid", "rule__code", "chosen__first_name", "chosen__last_name")
    date_hierarchy = "decided_at"
    show_full_result_count = False
    fieldsets = (
        (None, {"fields": (("outcome", "chosen"), ("rule_set", "rule"), ("pool", "decided_at"), "handoff_uuid")}),
        ("Facts", {"fields": ("shown_facts",)}),
        ("Receipt", {"fields": ("shown_receipt",)}),
    )
    readonly_fields: ClassVar[tuple[str, ...]] = ("shown_facts", "shown_receipt")

    @display(
        description="outcome",
        ordering="outcome",
        label={"assigned": "success", "held": "warning", "nobody": "danger"},
    )
    def shown_outcome(self, decision: Decision) -> tuple[str, str]:
        return decision.outcome, decision.get_outcome_display()

    @display(description="facts")
    def shown_facts(self, decision: Decision) -> str:
        return admin_cells.as_json(decision.facts)

    @display(description="receipt")
    def shown_receipt(self, decision: Decision) -> str:
        return admin_cells.as_json(decision.receipt)


class HeldFilter(RadioFilter):
    """Held now, or given back."""

    title = "held"
    parameter_name = "held"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("now", "Held now"), ("released", "Released")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        wanted = self.value()
        return queryset.filter(released_at__isnull=wanted == "now") if wanted else queryset


@admin.register(Assignment)
class AssignmentAdmin(ReadOnlyAdmin[Assignment]):
    """Who holds or held which handoff; held ones are a person's load."""

    list_display: tuple[str, ...] = (
        "id",
        "rep",
        "pool",
        "number",
        "assigned_at",
        "released_at",
        "release_reason",
    )
    list_display_links: tuple[str, ...] = ("id", "rep")
    list_select_related: ClassVar[tuple[str, ...]] = ("rep", "pool")
    list_filter = (HeldFilter, ("release_reason", ChoicesDropdownFilter), ("rep", AutocompleteSelectFilter))
    search_fields = ("handoff_uuid", "uuid", "rep__first_name", "rep__last_name", "rep__email")
    date_hierarchy = "assigned_at"
    ordering = ("-assigned_at", "-id")
    show_full_result_count = False
    fields: ClassVar[tuple[str, ...]] = (
        "rep",
        "pool",
        "number",
        "decision",
        "assigned_at",
        "released_at",
        "release_reason",
        "handoff_uuid",
        "uuid",
    )
