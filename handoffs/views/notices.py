"""What one was told, newest first by day, and the count in the sidebar."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any, cast

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from handoffs import inside
from handoffs.access import visible_to
from handoffs.models import Notice
from handoffs.now import now
from handoffs.rule_access import sees_rules
from handoffs.views.errors import BAD_REQUEST, trouble
from handoffs.views.page import PageRequest, methods, page, reading_of, safe_next, signed_in
from handoffs.views.words import Reading

PAGE_SIZE = 50
Kind = Notice.Kind
LOOKS = {
    Kind.GIVEN: ("inbox", "info"),
    Kind.GAPS: ("flag", "warn"),
    Kind.UNASSIGNED: ("stop", "bad"),
    Kind.TO_TAKE: ("inbox", "info"),
    Kind.ACKNOWLEDGED: ("check", "ok"),
    Kind.RETURNED: ("leave", "warn"),
    Kind.AT_RISK: ("warn", "warn"),
    Kind.OVERDUE: ("stop", "bad"),
    Kind.GONE: ("swap", "idle"),
    Kind.TO_SIGN: ("design", "info"),
    Kind.RULES: ("design", "idle"),
    Kind.OTHER: ("bell", "idle"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One notice as the page shows it; `url` is empty for what the reader may no longer see."""

    notice: Notice
    time: str
    icon: str
    tone: str
    url: str


@methods("GET", "HEAD")
@signed_in
def notices(request: HttpRequest) -> HttpResponse:
    """The reader's own notices; looking at them marks nothing as read."""
    asked = cast(PageRequest, request)
    reading = reading_of(asked.user, now())
    told = inside.shown_to(asked.user, now=reading.now).select_related("rule_set")
    shown = Paginator(told, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "place": "notices",
        "days": _by_day(_lines(shown.object_list, asked, reading), reading),
        "shown": shown,
        "unread": inside.unread(asked.user, now=reading.now),
        "seen": int(reading.now.timestamp()),
    }
    return page(request, "notices.html", context)


@methods("GET", "HEAD")
@signed_in
def unread(request: HttpRequest) -> HttpResponse:
    """The entry in the sidebar alone, for a page that asks now and then."""
    return page(request, "_bell.html", {"place": request.GET.get("place", "")})


@methods("POST")
@signed_in
def read(request: HttpRequest) -> HttpResponse:
    """Marks one notice as read, or all that the page showed when it was made (`seen`, seconds since 1970)."""
    asked = cast(PageRequest, request)
    one, seen = request.POST.get("notice", ""), request.POST.get("seen", "")
    number = one or seen
    if not (number.isascii() and number.isdecimal() and len(number) < 12):
        return trouble(request, BAD_REQUEST, reason="no notice")
    if one:
        inside.mark_read(asked.user, now=now(), only=int(one))
    else:
        count = inside.mark_read(asked.user, now=now(), until=datetime.fromtimestamp(int(seen) + 1, UTC))
        messages.success(request, "Nothing was unread." if not count else f"Marked {count} as read.")
    return redirect(safe_next(request, request.POST.get("next", ""), otherwise=reverse("notices")))


def _lines(told: Iterable[Notice], asked: PageRequest, reading: Reading) -> list[Line]:
    listed = list(told)
    about = {notice.handoff_id for notice in listed if notice.handoff_id}
    seen = set(visible_to(asked.user).filter(pk__in=about).values_list("pk", flat=True)) if about else set()
    shows_rules = any(notice.rule_set for notice in listed) and sees_rules(asked.user, at=reading.now)
    return [_line(notice, reading, url=_url(notice, seen, shows_rules=shows_rules)) for notice in listed]


def _url(notice: Notice, seen: set[int], *, shows_rules: bool) -> str:
    if notice.rule_set is not None and shows_rules:
        return reverse("rule_version", args=[notice.rule_set.number])
    return reverse("handoff", args=[notice.handoff_id]) if notice.handoff_id in seen else ""


def _line(notice: Notice, reading: Reading, *, url: str) -> Line:
    icon, tone = LOOKS.get(Kind(notice.kind), LOOKS[Kind.OTHER])
    return Line(
        notice=notice,
        time=f"{reading.local(notice.shown_from):%H:%M}",
        icon=icon,
        tone=tone,
        url=url,
    )


def _by_day(lines: list[Line], reading: Reading) -> list[dict[str, Any]]:
    """The lines under Today, Yesterday and the days before, by the reader's own midnight."""
    today = reading.local(reading.now).date()
    near = {today: "Today", today - timedelta(days=1): "Yesterday"}
    days = groupby(lines, key=lambda line: reading.local(line.notice.shown_from).date())
    return [{"name": near.get(day) or f"{day:%A}, {reading.calendar_day(day)}", "lines": list(on)} for day, on in days]
