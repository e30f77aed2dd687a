"""How long a session lasts: eight hours without use, twelve in all, on the clock of the wall.

It holds for every door at once, pages, admin and API, since it works before any of them. A page that refreshes itself
in the background does not count as use.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.contrib.auth import SESSION_KEY, logout
from django.http import HttpRequest, HttpResponseBase
from structlog.contextvars import bind_contextvars

from handoffs.now import real_now

IDLE = timedelta(hours=8)
LONGEST = timedelta(hours=12)
# Use is noted at most once a minute, so that reading writes nothing; a session ends at most that much early.
NOTED_EVERY = timedelta(minutes=1)
# What a page asks for by itself: these addresses, and whatever carries the header X-Background.
BY_ITSELF = ("/pulse/", "/clock/")

COOKIE = "ended"
SENTENCES = {
    "idle": "You were signed out after 8 hours without use. Sign in to go on.",
    "longest": "You were signed out because 12 hours had passed since you signed in. Sign in to go on.",
    "changed": "You were signed out because your account or its password was changed. Sign in to go on.",
    "lost": "Your session has ended. Sign in to go on.",
}
"""Why somebody was signed out, as the sign-in page says it."""

GetResponse = Callable[[HttpRequest], HttpResponseBase]


def session_limits(get_response: GetResponse) -> GetResponse:
    """Middleware: ends a session that is over its limits, and leaves the reason for the sign-in page."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        ended = _look(request, now=real_now())
        if ended:
            request.COOKIES[COOKIE] = ended
        response = get_response(request)
        if ended and not request.user.is_authenticated:
            leave_reason(response, ended)
        return response

    return middleware


def begin(request: HttpRequest, *, now: datetime) -> None:
    """Starts both limits for a person who has just signed in at `now` (real time)."""
    request.session["began"] = request.session["seen"] = now.timestamp()


def leave_reason(response: HttpResponseBase, reason: str) -> None:
    """Leaves the reason, a key of SENTENCES, for the sign-in page."""
    response.set_cookie(COOKIE, reason, max_age=300, samesite="Lax", httponly=True, secure=settings.HTTPS)


def why_ended(request: HttpRequest) -> str:
    """The sentence for somebody who was signed out a moment ago, else nothing."""
    return SENTENCES.get(request.COOKIES.get(COOKIE, ""), "")


def _look(request: HttpRequest, *, now: datetime) -> str:
    """Notes use, or ends the session; the reason if it has ended."""
    if not request.COOKIES.get(settings.SESSION_COOKIE_NAME):
        return ""
    if SESSION_KEY not in request.session:
        return "lost" if request.session.is_empty() else ""
    if not request.user.is_authenticated:
        return _end(request, "changed")
    bind_contextvars(user=request.user.pk)
    session = request.session
    if "began" not in session:
        begin(request, now=now)
        return ""
    began, seen = (datetime.fromtimestamp(session[name], tz=UTC) for name in ("began", "seen"))
    if now >= began + LONGEST:
        return _end(request, "longest")
    if now >= seen + IDLE:
        return _end(request, "idle")
    if now >= seen + NOTED_EVERY and not _by_itself(request):
        session["seen"] = now.timestamp()
    return ""


def _end(request: HttpRequest, reason: str) -> str:
    logout(request)
    return reason


def _by_itself(request: HttpRequest) -> bool:
    asks = request.method in {"GET", "HEAD"}
    return asks and ("X-Background" in request.headers or request.path_info.endswith(BY_ITSELF))
