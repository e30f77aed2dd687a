"""Sign-in through the company's own provider (OpenID Connect): who the provider vouches for, and who may come in.

Needs the extra `oidc`; the module is loaded only when settings name a provider. The library asks, counts states and
checks signature and nonce; what it leaves open is closed here: issuer, audience, expiry, the same person in token and
user info, a verified e-mail, an active account. All calls leave by our own door to the network.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import jwt
from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.core.exceptions import SuspiciousOperation
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils.encoding import smart_str
from mozilla_django_oidc.auth import OIDCAuthenticationBackend

from handoffs.connectors.http import Door
from handoffs.connectors.ports import ConnectorError, SignInRefusedError
from routing.models import User

UNTRUSTED = "The answer of the sign-in provider could not be trusted, so nobody was signed in. Start again."
AWAY = "The sign-in provider does not answer as it should. Try again in a minute, or tell RevOps."
NOT_VERIFIED = "The sign-in provider does not vouch for your e-mail address. Ask whoever runs it to confirm it."
UNKNOWN = "There is no active account here for your e-mail address. Ask an administrator to open one."
SUPERUSER = "Accounts with all powers do not come in this way. Use your password instead."


class CompanySignIn(OIDCAuthenticationBackend):
    """An authentication backend of Django's; `vouched` is the way in."""

    def vouched(self, request: HttpRequest, *, nonce: str, code_verifier: str) -> User:
        """The person the provider vouches for in its answer to `request`. Raises SignInRefusedError with a sentence."""
        try:
            user = self.authenticate(request, nonce=nonce, code_verifier=code_verifier)
        except ConnectorError as error:
            raise SignInRefusedError(AWAY) from error
        except (SuspiciousOperation, jwt.PyJWTError, KeyError, TypeError, ValueError) as error:
            raise SignInRefusedError(UNTRUSTED) from error
        if user is None:
            raise SignInRefusedError(UNTRUSTED)
        user.backend = f"{type(self).__module__}.{type(self).__qualname__}"
        return user  # type: ignore[no-any-return]

    def verify_token(self, token: str, **kwargs: Any) -> dict[str, Any]:
        """The claims of a token meant for us, by our provider, still good. Expiry is checked while it is decoded."""
        claims: dict[str, Any] = super().verify_token(token, **kwargs)
        audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        mine = settings.OIDC_RP_CLIENT_ID
        if claims["iss"] != settings.OIDC_ISSUER or mine not in audience or claims.get("azp", mine) != mine:
            raise SuspiciousOperation("The token is for somebody else, or from somebody else.")
        if len(audience) > 1 and "azp" not in claims:
            raise SuspiciousOperation("The token is for several and does not say which of them asked.")
        if not kwargs.get("nonce") or not claims["exp"] or not claims["sub"]:
            raise SuspiciousOperation("The token lacks what ties it to this sign-in.")
        return claims

    def get_or_create_user(self, access_token: str, id_token: str, payload: Mapping[str, Any]) -> User:
        """The one account with this verified address, in any case of letters."""
        claims = self.get_userinfo(access_token, id_token, payload)
        if claims["sub"] != payload["sub"]:
            raise SuspiciousOperation("Token and user info speak of two people.")
        email = str(claims.get("email") or "").strip().lower()
        if not email or claims.get("email_verified") is not True:
            raise SignInRefusedError(NOT_VERIFIED)
        user = User.objects.filter(email__iexact=email).first()
        if user is None and settings.OIDC_CREATES_USERS:
            user = self._created(email, claims)
        if user is None or not user.is_active:
            raise SignInRefusedError(UNKNOWN)
        if user.is_superuser and not settings.OIDC_ALLOWS_SUPERUSERS:
            raise SignInRefusedError(SUPERUSER)
        return user

    def get_user(self, user_id: int) -> User | None:
        """The library would also give back who has been deactivated."""
        found = ModelBackend.get_user(self, user_id)
        return found if isinstance(found, User) else None

    def get_token(self, payload: Mapping[str, str]) -> dict[str, Any]:
        """Trades the code for tokens."""
        return _asked(
            settings.OIDC_OP_TOKEN_ENDPOINT,
            "OIDC_TOKEN_URL",
            content=urlencode(payload).encode(),
            headers={"content-type": "application/x-www-form-urlencoded"},
        )

    def get_userinfo(self, access_token: str, id_token: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        """What the provider knows of the person."""
        headers = {"authorization": f"Bearer {access_token}"}
        return _asked(settings.OIDC_OP_USER_ENDPOINT, "OIDC_USERINFO_URL", headers=headers)

    def retrieve_matching_jwk(self, token: str) -> jwt.PyJWK:
        """The provider's key that the token names."""
        head = jwt.get_unverified_header(token)
        keys = _asked(settings.OIDC_OP_JWKS_ENDPOINT, "OIDC_JWKS_URL")["keys"]
        for key in keys:
            if key["kid"] == smart_str(head["kid"]) and key.get("alg", head["alg"]) == head["alg"]:
                return jwt.PyJWK(key)
        raise SuspiciousOperation("The token is signed with a key the provider does not have.")

    @staticmethod
    def _created(email: str, claims: Mapping[str, Any]) -> User:
        first, last = (str(claims.get(name) or "")[:150] for name in ("given_name", "family_name"))
        try:
            with transaction.atomic():
                return User.objects.create_user(email, first_name=first, last_name=last)
        except IntegrityError:  # they came in twice at once
            return User.objects.get(email__iexact=email)


def _asked(url: str, setting: str, *, headers: Mapping[str, str] | None = None, content: bytes = b"") -> dict[str, Any]:
    door = Door(system="The sign-in provider", base_url=url, setting=setting)
    answer = door.request(
        method="POST" if content else "GET",
        url=url,
        headers={"accept": "application/json", **(headers or {})},
        content=content,
    )
    answer.refuse_failure(credentials="OIDC_CLIENT_ID and OIDC_CLIENT_SECRET")
    return answer.json_object()
