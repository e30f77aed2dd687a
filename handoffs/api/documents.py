"""What belongs to a handoff: its package, its response, its log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import Http404
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from handoffs.api.documenting import describe
from handoffs.api.problems import ParameterError
from handoffs.api.shapes import EventShape
from handoffs.api.views import ApiView
from handoffs.models import Package
from handoffs.responding import response_of
from handoffs.response import render_json, render_markdown
from handoffs.timeline import sentences


class PackageView(ApiView):
    """The package exactly as it was compiled and stored."""

    single = frozenset({"number"})

    @describe("read_package")
    def get(self, request: Request, handoff: str) -> Response:
        row = self.find(handoff)
        number = request.query_params.get("number")
        package = row.package
        if number is not None:
            if not (number.isascii() and number.isdecimal() and 0 < len(number) < 9):
                raise ParameterError({"number": ["Give the number of a version, e.g. 1."]})
            package = Package.objects.filter(handoff=row, number=int(number)).first()
        if package is None:
            raise Http404
        return Response(package.body, headers={"Package-Version": str(package.number)})


class Markdown(BaseRenderer):
    """The response as people read it."""

    media_type = "text/markdown"
    format = "md"
    charset = "utf-8"

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        return str(data).encode()


class ResponseView(ApiView):
    """Step 7: the document that tells what was done, as JSON or, if asked for text/markdown, as Markdown."""

    renderer_classes = (JSONRenderer, Markdown)

    @describe("read_response")
    def get(self, request: Request, handoff: str) -> Response:
        facts = response_of(self.find(handoff), zone=self.user.time_zone)
        if isinstance(request.accepted_renderer, Markdown):
            return Response(render_markdown(facts))
        return Response(render_json(facts))


class EventsView(ApiView):
    """The log in the order in which it was written, as ids, words and sentences."""

    @describe("list_events")
    def get(self, request: Request, handoff: str) -> Response:
        lines = sentences(self.find(handoff).stream)
        rows = [
            {"id": number, "at": line.at, "verb": line.verb, "actor": line.actor, "text": line.text}
            for number, line in enumerate(lines, 1)
        ]
        return Response({"results": EventShape(rows, many=True).data})
