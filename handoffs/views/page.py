"""What every page shares: the frame around it, who may open it, and where it leads when it may not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial, wraps
from typing import Any, cast
from urllib.parse import urlsplit, urlunsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.functional import SimpleLazyObject
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from handoffs import inside, rule_signatures
from handoffs.access import may_start, rep_of
from handoffs.models import Preference
from handoffs.now import now
from handoffs.rule_access import sees_rules
from handoffs.views import session_limits
from handoffs.views.errors import WRONG_METHOD, trouble
from handoffs.views.theme import theme_of
from handoffs.views.unsent import is_open_form, left_as_it_is
from handoffs.views.words import Reading, initials, tint
from routing.models import User


class PageRequest(HttpRequest):
    """The request of a signed-in reader, as the middlewares leave it."""

    htmx: HtmxDetails
    user: User
    csp_nonce: str


View = Callable[..., HttpResponse]

FRAME = frozenset({"theme", "company", "csp_nonce", "here", "nav", "reader", "bell", "demo_time"})
"""What the frame's templates read. No page may use these names, drawn for somebody signed in or not."""
ENDED = "Your session has ended and nothing was saved. Copy what you wrote, sign in in another tab, then send it again."


def page(
    request: HttpRequest, template: str, context: Mapping[str, Any] | None = None, *, status: int = 200
) -> HttpResponse:
    """The template in the product's frame; `place` in the context marks where in the navigation it is.

    The names of the frame are taken: raises ValueError for a context that has one of them.
    """
    shared: dict[str, Any] = {
        "theme": theme_of(request),
        "company": settings.COMPANY_NAME,
        "csp_nonce": getattr(request, "csp_nonce", ""),
        "here": _here(request),
    }
    if request.user.is_authenticated:
        shared |= {"nav": SimpleLazyObject(partial(_navigation, request.user)), "reader": _reader(request.user)}
        # Asked for by whole pages alone, not by what is swapped into them.
        shared["bell"] = SimpleLazyObject(partial(_unread, request.user))
        shared["demo_time"] = demo_time(request.user)
    taken = FRAME & set(context or ())
    if taken:
        raise ValueError(f"The frame of every page has its own {', '.join(sorted(taken))}. Call it something else.")
    response = render(request, template, shared | dict(context or {}), status=status)
    patch_vary_headers(response, ("HX-Request", "Cookie"))
    return response


def safe_next(request: HttpRequest, wanted: str, *, otherwise: str) -> str:
    """`wanted` if it is the path of an address on this site, else `otherwise`."""
    return wanted if wanted.startswith("/") and _stays(request, wanted) else otherwise


def signed_in(view: View) -> View:
    """Sends a reader without a session to sign in, and brings them back to a page, never to an action."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.user.is_authenticated:
            return view(request, *args, **kwargs)
        return _to_sign_in(request)

    return guarded


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    """The way in. What was sent is not kept, and the reader is told so: in the form itself where that is still open."""
    htmx = cast(PageRequest, request).htmx
    query = QueryDict(mutable=True)
    query["next"] = htmx.current_url_abs_path or "/" if htmx else _here(request)
    if is_open_form(request):
        return left_as_it_is(request, ENDED, sign_in=f"{reverse('sign_in')}?{query.urlencode(safe='/')}")
    if request.method not in {"GET", "HEAD"}:
        query["unsaved"] = "1"
    address = f"{reverse('sign_in')}?{query.urlencode(safe='/')}"
    if not htmx:
        return redirect(address)
    response = HttpResponseClientRedirect(address)
    if session_limits.COOKIE not in request.COOKIES:
        # Scripts ask from pages that somebody signed in has opened, so there was a session.
        session_limits.leave_reason(response, "lost")
    return response


def methods(*allowed: str) -> Callable[[View], View]:
    """Answers other methods with the error page and status 405, so that no address ends in a blank page."""

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method in allowed:
                return view(request, *args, **kwargs)
            response = trouble(request, WRONG_METHOD)
            response.headers["Allow"] = ", ".join(allowed)
            return response

        return guarded

    return guard


def reading_of(user: User, now: datetime) -> Reading:
    """The reader's eyes: their zone, and `now` (UTC); an unknown zone reads as UTC."""
    try:
        return Reading(ZoneInfo(user.time_zone), now)
    except (KeyError, ValueError, OSError):
        return Reading(ZoneInfo("UTC"), now)


def _stays(request: HttpRequest, address: str) -> bool:
    """Whether the address is on this site."""
    return url_has_allowed_host_and_scheme(
        address, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )


def _here(request: HttpRequest) -> str:
    """The page that is being looked at: for the answer to an action, the one it was called from."""
    return request.get_full_path() if request.method in {"GET", "HEAD"} else _referer(request)


def demo_time(user: User) -> str:
    """What the demo's clock says to the reader; empty outside a demo."""
    reading = reading_of(user, now())
    return reading.moment(reading.now) if settings.HANDOFFS_DEMO else ""


def _referer(request: HttpRequest) -> str:
    """The page an action was called from, without its host, if it is one of ours."""
    referer = request.META.get("HTTP_REFERER", "")
    if not _stays(request, referer):
        return "/"
    found = urlsplit(referer)
    return safe_next(request, urlunsplit(("", "", found.path, found.query, "")), otherwise="/")


def _navigation(user: User) -> list[dict[str, Any]]:
    """The entries of the sidebar. Who is not on the roster has no queue: G then I leads them to all there is."""
    inbox = reverse("inbox")
    has_queue = rep_of(user) is not None
    mine = {"key": "inbox", "url": f"{inbox}?view=mine", "icon": "inbox", "label": "My queue", "go": "i"}
    others = {"key": "all", "url": f"{inbox}?view=all", "icon": "list", "label": "All handoffs"}
    start = {"key": "start", "url": reverse("start"), "icon": "plus", "label": "Start a handoff"}
    rules = {"key": "rules", "url": reverse("rules"), "icon": "design", "label": "Rules"}
    entries = [mine, others] if has_queue else [others | {"go": "i"}]
    entries += [start] if may_start(user) else []
    at = now()
    if not sees_rules(user, at=at):
        return entries
    return [*entries, rules | {"count": rule_signatures.waiting_for(user, at=at).count()}]


def _reader(user: User) -> dict[str, Any]:
    """Who is reading, for the foot of the sidebar: name, job, initials and colour; and whether single keys act."""
    rep = rep_of(user)
    job = (rep.job_title or rep.get_function_display()) if rep else ""
    name = str(rep or user)
    # Asked for by whole pages alone, not by what is swapped into them.
    single_keys = SimpleLazyObject(partial(_has_single_keys, user))
    return {"name": name, "job": job, "initials": initials(name), "tint": tint(name), "single_keys": single_keys}


def _unread(user: User) -> int:
    return inside.unread(user, now=now())


def _has_single_keys(user: User) -> bool:
    """Whether the person left the shortcuts of a single key on (WCAG 2.1.4)."""
    chosen = Preference.objects.filter(user=user).values_list("single_keys", flat=True).first()
    return chosen is not False
