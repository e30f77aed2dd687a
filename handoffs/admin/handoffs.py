"""Handoffs and their packages. They are read here; what is done to them goes through the pipeline."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.formats import localize
from django.utils.html import format_html
from django.utils.text import Truncator
from django.utils.timezone import localtime

from handoffs import pipeline
from handoffs.access import may
from handoffs.admin.deliveries import DeliveryInline
from handoffs.admin.forms import NewHandoffForm
from handoffs.admin.log import log_of
from handoffs.admin.packages import PackageInline
from handoffs.admin.passing import PassingOn
from handoffs.admin.promise import (
    DUE_COLOURS,
    WAITING,
    AgeFilter,
    PromiseFilter,
    StandingFilter,
    promise,
    with_promise,
)
from handoffs.admin.scope import OfHandoffs, actor_of
from handoffs.models import Handoff, State
from handoffs.now import now
from handoffs.states import MOVES, RefusedError
from routing import admin_cells
from routing.admin_base import (
    AutocompleteSelectFilter,
    BooleanRadioFilter,
    ChoicesDropdownFilter,
    ModelAdmin,
    after_action,
    display,
)
from routing.admin_dialogs import asked_first
from routing.models import HandoffType

STATE_COLOURS = {
    State.RECEIVED: "info",
    State.BLOCKED: "danger",
    State.UNASSIGNED: "danger",
    State.ASSIGNED: "info",
    State.ACKNOWLEDGED: "info",
    State.REJECTED: "warning",
    State.CONTACTED: "success",
    State.MEETING_BOOKED: "success",
    State.CONVERTED: "success",
    State.LOST: "",
    State.WITHDRAWN: "",
}
PROBLEM_LENGTH = 80
RUNNABLE = MOVES["run"][0]


@admin.register(Handoff)
class HandoffAdmin(PassingOn, OfHandoffs, ModelAdmin[Handoff]):
    """Handoffs, newest first. A new one takes the way of any trigger; an existing one is changed by its verbs alone."""

    handoff_path = "pk"
    list_display = (
        "shown_reference",
        "shown_account",
        "shown_type",
        "shown_state",
        "owner",
        "due_at",
        "shown_promise",
        "shown_completeness",
        "problem",
    )
    list_display_links = ("shown_reference", "shown_account")
    list_select_related = ("account", "owner")
    list_filter = (
        StandingFilter,
        PromiseFilter,
        AgeFilter,
        ("state", ChoicesDropdownFilter),
        ("handoff_type", ChoicesDropdownFilter),
        ("owner", AutocompleteSelectFilter),
        ("team", AutocompleteSelectFilter),
        ("is_flagged", BooleanRadioFilter),
    )
    search_fields = (
        "account__name",
        "account__crm_id",
        "deal__crm_id",
        "owner__first_name",
        "owner__last_name",
        "uuid",
    )
    search_help_text = "HO-number, account, deal id or owner"
    autocomplete_fields = ("account", "deal", "from_team", "to_team")
    date_hierarchy = "received_at"
    show_full_result_count = False
    actions = ("run_again", "check_gaps", "reassign", "withdraw")
    actions_detail = ("run_this_again", "check_these_gaps", "reassign_this", "withdraw_this")
    inlines = (DeliveryInline, PackageInline)
    readonly_fields = ("page", "whole_promise", "log")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("page", "handoff_type"),
                    ("account", "deal"),
                    ("state", "owner"),
                    "whole_promise",
                )
            },
        ),
        (
            "From and to",
            {
                "fields": (
                    ("from_rep", "from_team"),
                    ("to_team", "team"),
                    ("segment", "territory"),
                    ("priority", "origin"),
                )
            },
        ),
        ("Package", {"fields": (("package", "completeness", "is_flagged"),)}),
        (
            "Times",
            {
                "fields": (
                    ("received_at", "assigned_at", "acknowledged_at"),
                    ("contacted_at", "meeting_at", "closed_at"),
                    ("unassigned_since", "rejection_reason"),
                )
            },
        ),
        (
            "Engine",
            {
                "fields": (
                    ("next_at", "lease_until"),
                    ("attempt", "failures", "parked_at"),
                    "last_error",
                    "trigger_key",
                    "uuid",
                )
            },
        ),
        ("Log", {"fields": ("log",)}),
    )
    add_fieldsets = ((None, {"fields": ("handoff_type", ("account", "deal"), ("from_team", "to_team"))}),)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Handoff]:
        return with_promise(super().get_queryset(request))

    def get_ordering(self, request: HttpRequest) -> Any:
        # What waits for somebody: who has waited longest comes first.
        waits = request.GET.get(StandingFilter.parameter_name) in WAITING
        return ("received_at", "pk") if waits else super().get_ordering(request)

    def get_form(self, request: HttpRequest, obj: Handoff | None = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is None:
            kwargs["form"] = NewHandoffForm
        return super().get_form(request, obj, change, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Handoff | None = None) -> Any:
        return () if obj is None else super().get_readonly_fields(request, obj)

    def get_inlines(self, request: HttpRequest, obj: Handoff | None) -> Any:
        return () if obj is None else super().get_inlines(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # May they run actions: yes, by permission. May they edit this row: nobody may.
        return super().has_change_permission(request) and not isinstance(obj, Handoff)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        chosen = form.cleaned_data
        handoff, created = pipeline.receive(
            handoff_type=HandoffType(chosen["handoff_type"]),
            account=chosen["account"],
            deal=chosen["deal"],
            origin=Handoff.Origin.ADMIN,
            now=now(),
            actor=actor_of(request),
            from_team=chosen["from_team"],
            to_team=chosen["to_team"],
        )
        obj.pk = handoff.pk
        obj.refresh_from_db()
        obj.was_there_already = not created

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        if not obj.was_there_already:
            return super().response_add(request, obj, post_url_continue)
        self.message_user(
            request,
            f"{obj.reference} is open for the same customer already, so no second one was made.",
            messages.WARNING,
        )
        return HttpResponseRedirect(_address(obj.pk))

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return None if obj.was_there_already else super().log_addition(request, obj, message)

    @admin.action(description="Run again now", permissions=["change"])
    def run_again(self, request: HttpRequest, queryset: QuerySet[Handoff]) -> None:
        self._retry(request, queryset)

    @admin.action(description="Check gaps again", permissions=["change"])
    def check_gaps(self, request: HttpRequest, queryset: QuerySet[Handoff]) -> None:
        for handoff in queryset.exclude(state=State.BLOCKED):
            self.message_user(
                request, f"{handoff.reference} is not blocked, so it has no gaps to check.", messages.ERROR
            )
        self._retry(request, queryset.filter(state=State.BLOCKED))

    @asked_first(
        "Run again now",
        title="Run this handoff again now?",
        text="The engine gathers the context afresh, compiles the package and looks for an owner.",
        icon="replay",
        permission="run_again",
    )
    def run_this_again(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        self._retry(request, self.get_queryset(request).filter(pk=object_id))
        return after_action(request, _address(object_id))

    @asked_first(
        "Check gaps again",
        title="Check the gaps again now?",
        text="It goes on by itself when the CRM has what was missing; nothing else unblocks it.",
        icon="fact_check",
        permission="check_gaps",
    )
    def check_these_gaps(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        self._retry(request, self.get_queryset(request).filter(pk=object_id))
        return after_action(request, _address(object_id))

    def has_run_again_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may(request, object_id, Q(state__in=RUNNABLE - {State.BLOCKED}) | Q(parked_at__isnull=False))

    def has_check_gaps_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may(request, object_id, Q(state=State.BLOCKED))

    def _may(self, request: HttpRequest, object_id: Any, helps: Q) -> bool:
        """Offers a button where it can help. Whoever presses it late is told by the pipeline why not."""
        if not self.has_change_permission(request) or not str(object_id).isdecimal():
            return False
        rows = self.get_queryset(request).filter(pk=object_id)
        return rows.exists() if request.method == "POST" else rows.filter(helps).exists()

    def _retry(self, request: HttpRequest, handoffs: QuerySet[Handoff]) -> None:
        for handoff in handoffs:
            if not may(request.user, "retry", handoff):
                self.message_user(request, f"{handoff.reference} is RevOps' to run again.", messages.ERROR)
                continue
            try:
                pipeline.retry(handoff, actor=actor_of(request), now=now())
            except RefusedError as refusal:
                self.message_user(request, str(refusal), messages.ERROR)
            else:
                self.message_user(request, f"{handoff.reference} is due now; the engine takes it up in a moment.")

    @display(description="handoff", ordering="pk")
    def shown_reference(self, handoff: Handoff) -> str:
        return handoff.reference

    @display(description="handoff")
    def page(self, handoff: Handoff) -> str:
        return format_html(
            '<a class="text-link" href="{}">{}, as its people see it</a>',
            reverse("handoff", args=[handoff.pk]),
            handoff.reference,
        )

    @display(description="account", ordering="account__name")
    def shown_account(self, handoff: Handoff) -> str:
        return handoff.account.name

    @display(description="type", ordering="handoff_type")
    def shown_type(self, handoff: Handoff) -> str:
        return handoff.type_enum.short

    @display(description="state", ordering="state", label=STATE_COLOURS)
    def shown_state(self, handoff: Handoff) -> tuple[str, str]:
        return handoff.state, handoff.get_state_display()

    @display(description="SLA due", ordering="promised_at", empty_value="-")
    def due_at(self, handoff: Any) -> datetime | None:
        due: datetime | None = handoff.promised_at
        return due

    @display(description="SLA", label=DUE_COLOURS)
    def shown_promise(self, handoff: Any) -> tuple[str, str] | None:
        return promise(handoff, now())

    @display(description="first contact")
    def whole_promise(self, handoff: Any) -> str:
        standing = promise(handoff, now())
        if standing is None:
            return admin_cells.NOTHING
        return f"{standing[1]}: due {localize(localtime(handoff.promised_at))}"

    @display(description="complete", ordering="completeness")
    def shown_completeness(self, handoff: Handoff) -> str:
        if handoff.completeness is None:
            return admin_cells.NOTHING
        return f"{handoff.completeness} %{' flagged' if handoff.is_flagged else ''}"

    @display(description="problem")
    def problem(self, handoff: Handoff) -> str:
        text = f"Parked: {handoff.last_error}" if handoff.parked_at is not None else handoff.last_error
        return Truncator(text).chars(PROBLEM_LENGTH)

    @display(description="log")
    def log(self, handoff: Handoff) -> str:
        return log_of(handoff.stream)


def _address(pk: Any) -> str:
    return reverse("admin:handoffs_handoff_change", args=[pk])
