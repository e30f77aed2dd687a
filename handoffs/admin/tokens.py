"""API tokens: who has which, and until when. They are issued by a command, which alone can show them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from knox.models import AuthToken

from handoffs.now import real_now
from routing.admin_base import ReadOnlyAdmin, display

admin.site.unregister(AuthToken)


@admin.register(AuthToken)
class AuthTokenAdmin(ReadOnlyAdmin[Any]):
    """The beginning of each token; the rest is known to its holder alone. Deleting one revokes it."""

    list_display = ("begins", "user", "created", "expiry", "standing")
    list_select_related = ("user",)
    search_fields = ("token_key", "user__email")
    ordering = ("-created",)
    fields = ("begins", "user", "created", "expiry")
    readonly_fields = ("begins",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm("knox.delete_authtoken"))

    @display(description="token", ordering="token_key")
    def begins(self, token: Any) -> str:
        return f"{token.token_key}..."

    @display(description="stands", label={"Holds": "success", "Expired": ""})
    def standing(self, token: Any) -> str:
        return "Expired" if token.expiry is not None and token.expiry <= real_now() else "Holds"
