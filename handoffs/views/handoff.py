"""The page of one handoff, its clock, and its response document."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from handoffs.access import rep_of, visible_to
from handoffs.now import now
from handoffs.responding import response_of
from handoffs.response import render_markdown
from handoffs.states import RefusedError
from handoffs.views.document import blocks
from handoffs.views.page import PageRequest, methods, page, reading_of, signed_in
from handoffs.views.record import clock_card, find, record
from handoffs.views.verbs.doing import refused

STOP_POLLING = 286


@methods("GET", "HEAD")
@signed_in
def by_uuid(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """From the address that machines keep to the one people say."""
    number = visible_to(cast(PageRequest, request).user).filter(uuid=uuid).values_list("pk", flat=True).first()
    if number is None:
        raise Http404
    return redirect("handoff", number)


@methods("GET", "HEAD")
@signed_in
def show(request: HttpRequest, number: int) -> HttpResponse:
    """The handoff's page, or the record alone for htmx. Opening it changes nothing."""
    asked = cast(PageRequest, request)
    handoff = find(asked.user, number)
    is_fragment = asked.htmx and not asked.htmx.history_restore_request
    template = "handoffs/_record.html" if is_fragment else "handoffs/handoff.html"
    reading = reading_of(asked.user, now())
    return page(request, template, record(handoff, asked.user, reading, asked=request.GET.get("why_not", "")))


@methods("GET", "HEAD")
@signed_in
def clock(request: HttpRequest, number: int) -> HttpResponse:
    """The clock card alone; status 286 tells htmx that there is nothing more to ask for."""
    user = cast(PageRequest, request).user
    handoff = find(user, number)
    rep = rep_of(user)
    card = clock_card(handoff, reading_of(user, now()), is_owner=rep is not None and handoff.owner_id == rep.pk)
    running = card["track"] is not None and card["track"].is_running
    return page(request, "handoffs/_clock.html", card, status=200 if running else STOP_POLLING)


@methods("GET", "HEAD")
@signed_in
def response(request: HttpRequest, number: int) -> HttpResponse:
    """The response document as it stands now, to read, and as the Markdown to copy."""
    asked = cast(PageRequest, request)
    handoff = find(asked.user, number)
    try:
        markdown = render_markdown(response_of(handoff, zone=reading_of(asked.user, now()).zone.key))
    except RefusedError as error:
        return refused(asked, handoff, str(error), status=409)
    return page(
        request, "handoffs/response.html", {"handoff": handoff, "markdown": markdown, "blocks": blocks(markdown)}
    )


@methods("GET", "HEAD")
@signed_in
def response_file(request: HttpRequest, number: int) -> HttpResponse:
    """The same as a Markdown file to keep, named by the handoff's number."""
    user = cast(PageRequest, request).user
    handoff = find(user, number)
    try:
        markdown = render_markdown(response_of(handoff, zone=reading_of(user, now()).zone.key))
    except RefusedError as error:
        return HttpResponse(f"{error}\n", content_type="text/plain; charset=utf-8", status=409)
    return HttpResponse(
        markdown,
        content_type="text/markdown; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{handoff.reference}.md"'},
    )
