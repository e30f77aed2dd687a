"""The admin's first page: what needs a hand, and the way to every list."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.db.models import Min, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.timesince import timesince

from handoffs import rule_signatures
from handoffs.admin.promise import GAPS, STUCK
from handoffs.admin.sidebar import navigation
from handoffs.models import Delivery, Handoff
from handoffs.now import now
from handoffs.rule_access import sees_rules
from routing import ledger
from routing.admin.parts import EMPTY_TARGET
from routing.models import Membership, Rule, RuleSet
from sla.models import Clock

# Model, which rows, what to call them (one, many), and the list that shows them.
TILES: tuple[tuple[Any, Any, str, str, str], ...] = (
    (Handoff, STUCK["blocked"], "waits for its sender", "wait for their sender", "stands=blocked"),
    (Handoff, STUCK["nobody"], "has no owner", "have no owner", "stands=nobody"),
    (Handoff, STUCK["left"], "is open with somebody who left", "are open with people who left", "stands=left"),
    (Handoff, STUCK["parked"], "handoff is parked", "handoffs are parked", "stands=parked"),
    (Delivery, Q(state=Delivery.State.PARKED), "message is parked", "messages are parked", "needs=parked"),
    (Rule, EMPTY_TARGET, "live rule leads to nobody", "live rules lead to nobody", "target=empty"),
    (
        Membership,
        Q(pk__in=ledger.astray().values("pk")),
        "member's turns do not add up",
        "members' turns do not add up",
        "turns=astray",
    ),
)


def start_page(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Adds `tiles` and `groups` to the first page's context; counts only what the reader may see."""
    return context | {
        "title": "What needs a hand",
        "tiles": list(_tiles(request)),
        "groups": [group for group in navigation(request) if "title" in group],
    }


def _tiles(request: HttpRequest) -> Iterator[dict[str, Any]]:
    for model, rows, one, many, narrowed in TILES:
        model_admin = admin.site.get_model_admin(model)
        if model_admin.has_view_permission(request):
            count = model_admin.get_queryset(request).filter(rows).count()
            yield _tile(model, count, one if count == 1 else many, narrowed)
    yield from _versions(request)
    handoffs = admin.site.get_model_admin(Handoff)
    if handoffs.has_view_permission(request):
        at, runs = now(), Q(clock_state=Clock.State.RUNNING)
        timed: QuerySet[Any] = handoffs.get_queryset(request).filter(runs)
        over = timed.filter(promised_at__lte=at).count()
        yield _tile(Handoff, over, "is past its deadline" if over == 1 else "are past their deadline", "promise=over")
        risk = timed.filter(risk_at__lte=at, promised_at__gt=at).count()
        yield _tile(Handoff, risk, "is at risk" if risk == 1 else "are at risk", "promise=risk")
        gaps: QuerySet[Any] = handoffs.get_queryset(request).filter(GAPS)
        count, since = gaps.count(), gaps.aggregate(since=Min("received_at"))["since"]
        oldest = f", the oldest for {timesince(since, at, depth=1)}" if since else ""
        yield _tile(Handoff, count, f"{'has' if count == 1 else 'have'} open gaps{oldest}", "stands=gaps")


def _versions(request: HttpRequest) -> Iterator[dict[str, Any]]:
    """Versions of the rules that wait, each led to where it is signed or published: the product's own page."""
    user: Any = request.user  # the admin lets nobody else in
    if not sees_rules(user, at=now()) or not admin.site.get_model_admin(RuleSet).has_view_permission(request):
        return
    found: dict[bool, list[int]] = {False: [], True: []}
    for number, is_signed in rule_signatures.in_approval():
        found[is_signed].append(number)
    for is_signed, one, many in (
        (False, "version of the rules waits for signatures", "versions of the rules wait for signatures"),
        (True, "version of the rules is signed, not published", "versions of the rules are signed, not published"),
    ):
        numbers = found[is_signed]
        only = len(numbers) == 1
        link = reverse("rule_version", args=numbers) if only else reverse("rules")
        yield {"count": len(numbers), "words": one if only else many, "link": link}


def _tile(model: Any, count: int, words: str, narrowed: str) -> dict[str, Any]:
    meta = model._meta
    address = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")
    return {"count": count, "words": words, "link": f"{address}?{narrowed}"}
