"""The log with its chain, and signatures: to read."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import CharField, Exists, OuterRef, QuerySet, Value
from django.db.models.functions import Cast, Replace, Substr
from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import localize
from django.utils.html import format_html, format_html_join
from django.utils.timezone import localtime

from handoffs import timeline
from handoffs.access import visible_to
from handoffs.admin.scope import REFERENCE, sees_all
from handoffs.admin.spoken import Spoken
from handoffs.models import Approval, Event, Handoff
from routing import admin_cells
from routing.admin_base import AutocompleteSelectFilter, ChoicesDropdownFilter, RadioFilter, ReadOnlyAdmin, display

PREFIX = "handoff:"


def log_of(stream: str) -> str:
    """A stream as a list of sentences, with the way to its chain."""
    rows = format_html_join(
        "",
        "<li>{} <b>{}</b> {}</li>",
        ((localize(localtime(line.at)), line.actor, line.text) for line in timeline.sentences(stream)),
    )
    address = f"{reverse('admin:handoffs_event_changelist')}?q={stream}"
    return format_html(
        '<ul class="admin-log">{}</ul><a class="text-link" href="{}">The log with its chain</a>', rows, address
    )


class SubjectFilter(RadioFilter):
    """What the line is about."""

    title = "about"
    parameter_name = "about"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("handoff", "Handoffs"), ("rule_set", "Rules"), ("design", "Designs"), ("incident", "Incidents")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        wanted = self.value()
        return queryset.filter(stream__startswith=f"{wanted}:") if wanted else queryset


@admin.register(Event)
class EventAdmin(Spoken, ReadOnlyAdmin[Event]):
    """Every line of the log, newest first; a line's page says whether its stream still holds together."""

    list_display = ("at", "about", "shown_verb", "by", "seq")
    list_display_links = ("at",)
    list_filter = (SubjectFilter, "verb")
    search_fields = ("=stream", "=verb", "=actor", "=hash")
    search_help_text = "HO-number, stream, verb or actor"
    date_hierarchy = "at"
    ordering = ("-at", "-id")
    show_full_result_count = False
    readonly_fields = ("by", "about", "shown_facts", "chain")
    fieldsets = (
        (None, {"fields": (("at", "by"), ("about", "seq"), "verb", "shown_facts")}),
        ("Chain", {"fields": ("stream", "hash", "prev_hash", "chain")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Event]:
        events = super().get_queryset(request)
        if sees_all(request):
            return events
        # Streams write a handoff's uuid with dashes; databases differ in whether they store them.
        dashless = Replace(Substr(OuterRef("stream"), len(PREFIX) + 1), Value("-"))
        stored = Replace(Cast("uuid", CharField()), Value("-"))
        mine = visible_to(request.user).annotate(stored=stored).filter(stored=dashless)
        return events.filter(Exists(mine), stream__startswith=PREFIX)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Event], search_term: str
    ) -> tuple[QuerySet[Event], bool]:
        number = REFERENCE.fullmatch(search_term.strip())
        if number is None:
            return super().get_search_results(request, queryset, search_term)
        handoff = Handoff.objects.filter(pk=int(number[1])).first()
        return queryset.filter(stream=handoff.stream) if handoff else queryset.none(), False

    @display(description="what", ordering="verb")
    def shown_verb(self, event: Event) -> str:
        return event.verb.replace("_", " ")

    @display(description="facts")
    def shown_facts(self, event: Event) -> str:
        return admin_cells.as_json(event.facts)

    @display(description="whole stream")
    def chain(self, event: Event) -> str:
        broken = timeline.first_broken(event.stream)
        if broken is None:
            return "Every line follows from the one before."
        return f"Line {broken.seq} does not follow from the one before it: the log was changed from outside."


@admin.register(Approval)
class ApprovalAdmin(ReadOnlyAdmin[Approval]):
    """Who signed what; a signature counts for exactly the content it names."""

    list_display = ("at", "subject_kind", "approver", "side", "role", "shown_verdict", "author", "short_hash")
    list_select_related = ("approver", "author")
    list_filter = (
        ("verdict", ChoicesDropdownFilter),
        ("side", ChoicesDropdownFilter),
        ("approver", AutocompleteSelectFilter),
    )
    search_fields = ("subject_id", "content_hash", "approver__email", "author__email")
    date_hierarchy = "at"

    @display(description="verdict", ordering="verdict", label={"approved": "success", "changes": "warning"})
    def shown_verdict(self, approval: Approval) -> tuple[str, str]:
        return approval.verdict, approval.get_verdict_display()

    @display(description="content")
    def short_hash(self, approval: Approval) -> str:
        return approval.content_hash[:12]
