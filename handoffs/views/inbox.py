"""The inbox: what waits for the reader, most urgent first, and everything else they may see."""

from __future__ import annotations

import zlib
from typing import Any, cast

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from handoffs.models import Handoff
from handoffs.now import now
from handoffs.views import asked as questions
from handoffs.views import queue, tabs
from handoffs.views.asked import LAST_PAGE, Asked
from handoffs.views.page import PageRequest, methods, page, reading_of, signed_in
from handoffs.views.tabs import Counts, Reader, Tab
from handoffs.views.words import Reading

PLACES = {tabs.OPEN: "all", tabs.CLOSED: "all", tabs.TEAM: "team", tabs.FOUND: ""}


@methods("GET", "HEAD")
@signed_in
def inbox(request: HttpRequest) -> HttpResponse:
    """The page. `view` names the tab, `q` searches, filters narrow, `page` counts from 1; see `asked`.

    A search without a tab looks through everything the reader may see.
    """
    return page(request, "handoffs/inbox.html", _context(cast(PageRequest, request), is_fragment=False))


@methods("GET", "HEAD")
@signed_in
def rows(request: HttpRequest) -> HttpResponse:
    """The list alone, for the same parameters, with tabs and filters beside it; a browser gets the address to show."""
    asked = cast(PageRequest, request)
    context = _context(asked, is_fragment=True)
    response = page(request, "handoffs/_queue.html", context)
    if asked.htmx:
        response.headers["HX-Push-Url"] = f"{reverse('inbox')}{'?' if context['query'] else ''}{context['query']}"
    return response


def _context(request: PageRequest, *, is_fragment: bool) -> dict[str, Any]:
    """Everything the page shows, or as a fragment the list and what changes with it."""
    reading = reading_of(request.user, now())
    reader = tabs.reader_of(request.user)
    asked, filters = questions.read(request.GET, reader, offers_people=not is_fragment)
    view = view_of(asked, reader, reading)
    listed = narrowed(reader, asked, view, reading)
    counts = tabs.counts(reader, now=reading.now, here=listed)
    last = max(1, -(-min(counts.here, tabs.MOST_COUNTED) // queue.PAGE_SIZE))
    number = min(asked.page, last)
    handoffs = queue.loaded(queue.page_of(listed, view, page=number))
    groups = queue.grouped(handoffs, request.user, reading)
    first = (number - 1) * queue.PAGE_SIZE
    return headline(reader, counts, asked, view, reading) | {
        "is_fragment": is_fragment,
        "asked": asked,
        "filters": filters,
        "view": view,
        "view_title": tabs.TITLES.get(view, ""),
        "place": PLACES.get(view, "inbox"),
        "groups": groups,
        "primary": next((row.handoff.pk for group in groups for row in group.rows if row.may_acknowledge), None),
        "query": asked.query(page=number),
        "elsewhere": asked.query(view="", page=1),
        "unfiltered": asked.without_filters().query(),
        "total": tabs.in_words(counts.here),
        "found": counts.here,
        "has_pages": last > 1,
        "first": first + 1,
        "last": first + len(handoffs),
        "previous": asked.query(page=number - 1),
        "next": asked.query(page=number + 1),
        "is_cut_off": number == LAST_PAGE and counts.here > tabs.MOST_COUNTED,
        "has_previous": number > 1,
        "has_next": number < last,
        "sees_more": reader.sees_others and view != tabs.OPEN,
    }


def view_of(asked: Asked, reader: Reader, reading: Reading) -> str:
    """The tab asked for; without one, everything for a search, else where the reader starts."""
    return asked.view or (tabs.FOUND if asked.q else tabs.usual(reader, now=reading.now))


def narrowed(reader: Reader, asked: Asked, view: str, reading: Reading) -> QuerySet[Handoff]:
    """The list of a tab after search and filters, unordered."""
    return tabs.listed(view, reader, now=reading.now).filter(questions.condition(asked, now=reading.now))


def headline(reader: Reader, counts: Counts, asked: Asked, view: str, reading: Reading) -> dict[str, Any]:
    """What the figures say: the tabs with their counts, the line under the title, and a sum over both."""
    at_risk = counts.tabs.get(tabs.RISK, 0)
    urgent = ((counts.breached, "breached"), (max(at_risk - counts.breached, 0), "at risk"))
    shown = [
        Tab(
            key=key,
            label=tabs.TITLES[key],
            count=tabs.in_words(counts.tabs[key]) if key in counts.tabs else "",
            query=asked.query(view=key, page=1),
            is_here=key == view,
        )
        for key in tabs.keys_of(reader)
    ]
    to_acknowledge = counts.tabs.get(tabs.ACKNOWLEDGE, 0)
    figures = "|".join(tab.count for tab in shown) + f"|{counts.breached}|{counts.to_answer}"
    return {
        "tabs": shown,
        "moment": reading.moment(reading.now),
        "urgent": ", ".join(f"{tabs.in_words(count)} {what}" for count, what in urgent if count),
        "to_acknowledge": tabs.in_words(to_acknowledge) if to_acknowledge else "",
        "to_answer": tabs.in_words(counts.to_answer) if counts.to_answer else "",
        "figures": f"{zlib.crc32(figures.encode()):x}",
    }
