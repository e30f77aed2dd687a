"""What routing and the promises wrote about handoffs: their own lists, with the number people say instead of a uuid."""

from __future__ import annotations

from operator import attrgetter
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest

from handoffs.access import visible_to
from handoffs.admin.scope import REFERENCE, sees_all
from handoffs.admin.spoken import Spoken
from handoffs.models import Handoff
from routing.admin.decisions import AssignmentAdmin, DecisionAdmin
from routing.admin.pools import TurnAdmin
from routing.models import Assignment, Decision, Turn
from sla.admin import ClockAdmin, StepRunAdmin
from sla.models import Clock, StepRun

for below in (Decision, Assignment, Turn, Clock, StepRun):
    admin.site.unregister(below)


class Traces(Spoken):
    """Rows that name their handoff by uuid: shown to who may see that handoff, found by HO-2418, linked to it."""

    path_to_uuid: ClassVar[str] = "handoff_uuid"
    search_help_text = "HO-number or a person's name"

    def uuid_of(self, row: Any) -> UUID | None:
        uuid: UUID | None = attrgetter(self.path_to_uuid.replace("__", "."))(row)
        return uuid

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        if sees_all(request):
            return rows
        return rows.filter(Exists(visible_to(request.user).filter(uuid=OuterRef(self.path_to_uuid))))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        number = REFERENCE.fullmatch(search_term.strip())
        if number is None:
            return super().get_search_results(request, queryset, search_term)
        named = Handoff.objects.filter(pk=int(number[1])).values("uuid")
        return queryset.filter(**{f"{self.path_to_uuid}__in": named}), False


@admin.register(Decision)
class DecisionOfHandoffAdmin(Traces, DecisionAdmin):
    """Receipts, newest first."""

    list_display = ("decided_at", "about", "shown_outcome", "chosen", "rule", "pool", "rule_set")
    list_display_links = ("decided_at",)
    readonly_fields = ("about", "shown_facts", "shown_receipt")
    fieldsets = (
        (None, {"fields": (("about", "decided_at"), ("outcome", "chosen"), ("rule_set", "rule"), ("pool", "uuid"))}),
        ("Facts", {"fields": ("shown_facts",)}),
        ("Receipt", {"fields": ("shown_receipt",)}),
    )


@admin.register(Assignment)
class AssignmentOfHandoffAdmin(Traces, AssignmentAdmin):
    """Who holds or held which handoff."""

    list_display = ("assigned_at", "about", "rep", "pool", "number", "released_at", "release_reason")
    list_display_links = ("assigned_at",)
    readonly_fields = ("about",)
    fields = (
        *("about", "number", "rep", "pool", "decision"),
        *("assigned_at", "released_at", "release_reason", "uuid"),
    )


@admin.register(Turn)
class TurnOfHandoffAdmin(Spoken, TurnAdmin):
    """The fairness ledger; a turn may come from a line that is about no handoff."""

    list_display = ("at", "pool", "seq", "member", "kind", "change", "after", "about", "reason", "by")
    list_display_links = ("at",)
    list_select_related = (*TurnAdmin.list_select_related, "assignment")
    readonly_fields = ("about", "by")
    fields = (
        *("pool", "seq", "membership", "kind", "units", "pointer_after"),
        *("about", "assignment", "reason", "by", "at"),
    )

    def uuid_of(self, row: Turn) -> UUID | None:
        return row.assignment.handoff_uuid if row.assignment else None


@admin.register(Clock)
class ClockOfHandoffAdmin(Traces, ClockAdmin):
    """Promises being timed."""

    list_display = ("kind", "about", "owner", "shown_state", "deadline_at", "next_step_at", "target", "policy")
    list_display_links = ("kind",)
    readonly_fields = ("about", *ClockAdmin.readonly_fields)
    fieldsets = (
        (None, {"fields": (("about", "kind"), ("state", "policy"), "assignment")}),
        *ClockAdmin.fieldsets[1:],
    )


@admin.register(StepRun)
class StepRunOfHandoffAdmin(Traces, StepRunAdmin):
    """Rungs of ladders that were taken."""

    path_to_uuid = "clock__handoff_uuid"
    list_display = ("step", "about", "owner", "due_at", "ran_at", "shown_outcome")
    readonly_fields = ("about",)
    fields = ("about", *StepRunAdmin.fields)
