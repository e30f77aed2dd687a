"""The demo's clock: a form in the frame of every page moves it on, so that one can watch what time does."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from handoffs import wake
from handoffs.now import advance
from handoffs.views.page import methods, safe_next, signed_in

STEPS: Mapping[str, tuple[str, timedelta]] = {
    "15m": ("15 minutes", timedelta(minutes=15)),
    "1h": ("1 hour", timedelta(hours=1)),
    "1d": ("1 day", timedelta(days=1)),
}


@methods("POST")
@signed_in
def clock(request: HttpRequest) -> HttpResponse:
    """Moves the demo's clock on by one of the offered steps; outside a demo there is no such page."""
    if not settings.HANDOFFS_DEMO:
        raise Http404
    words, step = STEPS.get(request.POST.get("by", ""), ("", timedelta(0)))
    if words:
        advance(step)
        wake.poke()
        messages.success(request, f"It is {words} later. What became due meanwhile happens in the next few seconds.")
    return redirect(safe_next(request, request.POST.get("next", ""), otherwise=reverse("inbox")))
