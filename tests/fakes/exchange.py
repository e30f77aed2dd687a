"""What passes between the wire and a stand-in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request. `headers` have lower-case names; `body` is the JSON object or the form that came with it."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What a stand-in decides: the answer, a word for the ledger, and what took effect, if anything did."""

    status: int = 200
    body: Any = None
    outcome: str = "ok"
    effect: dict[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class Page:
    """An answer for people: bytes with their type and the content security policy they need."""

    content: bytes
    kind: str = "text/html; charset=utf-8"
    policy: str = "default-src 'none'; style-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'self'"
    status: int = 200
