"""The parts of rule versions, each on a page of its own: rules, territories, segments."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest

from routing import admin_cells, edits, rule_words, soundness
from routing.admin.rules import STATE_COLOURS, DraftsOnly, is_draft
from routing.admin_base import AutocompleteSelectFilter, ChoicesDropdownFilter, ModelAdmin, RadioFilter, display
from routing.models import Membership, Rule, RuleSet, Segment, Territory
from routing.rule_forms import RuleForm, SegmentForm, TerritoryForm
from routing.soundness import ASKS_A_POOL

EMPTY_TARGET = Q(rule_set__state=RuleSet.State.LIVE, is_enabled=True) & (
    Q(strategy=Rule.Strategy.NAMED_REP, named_rep__is_active=False)
    | (
        Q(strategy__in=ASKS_A_POOL)
        & ~Exists(Membership.objects.filter(pool=OuterRef("pool"), is_active=True, rep__is_active=True))
    )
)
"""Live rules that match and then find nobody."""


class VersionFilter(RadioFilter):
    """Parts of which version."""

    title = "version"
    parameter_name = "version"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("live", "Live"), ("draft", "Drafts"), ("archived", "Archived")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        wanted = {"draft": Q(rule_set__state__in=("draft", "in_approval"))}
        state = self.value()
        return queryset.filter(wanted.get(state, Q(rule_set__state=state))) if state else queryset


class TargetFilter(RadioFilter):
    """Rules that lead to nobody."""

    title = "target"
    parameter_name = "target"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("empty", "Live, and leads to nobody")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(EMPTY_TARGET) if self.value() else queryset


class PartAdmin(DraftsOnly, ModelAdmin[Any]):
    """A part of a version on its own page; parts are added on the page of their draft."""

    joined: ClassVar[tuple[str, ...]] = ("rule_set",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related(*self.joined)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        part = super().get_object(request, object_id, from_field)
        if part is not None and request.method == "POST":
            # Held, so that the draft cannot go live between this look and the save.
            part.rule_set = RuleSet.objects.select_for_update().get(pk=part.rule_set_id)
        return part

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        before = self.model._default_manager.filter(pk=obj.pk).select_related().first()
        super().save_model(request, obj, form, change)
        if any(name != "seen" for name in form.changed_data):
            self.note_edit(request, obj.rule_set, edits.of_part(before, obj))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        super().delete_model(request, obj)
        self.note_edit(request, obj.rule_set, edits.all_gone([obj]))

    @transaction.atomic
    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        versions = RuleSet.objects.select_for_update().filter(pk__in=queryset.values("rule_set")).order_by("pk")
        held = {version.pk: version for version in versions}
        chosen = [row for row in queryset if is_draft(held.get(row.rule_set_id))]
        for row in chosen:
            row.delete()
        for version in held.values():
            gone = [row for row in chosen if row.rule_set_id == version.pk]
            if gone:
                self.note_edit(request, version, edits.all_gone(gone))

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        deletable, counts, lacking, protected = super().get_deleted_objects(objs, request)
        for row in objs if self.model is not Rule else ():
            kind = str(row._meta.model_name)
            protected += [f"{name} names {row}" for name in soundness.naming(row.rule_set_id, kind, row.code)]
        return deletable, counts, lacking, protected

    @display(description="version", ordering="rule_set__number", label=STATE_COLOURS)
    def version(self, part: Any) -> tuple[str, str]:
        return part.rule_set.state, f"v{part.rule_set.number} {part.rule_set.get_state_display().lower()}"


@admin.register(Rule)
class RuleAdmin(PartAdmin):
    """Rules of all versions."""

    form = RuleForm
    list_display = ("position", "code", "name", "version", "when", "strategy", "pool", "target", "is_enabled")
    list_display_links = ("code", "name")
    joined = ("rule_set", "pool", "named_rep", "owner")
    list_filter = (VersionFilter, TargetFilter, ("strategy", ChoicesDropdownFilter), ("pool", AutocompleteSelectFilter))
    search_fields = ("code", "name", "pool__name")
    autocomplete_fields = ("pool", "named_rep", "owner")
    ordering = ("-rule_set__number", "position")
    readonly_fields = ("rule_set", "position", "is_catch_all")
    fieldsets = (
        (None, {"fields": (("rule_set", "position"), ("code", "name"), "conditions", ("is_enabled", "is_catch_all"))}),
        ("Who takes it", {"fields": ("strategy", ("pool", "named_rep"), "when_unavailable")}),
        ("Promise", {"fields": (("target_minutes", "owner"),)}),
    )

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and not getattr(obj, "is_catch_all", False)

    @display(description="when")
    def when(self, rule: Rule) -> str:
        return admin_cells.asked(rule)

    @display(description="first contact within", ordering="target_minutes")
    def target(self, rule: Rule) -> str:
        return admin_cells.minutes(rule.target_minutes) if rule.target_minutes else "as the policy says"


@admin.register(Territory)
class TerritoryAdmin(PartAdmin):
    """Territories of all versions."""

    form = TerritoryForm
    list_display = ("name", "code", "version", "when")
    list_filter = (VersionFilter,)
    search_fields = ("code", "name")
    ordering = ("-rule_set__number", "name")
    readonly_fields = ("rule_set",)
    fields = ("rule_set", ("code", "name"), "conditions")

    @display(description="where")
    def when(self, territory: Territory) -> str:
        return admin_cells.conditions(territory.conditions)


@admin.register(Segment)
class SegmentAdmin(PartAdmin):
    """Segments of all versions."""

    form = SegmentForm
    list_display = ("name", "code", "version", "size")
    list_filter = (VersionFilter,)
    search_fields = ("code", "name")
    ordering = ("-rule_set__number", "-employees_from")
    readonly_fields = ("rule_set",)
    fields = ("rule_set", ("code", "name"), ("employees_from", "employees_below"), "by_tier")

    @display(description="employees", ordering="employees_from")
    def size(self, segment: Segment) -> str:
        return rule_words.size(segment)
