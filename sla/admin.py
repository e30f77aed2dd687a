"""The admin of promises: policies to edit while they are drafts, clocks to read."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from routing import admin_cells
from routing.admin_base import (
    AutocompleteSelectFilter,
    ChoicesDropdownFilter,
    ModelAdmin,
    ModelForm,
    RadioFilter,
    ReadOnlyAdmin,
    ReadOnlyInline,
    TabularInline,
    business_now,
    display,
)
from routing.ordered_lines import OrderedLines
from sla.models import Clock, ClockInterval, EscalationStep, Policy, StepRun


class PolicyForm(ModelForm[Policy]):
    """A draft of a promise."""

    broken: ClassVar[dict[str, tuple[str, str]]] = {
        "policy_version_once": ("number", "This version exists already for the same type, team and segment."),
        "policy_figures_make_sense": ("target_minutes", "Every time is at least one minute, and at most ten years."),
    }

    class Meta:
        model = Policy
        fields = "__all__"
        help_texts: ClassVar[dict[str, str]] = {
            "team": "Blank: every team",
            "at_risk_percent": "The owner is told when this share of the time has passed",
        }


def _is_draft(policy: Any) -> bool:
    return not isinstance(policy, Policy) or policy.state == Policy.State.DRAFT


class EscalationStepInline(TabularInline[EscalationStep, Policy]):
    """The ladder, as editable as its policy."""

    model = EscalationStep
    formset = OrderedLines
    fields = ("clock_kind", "position", "action", "after_minutes", "unit", "role")


@admin.register(Policy)
class PolicyAdmin(ModelAdmin[Policy]):
    """Versions of promises. A draft is edited; a live or archived one is read, since clocks run under it."""

    form = PolicyForm
    list_display = ("shown_name", "shown_state", "team", "segment", "target", "acknowledge", "at_risk", "hours_of")
    list_select_related = ("team",)
    list_filter = (
        ("state", ChoicesDropdownFilter),
        ("handoff_type", ChoicesDropdownFilter),
        ("team", AutocompleteSelectFilter),
    )
    search_fields = ("handoff_type", "segment", "team__name")
    autocomplete_fields = ("team", "calendar")
    readonly_fields = ("state",)
    inlines = (EscalationStepInline,)
    lock_on_save = True
    fieldsets = (
        (None, {"fields": ("handoff_type", ("team", "segment"), ("number", "state"))}),
        ("Promise", {"fields": (("target_minutes", "acknowledge_minutes"), ("resubmit_minutes", "at_risk_percent"))}),
        ("Hours", {"fields": (("hours_of", "calendar"),)}),
    )

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and _is_draft(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and _is_draft(obj)

    @display(description="policy", ordering="handoff_type")
    def shown_name(self, policy: Policy) -> str:
        return f"{policy.get_handoff_type_display()} v{policy.number}"

    @display(description="state", ordering="state", label={"draft": "info", "live": "success", "archived": ""})
    def shown_state(self, policy: Policy) -> tuple[str, str]:
        return policy.state, policy.get_state_display()

    @display(description="first contact", ordering="target_minutes")
    def target(self, policy: Policy) -> str:
        return admin_cells.minutes(policy.target_minutes)

    @display(description="acknowledge", ordering="acknowledge_minutes")
    def acknowledge(self, policy: Policy) -> str:
        return admin_cells.minutes(policy.acknowledge_minutes)

    @display(description="at risk from", ordering="at_risk_percent")
    def at_risk(self, policy: Policy) -> str:
        return f"{policy.at_risk_percent} %"


class StandingFilter(RadioFilter):
    """How a clock stands at this moment."""

    title = "standing"
    parameter_name = "standing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("over", "Over"),
            ("risk", "At risk"),
            ("good", "On track"),
            ("paused", "Paused"),
            ("stopped", "Stopped"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        at, runs = business_now(), Q(state="running")
        meaning = {
            "over": runs & Q(deadline_at__lte=at),
            "risk": runs & Q(at_risk_at__lte=at, deadline_at__gt=at),
            "good": runs & Q(at_risk_at__gt=at),
            "paused": Q(state="paused"),
            "stopped": Q(state="stopped"),
        }
        return queryset.filter(meaning.get(self.value() or "", Q()))


class ClockIntervalInline(ReadOnlyInline[ClockInterval, Clock]):
    """When the clock ran and when it was paused."""

    model = ClockInterval
    fields = ("kind", "reason", "starts_at", "ends_at")


class StepRunInline(ReadOnlyInline[StepRun, Clock]):
    """Which rungs were taken."""

    model = StepRun
    fields = ("step", "due_at", "ran_at", "outcome")

    def get_queryset(self, request: HttpRequest) -> QuerySet[StepRun]:
        return super().get_queryset(request).select_related("step")


@admin.register(Clock)
class ClockAdmin(ReadOnlyAdmin[Clock]):
    """Promises being timed, the most urgent first."""

    list_display: tuple[str, ...] = (
        "id",
        "kind",
        "owner",
        "shown_state",
        "deadline_at",
        "next_step_at",
        "target",
        "policy",
    )
    list_display_links: tuple[str, ...] = ("id", "kind")
    list_select_related: ClassVar[tuple[str, ...]] = ("assignment__rep", "policy__team")
    list_filter = (StandingFilter, ("kind", ChoicesDropdownFilter))
    search_fields = ("handoff_uuid", "uuid", "assignment__rep__first_name", "assignment__rep__last_name")
    date_hierarchy = "deadline_at"
    ordering = ("-deadline_at", "-id")
    show_full_result_count = False
    inlines = (ClockIntervalInline, StepRunInline)
    readonly_fields: ClassVar[tuple[str, ...]] = ("shown_ladder", "shown_hours")
    fieldsets = (
        (None, {"fields": (("kind", "state"), ("assignment", "policy"), "handoff_uuid")}),
        ("Time", {"fields": (("started_at", "deadline_at"), ("at_risk_at", "next_step_at"), "stopped_at")}),
        (
            "Pinned when it started",
            {"fields": (("target_minutes", "calendar", "calendar_version"), "shown_ladder", "shown_hours")},
        ),
    )

    @display(description="owner", ordering="assignment__rep__first_name")
    def owner(self, clock: Clock) -> str:
        return clock.assignment.rep.name

    @display(description="state", ordering="state", label={"running": "info", "paused": "warning", "stopped": ""})
    def shown_state(self, clock: Clock) -> tuple[str, str]:
        return clock.state, clock.get_state_display()

    @display(description="target", ordering="target_minutes")
    def target(self, clock: Clock) -> str:
        return admin_cells.minutes(clock.target_minutes)

    @display(description="ladder")
    def shown_ladder(self, clock: Clock) -> str:
        return admin_cells.as_json(clock.ladder)

    @display(description="hours")
    def shown_hours(self, clock: Clock) -> str:
        return admin_cells.as_json(clock.hours)


@admin.register(StepRun)
class StepRunAdmin(ReadOnlyAdmin[StepRun]):
    """Rungs of ladders that were taken, newest first."""

    list_display: tuple[str, ...] = ("step", "owner", "due_at", "ran_at", "shown_outcome")
    list_select_related: ClassVar[tuple[str, ...]] = ("step", "clock__assignment__rep")
    list_filter = (("outcome", ChoicesDropdownFilter), ("step__action", ChoicesDropdownFilter))
    search_fields = ("clock__handoff_uuid", "clock__assignment__rep__last_name")
    date_hierarchy = "ran_at"
    ordering = ("-ran_at", "-id")
    show_full_result_count = False
    fields: ClassVar[tuple[str, ...]] = ("clock", "step", "due_at", "ran_at", "outcome")

    @display(description="owner", ordering="clock__assignment__rep__first_name")
    def owner(self, run: StepRun) -> str:
        return run.clock.assignment.rep.name

    @display(description="outcome", ordering="outcome", label={"done": "success", "superseded": "info"})
    def shown_outcome(self, run: StepRun) -> tuple[str, str]:
        return run.outcome, run.get_outcome_display()
