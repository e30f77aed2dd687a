"""Addresses under /api/ that lead nowhere: they are answered like every refusal of the API."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import APIView


class NothingHere(APIView):
    """Any address under /api/ that leads nowhere. Asks for no session: there is nothing to guard."""

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()
    schema = None

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        raise exceptions.NotFound(
            f"There is no {request.path}. Addresses end with a slash; GET /api/schema/ lists them all."
        )

    def get(self, request: Any) -> Response:
        """Never reached: `initial` answers every method alike."""
        raise Http404
