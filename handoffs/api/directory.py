"""Accounts and colleagues: what a caller names in a request."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Prefetch, QuerySet
from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response

from handoffs.access import accounts_visible_to, roster_visible_to
from handoffs.api.documenting import describe
from handoffs.api.filters import AccountFilter, RepFilter
from handoffs.api.lists import ListView
from handoffs.api.shapes import AccountShape, RepShape
from handoffs.api.views import ApiView, key_of
from handoffs.models import Account, Deal
from routing.models import Rep, User


class AccountsView(ListView):
    """The accounts that the reader may start a handoff for."""

    filterset_class = AccountFilter
    orderings = {"name": "name", "-name": "-name"}
    Output = AccountShape

    def get_queryset(self) -> QuerySet[Account]:
        return accounts_of(self.user)

    @describe("list_accounts")
    def get(self, request: Request) -> Response:
        return self.page(request)


class AccountView(ApiView):
    """One account."""

    @describe("read_account")
    def get(self, request: Request, account: str) -> Response:
        found = accounts_of(self.user).filter(uuid=_uuid(account)).first()
        if found is None:
            raise Http404
        return Response(AccountShape(found).data)


class RepsView(ListView):
    """The roster."""

    filterset_class = RepFilter
    orderings = {"first_name": "first_name", "-first_name": "-first_name"}
    Output = RepShape

    def get_queryset(self) -> QuerySet[Rep]:
        return roster_visible_to(self.user).select_related("team")

    @describe("list_reps")
    def get(self, request: Request) -> Response:
        return self.page(request)


class RepView(ApiView):
    """One colleague."""

    @describe("read_rep")
    def get(self, request: Request, rep: str) -> Response:
        found = roster_visible_to(self.user).select_related("team").filter(uuid=_uuid(rep)).first()
        if found is None:
            raise Http404
        return Response(RepShape(found).data)


def accounts_of(user: User) -> QuerySet[Account]:
    """The accounts that the user may see, with what their answer tells."""
    open_deals = Prefetch("deals", queryset=Deal.objects.filter(is_closed=False).defer("metadata").order_by("pk"))
    accounts = accounts_visible_to(user).select_related("owner").defer("custom", "metadata")
    return accounts.prefetch_related(open_deals)


def _uuid(named: str) -> UUID:
    found: Any = key_of(named).get("uuid")
    if found is None:
        raise Http404
    return UUID(str(found))
