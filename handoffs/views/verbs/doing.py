"""How every verb is answered: a form in the page's dialog, or as a page of its own where no script runs.

Unseen is 404, not allowed 403, done already or out of date 409 with the present record, a wrong form 422.
"""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from handoffs import wording
from handoffs.access import may
from handoffs.models import Handoff
from handoffs.now import now
from handoffs.states import BadValueError, RefusedError
from handoffs.views.page import PageRequest, View, methods, page, reading_of, signed_in
from handoffs.views.record import find, record
from handoffs.views.verbs.forms import VerbForm
from handoffs.views.verbs.meanwhile import meanwhile

CHANGED = "handoff-changed"
"""The event by which whatever shows the handoff asks for it again."""


def verb_page(form_class: type[VerbForm]) -> View:
    """The view of a verb: GET shows its form, POST does it."""

    @methods("GET", "HEAD", "POST")
    @signed_in
    def view(request: HttpRequest, number: int) -> HttpResponse:
        asked = cast(PageRequest, request)
        handoff = find(asked.user, number)
        if not may(asked.user, form_class.right or form_class.verb, handoff):
            return refused(asked, handoff, not_yours(handoff), status=403)
        data = request.POST if request.method == "POST" else None
        reading = reading_of(asked.user, now())
        form = form_class.fitting(handoff)(data, handoff=handoff, user=asked.user, reading=reading)
        if data is None:
            late = form.too_late
            return refused(asked, handoff, late, status=409) if late else _shown(asked, form, status=200)
        return _acted(asked, form)

    view.__doc__ = form_class.__doc__
    return view


def version_of(request: HttpRequest) -> int | None:
    """The version of the handoff that the page was drawn from; raises BadRequest for one that is none."""
    version = request.POST.get("version", "")
    if not version:
        return None
    if not (version.isascii() and version.isdecimal() and len(version) < 10):
        raise BadRequest
    return int(version)


def refused(request: PageRequest, handoff: Handoff, sentence: str, *, status: int, kept: str = "") -> HttpResponse:
    """Nothing was done, and why: in the dialog, or above the record as it is now; `kept` is what they had written."""
    handoff = find(request.user, handoff.pk)
    context = {"handoff": handoff, "refusal": sentence, "kept": kept}
    if request.htmx:
        response = page(request, "handoffs/verbs/_refused.html", context, status=status)
        response.headers["HX-Retarget"], response.headers["HX-Reswap"] = "#dialog", "innerHTML"
        if status == 409:
            response.headers["HX-Trigger"] = CHANGED
        return response
    context |= record(handoff, request.user, reading_of(request.user, now()))
    return page(request, "handoffs/handoff.html", context, status=status)


def done(request: PageRequest, handoff: Handoff, sentence: str) -> HttpResponse:
    """It is done: a toast and an empty dialog, or the record's page with the sentence on top."""
    if not request.htmx:
        messages.success(request, sentence)
        return redirect("handoff", handoff.pk)
    response = page(request, "handoffs/verbs/_done.html", {"text": sentence})
    response.headers["HX-Trigger"] = CHANGED
    return response


def not_yours(handoff: Handoff) -> str:
    """The sentence for a verb that is somebody else's to do."""
    whose = f"belongs to {wording.name(str(handoff.owner))}" if handoff.owner else "has no owner"
    return f"{handoff.reference} {whose}, and this is not yours to do. Nothing was changed: ask them or their manager."


def _acted(request: PageRequest, form: VerbForm) -> HttpResponse:
    handoff = form.handoff
    try:
        version = version_of(request)
    except BadRequest:
        return refused(request, handoff, "The page sent a version that is none. Reload it and try again.", status=400)
    if not form.is_valid():
        late = form.too_late
        return refused(request, handoff, late, status=409) if late else _shown(request, form, status=422)
    try:
        said = form.do(version=version)
    except BadValueError as error:
        form.add_error(None, str(error))
        return _shown(request, form, status=422)
    except RefusedError as error:
        if form.was_done():
            return done(request, handoff, "That is done already: you did it a moment ago.")
        late = meanwhile(handoff, error, user=request.user, version=version, now=form.reading.now)
        return refused(request, handoff, late, status=409, kept=form.said())
    return done(request, handoff, said)


def _shown(request: PageRequest, form: VerbForm, *, status: int) -> HttpResponse:
    context: dict[str, Any] = {
        "form": form,
        "handoff": form.handoff,
        "action": request.path,
        # Drawn again it still is the form of what the reader saw first.
        "version": request.POST.get("version") or form.handoff.version,
    }
    template = "handoffs/verbs/_form.html" if request.htmx else "handoffs/verbs/form.html"
    return page(request, template, context | {"in_dialog": bool(request.htmx)}, status=status)
