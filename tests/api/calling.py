"""A program that calls the API, and what it makes of the answers."""

import json
from typing import Any

from django.test import Client

from routing.models import User


class Caller:
    """Speaks JSON, with a token or without one."""

    def __init__(self, token: str = "", *, user: User | None = None) -> None:
        self.client = Client(raise_request_exception=False)
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.user = user

    def get(self, path: str, query: dict[str, Any] | None = None, **headers: str) -> Any:
        return self.client.get(address(path), query or {}, headers=self._sent(headers))

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        raw = json.dumps({} if body is None else body)
        return self.send("POST", path, raw, **headers)

    def send(
        self, method: str, path: str, raw: str | bytes = b"", media: str = "application/json", **headers: str
    ) -> Any:
        return self.client.generic(method, address(path), raw, content_type=media, headers=self._sent(headers))

    def _sent(self, headers: dict[str, str]) -> dict[str, str]:
        return self.headers | {name.replace("_", "-"): value for name, value in headers.items()}


def address(path: str) -> str:
    here = path.removeprefix("http://testserver")
    return here if here.startswith("/") else f"/api/v1/{here}"


def problem(answer: Any, status: int, kind: str = "") -> dict[str, Any]:
    """The problem document of an answer, which must be one of that status and kind."""
    assert answer.status_code == status, answer.content.decode()[:500]
    assert answer.headers["Content-Type"] == "application/problem+json"
    document: dict[str, Any] = json.loads(answer.content)
    assert document["status"] == status
    assert document["title"]
    assert document["detail"]
    if kind:
        assert document["type"] == f"urn:handoffs:problem:{kind}"
    return document
