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
    """For rows with an actor, a stream or a handoff's uuid: two queries name all that one page of the list shows."""

    def uuid_of(self, row: Any) -> UUID | None:
        """The handoff that the row is about; none if it is about something else."""
        stream = getattr(row, "stream", "")
        return UUID(stream.removeprefix(HANDOFF)) if stream.startswith(HANDOFF) else None

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        shown = super().get_changelist_instance(request)
        shown.result_list = list(shown.result_list)
        self._name(shown.result_list)
        return shown

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        row = super().get_object(request, object_id, from_field)
        if row is not None:
            self._name([row])
        return row

    def _name(self, rows: list[Any]) -> None:
        people = _people({getattr(row, "actor", "") for row in rows})
        uuids = [self.uuid_of(row) for row in rows]
        handoffs = {
            handoff.uuid: handoff
            for handoff in Handoff.objects.filter(uuid__in={uuid for uuid in uuids if uuid}).only("uuid")
        }
        for row, uuid in zip(rows, uuids, strict=True):
            actor = getattr(row, "actor", "")
            row.spoken_actor = people.get(actor) or ACTORS.get(actor, actor)
            row.spoken_of = handoffs.get(uuid) if uuid else None

    @display(description="by", ordering="actor")
    def by(self, row: Any) -> str:
        return str(row.spoken_actor)

    @display(description="about")
    def about(self, row: Any) -> str:
        if row.spoken_of is None:
            return getattr(row, "stream", "").partition(":")[0].replace("_", " ") or admin_cells.NOTHING
        where = reverse("admin:handoffs_handoff_change", args=[row.spoken_of.pk])
        return format_html('<a class="text-link" href="{}">{}</a>', where, row.spoken_of.reference)


def _people(actors: set[str]) -> dict[str, str]:
    marks = (actor.removeprefix(PERSON) for actor in actors if actor.startswith(PERSON))
    users = User.objects.filter(pk__in={int(mark) for mark in marks if mark.isdecimal()})
    return {f"{PERSON}{user.pk}": str(user) for user in users}
