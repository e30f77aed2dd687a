"""Gaps on the handoff's page: fill one in its own line, or ask whoever can."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from handoffs import filling, pipeline, timeline, wording
from handoffs.access import may, rep_of
from handoffs.completeness_fields import FIELDS
from handoffs.connectors.ports import ConnectorError
from handoffs.models import Handoff
from handoffs.now import now, real_now
from handoffs.states import BadValueError, RefusedError
from handoffs.views.page import PageRequest, methods, page, reading_of, signed_in
from handoffs.views.queue import ring
from handoffs.views.record import find
from handoffs.views.verbs.doing import CHANGED, not_yours, refused, version_of
from handoffs.views.verbs.gap_lines import GapLine, lines_of

SAME_CLICK = timedelta(minutes=1)
SHORT = frozenset({"champion", "economic_buyer", "expansion_value", "timeline", "budget_confirmed"})


class GapForm(forms.Form):
    """The value of one gap, in the kind of field that fits it."""

    value = forms.CharField(error_messages={"required": "Write what is known."})

    def __init__(self, data: Any, *, gap: GapLine, name: str, where: str) -> None:
        super().__init__(data, label_suffix="", auto_id=f"{gap.id}-%s")
        field = self.fields["value"]
        field.label = wording.capital(gap.label)
        field.help_text = f"Goes into the {where} in the CRM."
        field.widget = _widget(name)
        field.widget.attrs["autofocus"] = True

    def clean_value(self) -> str:
        """The text, if it is one of the choices or short enough."""
        said = str(self.cleaned_data["value"]).strip()
        if len(said) > filling.LONGEST:
            raise forms.ValidationError(
                f"The text has {len(said):,} characters and at most {filling.LONGEST:,} are kept. Shorten it."
            )
        return said


@methods("GET", "HEAD", "POST")
@signed_in
def gap(request: HttpRequest, number: int, key: str) -> HttpResponse:
    """Fills one gap: GET shows the field in the gap's line, or as a page; `?leave` shows the line as it was."""
    asked = cast(PageRequest, request)
    handoff, line = _found(asked, number, key)
    if line is None:
        return _gone(asked, handoff, key)
    if "leave" in request.GET and request.method != "POST":
        return page(request, "handoffs/verbs/_gap.html", {"handoff": handoff, "gap": line})
    name = filling.metadata_key(handoff, key)
    if name is None or not line.can_fill:
        return refused(asked, handoff, f"{wording.capital(line.label)} can only be filled in the CRM.", status=409)
    where = f"deal {handoff.deal.crm_id}" if handoff.deal else f"account {handoff.account.crm_id}"
    form = GapForm(request.POST or None, gap=line, name=name, where=where)
    if request.method != "POST":
        return _shown(asked, handoff, line, form, status=200)
    if not form.is_valid():
        return _shown(asked, handoff, line, form, status=422)
    return _filled(asked, handoff, line, form)


@methods("POST")
@signed_in
def ask(request: HttpRequest, number: int, key: str) -> HttpResponse:
    """Asks whoever can fill the gap, once an hour."""
    asked = cast(PageRequest, request)
    handoff, line = _found(asked, number, key)
    if line is None:
        return _gone(asked, handoff, key)
    try:
        whom = pipeline.ask_gap(handoff, gap=key, by=rep_of(asked.user), actor=f"user:{asked.user.pk}", now=now())
    except RefusedError as error:
        if asked.htmx:
            context = {"handoff": handoff, "gap": line, "refusal": str(error)}
            return page(request, "handoffs/verbs/_gap.html", context, status=409)
        return refused(asked, handoff, str(error), status=409)
    if not asked.htmx:
        messages.success(request, f"{wording.name(whom.name)} is asked for the {line.label}.")
        return redirect("handoff", number)
    label, (_, line) = line.label, _found(asked, number, key)
    context = {"handoff": handoff, "gap": line, "toast": f"{wording.name(whom.name)} is asked for the {label}."}
    return page(request, "handoffs/verbs/_gap_answer.html", context)


def _filled(request: PageRequest, handoff: Handoff, line: GapLine, form: GapForm) -> HttpResponse:
    """Writes it, and answers with the line as done, the ring and the number of gaps."""
    try:
        version = version_of(request)
        filled = pipeline.fill_gap(
            handoff,
            gap=line.key,
            value=form.cleaned_data["value"],
            actor=f"user:{request.user.pk}",
            now=now(),
            real_now=real_now(),
            version=version,
        )
    except BadRequest:
        return refused(request, handoff, "The page sent a version that is none. Reload it and try again.", status=400)
    except BadValueError as error:
        form.add_error("value", str(error))
        return _shown(request, handoff, line, form, status=422)
    except RefusedError as error:
        return refused(request, handoff, str(error), status=409, kept=form.cleaned_data["value"])
    except ConnectorError as error:
        # Sent again, the same words are stored once: what the CRM may have taken does no harm.
        refusal = f"The CRM did not take it: {error} Nothing was changed, try again later."
        unsure = f"It is not certain that the CRM took it: {error} Save it again in a moment."
        form.add_error(None, unsure if error.unknown else refusal)
        return _shown(request, handoff, line, form, status=502)
    said = f"{wording.capital(line.label)} is filled in."
    if not filling.is_looked_at(filled):
        said = f"{wording.capital(line.label)} is in the CRM. The handoff is looked at again shortly."
    if not request.htmx:
        messages.success(request, said)
        return redirect("handoff", handoff.pk)
    after = find(request.user, handoff.pk)
    left = lines_of(after, request.user, may_fill=True, reading=reading_of(request.user, now()))
    context = {
        "handoff": after,
        "gap": line,
        "is_filled": True,
        "toast": said,
        "ring": ring(after.completeness, is_flagged=after.is_flagged),
        "critical_left": sum(other.is_critical for other in left),
    }
    response = page(request, "handoffs/verbs/_gap_answer.html", context)
    if after.state != handoff.state:
        response.headers["HX-Trigger"] = CHANGED
    return response


def _found(request: PageRequest, number: int, key: str) -> tuple[Handoff, GapLine | None]:
    """The handoff and its gap; Http404 for a handoff not seen or a field that there is not."""
    handoff = find(request.user, number)
    if key not in FIELDS:
        raise Http404
    may_fill = may(request.user, "fill_gap", handoff)
    if not may_fill:
        return handoff, None
    lines = lines_of(handoff, request.user, may_fill=True, reading=reading_of(request.user, now()))
    return handoff, next((line for line in lines if line.key == key), None)


def _gone(request: PageRequest, handoff: Handoff, key: str) -> HttpResponse:
    """What is asked for is not theirs to do, or not missing: they filled it a moment ago, or somebody else did."""
    if not may(request.user, "fill_gap", handoff):
        return refused(request, handoff, not_yours(handoff), status=403)
    label = wording.capital(FIELDS[key].label)
    last = timeline.last(handoff.stream, "gap_filled", gap=key)
    mine = last is not None and last.actor == f"user:{request.user.pk}" and last.at > now() - SAME_CLICK
    if mine and request.method == "POST" and not request.htmx:
        messages.success(request, f"{label} is filled in.")
        return redirect("handoff", handoff.pk)
    return refused(request, handoff, f"{label} is not missing any more. Below is what is on record.", status=409)


def _shown(request: PageRequest, handoff: Handoff, line: GapLine, form: GapForm, *, status: int) -> HttpResponse:
    version = request.POST.get("version") or handoff.version
    context = {"handoff": handoff, "gap": line, "form": form, "version": version}
    template = "handoffs/verbs/_gap_form.html" if request.htmx else "handoffs/verbs/gap.html"
    return page(request, template, context, status=status)


def _widget(name: str) -> forms.Widget:
    """The kind of field that a key of the CRM wants."""
    if name in filling.CHOICES:
        choices = [("", "Choose one"), *filling.CHOICES[name].items()]
        return forms.Select(choices=choices, attrs={"class": "input"})
    if name == filling.SCORE:
        return forms.NumberInput(attrs={"class": "input", "min": 0, "max": 100, "step": 1, "inputmode": "numeric"})
    if name in SHORT:
        return forms.TextInput(attrs={"class": "input", "dir": "auto"})
    return forms.Textarea(attrs={"class": "input", "rows": 3, "dir": "auto"})
