"""Who calls, and how often: tokens that nobody can read back, and a limit per person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from knox.auth import TokenAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from handoffs.now import real_now

NOT_KNOWN = (
    "This token is none of ours, has expired or was revoked, or its person has left. An administrator issues one with "
    "`manage.py issue_api_token E-MAIL`."
)

if TYPE_CHECKING:
    from rest_framework.views import APIView


class BearerToken(TokenAuthentication):
    """`Authorization: Bearer <token>`. An expired token is refused and stays, for the admin to show.

    Knox itself deletes it while it authenticates, but no GET of ours changes anything.
    """

    def authenticate(self, request: Request) -> Any:
        try:
            return super().authenticate(request)
        except AuthenticationFailed:
            raise AuthenticationFailed(NOT_KNOWN) from None

    def authenticate_credentials(self, token: bytes) -> Any:
        if not token.replace(b"_", b"").isalnum():
            raise AuthenticationFailed
        return super().authenticate_credentials(token)

    def _cleanup_token(self, auth_token: Any) -> bool:
        return auth_token.expiry is not None and auth_token.expiry <= real_now()


class PerPerson(SimpleRateThrottle):
    """So many calls a minute per person, counted in each web process: a brake for scripts that run wild."""

    scope = "api"

    def get_rate(self) -> str:
        return f"{settings.API_CALLS_PER_MINUTE}/minute"

    def get_cache_key(self, request: Request, view: APIView) -> str | None:
        if not request.user.is_authenticated:
            return None
        return f"api-calls:{request.user.pk}"
