"""Presses of the button as Slack reports them, and what is there to see afterwards."""

import hashlib
import hmac
from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from django.test import Client

from handoffs import outbox
from handoffs.models import Delivery, Event, Handoff
from tests.factories import NOW
from tests.fakes.fixtures import Fake
from tests.fakes.slack_presses import payload_of, signed
from tests.outside.conftest import SECRET

URL = "/slack/actions/"


def payload(handoff: Handoff, *, person: str = "U0INGRID", number: int = 1, **changed: Any) -> dict[str, Any]:
    values = {
        "person": person,
        "conversation": "C0AE",
        "ts": "1795000000.000100",
        "action": "handoff_ack",
        "value": f"{handoff.reference}/{number}",
        "at": "1795000100.000000",
    }
    return payload_of(**(values | changed))


def call(body: bytes, headers: dict[str, str]) -> HttpResponse:
    kind = headers["Content-Type"]
    extra = {name: value for name, value in headers.items() if name != "Content-Type"}
    return Client(enforce_csrf_checks=True).post(URL, data=body, content_type=kind, headers=extra)  # type: ignore[return-value]


def press(handoff: Handoff, *, secret: str = SECRET, at: float | None = None, **changed: Any) -> HttpResponse:
    return call(*signed(payload(handoff, **changed), secret=secret, at=at))


def state(handoff: Handoff) -> str:
    return Handoff.objects.get(pk=handoff.pk).state


def answers() -> list[str]:
    return [row.payload["text"] for row in Delivery.objects.filter(purpose="reply").order_by("id")]


def rows() -> tuple[int, int, int]:
    return Event.objects.count(), Delivery.objects.count(), sum(Handoff.objects.values_list("version", flat=True))


def drain() -> None:
    """Sends all that is due, until nothing is."""
    while outbox.deliver_due(now=NOW + timedelta(minutes=1), clock=lambda: NOW + timedelta(minutes=1), limit=50):
        pass


def blocks(slack: Fake) -> list[dict[str, Any]]:
    """The blocks of the announcement as everybody in the channel sees it now."""
    [posted] = [
        effect for effect in slack.effects(path="chat.postMessage") if effect["channel"]["name"] == "ae-enterprise"
    ]
    changed = [effect for effect in slack.effects(path="chat.update") if effect["ts"] == posted["ts"]]
    return (changed[-1] if changed else posted)["message"]["blocks"]  # type: ignore[no-any-return]


def buttons(slack: Fake) -> list[str]:
    return [each["text"]["text"] for block in blocks(slack) if block["type"] == "actions" for each in block["elements"]]


def signed_raw(body: bytes) -> HttpResponse:
    """Signed by Slack, whatever it says."""
    _, headers = signed({}, secret=SECRET)
    stamp = headers["X-Slack-Request-Timestamp"]
    digest = hmac.new(SECRET.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    return call(body, headers | {"X-Slack-Signature": f"v0={digest}"})
