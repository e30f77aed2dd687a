"""Versions of the rules. A draft is edited; anything else is read. Nothing here makes a draft live."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest

from routing import admin_cells
from routing.admin_base import (
    AutocompleteSelectFilter,
    ChoicesDropdownFilter,
    ModelAdmin,
    RadioFilter,
    TabularInline,
    business_now,
    display,
)
from routing.drafts import start_draft
from routing.forms import NewDraftForm, RuleForm, SegmentForm, TerritoryForm
from routing.models import Membership, Rule, RuleSet, Segment, Territory
from routing.ordered_lines import OrderedLines

STATE_COLOURS = {"draft": "info", "in_approval": "warning", "live": "success", "archived": ""}

_TAKES_TURNS = (Rule.Strategy.ROUND_ROBIN, Rule.Strategy.LEAST_LOADED)
EMPTY_TARGET = Q(rule_set__state=RuleSet.State.LIVE, is_enabled=True) & (
    Q(strategy=Rule.Strategy.NAMED_REP, named_rep__is_active=False)
    | (
        Q(strategy__in=_TAKES_TURNS)
        & ~Exists(Membership.objects.filter(pool=OuterRef("pool"), is_active=True, rep__is_active=True))
    )
)
"""Live rules that match and then find nobody."""


def is_draft(row: Any) -> bool:
    """Whether a version, or the version a row belongs to, may still be changed."""
    rule_set = row if isinstance(row, RuleSet) else getattr(row, "rule_set", None)
    return rule_set is None or rule_set.state == RuleSet.State.DRAFT


class DraftsOnly:
    """Permissions of a version and of its parts: to be changed while it is a draft, afterwards by nobody."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and is_draft(obj)  # type: ignore[misc]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and is_draft(obj)  # type: ignore[misc]


class PartInline(TabularInline[Any, RuleSet]):
    """Parts of a version, as editable as the version itself."""

    tab = True
    show_change_link = True
    hide_title = False


class RuleLines(OrderedLines):
    """The list of a draft's rules: the catch-all stays, and stays last."""

    def clean(self) -> None:
        super().clean()
        if any(self.errors):
            return
        kept = [form for form in self.forms if form.has_changed() or form.instance.pk]
        for form in kept:
            if not form.instance.is_catch_all:
                continue
            if form in self.deleted_forms:
                raise forms.ValidationError(
                    "The catch-all cannot be deleted, because it takes what no other rule does. Untick “Delete”."
                )
            if any(other.instance.position > form.instance.position for other in kept if other is not form):
                raise forms.ValidationError(
                    "The catch-all comes last, because no rule after it is ever reached. Give it the highest position."
                )


class RuleInline(PartInline):
    """The list of rules, first match wins."""

    model = Rule
    form = RuleForm
    formset = RuleLines
    fields = ("position", "code", "name", "when", "strategy", "pool", "is_enabled")
    readonly_fields = ("when",)
    autocomplete_fields = ("pool",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Rule]:
        return super().get_queryset(request).select_related("pool", "rule_set")

    @display(description="when")
    def when(self, rule: Rule) -> str:
        return admin_cells.conditions(rule.conditions)


class TerritoryInline(PartInline):
    """The map of a version."""

    model = Territory
    form = TerritoryForm
    fields = ("code", "name", "conditions")


class SegmentInline(PartInline):
    """The bands of company sizes of a version."""

    model = Segment
    form = SegmentForm
    fields = ("code", "name", "employees_from", "employees_below", "by_tier")


@admin.register(RuleSet)
class RuleSetAdmin(DraftsOnly, ModelAdmin[RuleSet]):
    """Versions of the rules, newest first."""

    list_display = (
        "shown_name",
        "shown_state",
        "title",
        "rule_count",
        "based_on",
        "author",
        "created_at",
        "published_at",
    )
    list_select_related = ("based_on", "author")
    list_filter = (("state", ChoicesDropdownFilter),)
    search_fields = ("title", "number")
    readonly_fields = ("number", "state", "based_on", "author", "created_at", "published_at", "content_hash")
    fieldsets = (
        (None, {"fields": (("number", "state"), "title")}),
        ("Origin", {"fields": (("based_on", "author"), ("created_at", "published_at"), "content_hash")}),
    )
    add_fieldsets = ((None, {"fields": ("title", "based_on")}),)
    inlines = (RuleInline, TerritoryInline, SegmentInline)
    lock_on_save = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[RuleSet]:
        # Counted apart: a grouped query could not be locked.
        counted = Rule.objects.filter(rule_set=OuterRef("pk")).order_by().values("rule_set").annotate(n=Count("pk"))
        return super().get_queryset(request).annotate(rules_in_it=Coalesce(Subquery(counted.values("n")), 0))

    def get_form(self, request: HttpRequest, obj: RuleSet | None = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is None:
            kwargs["form"] = NewDraftForm
        return super().get_form(request, obj, change, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: RuleSet | None = None) -> Any:
        return () if obj is None else super().get_readonly_fields(request, obj)

    def get_inlines(self, request: HttpRequest, obj: RuleSet | None) -> Any:
        return () if obj is None else super().get_inlines(request, obj)

    def save_model(self, request: HttpRequest, obj: RuleSet, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
            return
        draft = start_draft(
            based_on=form.cleaned_data["based_on"],
            title=form.cleaned_data["title"],
            author=request.user,  # type: ignore[arg-type]  # the admin lets nobody else in
            now=business_now(),
        )
        obj.pk = draft.pk
        obj.refresh_from_db()

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        deletable, counts, lacking, protected = super().get_deleted_objects(objs, request)
        # A draft goes with all its parts, also with the catch-all, which alone could not go.
        return deletable, counts, lacking - {Rule._meta.verbose_name}, protected

    @display(description="version", ordering="number")
    def shown_name(self, rule_set: RuleSet) -> str:
        return f"v{rule_set.number}"

    @display(description="state", ordering="state", label=STATE_COLOURS)
    def shown_state(self, rule_set: RuleSet) -> tuple[str, str]:
        return rule_set.state, rule_set.get_state_display()

    @display(description="rules", ordering="rules_in_it")
    def rule_count(self, rule_set: Any) -> int:
        return int(rule_set.rules_in_it)


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
        return admin_cells.conditions(rule.conditions)

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
        if segment.by_tier:
            return "by the account's tier"
        lowest, below = segment.employees_from, segment.employees_below
        if below is None:
            return f"{lowest or 0:,} or more"
        return f"{lowest or 0:,} to {below - 1:,}"
