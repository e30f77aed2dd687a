"""Packages as they were compiled: to read."""

from __future__ import annotations

from django.contrib import admin

from handoffs.admin.scope import OfHandoffs
from handoffs.models import Handoff, Package
from routing import admin_cells
from routing.admin_base import ChoicesDropdownFilter, ReadOnlyAdmin, ReadOnlyInline, display


class PackageInline(ReadOnlyInline[Package, Handoff]):
    """Every version of the package."""

    model = Package
    fk_name = "handoff"
    fields = ("number", "verdict", "score", "compiled_at")
    show_change_link = True
    hide_title = False
    tab = True


@admin.register(Package)
class PackageAdmin(OfHandoffs, ReadOnlyAdmin[Package]):
    """Packages as they were compiled."""

    list_display = ("shown_handoff", "account", "number", "shown_verdict", "score", "compiled_at")
    list_display_links = ("shown_handoff", "account")
    list_select_related = ("handoff__account",)
    list_filter = (("verdict", ChoicesDropdownFilter), ("handoff__handoff_type", ChoicesDropdownFilter))
    search_fields = ("handoff__account__name", "uuid")
    search_help_text = "HO-number or account"
    date_hierarchy = "compiled_at"
    ordering = ("-compiled_at", "-id")
    show_full_result_count = False
    readonly_fields = ("shown_body", "shown_context")
    fieldsets = (
        (None, {"fields": (("handoff", "number"), ("verdict", "score", "compiled_at"), "uuid")}),
        ("Package", {"fields": ("shown_body",)}),
        ("Context it was compiled from", {"fields": ("shown_context",), "classes": ("collapse",)}),
    )

    @display(description="handoff", ordering="handoff_id")
    def shown_handoff(self, package: Package) -> str:
        return package.handoff.reference

    @display(description="account", ordering="handoff__account__name")
    def account(self, package: Package) -> str:
        return package.handoff.account.name

    @display(
        description="verdict",
        ordering="verdict",
        label={"complete": "success", "flagged": "warning", "blocked": "danger"},
    )
    def shown_verdict(self, package: Package) -> tuple[str, str]:
        return package.verdict, package.get_verdict_display()

    @display(description="package")
    def shown_body(self, package: Package) -> str:
        return admin_cells.as_json(package.body)

    @display(description="context")
    def shown_context(self, package: Package) -> str:
        return admin_cells.as_json(package.context)
