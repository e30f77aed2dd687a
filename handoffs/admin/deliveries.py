"""The outbox: what left, what waits, what is parked and why, with Retry."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.text import Truncator

from handoffs import outbox
from handoffs.access import may
from handoffs.admin.scope import OfHandoffs, actor_of
from handoffs.models import Delivery, Handoff
from handoffs.now import now
from handoffs.states import RefusedError
from routing import admin_cells
from routing.admin_base import (
    ChoicesDropdownFilter,
    ModelAdmin,
    RadioFilter,
    ReadOnlyInline,
    after_action,
    display,
)
from routing.admin_dialogs import asked_first

REASON_LENGTH = 80


class NeedsFilter(RadioFilter):
    """What a person has to look at."""

    title = "needs a hand"
    parameter_name = "needs"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("parked", "Parked"), ("failing", "Failing, still tried"), ("late", "Due and not sent yet")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        queued = Q(state=Delivery.State.QUEUED)
        meaning = {
            "parked": Q(state=Delivery.State.PARKED),
            "failing": queued & Q(failures__gt=0),
            "late": queued & Q(next_at__lte=now()),
        }
        return queryset.filter(meaning.get(self.value() or "", Q()))


class DeliveryInline(ReadOnlyInline[Delivery, Handoff]):
    """Everything that left, or waits to."""

    model = Delivery
    fields = ("purpose", "channel", "recipient", "state", "attempt", "last_error", "delivered_at")
    show_change_link = True
    hide_title = False
    tab = True
    ordering = ("id",)


@admin.register(Delivery)
class DeliveryAdmin(OfHandoffs, ModelAdmin[Delivery]):
    """Everything that leaves, newest first. Rows are read; a parked one can be tried again."""

    list_display = (
        "shown_purpose",
        "shown_handoff",
        "channel",
        "recipient",
        "shown_state",
        "shown_reason",
        "queued_at",
    )
    list_select_related = ("handoff",)
    list_filter = (
        NeedsFilter,
        ("state", ChoicesDropdownFilter),
        ("channel", ChoicesDropdownFilter),
        ("purpose", ChoicesDropdownFilter),
    )
    search_fields = ("recipient", "key", "handoff__account__name", "last_error")
    search_help_text = "HO-number, recipient, account or error"
    date_hierarchy = "queued_at"
    show_full_result_count = False
    actions = ("retry",)
    actions_detail = ("retry_this",)
    readonly_fields = ("shown_payload",)
    fieldsets = (
        (None, {"fields": (("purpose", "handoff"), ("channel", "recipient"), ("state", "last_error"))}),
        (
            "Tries",
            {
                "fields": (
                    ("attempt", "failures"),
                    ("queued_at", "next_at", "lease_until"),
                    ("delivered_at", "provider_id"),
                )
            },
        ),
        ("Message", {"fields": ("key", "fallback_of", "assignment_number", "shown_payload")}),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # May they retry: yes, by permission. May they edit this row: nobody may.
        return super().has_change_permission(request) and not isinstance(obj, Delivery)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_retry_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Offers the button on parked rows. Whoever presses it late is told by the outbox why not."""
        if not self.has_change_permission(request) or not str(object_id).isdecimal():
            return False
        rows = self.get_queryset(request).filter(pk=object_id)
        return rows.exists() if request.method == "POST" else rows.filter(state=Delivery.State.PARKED).exists()

    @admin.action(description="Retry", permissions=["change"])
    def retry(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        for delivery in queryset.select_related("handoff"):
            if delivery.handoff is not None and not may(request.user, "retry", delivery.handoff):
                self.message_user(request, f"“{delivery}” is RevOps' to send again.", messages.ERROR)
                continue
            try:
                outbox.retry(delivery, actor=actor_of(request), now=now())
            except RefusedError as refusal:
                self.message_user(request, str(refusal), messages.ERROR)
            else:
                self.message_user(request, f"“{delivery}” is back in the queue and goes out in a moment.")

    @asked_first(
        "Retry",
        title="Send this again now?",
        text="It goes back into the queue with the same key, so a message that did arrive is not doubled "
        "where the provider knows keys.",
        icon="replay",
        permission="retry",
    )
    def retry_this(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        self.retry(request, self.get_queryset(request).filter(pk=object_id))
        return after_action(request, reverse("admin:handoffs_delivery_change", args=[object_id]))

    @display(description="what", ordering="purpose")
    def shown_purpose(self, delivery: Delivery) -> str:
        return delivery.get_purpose_display()

    @display(description="handoff", ordering="handoff_id")
    def shown_handoff(self, delivery: Delivery) -> str:
        if delivery.handoff is None:
            return admin_cells.NOTHING
        where = reverse("admin:handoffs_handoff_change", args=[delivery.handoff.pk])
        return format_html('<a class="text-link" href="{}">{}</a>', where, delivery.handoff.reference)

    @display(
        description="state",
        ordering="state",
        label={"queued": "info", "delivered": "success", "parked": "danger", "cancelled": ""},
    )
    def shown_state(self, delivery: Delivery) -> tuple[str, str]:
        return delivery.state, delivery.get_state_display()

    @display(description="last error", ordering="last_error")
    def shown_reason(self, delivery: Delivery) -> str:
        return Truncator(delivery.last_error).chars(REASON_LENGTH) or admin_cells.NOTHING

    @display(description="payload")
    def shown_payload(self, delivery: Delivery) -> str:
        return admin_cells.as_json(delivery.payload)
