"""The inbox: what waits for the reader, most urgent first, and everything else they may see."""

from __future__ import annotations

from typing import cast
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse

from handoffs.access import visible_to
from handoffs.now import now
from handoffs.views import queue
from handoffs.views.page import PageRequest, methods, page, reading_of, signed_in

TABS = (
    (queue.MINE, "My queue"),
    (queue.ACKNOWLEDGE, "To acknowledge"),
    (queue.OPEN, "All open"),
    (queue.CLOSED, "Closed"),
)
SEARCH_LIMIT = 100


@methods("GET", "HEAD")
@signed_in
def inbox(request: HttpRequest) -> HttpResponse:
    """The list; `view` names the tab, `q` searches everything the reader may see, `page` counts from 1.

    An htmx request gets the list alone.
    """
    asked = cast(PageRequest, request)
    reading = reading_of(asked.user, now())
    q = " ".join(request.GET.get("q", "").replace("\0", "").split())[:SEARCH_LIMIT]
    seen = visible_to(asked.user)
    held = queue.counts(seen, asked.user)
    wanted = request.GET.get("view", "")
    view = queue.FOUND if q else wanted if wanted in dict(TABS) else queue.usual_view(asked.user, held)
    handoffs = queue.handoffs_of(seen, asked.user, view=view, q=q)
    usual = queue.handoffs_of(seen, asked.user, view=queue.usual_view(asked.user, held), q="")
    shown = Paginator(handoffs, queue.PAGE_SIZE, allow_empty_first_page=True).get_page(request.GET.get("page"))
    groups = queue.grouped(shown.object_list, asked.user, reading)
    context = {
        "q": q,
        "view": view,
        "place": {queue.MINE: "inbox", queue.ACKNOWLEDGE: "inbox", queue.FOUND: ""}.get(view, "all"),
        "tabs": [{"key": key, "label": label, "count": held[key], "is_here": key == view} for key, label in TABS],
        "groups": groups,
        "primary": next((row.handoff.pk for group in groups for row in group.rows if row.may_acknowledge), None),
        "shown": shown,
        "query": urlencode({"q": q} if q else {"view": view}),
        "moment": reading.moment(reading.now),
        "urgent": _urgent(*queue.urgency(usual, reading.now)),
        "to_acknowledge": held[queue.ACKNOWLEDGE],
        "sees_more": held[queue.OPEN] > 0,
    }
    context["is_fragment"] = bool(asked.htmx) and not asked.htmx.history_restore_request
    return page(request, "handoffs/_queue.html" if context["is_fragment"] else "handoffs/inbox.html", context)


def _urgent(breached: int, at_risk: int) -> str:
    """The headline: 1 breached, 2 at risk."""
    return ", ".join(f"{count} {what}" for count, what in ((breached, "breached"), (at_risk, "at risk")) if count)
