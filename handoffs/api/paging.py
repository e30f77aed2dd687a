"""Pages of a list, each beginning after the last row of the one before: no row is doubled when others come or go."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core import signing
from django.db.models import Q, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from handoffs.api.problems import ParameterError

LEAST, USUAL, MOST = 1, 50, 200


class KeysetPages:
    """`?limit=`, `?ordering=` and `?cursor=`; the answer is {"results": [...], "next": address or null}.

    `orderings` maps each word of `ordering` to the column that sorts, the first one being the usual; a
    leading minus turns it round. Rows that are equal there are told apart by their number. The cursor is signed: what
    is in it was written by us.
    """

    next: str | None = None

    def rows_of(self, queryset: QuerySet[Any], request: Request, orderings: Mapping[str, str]) -> list[Any]:
        """The rows of the page that `request` asks for. Raises ParameterError."""
        word = request.query_params.get("ordering") or next(iter(orderings))
        if word not in orderings:
            raise ParameterError({"ordering": [f"Choose one of {', '.join(orderings)}."]})
        limit = _limit(request)
        column, backwards = orderings[word].removeprefix("-"), orderings[word].startswith("-")
        ordered = queryset.order_by(*(("-" if backwards else "") + name for name in (column, "pk")))
        cursor = request.query_params.get("cursor")
        if cursor:
            ordered = ordered.filter(_after(cursor, word, column, backwards=backwards))
        rows: list[Any] = list(ordered[: limit + 1])
        if len(rows) > limit:
            last = rows[limit - 1]
            value = getattr(last, column)
            told = value.isoformat() if isinstance(value, datetime) else value
            mark = signing.dumps([word, told, last.pk], salt="api.cursor")
            self.next = replace_query_param(request.build_absolute_uri(), "cursor", mark)
        return rows[:limit]

    def answer(self, data: Any) -> Response:
        """The page around its rows."""
        return Response({"results": data, "next": self.next})


def _limit(request: Request) -> int:
    text = request.query_params.get("limit", str(USUAL))
    if not (text.isascii() and text.isdecimal() and len(text) < 5 and LEAST <= int(text) <= MOST):
        raise ParameterError({"limit": [f"Give a whole number from {LEAST} to {MOST}."]})
    return int(text)


def _after(cursor: str, word: str, column: str, *, backwards: bool) -> Q:
    """The rows behind the one that the cursor names. Raises ParameterError for one that is not ours, or of another
    order.
    """
    try:
        ordering, value, pk = signing.loads(cursor, salt="api.cursor")
    except (signing.BadSignature, ValueError):
        ordering = None
    if ordering != word:
        raise ParameterError({"cursor": ["This cursor is not of this list. Begin again without one."]})
    than = "lt" if backwards else "gt"
    return Q(**{f"{column}__{than}": value}) | Q(**{column: value, f"pk__{than}": pk})
