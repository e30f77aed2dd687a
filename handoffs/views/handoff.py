"""The page of one handoff, its response document, and the acknowledge button."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from handoffs import pipeline
from handoffs.access import may, rep_of, visible_to
from handoffs.models import Handoff
from handoffs.now import now
from handoffs.responding import response_of
from handoffs.response import render_markdown
from handoffs.states import RefusedError
from handoffs.views import queue
from handoffs.views.page import PageRequest, methods, page, reading_of, signed_in
from handoffs.views.record import clock_card, find, record

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
    """The handoff's page. Opening it changes nothing."""
    user = cast(PageRequest, request).user
    handoff = find(user, number)
    return page(request, "handoffs/handoff.html", record(handoff, user, reading_of(user, now())))


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


@methods("POST")
@signed_in
def acknowledge(request: HttpRequest, number: int) -> HttpResponse:
    """Acknowledges, for the owner or their manager. `version` is what the reader saw; a refusal is a sentence, 409."""
    asked = cast(PageRequest, request)
    user = asked.user
    handoff = find(user, number)
    if not may(user, "acknowledge", handoff):
        return _answer(asked, handoff, _not_yours(handoff), status=403)
    version = request.POST.get("version", "")
    if version and not (version.isdecimal() and len(version) < 10):
        return _answer(asked, handoff, "The page sent a version that is none. Reload it and try again.", status=400)
    try:
        pipeline.acknowledge(
            handoff,
            actor=f"user:{user.pk}",
            now=now(),
            version=int(version) if version else None,
        )
    except RefusedError as error:
        return _answer(asked, find(user, number), str(error), status=409)
    if asked.htmx:
        return _answer(asked, find(user, number), "", status=200)
    messages.success(request, _thanks(handoff))
    return redirect("handoff", number)


@methods("GET", "HEAD")
@signed_in
def response(request: HttpRequest, number: int) -> HttpResponse:
    """The response document as it stands now, shown as text."""
    asked = cast(PageRequest, request)
    handoff = find(asked.user, number)
    try:
        markdown = render_markdown(response_of(handoff, zone=reading_of(asked.user, now()).zone.key))
    except RefusedError as error:
        return _answer(asked, handoff, str(error), status=409)
    return page(request, "handoffs/response.html", {"handoff": handoff, "markdown": markdown})


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


def _answer(request: PageRequest, handoff: Handoff, refusal: str, *, status: int) -> HttpResponse:
    """What the button was part of, as it is now, with the sentence of what happened: a row, the record, or the page."""
    reading = reading_of(request.user, now())
    context: dict[str, Any] = {"refusal": refusal, "done": "" if refusal else _thanks(handoff)}
    if request.htmx and (request.htmx.target or "").startswith("row-"):
        row = queue.row(handoff, rep_of(request.user), reading)
        return page(request, "handoffs/_row.html", {**context, "row": row}, status=status)
    context |= record(handoff, request.user, reading)
    return page(request, "handoffs/_record.html" if request.htmx else "handoffs/handoff.html", context, status=status)


def _not_yours(handoff: Handoff) -> str:
    owner = f"belongs to {handoff.owner}" if handoff.owner else "has no owner"
    who = "only they or their manager" if handoff.owner else "nobody"
    return f"{handoff.reference} {owner}, so {who} can acknowledge it. Nothing was changed."


def _thanks(handoff: Handoff) -> str:
    return f"Acknowledged {handoff.reference}. Contact {handoff.account.name} next."
