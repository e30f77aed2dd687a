"""How one wants to be told, when one wants quiet, and how the pages behave."""

from __future__ import annotations

import zoneinfo
from datetime import time
from functools import cache
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from handoffs.access import rep_of
from handoffs.models import Preference
from handoffs.now import now
from handoffs.views.page import PageRequest, methods, page, reading_of, signed_in
from routing.models import User

KEPT = ("channel", "quiet_from", "quiet_until", "single_keys")
NOT_A_TIME = "Write a time of day as hours and minutes, such as 22:00."


# The areas of the time-zone database that name places; the others repeat them under old names or stand for none.
AREAS = ("Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")


@cache
def _zones() -> tuple[tuple[str, str], ...]:
    """Every zone that can be chosen: UTC, and those of places."""
    names = sorted(name for name in zoneinfo.available_timezones() if name.partition("/")[0] in AREAS and "/" in name)
    return tuple((name, name.replace("_", " ")) for name in ("UTC", *names))


class PreferenceForm(forms.Form):
    """A person's own preferences, with the time zone of their account."""

    channel = forms.ChoiceField(
        choices=Preference.Channel.choices,
        error_messages={
            "required": "Choose how messages reach you.",
            "invalid_choice": "There is no such way. Choose one of the three.",
        },
    )
    quiet_from = forms.TimeField(required=False, input_formats=["%H:%M"], error_messages={"invalid": NOT_A_TIME})
    quiet_until = forms.TimeField(required=False, input_formats=["%H:%M"], error_messages={"invalid": NOT_A_TIME})
    time_zone = forms.ChoiceField(
        choices=_zones, error_messages={"invalid_choice": "There is no such time zone. Choose one of the list."}
    )

    single_keys = forms.BooleanField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kept = self.initial["time_zone"]
        if kept not in dict(_zones()) and kept not in {"Factory", "localtime"}:
            # Set by an administrator under a name that is not offered: to save the rest must not change it.
            cast(forms.ChoiceField, self.fields["time_zone"]).choices = [(kept, kept), *_zones()]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        start, end = cleaned.get("quiet_from"), cleaned.get("quiet_until")
        if (start is None) != (end is None) and not self.errors:
            missing = "quiet_from" if start is None else "quiet_until"
            self.add_error(missing, "Give both the start and the end of your quiet hours, or neither.")
        elif isinstance(start, time) and start == end:
            self.add_error("quiet_until", "Quiet hours that end when they start have no length. Change one of the two.")
        return cleaned


@methods("GET", "HEAD", "POST")
@signed_in
def me(request: HttpRequest) -> HttpResponse:
    """The reader's own settings; a wrong form comes back with status 422."""
    user = cast(PageRequest, request).user
    present = Preference.objects.filter(user=user).first() or Preference(user=user)
    kept = {name: getattr(present, name) for name in KEPT} | {"time_zone": user.time_zone}
    form = PreferenceForm(request.POST if request.method == "POST" else None, initial=kept)
    if form.is_valid():
        _keep(form, user)
        messages.success(request, "Your settings are saved. They hold for what is sent from now on.")
        return redirect("me")
    rep = rep_of(user)
    context = {
        "place": "me",
        "form": form,
        "has_slack": rep is not None and bool(rep.messaging_id),
        "is_on_roster": rep is not None,
        "zone_now": reading_of(user, now()).moment(now()),
    }
    return page(request, "preferences.html", context, status=422 if form.is_bound else 200)


def _keep(form: PreferenceForm, user: User) -> None:
    chosen = form.cleaned_data
    values = {name: chosen[name] for name in KEPT}
    with transaction.atomic():
        Preference.objects.update_or_create(user=user, defaults=values)
        if user.time_zone != chosen["time_zone"]:
            user.time_zone = chosen["time_zone"]
            user.save(update_fields=["time_zone"])
