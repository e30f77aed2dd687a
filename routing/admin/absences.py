"""Who is away when, also from a calendar file: first a list of what it would change, then the change."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import admin, messages
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import dateformat

from routing import absence_import
from routing.absence_import import CalendarFileError, Entry, LeftOut, Line
from routing.admin.people import WhenFilter
from routing.admin_base import (
    AutocompleteSelectFilter,
    ChoicesDropdownFilter,
    HistoryModelAdmin,
    UnfoldAdminSelectWidget,
    action,
    business_now,
)
from routing.forms import AbsenceForm
from routing.models import Absence, Rep

SALT = "routing.absence_import"
OPEN_FOR = 3600
"""Seconds in which a list that was shown may be confirmed."""
DAY, MOMENT = "D j M Y", "D j M Y, H:i"


class CalendarFileForm(forms.Form):
    """Whose absences, of what kind, from which file."""

    rep = forms.ModelChoiceField(
        label="Person",
        queryset=Rep.objects.filter(is_active=True),
        empty_label="Choose somebody",
        widget=UnfoldAdminSelectWidget(),
        error_messages={
            "required": "Choose whose absences these are.",
            "invalid_choice": "Choose somebody of the list.",
        },
    )
    kind = forms.ChoiceField(label="Kind", choices=Absence.Kind.choices, widget=UnfoldAdminSelectWidget())
    file = forms.FileField(
        label="Calendar file (.ics)",
        widget=forms.FileInput(attrs={"accept": ".ics,text/calendar"}),
        error_messages={"required": "Choose the file.", "empty": "The file is empty. Export it again, as .ics."},
    )

    def clean_file(self) -> bytes:
        sent = self.cleaned_data["file"]
        if sent.size > absence_import.LARGEST:
            raise forms.ValidationError("The file is larger than 10 MB. Export only the absences.")
        raw: bytes = sent.read()
        return raw


@admin.register(Absence)
class AbsenceAdmin(HistoryModelAdmin[Absence]):
    """Who is away when."""

    form = AbsenceForm
    list_display = ("rep", "kind", "starts_at", "ends_at", "cover", "note")
    list_select_related = ("rep", "cover")
    list_filter = (WhenFilter, ("kind", ChoicesDropdownFilter), ("rep", AutocompleteSelectFilter))
    search_fields = ("rep__first_name", "rep__last_name", "note")
    autocomplete_fields = ("rep", "cover")
    date_hierarchy = "starts_at"
    actions_list = ("from_calendar",)

    def has_from_calendar_permission(self, request: HttpRequest) -> bool:
        return self.has_add_permission(request) and self.has_change_permission(request)

    @action(description="From a calendar file", icon="event_upcoming", permissions=["from_calendar"])
    def from_calendar(self, request: HttpRequest) -> HttpResponse:
        """The form; what the file would change; and, once that is confirmed, the change."""
        if request.method != "POST":
            return self._page(request, CalendarFileForm())
        if "shown" in request.POST:
            return self._confirmed(request, request.POST["shown"])
        form = CalendarFileForm(request.POST, request.FILES)
        if not form.is_valid():
            return self._page(request, form, status=422)
        rep = form.cleaned_data["rep"]
        try:
            entries, left_out = absence_import.read(form.cleaned_data["file"], zone=rep.time_zone, now=business_now())
        except CalendarFileError as error:
            form.add_error("file", str(error))
            return self._page(request, form, status=422)
        shown = {"rep": rep.pk, "kind": form.cleaned_data["kind"], "entries": [_packed(entry) for entry in entries]}
        lines = absence_import.compare(rep, entries)
        return self._page(request, form, rep=rep, lines=lines, left_out=left_out, shown=signing.dumps(shown, salt=SALT))

    def _confirmed(self, request: HttpRequest, sent: str) -> HttpResponse:
        back = HttpResponseRedirect(reverse("admin:routing_absence_changelist"))
        try:
            shown = signing.loads(sent, salt=SALT, max_age=OPEN_FOR)
            rep = Rep.objects.get(pk=shown["rep"])
        except (signing.BadSignature, Rep.DoesNotExist):
            self.message_user(request, "The list is too old to be confirmed. Send the file again.", messages.ERROR)
            return back
        lines = absence_import.take_over(rep, [_unpacked(raw) for raw in shown["entries"]], kind=shown["kind"])
        counts = {name: sum(line.change == name for line in lines) for name in ("new", "changed", "same")}
        said = f"{rep}: {counts['new']} new, {counts['changed']} changed, {counts['same']} as they were."
        self.message_user(request, said)
        return back

    def _page(
        self,
        request: HttpRequest,
        form: CalendarFileForm,
        *,
        status: int = 200,
        rep: Rep | None = None,
        lines: list[Line] | None = None,
        left_out: list[LeftOut] | None = None,
        shown: str = "",
    ) -> HttpResponse:
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "title": "Absences from a calendar file",
            "opts": self.opts,
            "form": form,
            "rep": rep,
            "lines": [
                {"change": line.change, "when": _when(line.entry, rep), "note": line.entry.note} for line in lines or ()
            ],
            "left_out": left_out,
            "shown": shown,
            "back": reverse("admin:routing_absence_changelist"),
        }
        return TemplateResponse(request, "admin/absences_from_calendar.html", context, status=status)


def _when(entry: Entry, rep: Rep | None) -> str:
    """The time of an entry on the person's own clock: whole days as days, the last one included."""
    zone = ZoneInfo(rep.time_zone if rep else "UTC")
    starts, ends = entry.starts_at.astimezone(zone), entry.ends_at.astimezone(zone)
    if starts.time() == ends.time() == time.min and ends > starts:
        first, last = dateformat.format(starts, DAY), dateformat.format(ends.date() - timedelta(days=1), DAY)
        return first if first == last else f"{first} to {last}"
    until = "H:i" if starts.date() == ends.date() else MOMENT
    return f"{dateformat.format(starts, MOMENT)} to {dateformat.format(ends, until)}"


def _packed(entry: Entry) -> list[str]:
    return [entry.uid, entry.starts_at.isoformat(), entry.ends_at.isoformat(), entry.note]


def _unpacked(raw: list[str]) -> Entry:
    uid, starts, ends, note = raw
    return Entry(uid, datetime.fromisoformat(starts), datetime.fromisoformat(ends), note)
