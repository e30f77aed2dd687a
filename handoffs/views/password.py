"""Changing one's own password. There is no reset by e-mail: an administrator (a superuser) sets a new one."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import authenticate, update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.debug import sensitive_post_parameters

from handoffs.views.page import methods, page, signed_in
from handoffs.views.session import too_many
from routing.models import User


class PasswordForm(PasswordChangeForm):
    """The present password once, the new one twice."""

    error_messages = {
        "password_mismatch": "The two new passwords differ. Type the same one twice.",
        "password_incorrect": "This is not your current password. Nothing was changed.",
    }

    def __init__(self, request: HttpRequest, user: User, data: Any = None) -> None:
        super().__init__(user, data)
        self.request = request
        for name, missing in (
            ("old_password", "Enter your current password."),
            ("new_password1", "Enter a new password."),
            ("new_password2", "Enter the new password once more."),
        ):
            self.fields[name].error_messages["required"] = missing

    def clean_old_password(self) -> str:
        """The current password. A wrong one counts like a wrong one at sign-in, so that nobody tries them out here."""
        given = str(self.cleaned_data["old_password"])
        # The password hasher sees it even when the person is locked out; the answer is the same either way.
        found = authenticate(self.request, username=self.user.email, password=given)
        if getattr(self.request, "axes_locked_out", False):
            raise ValidationError(too_many(self.request), code="locked_out")
        if found != self.user:
            raise ValidationError(self.error_messages["password_incorrect"], code="password_incorrect")
        return given

    def validate_password_for_user(self, user: User, password_field_name: str = "") -> None:
        """Says what is wrong with the new password where it was typed first."""
        super().validate_password_for_user(user, "new_password1")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        old, new = cleaned.get("old_password"), cleaned.get("new_password1")
        if old and old == new:
            self.add_error("new_password1", forms.ValidationError("Choose one that differs from the current password."))
        return cleaned


@sensitive_post_parameters()
@methods("GET", "HEAD", "POST")
@signed_in
def change(request: HttpRequest) -> HttpResponse:
    """The page to change one's password; it ends every other session of the person."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - `signed_in` lets nobody else through
    if not user.has_usable_password() or not settings.PASSWORD_SIGN_IN:
        return page(request, "password.html", {"place": "me"})
    form = PasswordForm(request, user, request.POST if request.method == "POST" else None)
    if form.is_valid():
        form.save()
        update_session_auth_hash(request, user)
        messages.success(request, "Your password is changed. Wherever else you were signed in, you are signed out.")
        return redirect("password")
    return page(request, "password.html", {"form": form, "place": "me"}, status=422 if form.is_bound else 200)


@methods("GET", "HEAD", "POST")
def to_own_page(_request: HttpRequest) -> HttpResponse:
    """The admin's link to change a password leads to the one page for it."""
    return redirect("password")
