"""Acknowledge, its undo, and take: one click each, answered by the row or the record that the button was part of."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from handoffs import pipeline, wording
from handoffs.access import may, rep_of
from handoffs.models import Handoff, State
from handoffs.now import now
from handoffs.repeats import is_repeat
from handoffs.states import RefusedError
from handoffs.views import queue
from handoffs.views.page import PageRequest, methods, page, reading_of, signed_in
from handoffs.views.record import find, record
from handoffs.views.verbs.doing import not_yours, version_of
from handoffs.views.verbs.meanwhile import meanwhile
from routing.models import Rep, User
from routing.offices import Offices


@methods("POST")
@signed_in
def acknowledge(request: HttpRequest, number: int) -> HttpResponse:
    """Acknowledges, for the owner or their manager. `version` is what the reader saw; a refusal is a sentence, 409."""
    return _acted(cast(PageRequest, request), number, "acknowledge", pipeline.acknowledge, _thanks)


@methods("POST")
@signed_in
def undo(request: HttpRequest, number: int) -> HttpResponse:
    """Takes the acknowledgement back, for whoever gave it, within ten seconds."""
    return _acted(cast(PageRequest, request), number, "undo_acknowledge", pipeline.undo_acknowledge, _undone)


@methods("POST")
@signed_in
def take(request: HttpRequest, number: int) -> HttpResponse:
    """Takes it out of the queue of a pool of theirs; of two at once one has it, and the other is told who."""
    asked = cast(PageRequest, request)
    return _acted(asked, number, "take", partial(pipeline.take, by=cast(Rep, rep_of(asked.user))), _taken)


# Verb, then what its log line is called and the state it leads to.
LEAVES = {
    "acknowledge": ("acknowledged", State.ACKNOWLEDGED),
    "undo_acknowledge": ("acknowledge_undone", State.ASSIGNED),
    "take": ("taken", State.ASSIGNED),
}


def _acted(
    request: PageRequest, number: int, verb: str, do: Callable[..., Handoff], say: Callable[[Handoff], str]
) -> HttpResponse:
    handoff, actor = find(request.user, number), f"user:{request.user.pk}"
    if not may(request.user, verb, handoff):
        if verb == "take" and _has_taken(handoff, request.user):
            return _done(request, number, f"You have {handoff.reference}: you took it.")
        return _answer(request, handoff, refusal=not_yours(handoff), status=403)
    try:
        version = version_of(request)
    except BadRequest:
        sentence = "The page sent a version that is none. Reload it and try again."
        return _answer(request, handoff, refusal=sentence, status=400)
    try:
        do(handoff, actor=actor, now=now(), version=version)
    except RefusedError as error:
        event, state = LEAVES[verb]
        if not is_repeat(handoff, event, to=state, actor=actor):
            refusal = meanwhile(handoff, error, user=request.user, version=version, now=now())
            return _answer(request, find(request.user, number), refusal=refusal, status=409)
    return _done(request, number, say(handoff), can_undo=verb == "acknowledge")


def _done(request: PageRequest, number: int, sentence: str, *, can_undo: bool = False) -> HttpResponse:
    if not request.htmx:
        messages.success(request, sentence)
        return redirect("handoff", number)
    return _answer(request, find(request.user, number), toast=sentence, can_undo=can_undo)


def _has_taken(handoff: Handoff, user: User) -> bool:
    """Whether the reader took it out of the queue and has it still: a second click, or a page that is out of date."""
    rep = rep_of(user)
    is_theirs = rep is not None and handoff.owner_id == rep.pk
    return is_theirs and is_repeat(handoff, "taken", to=None, actor=f"user:{user.pk}", rep=handoff.owner_id)


def _answer(
    request: PageRequest,
    handoff: Handoff,
    *,
    refusal: str = "",
    toast: str = "",
    can_undo: bool = False,
    status: int = 200,
) -> HttpResponse:
    """What the button was part of, as it is now, with the sentence of what happened: a row, the record, or the page."""
    reading = reading_of(request.user, now())
    target = request.htmx.target or "handoff"
    context: dict[str, Any] = {"refusal": refusal, "toast": toast, "can_undo": can_undo, "target": target}
    if request.htmx and target.startswith("row-"):
        row = queue.row(handoff, rep_of(request.user), reading, lambda: Offices.at(reading.now))
        context |= {"row": row, "handoff": handoff}
        response = page(request, "handoffs/verbs/_row_answer.html", context, status=status)
        # The figures above the list are asked for at once, rather than with the next pulse.
        response.headers["HX-Trigger-After-Settle"] = "pulse-now"
        return response
    context |= record(handoff, request.user, reading)
    if not request.htmx:
        return page(request, "handoffs/handoff.html", context, status=status)
    return page(request, "handoffs/verbs/_record_answer.html", {**context, "undo": None}, status=status)


def _thanks(handoff: Handoff) -> str:
    return f"Acknowledged {handoff.reference}. Contact {wording.name(handoff.account.name)} next."


def _taken(handoff: Handoff) -> str:
    return f"{handoff.reference} is yours. Contact {wording.name(handoff.account.name)} next."


def _undone(handoff: Handoff) -> str:
    return f"{handoff.reference} is not acknowledged any more. Nobody was told."
