"""What people wrote about handoffs: to read."""

from __future__ import annotations

from django.contrib import admin

from handoffs.admin.scope import OfHandoffs
from handoffs.admin.spoken import Spoken
from handoffs.models import Remark
from routing.admin_base import ReadOnlyAdmin, display


@admin.register(Remark)
class RemarkAdmin(Spoken, OfHandoffs, ReadOnlyAdmin[Remark]):
    """Remarks, newest first."""

    list_display = ("at", "shown_handoff", "account", "by", "text")
    list_select_related = ("handoff__account",)
    search_fields = ("handoff__account__name", "text")
    search_help_text = "HO-number, account or text"
    date_hierarchy = "at"
    ordering = ("-at", "-id")
    show_full_result_count = False

    @display(description="handoff", ordering="handoff_id")
    def shown_handoff(self, remark: Remark) -> str:
        return remark.handoff.reference

    @display(description="account", ordering="handoff__account__name")
    def account(self, remark: Remark) -> str:
        return remark.handoff.account.name
