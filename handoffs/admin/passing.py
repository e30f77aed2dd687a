"""Giving handoffs to somebody else, and withdrawing them: from the list or the page, by way of a page that asks why."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from handoffs import pipeline
from handoffs.access import may
from handoffs.admin.scope import actor_of
from handoffs.models import Handoff
from handoffs.now import now
from handoffs.reassigning import can_take
from handoffs.states import MOVES, RefusedError
from routing.admin_base import ModelAdmin, UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, action
from routing.models import Rep

if TYPE_CHECKING:
    _Admin = ModelAdmin[Handoff]
else:
    _Admin = object

LONGEST_REASON = 2_000
SHOWN = ("account", "owner__team", "team", "to_team")


class WhyForm(forms.Form):
    """Why it is done; the log and whoever is told get it as written."""

    verb: ClassVar[str]
    title: ClassVar[str]
    button: ClassVar[str]
    happens: ClassVar[str]
    done: ClassVar[str]
    reason = forms.CharField(
        label="Why",
        max_length=LONGEST_REASON,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        error_messages={"required": "Say in a sentence why."},
    )

    def __init__(self, data: Any, handoffs: Iterable[Handoff]) -> None:
        super().__init__(data)
        # What was shown when the form was opened, also where it is shown again.
        self.rows = [(handoff, (data or {}).get(_field(handoff)) or str(handoff.version)) for handoff in handoffs]

    def do(self, handoff: Handoff, *, actor: str, version: int | None) -> None:
        """The one call of the pipeline. Raises RefusedError."""
        raise NotImplementedError

    def version_of(self, handoff: Handoff) -> int | None:
        """The version that was decided on; None if none was sent. Raises RefusedError for one that is none."""
        sent = self.data.get(_field(handoff), "")
        if sent and not (sent.isascii() and sent.isdecimal() and len(sent) < 10):
            raise RefusedError(f"The form does not say which {handoff.reference} it showed. Open it again.")
        return int(sent) if sent else None


class WithdrawForm(WhyForm):
    """The trigger was wrong."""

    verb, title, button = "withdraw", "Withdraw", "Withdraw"
    happens = "Clocks stop, owners are told, and it cannot be opened again."
    done = "is withdrawn"

    def do(self, handoff: Handoff, *, actor: str, version: int | None) -> None:
        pipeline.withdraw(handoff, reason=self.cleaned_data["reason"], actor=actor, now=now(), version=version)


class ReassignForm(WhyForm):
    """Somebody else takes it."""

    verb, title, button = "reassign", "Give to somebody else", "Reassign"
    happens = "The new owner gets a clock of their own and is told; so is whoever had it."
    done = "has a new owner"
    field_order = ("to", "reason")
    to = forms.ModelChoiceField(
        label="New owner",
        queryset=Rep.objects.none(),
        empty_label="Choose somebody",
        widget=UnfoldAdminSelectWidget(),
        error_messages={"required": "Choose who takes it.", "invalid_choice": "Choose somebody of the list."},
    )

    def __init__(self, data: Any, handoffs: Iterable[Handoff]) -> None:
        super().__init__(data, handoffs)
        people: Any = self.fields["to"]
        # Of several, whoever may take one of them: the pipeline says of which they may not.
        can = reduce(or_, (can_take(handoff) for handoff, _ in self.rows), Q(pk=None))
        reps = Rep.objects.filter(can, is_active=True)
        owner = self.rows[0][0].owner if len(self.rows) == 1 else None
        if data is None and owner is not None:
            reps = reps.exclude(pk=owner.pk)
        people.queryset = reps.select_related("team").order_by("first_name", "last_name")
        people.label_from_instance = lambda rep: f"{rep.name}, {rep.team.name}"

    def do(self, handoff: Handoff, *, actor: str, version: int | None) -> None:
        chosen = self.cleaned_data
        pipeline.reassign(handoff, to=chosen["to"], reason=chosen["reason"], actor=actor, now=now(), version=version)


def _field(handoff: Handoff) -> str:
    """The name under which the form carries the version of a handoff."""
    return f"version_{handoff.pk}"


MakesForm = Callable[[Any, Iterable[Handoff]], WhyForm]


class PassingOn(_Admin):
    """The two verbs, as actions of the list and as buttons of a handoff's page."""

    @admin.action(description="Give to somebody else", permissions=["change"])
    def reassign(self, request: HttpRequest, queryset: QuerySet[Handoff]) -> HttpResponse | None:
        return self._from_list(request, queryset, ReassignForm)

    @admin.action(description="Withdraw", permissions=["change"])
    def withdraw(self, request: HttpRequest, queryset: QuerySet[Handoff]) -> HttpResponse | None:
        return self._from_list(request, queryset, WithdrawForm)

    @action(description="Give to somebody else", icon="forward", permissions=["reassign_one"])
    def reassign_this(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._from_page(request, object_id, ReassignForm)

    @action(description="Withdraw", icon="cancel", permissions=["withdraw_one"])
    def withdraw_this(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._from_page(request, object_id, WithdrawForm)

    def has_reassign_one_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._offered(request, object_id, "reassign")

    def has_withdraw_one_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._offered(request, object_id, "withdraw")

    def _offered(self, request: HttpRequest, object_id: Any, verb: str) -> bool:
        """Where it can help. Whoever sends the form late is told by the pipeline why not."""
        if not self.has_change_permission(request) or not str(object_id).isdecimal():
            return False
        handoff = self.get_queryset(request).filter(pk=object_id).first()
        if handoff is None or not may(request.user, verb, handoff):
            return False
        return request.method == "POST" or handoff.state in MOVES[verb][0]

    def _from_list(
        self, request: HttpRequest, queryset: QuerySet[Handoff], form_class: MakesForm
    ) -> HttpResponse | None:
        sent = "confirmed" in request.POST
        form = form_class(request.POST if sent else None, queryset.select_related(*SHOWN))
        if sent and form.is_valid():
            self._do(request, form)
            return None
        where = reverse("admin:handoffs_handoff_changelist")
        return self._ask(request, form, where)

    def _from_page(self, request: HttpRequest, object_id: str, form_class: MakesForm) -> HttpResponse:
        handoffs = self.get_queryset(request).filter(pk=object_id).select_related(*SHOWN)
        form = form_class(request.POST if request.method == "POST" else None, handoffs)
        where = reverse("admin:handoffs_handoff_change", args=[object_id])
        if form.is_valid():
            self._do(request, form)
            return HttpResponseRedirect(where)
        return self._ask(request, form, where)

    def _do(self, request: HttpRequest, form: WhyForm) -> None:
        """One sentence for each: what happened, or why nothing did."""
        for handoff, _ in form.rows:
            if not may(request.user, form.verb, handoff):
                self.message_user(request, f"{handoff.reference} is not yours to {form.verb}.", messages.ERROR)
                continue
            try:
                form.do(handoff, actor=actor_of(request), version=form.version_of(handoff))
            except RefusedError as refusal:
                self.message_user(request, str(refusal), messages.ERROR)
            else:
                self.message_user(request, f"{handoff.reference} {form.done}.")

    def _ask(self, request: HttpRequest, form: WhyForm, back: str) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": form.title,
            "opts": self.opts,
            "form": form,
            "action": request.POST.get("action", ""),
            "back": back,
        }
        return TemplateResponse(request, "admin/why.html", context, status=422 if form.is_bound else 200)
