"""Versions of the rules in the admin: what is edited there is written into their log, and where they stand is shown.

Submitting, signing and publishing happen on the product's own page, which leadership can open too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join

from handoffs import rule_signatures, rule_versions
from handoffs.admin.log import log_of
from handoffs.now import now
from routing import reports
from routing.admin.parts import RuleAdmin, SegmentAdmin, TerritoryAdmin
from routing.admin.rules import RuleSetAdmin
from routing.admin_base import display
from routing.models import Rule, RuleSet, Segment, Territory

if TYPE_CHECKING:
    from routing.admin.rules import DraftsOnly as _Admin
else:
    _Admin = object

SHOWN_PROBLEMS = 20


class Logged(_Admin):
    """Edits of a draft and of its parts are lines of its log."""

    def note_edit(self, request: HttpRequest, rule_set: RuleSet, what: Sequence[str]) -> None:
        by: Any = request.user  # the admin lets nobody else in
        rule_versions.edited(rule_set, what=what, by=by, now=now())


class VersionAdmin(Logged, RuleSetAdmin):
    """A version, with where it stands and its log."""

    def get_readonly_fields(self, request: HttpRequest, obj: RuleSet | None = None) -> Any:
        return () if obj is None else (*super().get_readonly_fields(request, obj), "page", "wrong", "signed", "log")

    def get_fieldsets(self, request: HttpRequest, obj: RuleSet | None = None) -> Any:
        shown = super().get_fieldsets(request, obj)
        if obj is None:
            return shown
        return [*shown, ("Where it stands", {"fields": ("page", "wrong", "signed")}), ("Log", {"fields": ("log",)})]

    def begin(self, request: HttpRequest, based_on: RuleSet, title: str) -> RuleSet:
        by: Any = request.user  # the admin lets nobody else in
        return rule_versions.begin(based_on=based_on, title=title, by=by, now=now())

    @display(description="next")
    def page(self, rule_set: RuleSet) -> str:
        words = {
            RuleSet.State.DRAFT: "See what it changes, and submit it for signatures",
            RuleSet.State.IN_APPROVAL: "Sign it, publish it or take it back",
        }.get(RuleSet.State(rule_set.state), "See what it changed, begin a draft from it or go back to it")
        return format_html(
            '<a class="text-link" href="{}">{}</a>', reverse("rule_version", args=[rule_set.number]), words
        )

    @display(description="findings")
    def wrong(self, rule_set: RuleSet) -> str:
        if rule_set.state not in {RuleSet.State.DRAFT, RuleSet.State.IN_APPROVAL}:
            return "Not asked any more: nothing in it changes"
        found = reports.report(rule_set)
        if not found:
            return "Nothing"
        lines = [(f"{'Blocks it: ' if one.blocking else ''}{one.sentence}",) for one in found[:SHOWN_PROBLEMS]]
        if len(found) > SHOWN_PROBLEMS:
            lines.append((f"… and {len(found) - SHOWN_PROBLEMS} more",))
        return format_html('<ul class="admin-log">{}</ul>', format_html_join("", "<li>{}</li>", lines))

    @display(description="signatures")
    def signed(self, rule_set: RuleSet) -> str:
        standing = rule_signatures.standing(rule_set)
        told = [f"{side.label}: {one.approver}" for side, one in standing.signed.items()]
        return "; ".join([*told, *(f"{side.label}: not signed" for side in standing.missing)])

    @display(description="log")
    def log(self, rule_set: RuleSet) -> str:
        return log_of(rule_signatures.stream_of(rule_set))


class VersionRuleAdmin(Logged, RuleAdmin):
    """A rule, whose edits are logged."""


class VersionTerritoryAdmin(Logged, TerritoryAdmin):
    """A territory, whose edits are logged."""


class VersionSegmentAdmin(Logged, SegmentAdmin):
    """A segment, whose edits are logged."""


# Routing's own pages know no log: they lie a floor below it.
for model, page in (
    (RuleSet, VersionAdmin),
    (Rule, VersionRuleAdmin),
    (Territory, VersionTerritoryAdmin),
    (Segment, VersionSegmentAdmin),
):
    admin.site.unregister(model)
    admin.site.register(model, page)
