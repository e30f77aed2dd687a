"""Versions of the rules. A draft is edited; anything else is read. Nothing here makes a draft live."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest

from routing import admin_cells, edits
from routing.admin_base import (
    ChoicesDropdownFilter,
    ModelAdmin,
    TabularInline,
    business_now,
    display,
)
from routing.contents import contents_of
from routing.drafts import mark_edited, start_draft
from routing.models import Rule, RuleSet, Segment, Territory
from routing.part_lines import RuleLines, SegmentLines, TerritoryLines
from routing.rule_forms import DraftForm, NewDraftForm, RuleLineForm, SegmentLineForm, TerritoryLineForm

STATE_COLOURS = {"draft": "info", "in_approval": "warning", "live": "success", "archived": ""}


def is_draft(row: Any) -> bool:
    """Whether a version, or the version a row belongs to, may still be changed."""
    rule_set = row if isinstance(row, RuleSet) else getattr(row, "rule_set", None)
    return rule_set is None or rule_set.state == RuleSet.State.DRAFT


class DraftsOnly:
    """Permissions of a version and of its parts: to be changed while it is a draft, afterwards by nobody.

    Every form carries the edit it showed, and every edit is noted.
    """

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and is_draft(obj)  # type: ignore[misc]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and is_draft(obj)  # type: ignore[misc]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """With the hidden number of the edit that is shown, where there is something to edit."""
        shown = super().get_fieldsets(request, obj)  # type: ignore[misc]
        if obj is None or not self.has_change_permission(request, obj):
            return shown
        (title, options), *rest = shown
        return [(title, {**options, "fields": (*options["fields"], "seen")}), *rest]

    def note_edit(self, request: HttpRequest, rule_set: RuleSet, what: Sequence[str]) -> None:
        """Says that a draft, which is held, was edited; `what` are sentences of what changed."""
        mark_edited(rule_set, by=request.user, now=business_now())  # type: ignore[arg-type]  # the admin lets nobody else in


class PartInline(TabularInline[Any, RuleSet]):
    """Parts of a version, as editable as the version itself."""

    tab = True
    show_change_link = True
    hide_title = False


class RuleInline(PartInline):
    """The list of rules, first match wins."""

    model = Rule
    form = RuleLineForm
    formset = RuleLines
    fields = ("position", "code", "name", "when", "strategy", "pool", "is_enabled")
    readonly_fields = ("when",)
    autocomplete_fields = ("pool",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Rule]:
        return super().get_queryset(request).select_related("pool", "named_rep", "rule_set")

    @display(description="when")
    def when(self, rule: Rule) -> str:
        return admin_cells.asked(rule)


class TerritoryInline(PartInline):
    """The map of a version."""

    model = Territory
    form = TerritoryLineForm
    formset = TerritoryLines
    fields = ("code", "name", "conditions")


class SegmentInline(PartInline):
    """The bands of company sizes of a version."""

    model = Segment
    form = SegmentLineForm
    formset = SegmentLines
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
        kwargs["form"] = NewDraftForm if obj is None else DraftForm
        return super().get_form(request, obj, change, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: RuleSet | None = None) -> Any:
        return () if obj is None else super().get_readonly_fields(request, obj)

    def get_inlines(self, request: HttpRequest, obj: RuleSet | None) -> Any:
        return () if obj is None else super().get_inlines(request, obj)

    def save_model(self, request: HttpRequest, obj: RuleSet, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
            return
        obj.pk = self.begin(request, form.cleaned_data["based_on"], form.cleaned_data["title"]).pk
        obj.refresh_from_db()

    def begin(self, request: HttpRequest, based_on: RuleSet, title: str) -> RuleSet:
        """The new draft."""
        author: Any = request.user  # the admin lets nobody else in
        return start_draft(based_on=based_on, title=title, author=author, now=business_now())

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        before = contents_of(form.instance) if change else None
        super().save_related(request, form, formsets, change)
        what = []
        if change and "title" in form.changed_data:
            what.append(f"Title: {form.initial['title'] or 'none'} → {form.instance.title or 'none'}.")
        if before is not None:
            what += edits.of_version(before, contents_of(form.instance))
        if change and what:
            self.note_edit(request, form.instance, what)

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
