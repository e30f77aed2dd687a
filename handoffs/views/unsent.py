"""A form that is open in the page and cannot be taken now: it stays as it is, with a sentence about it."""

from __future__ import annotations

import json
import re

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

FORM = re.compile(r"dialog|gap-[a-z0-9_-]+")


def is_open_form(request: HttpRequest) -> bool:
    """Whether a script sent a form in which somebody may have typed: the dialog's, or that of a gap in its line."""
    headers = request.headers
    if request.method != "POST" or headers.get("HX-Request") != "true":
        return False
    target = headers.get("HX-Target", "")
    return FORM.fullmatch(target) is not None and (target == "dialog" or "value" in request.POST)


def left_as_it_is(request: HttpRequest, sentence: str, *, sign_in: str = "", token: str = "") -> HttpResponse:
    """Puts the sentence into the form and touches nothing else; `sign_in` is the address of a link beside it.

    A `token` takes the place of the one in every form of the page, so that sending again works.
    """
    said = render_to_string("handoffs/verbs/_unsent.html", {"text": sentence, "sign_in": sign_in})
    where = {"HX-Retarget": f"#{request.headers['HX-Target']} [data-said]", "HX-Reswap": "outerHTML"}
    response = HttpResponse(said, status=403, headers=where)
    if token:
        response.headers["HX-Trigger"] = json.dumps({"csrf-token": token})
    return response
