"""A stand-in for a company's sign-in provider (OpenID Connect, code flow with PKCE, RS256).

    python -m tests.fakes.oidc --port 0 --data /tmp/fakes

GET /authorize answers with where the browser is sent back to, as the person that `/_script` {"person": {...}} put
before it; POST /token trades the code, once; /userinfo and /jwks are what they are called. `/_script` also understands
{"id_token": {...}} and {"userinfo": {...}} (claims to put in, None takes one out), {"forged": true} (signed with a key
that is not in /jwks) and {"decline": true}. Unlike its siblings it needs a package: cryptography, for the signature.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from tests.fakes.exchange import Call, Page, Reply
from tests.fakes.html import STYLE, document, el, join
from tests.fakes.ledger import Row
from tests.fakes.system import FakeSystem
from tests.fakes.wire import serve

CLIENT, SECRET, ISSUER = "handoffs-test", "oidc-test-secret", "https://id.fathomline.example"


class FakeOidc(FakeSystem):
    """Codes and tokens it gave out, each good once."""

    name = "oidc"

    def __init__(self, data: Path) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.other_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        super().__init__(data)

    def forget(self) -> None:
        self.codes: dict[str, dict[str, Any]] = {}
        self.tokens: dict[str, dict[str, Any]] = {}

    def apply(self, row: Row) -> None:
        effect = row["effect"]
        match effect["did"]:
            case "gave a code":
                self.codes[effect["code"]] = effect
            case "traded":
                self.tokens[effect["token"]] = self.codes.pop(effect["code"])

    def key_of(self, call: Call) -> str:
        return str(call.body.get("code", ""))

    def failure(self, status: int) -> Any:
        return {"error": "server_error"}

    def answer(self, call: Call) -> Reply:
        match call.method, call.path:
            case "GET", "/authorize":
                return self._authorize(call)
            case "POST", "/token":
                return self._trade(call)
            case "GET", "/userinfo":
                return self._userinfo(call)
            case "GET", "/jwks":
                public = RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
                return Reply(body={"keys": [{**public, "kid": "k1", "alg": "RS256", "use": "sig"}]})
        return Reply(status=404, body={"error": "not_found"}, outcome="not_found")

    def _authorize(self, call: Call) -> Reply:
        asked = call.query
        wanted = {"client_id": CLIENT, "response_type": "code", "code_challenge_method": "S256"}
        wrong = [name for name, value in wanted.items() if asked.get(name) != value]
        wrong += [name for name in ("state", "nonce", "redirect_uri", "code_challenge") if not asked.get(name)]
        if wrong or "openid" not in asked.get("scope", "").split():
            return Reply(status=400, body={"error": "invalid_request", "wrong": wrong}, outcome="refused")
        if self.scripted.get("decline"):
            back = urlencode({"error": "access_denied", "state": asked["state"]})
            return Reply(body={"location": f"{asked['redirect_uri']}?{back}"}, outcome="declined")
        code = secrets.token_urlsafe(16)
        effect = {"did": "gave a code", "code": code, **asked}
        back = urlencode({"code": code, "state": asked["state"]})
        return Reply(body={"location": f"{asked['redirect_uri']}?{back}"}, effect=effect)

    def _trade(self, call: Call) -> Reply:
        given = call.body
        kept = self.codes.get(str(given.get("code")))
        challenge = base64.urlsafe_b64encode(hashlib.sha256(str(given.get("code_verifier", "")).encode()).digest())
        good = (
            kept is not None
            and given.get("client_id") == CLIENT
            and given.get("client_secret") == SECRET
            and given.get("redirect_uri") == kept["redirect_uri"]
            and challenge.decode().rstrip("=") == kept["code_challenge"]
        )
        if kept is None or not good:
            return Reply(status=400, body={"error": "invalid_grant"}, outcome="refused")
        token = secrets.token_urlsafe(16)
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": CLIENT, "exp": now + 300, "iat": now, "nonce": kept["nonce"]}
        claims = _with(claims | {"sub": self._person()["sub"]}, self.scripted.get("id_token", {}))
        key = self.other_key if self.scripted.get("forged") else self.key
        signed = jwt.encode(claims, key, algorithm="RS256", headers={"kid": "k1"})
        body = {"access_token": token, "id_token": signed, "token_type": "Bearer", "expires_in": 300}
        return Reply(body=body, effect={"did": "traded", "code": given["code"], "token": token})

    def _userinfo(self, call: Call) -> Reply:
        if call.headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
            return Reply(status=401, body={"error": "invalid_token"}, outcome="unauthorized")
        return Reply(body=_with(self._person(), self.scripted.get("userinfo", {})))

    def _person(self) -> dict[str, Any]:
        person: dict[str, Any] = {"sub": "p-1", "email_verified": True, **self.scripted.get("person", {})}
        return person

    def page(self, call: Call) -> Page | None:
        if call.path == "/style.css":
            return Page(content=STYLE, kind="text/css; charset=utf-8")
        if call.path != "/":
            return None
        asked = [el("li", f"{row['received']} {row['path']}: {row['outcome']}") for row in reversed(self.rows()[-50:])]
        shown = el("ul", *asked) if asked else el("p", "Nobody has signed in yet.", class_="empty")
        body = join(el("h1", "Sign-ins"), shown)
        return Page(content=document(title="Sign-ins", system="the sign-in provider", body=body))


def _with(claims: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """The claims with some changed; None takes one out."""
    return {name: value for name, value in (claims | changes).items() if value is not None}


if __name__ == "__main__":
    sys.exit(serve(FakeOidc))
