"""One line for each request: who by number, what, how it ended, how long it took. It takes the web server's place."""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections.abc import Callable

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.functional import SimpleLazyObject
from structlog.contextvars import bind_contextvars, clear_contextvars

GetResponse = Callable[[HttpRequest], HttpResponseBase]

log = structlog.stdlib.get_logger("handoffs.request")

# What a proxy in front of us may call the request; anything else would be a way to write into the log.
GIVEN_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
SELDOM_OF_INTEREST = ("/healthz", "/readyz", "/metrics")


def request_log(get_response: GetResponse) -> GetResponse:
    """Middleware: gives the request an id that all its lines and its answer carry, and writes its line."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        started = time.perf_counter()
        clear_contextvars()
        request_id = _request_id(request)
        bind_contextvars(request_id=request_id)
        try:
            response = get_response(request)
            response.headers["X-Request-ID"] = request_id
            path = request.path[:200]
            words = f"{request.method} {path} {response.status_code}"
            log.log(
                _level(request, response.status_code),
                words,
                method=request.method,
                path=path,
                status=response.status_code,
                ms=round((time.perf_counter() - started) * 1000),
                **_who(request),
            )
        finally:
            clear_contextvars()
        return response

    return middleware


def _request_id(request: HttpRequest) -> str:
    given = request.headers.get("X-Request-ID", "") if settings.BEHIND_PROXY else ""
    return given if GIVEN_ID.fullmatch(given) else uuid.uuid4().hex


def _level(request: HttpRequest, status: int) -> int:
    if status >= 500:
        return logging.ERROR
    quiet = request.path.startswith(settings.STATIC_URL) or request.path in SELDOM_OF_INTEREST
    return logging.DEBUG if quiet and status < 400 else logging.INFO


def _who(request: HttpRequest) -> dict[str, int]:
    """The number of the signed-in person, if it is known by now; nothing is asked for it."""
    known = vars(request).get("user")
    user = vars(request).get("_cached_user") if known is None or isinstance(known, SimpleLazyObject) else known
    pk = getattr(user, "pk", None)
    return {} if pk is None else {"user": pk}
