"""Signing in, signing out, and the theme: what belongs to a browser, not to a handoff."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from axes.helpers import get_cool_off
from django import forms
from django.conf import settings
from django.contrib.auth import login, logout
from django.contrib.auth.forms import AuthenticationForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters

from handoffs.views.page import methods, page, safe_next
from handoffs.views.theme import THEMES

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
        "invalid_login": "E-mail and password do not match. Check both, or ask RevOps to set a new password.",
        "inactive": "E-mail and password do not match. Check both, or ask RevOps to set a new password.",
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
    form = SignInForm(request, data=request.POST if request.method == "POST" else None)
    if form.is_valid():
        login(request, form.get_user())
        return redirect(destination)
    return _form(request, form, destination, status=400 if form.is_bound else 200)


def attempted_name(request: HttpRequest, credentials: Mapping[str, str] | None) -> str:
    """The name that wrong passwords are counted under, here and in the admin: lower-case, as accounts are found."""
    found = (credentials or {}).get("username") or request.POST.get("username", "")
    return found.strip().lower()


def locked_out(request: HttpRequest, _response: HttpResponse, _credentials: object) -> HttpResponse:
    """What django-axes shows after too many wrong passwords: the form again, with a sentence and status 429."""
    form = SignInForm(request, data={"username": request.POST.get("username", "")})
    form.full_clean()
    form.errors.clear()
    minutes = math.ceil(get_cool_off(request).total_seconds() / 60)
    form.add_error(
        None,
        f"Too many wrong passwords, so this sign-in is closed for {minutes} minutes. Wait, or ask RevOps to open it.",
    )
    destination = safe_next(request, request.POST.get("next", ""), otherwise=reverse("inbox"))
    response = _form(request, form, destination, status=429)
    response.headers["Retry-After"] = str(minutes * 60)
    return response


@methods("POST")
def sign_out(request: HttpRequest) -> HttpResponse:
    """Ends the session; only a form can do it, so that no link or image signs anybody out."""
    logout(request)
    return redirect(settings.LOGOUT_REDIRECT_URL)


@methods("POST")
def theme(request: HttpRequest) -> HttpResponse:
    """Keeps the chosen theme in a cookie for a year and goes back to where the reader was."""
    response = redirect(safe_next(request, request.POST.get("next", ""), otherwise=reverse("inbox")))
    chosen = request.POST.get("theme")
    if chosen in THEMES:
        response.set_cookie("theme", chosen, max_age=A_YEAR, samesite="Lax", secure=request.is_secure())
    return response


def _form(request: HttpRequest, form: SignInForm, destination: str, *, status: int) -> HttpResponse:
    """The sign-in page. It names where the reader is going by the number in the address alone, and looks nothing up."""
    handoff = re.match(r"/handoffs/(HO-[0-9]+)/", destination)
    context = {"form": form, "next": destination, "destination": handoff[1] if handoff else ""}
    return page(request, "sign_in.html", context, status=status)
