"""A stand-in for Resend: mail from templates or written out, under idempotency keys.

    python -m tests.fakes.resend --port 0 --data /tmp/fakes

Errors have Resend's shape: {"statusCode", "name", "message"}. `/_script` knows
{"templates": {"tmpl_x": ["variable", ...], "tmpl_handoff_briefing": null}} (null removes one),
{"valid_keys": ["re_..."]} and {"key_hours": 24}, how long an idempotency key is remembered.
"""

from __future__ import annotations

import json
import sys
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.fakes import resend_page
from tests.fakes.exchange import Call, Page, Reply
from tests.fakes.ledger import Row
from tests.fakes.resend_checks import Refusal, checked
from tests.fakes.system import FakeSystem
from tests.fakes.wire import serve

TEMPLATES = {
    "tmpl_handoff_briefing": [
        "owner_name",
        "account_name",
        "handoff_type",
        "key_contacts",
        "summary",
        "recommended_approach",
        "sla_deadline",
    ]
}
KEY_HOURS = 24


class FakeResend(FakeSystem):
    """Takes any key that begins with re_, unless valid ones were scripted."""

    name = "resend"

    def forget(self) -> None:
        self.mails: dict[str, Row] = {}
        self.sent_under: dict[str, Row] = {}

    def key_of(self, call: Call) -> str:
        return call.headers.get("idempotency-key", "")

    def failure(self, status: int) -> Any:
        name = {429: "rate_limit_exceeded", 422: "validation_error"}.get(status, "application_error")
        return {"statusCode": status, "name": name, "message": "An order to fail was carried out."}

    def page(self, call: Call) -> Page | None:
        return resend_page.page(call, mails=list(self.mails.values()))

    def busy(self) -> Reply | None:
        return _refusal(Refusal(409, "concurrent_idempotent_requests", "The first request is still in progress."))

    def apply(self, row: Row) -> None:
        self.mails[row["effect"]["id"]] = row
        if row["key"]:
            self.sent_under[row["key"]] = row

    def answer(self, call: Call) -> Reply:
        refused = self._refused_key(call.headers.get("authorization", "").removeprefix("Bearer ").strip())
        if refused:
            return _refusal(refused)
        if call.path == "/emails" and call.method == "POST":
            return self._send(call)
        mail = self.mails.get(call.path.removeprefix("/emails/")) if call.method == "GET" else None
        if mail is None:
            return _refusal(Refusal(404, "not_found", "Email not found"))
        return Reply(body={"object": "email", "last_event": "delivered", **mail["effect"]})

    def _refused_key(self, api_key: str) -> Refusal | None:
        if not api_key:
            return Refusal(401, "missing_api_key", "Missing API key in the authorization header.")
        valid = self.scripted.get("valid_keys")
        if api_key in valid if valid is not None else api_key.startswith("re_"):
            return None
        return Refusal(403, "invalid_api_key", "API key is invalid.")

    def _send(self, call: Call) -> Reply:
        key = self.key_of(call)
        if "idempotency-key" in call.headers and not 1 <= len(key) <= 256:
            return _refusal(Refusal(400, "invalid_idempotency_key", "The key must be between 1-256 chars."))
        first = self.sent_under.get(key) if key else None
        if first is not None and self._remembered(first):
            if _canonical(first["body"]) != _canonical(call.body):
                return _refusal(
                    Refusal(409, "invalid_idempotent_request", "Same key used with a different request payload.")
                )
            return Reply(body={"id": first["effect"]["id"]}, outcome="replayed")
        content = checked(call.body, templates=self._templates())
        if isinstance(content, Refusal):
            return _refusal(content)
        identity = str(uuid.uuid4())
        effect = {"id": identity, "created_at": datetime.now(UTC).isoformat(), **content}
        return Reply(body={"id": identity}, effect=effect)

    def _remembered(self, row: Row) -> bool:
        hours = float(self.scripted.get("key_hours", KEY_HOURS))
        return datetime.now(UTC) - datetime.fromisoformat(row["received"]) < timedelta(hours=hours)

    def _templates(self) -> dict[str, list[str]]:
        known = {**TEMPLATES, **self.scripted.get("templates", {})}
        return {name: variables for name, variables in known.items() if variables is not None}


def _canonical(body: dict[str, Any]) -> str:
    return json.dumps(body, sort_keys=True)


def _refusal(refusal: Refusal) -> Reply:
    body = {"statusCode": refusal.status, "name": refusal.name, "message": refusal.message}
    return Reply(status=refusal.status, body=body, outcome=refusal.name)


if __name__ == "__main__":
    sys.exit(serve(FakeResend))
