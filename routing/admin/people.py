"""The roster: teams, people, absences, offices and who stands in for whom."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.db.models import Case, Count, Exists, OuterRef, Q, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from routing import pausing
from routing.admin_base import (
    AutocompleteSelectFilter,
    ChoicesDropdownFilter,
    HistoryModelAdmin,
    ImportExportAdmin,
    RadioFilter,
    TabularInline,
    after_action,
    business_now,
    display,
)
from routing.admin_dialogs import asked_first
from routing.admin_pause import RESUME, UNTIL_RESUMED, PauseForm
from routing.forms import CAPS, AbsenceForm, DelegationForm, RepForm, RoleForm, TeamForm
from routing.models import Absence, Delegation, Rep, Role, Team
from routing.resources import RepResource

CAP_FIELDS: tuple[str, Any] = ("Limits", {"fields": (CAPS,), "classes": ("collapse",)})


class WhenFilter(RadioFilter):
    """Spans that are past, run now or are to come."""

    title = "when"
    parameter_name = "when"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("now", "Now"), ("coming", "To come"), ("past", "Past")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        at = business_now()
        spans = {
            "now": Q(starts_at__lte=at, ends_at__gt=at),
            "coming": Q(starts_at__gt=at),
            "past": Q(ends_at__lte=at),
        }
        return queryset.filter(spans.get(self.value() or "", Q()))


class TodayFilter(RadioFilter):
    """Who can be given work at this moment, hours and limits aside."""

    title = "availability"
    parameter_name = "today"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("present", "Present"), ("away", "Away"), ("paused", "Paused"), ("left", "Inactive")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        wanted = self.value()
        return queryset.filter(standing=wanted) if wanted else queryset


def with_standing(reps: QuerySet[Rep], *, at: datetime) -> QuerySet[Rep]:
    """Adds `standing` (left, paused, away or present at `at`, aware UTC) and `open_handoffs`."""
    away = Absence.objects.filter(rep=OuterRef("pk"), starts_at__lte=at, ends_at__gt=at)
    paused = Q(paused_since__lte=at) & (Q(paused_until__isnull=True) | Q(paused_until__gt=at))
    return reps.annotate(
        standing=Case(
            When(is_active=False, then=Value("left")),
            When(paused, then=Value("paused")),
            When(Exists(away), then=Value("away")),
            default=Value("present"),
        ),
        open_handoffs=Count("assignments", filter=Q(assignments__released_at__isnull=True)),
    )


class AbsenceInline(TabularInline[Absence, Rep]):
    """When a person is away."""

    model = Absence
    form = AbsenceForm
    fk_name = "rep"
    fields = ("kind", "starts_at", "ends_at", "cover", "note")
    autocomplete_fields = ("cover",)
    ordering = ("-starts_at",)
    tab = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Absence]:
        return super().get_queryset(request).select_related("rep", "cover")


class RoleInline(TabularInline[Role, Team]):
    """Who holds which office for a team."""

    model = Role
    form = RoleForm
    fields = ("code", "holder")
    autocomplete_fields = ("holder",)
    tab = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Role]:
        return super().get_queryset(request).select_related("holder", "team")


@admin.register(Team)
class TeamAdmin(HistoryModelAdmin[Team]):
    """The org tree."""

    form = TeamForm
    list_display = ("name", "code", "parent", "manager", "people", "calendar", "channel")
    list_select_related = ("parent", "manager", "calendar")
    list_filter = (("parent", AutocompleteSelectFilter),)
    search_fields = ("name", "code")
    ordering = ("name",)
    autocomplete_fields = ("parent", "manager", "calendar")
    prepopulated_fields = {"code": ("name",)}
    inlines = (RoleInline,)
    fieldsets = (
        (None, {"fields": (("name", "code"), ("parent", "manager"), ("calendar", "channel"))}),
        CAP_FIELDS,
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Team]:
        return super().get_queryset(request).annotate(member_count=Count("members", distinct=True))

    @display(description="people", ordering="member_count")
    def people(self, team: Any) -> int:
        return int(team.member_count)


@admin.register(Rep)
class RepAdmin(ImportExportAdmin[Rep], HistoryModelAdmin[Rep]):
    """People on the roster. Somebody who left is made inactive; their handoffs keep their name."""

    form = RepForm
    resource_classes = (RepResource,)
    list_display = ("name", "team", "function", "email", "shown_standing", "open_now", "time_zone", "shown_territories")
    list_select_related = ("team",)
    list_filter = (TodayFilter, ("function", ChoicesDropdownFilter), ("team", AutocompleteSelectFilter))
    search_fields = ("first_name", "last_name", "email", "crm_id")
    ordering = ("first_name", "last_name")
    autocomplete_fields = ("user", "team", "calendar", "cover")
    actions = ("pause_30", "pause_60", "pause_90", "pause_until_resumed", "resume")
    actions_detail = ("pause",)
    inlines = (AbsenceInline,)
    fieldsets = (
        (None, {"fields": (("first_name", "last_name"), ("email", "job_title"), ("team", "function"), "is_active")}),
        ("Working time", {"fields": (("time_zone", "calendar"), "cover", "paused_since", "paused_until")}),
        ("What they take", {"fields": ("segments", "territories", "skills")}),
        ("Known elsewhere as", {"fields": (("user", "crm_id"), "messaging_id")}),
        CAP_FIELDS,
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Rep]:
        return with_standing(super().get_queryset(request), at=business_now())

    @admin.action(description="Pause for 30 minutes", permissions=["change"])
    def pause_30(self, request: HttpRequest, queryset: QuerySet[Rep]) -> None:
        self._pause(request, queryset, minutes=30)

    @admin.action(description="Pause for 60 minutes", permissions=["change"])
    def pause_60(self, request: HttpRequest, queryset: QuerySet[Rep]) -> None:
        self._pause(request, queryset, minutes=60)

    @admin.action(description="Pause for 90 minutes", permissions=["change"])
    def pause_90(self, request: HttpRequest, queryset: QuerySet[Rep]) -> None:
        self._pause(request, queryset, minutes=90)

    @admin.action(description="Pause until resumed", permissions=["change"])
    def pause_until_resumed(self, request: HttpRequest, queryset: QuerySet[Rep]) -> None:
        self._pause(request, queryset, minutes=None)

    @admin.action(description="Resume", permissions=["change"])
    def resume(self, request: HttpRequest, queryset: QuerySet[Rep]) -> None:
        for rep in queryset:
            ended = pausing.resume(rep.pk, now=business_now())
            self.message_user(request, f"{rep} is back in turn." if ended else f"{rep} was not paused.")

    @asked_first(
        "Pause",
        title="Give this person no new work for a while?",
        text="What they have stays theirs, with its clocks. A pause that runs is replaced.",
        icon="pause_circle",
        permission="pause",
        form=PauseForm,
        button="Save",
    )
    def pause(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        chosen, how = self.get_queryset(request).filter(pk=object_id), form.cleaned_data["how"]
        if how == RESUME:
            self.resume(request, chosen)
        else:
            self._pause(request, chosen, minutes=None if how == UNTIL_RESUMED else int(how))
        return after_action(request, reverse("admin:routing_rep_change", args=[object_id]))

    def has_pause_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.has_change_permission(request)

    def _pause(self, request: HttpRequest, queryset: QuerySet[Rep], *, minutes: int | None) -> None:
        for rep in queryset:
            try:
                pausing.pause(rep.pk, minutes=minutes, now=business_now())
            except pausing.PauseError as error:
                self.message_user(request, str(error), messages.ERROR)
            else:
                length = f"for {minutes} minutes" if minutes else "until resumed"
                self.message_user(request, f"{rep} gets no new work {length}.")

    @display(description="name", ordering="first_name")
    def name(self, rep: Rep) -> str:
        return rep.name

    @display(
        description="now",
        ordering="standing",
        label={"present": "success", "away": "warning", "paused": "warning", "left": "danger"},
    )
    def shown_standing(self, rep: Any) -> tuple[str, str]:
        words = {"present": "Present", "away": "Away", "paused": "Paused", "left": "Inactive"}
        return rep.standing, words[rep.standing]

    @display(description="open handoffs", ordering="open_handoffs")
    def open_now(self, rep: Any) -> str:
        return f"{rep.open_handoffs} of {rep.load_cap}" if rep.load_cap is not None else str(rep.open_handoffs)

    @display(description="territories")
    def shown_territories(self, rep: Rep) -> str:
        return ", ".join(rep.territories) or "all"


@admin.register(Role)
class RoleAdmin(HistoryModelAdmin[Role]):
    """Offices that escalations and approvals are addressed to."""

    form = RoleForm
    list_display = ("code", "where", "holder", "is_reachable")
    list_select_related = ("team", "holder")
    list_filter = (("code", ChoicesDropdownFilter),)
    search_fields = ("holder__first_name", "holder__last_name", "team__name")
    autocomplete_fields = ("team", "holder")

    @display(description="for", ordering="team__name")
    def where(self, role: Role) -> str:
        return role.team.name if role.team else "the whole company"

    @display(description="holder active", boolean=True)
    def is_reachable(self, role: Role) -> bool:
        return role.holder.is_active


@admin.register(Delegation)
class DelegationAdmin(HistoryModelAdmin[Delegation]):
    """Who gets what is addressed to somebody else, and for how long."""

    form = DelegationForm
    list_display = ("holder", "shown_role", "delegate", "starts_at", "ends_at")
    list_select_related = ("holder", "delegate")
    list_filter = (WhenFilter, ("role", ChoicesDropdownFilter))
    search_fields = ("holder__first_name", "holder__last_name", "delegate__first_name", "delegate__last_name")
    autocomplete_fields = ("holder", "delegate")
    date_hierarchy = "starts_at"

    @display(description="role", ordering="role")
    def shown_role(self, delegation: Delegation) -> str:
        return delegation.get_role_display() or "every role"
