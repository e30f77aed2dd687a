"""What somebody may see of handoffs in the admin, and finding them by the number people say."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest

from handoffs.access import visible_to
from routing.admin_base import ModelAdmin

if TYPE_CHECKING:
    _Admin = ModelAdmin[Any]
else:
    _Admin = object

REFERENCE = re.compile(r"HO-?([0-9]{1,18})", re.IGNORECASE)


def sees_all(request: HttpRequest) -> bool:
    """Whether nothing is hidden from whoever asks: then no row needs to be compared."""
    return not visible_to(request.user).query.where


class OfHandoffs(_Admin):
    """Rows that belong to a handoff: shown to who may see that handoff, and found by HO-2418."""

    handoff_path: ClassVar[str] = "handoff_id"
    """The column with the handoff's id."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        if sees_all(request):
            return rows
        return rows.filter(Exists(visible_to(request.user).filter(pk=OuterRef(self.handoff_path))))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        number = REFERENCE.fullmatch(search_term.strip())
        if number is not None:
            return queryset.filter(**{self.handoff_path: int(number[1])}), False
        return super().get_search_results(request, queryset, search_term)


def actor_of(request: HttpRequest) -> str:
    """Who did it, as the log writes it."""
    return f"user:{request.user.pk}"
