"""The error pages: what happened, what was not changed, one way out, and a reference that the log carries too."""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass, replace

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.template.loader import render_to_string

from handoffs.api.problems import PREFIX, problem
from handoffs.now import real_now
from handoffs.views.theme import theme_of
from handoffs.views.unsent import is_open_form, left_as_it_is

log = logging.getLogger(__name__)

# No 0, 1, I, L, O: a reference is read out over the telephone.
LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


@dataclass(frozen=True, kw_only=True, slots=True)
class Trouble:
    """The words of one kind of error, and what the API calls it."""

    status: int
    short: str
    what: str
    why: str
    icon: str = "warn"
    tone: str = "warn"
    api: str = "invalid"


BAD_REQUEST = Trouble(
    status=400,
    short="bad request",
    what="This request could not be read",
    why="Something in the address or the form is not as the page sends it. Nothing was changed.",
    api="unreadable",
)
FORBIDDEN = Trouble(
    status=403,
    short="no access",
    what="You may not do this",
    why="Your account lacks the right for this action. Nothing was changed.",
    icon="lock",
    api="forbidden",
)
NO_ADMIN = Trouble(
    status=403,
    short="no access",
    what="The administration is not open to you",
    why="Your account may use the pages, but not the administration. A superuser can change that.",
    icon="lock",
)
CSRF = Trouble(
    status=403,
    short="form expired",
    what="This form is no longer valid",
    why="It was open for too long, or the browser did not send its cookie. Nothing was changed: "
    "open the page again and repeat.",
    icon="lock",
    api="forbidden",
)
SEND_AGAIN = "You have signed in or out since this form was opened, so nothing was saved. Send it again."
NOT_FOUND = Trouble(
    status=404,
    short="not found",
    what="There is nothing here that you can open",
    why="The address is wrong, or the handoff belongs to people whose work you do not see. Nothing was changed.",
    icon="search",
    api="not-found",
)
WRONG_METHOD = Trouble(
    status=405,
    short="not this way",
    what="This address only takes a form",
    why="It was opened like a page, or the other way round. Nothing was changed.",
    api="method-not-allowed",
)
SERVER_ERROR = Trouble(
    status=500,
    short="our fault",
    what="Something went wrong on our side",
    why="The page could not be made. What you sent may not have been saved: look before you send it again.",
    icon="stop",
    tone="bad",
    api="failed",
)


class NothingThereError(Http404):
    """Nothing is at an address; the message says what is not there, in a sentence or two for whoever asked."""


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """The page for a request that Django refuses to read."""
    return trouble(request, BAD_REQUEST, reason=type(exception).__name__)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """The page for a right that is missing."""
    return trouble(request, FORBIDDEN, reason=type(exception).__name__)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The page for a form whose token is missing or old; a form that is still open gets a new one and stays."""
    if is_open_form(request):
        return left_as_it_is(request, SEND_AGAIN, token=get_token(request))
    return trouble(request, CSRF, reason=reason)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """The page for an unknown address, and for what the reader may not see."""
    kind = replace(NOT_FOUND, why=str(exception)) if isinstance(exception, NothingThereError) else NOT_FOUND
    return trouble(request, kind, reason=type(exception).__name__)


def server_error(request: HttpRequest) -> HttpResponse:
    """The page for a bug of ours."""
    return trouble(request, SERVER_ERROR)


def trouble(request: HttpRequest, kind: Trouble, *, reason: str = "") -> HttpResponse:
    """The error page of `kind`. It asks neither the session nor the database, which may be what failed."""
    reference = "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(2))
    log.log(
        logging.ERROR if kind.status >= 500 else logging.INFO,
        "Page %s shown as reference %s %s",
        kind.status,
        reference,
        reason,
    )
    if request.path.startswith(PREFIX):
        # What fails before a view of the API is reached is told as the API tells it.
        return problem(request, kind.api, f"{kind.what}. {kind.why}", reference=reference)
    words = {
        "status": kind.status,
        "short": kind.short,
        "what": kind.what,
        "why": kind.why,
        "icon": kind.icon,
        "tone": kind.tone,
        "reference": reference,
        "at": real_now(),
        "theme": theme_of(request),
        "company": settings.COMPANY_NAME,
        "way_out": {"url": "/", "label": "Back to the inbox"},
    }
    # Rendered without the request: context processors would load the session.
    if request.headers.get("HX-Request") == "true":
        sentence = {"tone": "error", "text": f"{kind.what}. {kind.why} Reference {reference}."}
        inside = {"HX-Retarget": "#flash", "HX-Reswap": "innerHTML"}
        return HttpResponse(render_to_string("_flash.html", sentence), status=kind.status, headers=inside)
    return HttpResponse(render_to_string("error.html", words), status=kind.status)
