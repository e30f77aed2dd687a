"""Lists that name people and handoffs as people do, where a row itself holds "user:7" or a uuid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from handoffs.models import Handoff
from handoffs.timeline import ACTORS
from routing import admin_cells
from routing.admin_base import ModelAdmin, display
from routing.models import User

if TYPE_CHECKING:
    _Admin = ModelAdmin[Any]
else:
    _Admin = object

PERSON = "user:"
HANDOFF = "handoff:"


class Spoken(_Admin):
    """For rows with an `actor`, and perhaps a `stream`: two queries name all that one page of the list shows."""

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        shown = super().get_changelist_instance(request)
        rows = shown.result_list = list(shown.result_list)
        people, handoffs = _people(rows), _handoffs(rows)
        for row in rows:
            row.spoken_actor = people.get(row.actor) or ACTORS.get(row.actor, row.actor)
            row.spoken_of = handoffs.get(getattr(row, "stream", ""))
        return shown

    @display(description="by", ordering="actor")
    def by(self, row: Any) -> str:
        return str(row.spoken_actor)

    @display(description="about")
    def about(self, row: Any) -> str:
        if row.spoken_of is None:
            return row.stream.partition(":")[0].replace("_", " ") or admin_cells.NOTHING
        where = reverse("admin:handoffs_handoff_change", args=[row.spoken_of.pk])
        return format_html('<a class="text-link" href="{}">{}</a>', where, row.spoken_of.reference)


def _people(rows: list[Any]) -> dict[str, str]:
    marks = (row.actor.removeprefix(PERSON) for row in rows if row.actor.startswith(PERSON))
    users = User.objects.filter(pk__in={int(mark) for mark in marks if mark.isdecimal()})
    return {f"{PERSON}{user.pk}": str(user) for user in users}


def _handoffs(rows: list[Any]) -> dict[str, Handoff]:
    streams = (getattr(row, "stream", "") for row in rows)
    wanted = {UUID(stream.removeprefix(HANDOFF)) for stream in streams if stream.startswith(HANDOFF)}
    return {handoff.stream: handoff for handoff in Handoff.objects.filter(uuid__in=wanted).only("uuid")}
