"""What Slack does when a person presses a button under an app's message: signs it and calls the app."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from tests.fakes.exchange import Call, Page
from tests.fakes.html import document, el, join

FORM = "application/x-www-form-urlencoded"
WAITS = 3.0


def payload_of(
    *, person: str, conversation: str, ts: str, action: str, value: str, at: str | None = None
) -> dict[str, Any]:
    """An interaction as Slack describes it, as far as an app needs it."""
    return {
        "type": "block_actions",
        "user": {"id": person, "username": person.lower(), "team_id": "T0STANDIN"},
        "api_app_id": "A0HANDOFFS",
        "container": {"type": "message", "message_ts": ts, "channel_id": conversation, "is_ephemeral": False},
        "channel": {"id": conversation},
        "actions": [
            {"type": "button", "action_id": action, "value": value, "action_ts": at or f"{time.time():.6f}"},
        ],
    }


def signed(payload: Mapping[str, Any], *, secret: str, at: float | None = None) -> tuple[bytes, dict[str, str]]:
    """Body and headers of the call, signed at `at` (seconds since 1970), now if it is not said."""
    body = urlencode({"payload": json.dumps(payload)}).encode()
    stamp = str(int(time.time() if at is None else at))
    signature = hmac.new(secret.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    headers = {
        "Content-Type": FORM,
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": f"v0={signature}",
    }
    return body, headers


def press(call: Call, *, url: str, secret: str, messages: Mapping[str, list[dict[str, Any]]]) -> Page:
    """Presses for the person named in the form, and says how the app answered."""
    action, _, value = str(call.body.get("pressed", "")).partition(" ")
    conversation, ts = str(call.body.get("conversation", "")), str(call.body.get("ts", ""))
    if not any(message["ts"] == ts for message in messages.get(conversation, ())):
        return _page("There is no such message.", status=404)
    person = str(call.body.get("person", "")).strip()
    payload = payload_of(person=person, conversation=conversation, ts=ts, action=action, value=value)
    body, headers = signed(payload, secret=secret)
    began = time.monotonic()
    try:
        with urlopen(Request(url, data=body, headers=headers, method="POST"), timeout=WAITS) as answer:
            status = answer.status
    except HTTPError as error:
        status = error.code
    except (URLError, TimeoutError):
        return _page(f"{url} did not answer within {WAITS:g} seconds.", status=502)
    took = (time.monotonic() - began) * 1000
    return _page(f"{person} pressed {action}. The app answered {status} after {took:.0f} ms.")


def _page(sentence: str, *, status: int = 200) -> Page:
    back = el("p", el("a", "Back to the messages", href="/"), " What changed shows there in a few seconds.")
    body = join(el("h1", "Pressed"), el("p", sentence, class_="sub"), back)
    return Page(content=document(title="Pressed", system="Slack", body=body), status=status)
