"""Lists: what the reader may see, narrowed by filters, page by page, in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import django_filters
from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from handoffs.api.paging import KeysetPages
from handoffs.api.problems import ParameterError
from handoffs.api.views import ApiView

PAGING = frozenset({"limit", "ordering", "cursor"})


class ListView(ApiView):
    """A list. `orderings` maps the words of `ordering` to columns, the first being the usual."""

    orderings: ClassVar[Mapping[str, str]]
    filterset_class: ClassVar[type[django_filters.FilterSet]]
    Output: ClassVar[type[Serializer[Any]]]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        filters = cls.filterset_class.base_filters
        cls.several = frozenset(
            name for name, each in filters.items() if isinstance(each, django_filters.MultipleChoiceFilter)
        )
        cls.single = PAGING | frozenset(filters) - cls.several

    def get_queryset(self) -> QuerySet[Any]:
        """All that the reader may see."""
        raise NotImplementedError

    def page(self, request: Request) -> Response:
        """One page of it."""
        narrowed = self.filterset_class(request.query_params, queryset=self.get_queryset(), request=request)
        if not narrowed.is_valid():
            raise ParameterError({name: list(sentences) for name, sentences in narrowed.errors.items()})
        pages = KeysetPages()
        rows = pages.rows_of(narrowed.qs, request, self.orderings)
        return pages.answer(self.Output(rows, many=True, context={"request": request}).data)
