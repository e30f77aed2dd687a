"""Starting a handoff by hand: find the account, then say what kind it is and which deal it is about."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from handoffs import giving, pipeline, wording
from handoffs.access import accounts_visible_to, kinds_of, may_start, rep_of, sender_of, visible_to
from handoffs.fitting import misfit
from handoffs.models import Account, Deal, Handoff
from handoffs.now import now
from handoffs.states import RefusedError
from handoffs.views.page import PageRequest, methods, page, signed_in
from handoffs.views.verbs.forms import HintedRadios
from routing.models import HandoffType

MOST = 20
LONGEST_SEARCH = 100
NEEDS = {
    HandoffType.MQL_TO_SALES: "A lead or a product-qualified account that reached the threshold",
    HandoffType.SQL_TO_AE: "A lead that an SDR qualified, with an open deal",
    HandoffType.CLOSED_TO_CS: "A deal that was won",
    HandoffType.EXPANSION_TO_SALES: "A customer who shows a sign of expansion",
}
NO_DEAL = "-"
WITHOUT_DEAL = "No deal means that the handoff is about the account alone, without a value, a stage or a close date."
LEFT_OPEN = "Choose the deal that it is about, or “No deal”."


class StartForm(forms.Form):
    """What kind of handoff, and about which deal of the account."""

    handoff_type = forms.ChoiceField(
        label="Kind of handoff",
        widget=HintedRadios,
        error_messages={"required": "Choose a kind.", "invalid_choice": "Choose one of the kinds."},
    )
    deal = forms.ChoiceField(
        label="Deal",
        required=False,
        widget=forms.Select(attrs={"class": "input"}),
        error_messages={"invalid_choice": "Choose a deal of this account."},
    )

    def __init__(self, data: Any, *, account: Account, kinds: list[HandoffType]) -> None:
        super().__init__(data, label_suffix="")
        self.beside: Handoff | None = None
        """One that is past first contact for the same account, kind and deal: the reader is asked about it."""
        self.deals = {deal.crm_id: deal for deal in account.deals.order_by("is_closed", "-crm_created_at", "-pk")[:50]}
        kind = cast(forms.ChoiceField, self.fields["handoff_type"])
        kind.choices = [(item.value, item.label) for item in kinds]
        cast(HintedRadios, kind.widget).hints = {item.value: NEEDS[item] for item in kinds}
        kind.initial = _usual(account, list(self.deals.values()), kinds)
        deal = cast(forms.ChoiceField, self.fields["deal"])
        self.has_open = any(not found.is_closed for found in self.deals.values())
        # With an open deal at hand, that there is none must be somebody's own choice.
        none = [("", "Choose a deal"), (NO_DEAL, "No deal")] if self.has_open else [("", "No deal")]
        deal.choices = [*none, *((crm_id, _deal(found)) for crm_id, found in self.deals.items())]
        deal.initial = _usual_deal(kind.initial, list(self.deals.values()))
        deal.help_text = WITHOUT_DEAL

    def clean(self) -> dict[str, Any]:
        """The kind as a HandoffType and the deal as a row; a deal that does not fit the kind is refused."""
        done: dict[str, Any] = super().clean() or {}
        if "handoff_type" not in done or "deal" not in done:
            return done
        kind, deal = HandoffType(done["handoff_type"]), self.deals.get(done["deal"])
        is_left_open = self.has_open and not done["deal"] and kind != HandoffType.MQL_TO_SALES
        refusal = misfit(kind, deal) or (LEFT_OPEN if is_left_open else "")
        if refusal:
            self.add_error("deal", refusal)
        return {"handoff_type": kind, "deal": deal}


@methods("GET", "HEAD", "POST")
@signed_in
def start(request: HttpRequest) -> HttpResponse:
    """`q` searches the accounts that the reader may open, `account` (its CRM id) leads to the form, POST starts it."""
    asked = cast(PageRequest, request)
    if not may_start(asked.user):
        sentence = "Reps, managers and RevOps start handoffs. Ask one of them to. Nothing was changed."
        return page(request, "handoffs/start.html", {"refusal": sentence, "place": "start"}, status=403)
    chosen = request.GET.get("account", "") or request.POST.get("account", "")
    if not chosen:
        return _searched(asked)
    account = accounts_visible_to(asked.user).filter(crm_id=chosen.replace("\0", "")).first()
    if account is None:
        raise Http404
    form = StartForm(request.POST if request.method == "POST" else None, account=account, kinds=kinds_of(asked.user))
    if request.method != "POST":
        return _shown(asked, account, form, status=200)
    if not form.is_valid():
        return _shown(asked, account, form, status=422)
    form.beside = _beside(account, form)
    if form.beside is not None and request.POST.get("another") != str(form.beside.pk):
        return _shown(asked, account, form, status=409)
    return _started(asked, account, form)


def _searched(request: PageRequest) -> HttpResponse:
    q = " ".join(request.GET.get("q", "").replace("\0", "").split())[:LONGEST_SEARCH]
    rep = rep_of(request.user)
    accounts = accounts_visible_to(request.user)
    found: QuerySet[Account] = accounts.filter(Q(owner=rep) | Q(named_owner=rep)) if rep else accounts.none()
    if q:
        found = accounts.filter(Q(name__icontains=q) | Q(domain__icontains=q) | Q(crm_id__iexact=q))
    rows = list(found.order_by("name", "pk")[: MOST + 1])
    lacks_account = request.method == "POST"
    context = {
        "q": q,
        "lacks_account": lacks_account,
        "accounts": [_account(account) for account in rows[:MOST]],
        "has_more": len(rows) > MOST,
        "most": MOST,
        "place": "start",
    }
    is_fragment = request.htmx and not request.htmx.history_restore_request
    template = "handoffs/_accounts.html" if is_fragment else "handoffs/start.html"
    return page(request, template, context, status=422 if lacks_account else 200)


def _shown(request: PageRequest, account: Account, form: StartForm, *, status: int) -> HttpResponse:
    beside = form.beside
    is_seen = beside is not None and visible_to(request.user).filter(pk=beside.pk).exists()
    context = {
        "account": account,
        "about": _account(account),
        "form": form,
        "place": "start",
        "beside": beside,
        "is_seen": is_seen,
    }
    return page(request, "handoffs/start_form.html", context, status=status)


def _beside(account: Account, form: StartForm) -> Handoff | None:
    """The one past first contact beside which a new one would start; none while one is open and shown instead."""
    kind, deal = form.cleaned_data["handoff_type"], form.cleaned_data["deal"]
    if pipeline.open_handoff(handoff_type=kind, account=account, deal=deal) is not None:
        return None
    return giving.followed(kind, account, deal)


def _started(request: PageRequest, account: Account, form: StartForm) -> HttpResponse:
    """Receives it, or shows the one that is open for the same account, kind and deal."""
    kind, deal = form.cleaned_data["handoff_type"], form.cleaned_data["deal"]
    try:
        handoff, is_new = pipeline.receive(
            handoff_type=kind,
            account=account,
            deal=deal,
            origin=Handoff.Origin.PAGE,
            now=now(),
            actor=f"user:{request.user.pk}",
            from_rep=sender_of(request.user),
        )
    except RefusedError as error:
        form.add_error(None, str(error))
        return _shown(request, account, form, status=422)
    if is_new:
        messages.success(request, f"{handoff.reference} is started. It is being prepared, which takes a few seconds.")
    elif not visible_to(request.user).filter(pk=handoff.pk).exists():
        form.add_error(
            None,
            f"Such a handoff of {wording.name(account.name)} is open already, with people whose work you do not see. "
            "Nothing was started: ask RevOps about it.",
        )
        return _shown(request, account, form, status=409)
    else:
        messages.info(request, f"{handoff.reference} is open for this already, so nothing new was started.")
    return redirect(reverse("handoff", args=[handoff.pk]))


def _usual(account: Account, deals: list[Deal], kinds: list[HandoffType]) -> str:
    """The kind that the account's state suggests, if the reader sends it."""
    suggested = HandoffType.MQL_TO_SALES
    if account.is_customer:
        suggested = HandoffType.EXPANSION_TO_SALES
    elif any(not deal.is_closed for deal in deals):
        suggested = HandoffType.SQL_TO_AE
    elif any(deal.is_won for deal in deals):
        suggested = HandoffType.CLOSED_TO_CS
    if suggested in kinds:
        return suggested.value
    return kinds[0].value if len(kinds) == 1 else ""


def _usual_deal(kind: Any, deals: list[Deal]) -> str:
    fitting = [deal.crm_id for deal in deals if kind and not misfit(HandoffType(kind), deal)]
    return fitting[0] if len(fitting) == 1 else ""


def _deal(deal: Deal) -> str:
    worth = wording.money(deal.amount, deal.currency) if deal.amount is not None else ""
    stands = "won" if deal.is_won else "closed" if deal.is_closed else deal.stage
    return ", ".join(filter(None, (deal.name or deal.crm_id, worth, stands)))


def _account(account: Account) -> dict[str, str]:
    place = ", ".join(filter(None, (account.industry, account.city, account.country)))
    return {"name": account.name, "crm_id": account.crm_id, "about": place, "domain": account.domain}
