"""The admin's first page: what needs a hand, and the way to every list."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse

from handoffs.admin.sidebar import navigation
from handoffs.models import Delivery, Handoff, State
from handoffs.now import now
from sla.models import Clock

# Model, which rows, what to call them (one, many), and the list that shows them.
TILES: tuple[tuple[Any, Q, str, str, str], ...] = (
    (Delivery, Q(state=Delivery.State.PARKED), "message is parked", "messages are parked", "needs=parked"),
    (Handoff, Q(parked_at__isnull=False), "handoff is parked", "handoffs are parked", "stands=stuck"),
    (Handoff, Q(state=State.BLOCKED), "handoff is blocked", "handoffs are blocked", "state__exact=blocked"),
    (Handoff, Q(state=State.UNASSIGNED), "has no owner", "have no owner", "state__exact=unassigned"),
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
    handoffs = admin.site.get_model_admin(Handoff)
    if handoffs.has_view_permission(request):
        late = Q(clock_state=Clock.State.RUNNING, promised_at__lte=now())
        count = handoffs.get_queryset(request).filter(late).count()
        yield _tile(Handoff, count, "is over its SLA" if count == 1 else "are over their SLA", "promise=over")


def _tile(model: Any, count: int, words: str, narrowed: str) -> dict[str, Any]:
    meta = model._meta
    address = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")
    return {"count": count, "words": words, "link": f"{address}?{narrowed}"}
