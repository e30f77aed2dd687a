"""Signing in, signing out, and the theme: what belongs to a browser, not to a handoff."""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from axes.helpers import get_cool_off
from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.auth import login, logout
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters

from handoffs.now import real_now
from handoffs.views import session_limits
from handoffs.views.errors import NO_ADMIN, trouble
from handoffs.views.page import methods, page, safe_next
from handoffs.views.theme import THEMES
from routing.models import User

log = logging.getLogger(__name__)

A_YEAR = 365 * 24 * 60 * 60


class SignInForm(AuthenticationForm):
    """E-mail and password. The e-mail is lower-cased, so that tries with other cases count as the same person's."""

    username = forms.EmailField(
        max_length=254,
        error_messages={
            "required": "Enter your work e-mail.",
            "invalid": "Enter a whole e-mail address, such as ingrid@company.example.",
        },
    )
    error_messages = {
        "invalid_login": "E-mail and password do not match. Check both, or ask an administrator to set a new password.",
        "inactive": "E-mail and password do not match. Check both, or ask an administrator to set a new password.",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].error_messages["required"] = "Enter your password."

    def clean_username(self) -> str:
        """The e-mail as it is stored."""
        return str(self.cleaned_data["username"]).strip().lower()


@sensitive_post_parameters("password")
@methods("GET", "HEAD", "POST")
def sign_in(request: HttpRequest) -> HttpResponse:
    """The sign-in page; a right password leads to `next`, if that is a page of ours, else to the inbox."""
    wanted = request.POST.get("next", "") or request.GET.get("next", "")
    destination = safe_next(request, wanted, otherwise=reverse("inbox"))
    if request.user.is_authenticated:
        return redirect(destination)
    typed = request.method == "POST" and settings.PASSWORD_SIGN_IN
    form = SignInForm(request, data=request.POST if typed else None)
    if form.is_valid():
        return enter(request, form.get_user(), destination)
    if form.is_bound:
        log.info("Sign-in was refused")
    return sign_in_page(request, form, destination, status=400 if form.is_bound else 200)


def enter(request: HttpRequest, user: User, destination: str) -> HttpResponse:
    """Signs the person in, starts the limits of the session, and leads on. `user.backend` says who vouches for them."""
    login(request, user)
    session_limits.begin(request, now=real_now())
    response = redirect(destination)
    response.delete_cookie(session_limits.COOKIE)
    return response


@methods("GET", "HEAD", "POST")
def to_admin(request: HttpRequest) -> HttpResponse:
    """Where the admin sends whoever may not enter: to the one sign-in page, or to a refusal if signed in already."""
    index = reverse("admin:index")
    wanted = safe_next(request, request.GET.get("next", ""), otherwise=index)
    wanted = index if wanted.startswith(reverse("admin:login")) else wanted
    if not request.user.is_authenticated:
        return redirect_to_login(wanted)
    return redirect(wanted) if admin.site.has_permission(request) else trouble(request, NO_ADMIN)


def attempted_name(request: HttpRequest, credentials: Mapping[str, str] | None) -> str:
    """The name that wrong passwords are counted under, here and in the admin: lower-case, as accounts are found."""
    found = (credentials or {}).get("username") or request.POST.get("username", "")
    return found.strip().lower()


def locked_out(request: HttpRequest, response: HttpResponse, _credentials: object) -> HttpResponse:
    """What django-axes shows after too many wrong passwords: the form again, with a sentence and status 429.

    Whoever is signed in and changes their password gets the answer of that page, which says it already.
    """
    log.warning("Sign-in was closed after too many wrong passwords")
    if not request.user.is_authenticated:
        form = SignInForm(request, data={"username": request.POST.get("username", "")})
        form.full_clean()
        form.errors.clear()
        form.add_error(None, too_many(request))
        destination = safe_next(request, request.POST.get("next", ""), otherwise=reverse("inbox"))
        response = sign_in_page(request, form, destination, status=429)
    response.status_code = 429
    response.headers["Retry-After"] = str(_minutes_closed(request) * 60)
    return response


def too_many(request: HttpRequest) -> str:
    """The sentence for somebody who is locked out."""
    minutes = _minutes_closed(request)
    return f"Too many wrong passwords, so this sign-in is closed for {minutes} minutes. Wait, or ask RevOps to open it."


def _minutes_closed(request: HttpRequest) -> int:
    closed: timedelta = get_cool_off(request)
    return math.ceil(closed.total_seconds() / 60)


@methods("POST")
def sign_out(request: HttpRequest) -> HttpResponse:
    """Ends the session; only a form can do it, so that no link or image signs anybody out."""
    logout(request)
    response = redirect(settings.LOGOUT_REDIRECT_URL)
    response.delete_cookie(session_limits.COOKIE)
    return response


@methods("POST")
def theme(request: HttpRequest) -> HttpResponse:
    """Keeps the chosen theme in a cookie for a year and goes back to where the reader was."""
    response = redirect(safe_next(request, request.POST.get("next", ""), otherwise=reverse("inbox")))
    chosen = request.POST.get("theme")
    if chosen in THEMES:
        response.set_cookie("theme", chosen, max_age=A_YEAR, samesite="Lax", secure=request.is_secure())
    return response


def _ended(request: HttpRequest) -> str:
    """Why the reader is here, for somebody who was signed out; and whether something that they sent got lost."""
    why = session_limits.why_ended(request)
    return f"{why or session_limits.SENTENCES['lost']} Nothing was saved." if "unsaved" in request.GET else why


def sign_in_page(
    request: HttpRequest, form: SignInForm, destination: str, *, status: int, trouble: str = ""
) -> HttpResponse:
    """The sign-in page, with a sentence about `trouble` if there is any.

    It names where the reader is going by the number in the address alone, and looks nothing up.
    """
    handoff = re.match(r"/handoffs/(HO-[0-9]+)/", destination)
    context = {
        "form": form,
        "next": destination,
        "destination": handoff[1] if handoff else "",
        "ended": "" if form.is_bound else _ended(request),
        "ask": settings.REVOPS_EMAIL,
        "trouble": trouble,
        "with_password": settings.PASSWORD_SIGN_IN,
        "provider": settings.OIDC_LABEL if settings.OIDC_ISSUER else "",
    }
    return page(request, "sign_in.html", context, status=status)
