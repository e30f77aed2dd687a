"""What every page shares: the frame around it, who may open it, and where it leads when it may not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, cast
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from routing.models import User

THEMES = ("light", "dark")


class PageRequest(HttpRequest):
    """The request of a signed-in reader, as the middlewares leave it."""

    htmx: HtmxDetails
    user: User
    csp_nonce: str


View = Callable[..., HttpResponse]


def page(
    request: HttpRequest, template: str, context: Mapping[str, Any] | None = None, *, status: int = 200
) -> HttpResponse:
    """The template in the product's frame; the frame needs `theme`, `company`, `nav` and `reader`."""
    shared: dict[str, Any] = {
        "theme": theme_of(request),
        "company": settings.COMPANY_NAME,
        "csp_nonce": getattr(request, "csp_nonce", ""),
        "here": request.get_full_path(),
    }
    if request.user.is_authenticated:
        shared |= {"nav": _navigation(request), "reader": _reader(request.user)}
    response = render(request, template, shared | dict(context or {}), status=status)
    patch_vary_headers(response, ("HX-Request", "Cookie"))
    return response


def theme_of(request: HttpRequest) -> str:
    """The theme the reader chose: light, dark, or empty to follow their system."""
    chosen = request.COOKIES.get("theme", "")
    return chosen if chosen in THEMES else ""


def safe_next(request: HttpRequest, wanted: str, *, otherwise: str) -> str:
    """`wanted` if it stays on this site, else `otherwise`."""
    stays = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if stays else otherwise


def signed_in(view: View) -> View:
    """Sends a reader without a session to sign in, and brings them back to a page, never to an action."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.user.is_authenticated:
            return view(request, *args, **kwargs)
        htmx = cast(PageRequest, request).htmx
        if not htmx:
            back = request.get_full_path() if request.method in {"GET", "HEAD"} else _referer(request)
            return redirect_to_login(back)
        query = QueryDict(mutable=True)
        query["next"] = htmx.current_url_abs_path or "/"
        return HttpResponseClientRedirect(f"{reverse('sign_in')}?{query.urlencode(safe='/')}")

    return guarded


def _referer(request: HttpRequest) -> str:
    """The page an action was called from, without its host, if it is one of ours."""
    referer = safe_next(request, request.META.get("HTTP_REFERER", ""), otherwise="/")
    return urlsplit(referer).path or "/"


def _navigation(request: HttpRequest) -> list[dict[str, object]]:
    inbox = reverse("inbox")
    is_inbox = request.path == inbox
    shows_all = is_inbox and request.GET.get("view") == "all"
    return [
        {"url": inbox, "icon": "inbox", "label": "Inbox", "is_here": is_inbox and not shows_all},
        {"url": f"{inbox}?view=all", "icon": "list", "label": "All handoffs", "is_here": shows_all},
    ]


def _reader(user: User) -> dict[str, str]:
    """Who is reading, for the foot of the sidebar: name, job and initials."""
    rep = getattr(user, "rep", None)
    name = str(user)
    initials = rep.initials if rep else "".join(word[:1] for word in name.split()[:2]).upper()
    return {
        "name": name,
        "job": rep.job_title or rep.get_function_display() if rep else "",
        "initials": initials,
    }
