"""Pools with their members, pods, and the fairness ledger to read."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from routing import joining, ledger, turns
from routing.admin_base import (
    AutocompleteSelectFilter,
    BooleanRadioFilter,
    ChoicesDropdownFilter,
    HistoryModelAdmin,
    ModelAdmin,
    RadioFilter,
    ReadOnlyAdmin,
    TabularInline,
    after_action,
    business_now,
    display,
)
from routing.admin_calibration import CalibrateForm
from routing.admin_dialogs import asked_first
from routing.forms import CAPS, MembershipForm, PoolForm
from routing.models import Membership, Pod, Pool, Turn


class LedgerFilter(RadioFilter):
    """Members whose turns somebody has to set by hand."""

    title = "turns"
    parameter_name = "turns"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("astray", "Do not add up")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(pk__in=ledger.astray().values("pk")) if self.value() else queryset


class MembershipInline(TabularInline[Membership, Pool]):
    """Who takes turns. A new member starts level with the others; a former one is made inactive, never deleted."""

    model = Membership
    form = MembershipForm
    fields = ("rep", "weight", "position", "is_active", "turns_taken")
    readonly_fields = ("turns_taken",)
    autocomplete_fields = ("rep",)
    can_delete = False
    tab = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        return super().get_queryset(request).select_related("rep", "pool")

    @display(description="turns per weight")
    def turns_taken(self, membership: Membership) -> str:
        return shown_pointer(membership.pointer)


def shown_pointer(pointer: int) -> str:
    """A pointer as turns of weight one: 12.5."""
    return f"{pointer / turns.UNIT:.2f}".rstrip("0").rstrip(".")


@admin.register(Pool)
class PoolAdmin(HistoryModelAdmin[Pool]):
    """People who take turns."""

    form = PoolForm
    list_display = ("name", "code", "team", "function", "members", "debits_owner_matches", "ledger", "is_active")
    list_select_related = ("team",)
    list_filter = (
        ("is_active", BooleanRadioFilter),
        ("function", ChoicesDropdownFilter),
        ("team", AutocompleteSelectFilter),
    )
    search_fields = ("name", "code")
    ordering = ("name",)
    autocomplete_fields = ("team",)
    prepopulated_fields = {"code": ("name",)}
    inlines = (MembershipInline,)
    fieldsets = (
        (None, {"fields": (("name", "code"), ("team", "function"), "is_active")}),
        ("Turns", {"fields": ("debits_owner_matches", "return_allowance")}),
        ("Limits", {"fields": (CAPS,), "classes": ("collapse",)}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Pool]:
        active = Count("memberships", filter=Q(memberships__is_active=True))
        return super().get_queryset(request).annotate(member_count=active)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        super().save_formset(request, form, formset, change)
        back = [row for row, names in formset.changed_objects if "is_active" in names and row.is_active]
        for row in [*formset.new_objects, *back]:
            joining.join(row, now=business_now(), actor=f"user:{request.user.pk}")

    @display(description="turns add up", ordering="ledger_faults", boolean=True)
    def ledger(self, pool: Pool) -> bool | None:
        return None if pool.ledger_checked_at is None else pool.ledger_faults == 0

    @display(description="active members", ordering="member_count")
    def members(self, pool: Any) -> int:
        return int(pool.member_count)


@admin.register(Membership)
class MembershipAdmin(HistoryModelAdmin[Membership]):
    """Every person in every pool. Members join on the pool's own page."""

    form = MembershipForm
    list_display = ("rep", "pool", "weight", "position", "turns_taken", "is_active")
    list_select_related = ("rep", "pool")
    list_filter = (("is_active", BooleanRadioFilter), LedgerFilter, ("pool", AutocompleteSelectFilter))
    search_fields = ("rep__first_name", "rep__last_name", "pool__name", "pool__code")
    fields = ("pool", "rep", "weight", "position", "is_active", "turns_taken", "adds_up")
    readonly_fields = ("pool", "rep", "turns_taken", "adds_up")
    actions_detail = ("calibrate",)

    def save_model(self, request: HttpRequest, obj: Membership, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change and "is_active" in form.changed_data and obj.is_active:
            joining.join(obj, now=business_now(), actor=f"user:{request.user.pk}")

    @asked_first(
        "Set turns by hand",
        title="Set this member's turns by hand?",
        text="Whoever has the fewest turns per weight is next. The ledger keeps change and reason.",
        icon="balance",
        permission="calibrate",
        form=CalibrateForm,
        button="Set turns",
    )
    def calibrate(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        member = get_object_or_404(self.get_queryset(request), pk=object_id)
        given, actor = form.cleaned_data, f"user:{request.user.pk}"
        try:
            with transaction.atomic():
                turn = turns.calibrate(
                    member.pk, turns=given["turns"], now=business_now(), actor=actor, reason=given["reason"]
                )
        except turns.CalibrationError as error:
            self.message_user(request, str(error), messages.ERROR)
        else:
            said = f"{member.rep} stands there already, so nothing was written."
            if turn is not None:
                said = f"{member.rep} stands at {shown_pointer(turn.pointer_after)} turns in {member.pool} now."
            self.message_user(request, said)
        return after_action(request, reverse("admin:routing_membership_change", args=[object_id]))

    def has_calibrate_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.has_change_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Membership | None = None) -> bool:
        # The ledger names the membership: whoever goes is made inactive.
        return False

    @display(description="turns in the ledger")
    def adds_up(self, membership: Membership) -> str:
        total = turns.sum_of(membership)
        if total == membership.pointer:
            return "The same"
        return f"{shown_pointer(total)}: a row was changed by hand. Set turns by hand, and both agree again."

    @display(description="turns per weight", ordering="pointer")
    def turns_taken(self, membership: Membership) -> str:
        return shown_pointer(membership.pointer)


@admin.register(Pod)
class PodAdmin(ModelAdmin[Pod]):
    """Cross-role groups that own accounts."""

    list_display = ("name", "code", "people")
    search_fields = ("name", "code")
    autocomplete_fields = ("members",)
    prepopulated_fields = {"code": ("name",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Pod]:
        return super().get_queryset(request).prefetch_related("members")

    @display(description="people")
    def people(self, pod: Pod) -> str:
        return ", ".join(rep.name for rep in pod.members.all())


@admin.register(Turn)
class TurnAdmin(ReadOnlyAdmin[Turn]):
    """The fairness ledger, newest first."""

    list_display: tuple[str, ...] = (
        "pool",
        "seq",
        "member",
        "kind",
        "change",
        "after",
        "reason",
        "actor",
        "at",
    )
    list_display_links: tuple[str, ...] = ("seq",)
    list_select_related: ClassVar[tuple[str, ...]] = ("pool", "membership__rep", "membership__pool")
    list_filter = (("kind", ChoicesDropdownFilter), ("pool", AutocompleteSelectFilter))
    search_fields = ("pool__name", "membership__rep__first_name", "membership__rep__last_name", "reason")
    date_hierarchy = "at"
    ordering = ("-at", "-id")
    show_full_result_count = False
    fields: ClassVar[tuple[str, ...]] = (
        "pool",
        "seq",
        "membership",
        "kind",
        "units",
        "pointer_after",
        "assignment",
        "reason",
        "actor",
        "at",
    )

    @display(description="member", ordering="membership__rep__first_name")
    def member(self, turn: Turn) -> str:
        return turn.membership.rep.name

    @display(description="turns", ordering="units")
    def change(self, turn: Turn) -> str:
        return f"{'+' if turn.units > 0 else ''}{shown_pointer(turn.units)}"

    @display(description="stands at", ordering="pointer_after")
    def after(self, turn: Turn) -> str:
        return shown_pointer(turn.pointer_after)
