"""What Slack sends us when somebody presses a button: is it Slack, is it fresh, and what was pressed. Pure.

See https://docs.slack.dev/authentication/verifying-requests-from-slack and
https://docs.slack.dev/reference/interaction-payloads/block_actions-payload.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

from handoffs.connectors.slack_blocks import ACKNOWLEDGE

FRESH_SECONDS = 300
FORM = "application/x-www-form-urlencoded"
LONGEST = 200

_STAMP = re.compile(r"[0-9]{1,12}")


class UnreadableError(ValueError):
    """Signed by Slack, and yet not what Slack sends for a button."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pressed:
    """One button that was pressed; `is_acknowledge` is False for buttons that only open a page."""

    person: str
    conversation: str
    message: str
    at: str
    value: str
    is_acknowledge: bool


def is_from_slack(raw: bytes, *, stamp: str, signature: str, secrets: Sequence[str], now: datetime) -> bool:
    """Whether one of `secrets` signed these very bytes at most five minutes from `now` (real time), either way."""
    if not _STAMP.fullmatch(stamp) or abs(now.timestamp() - int(stamp)) > FRESH_SECONDS:
        return False
    base = b"v0:" + stamp.encode() + b":" + raw
    given = signature.encode("utf-8", "replace")
    # Each secret is tried, whatever the one before said, so that the time tells nothing.
    matches = [
        hmac.compare_digest(b"v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest().encode(), given)
        for secret in secrets
        if secret
    ]
    return any(matches)


def pressed(raw: bytes) -> Pressed:
    """What was pressed. Raises UnreadableError for anything but a block action with one button."""
    try:
        [payload] = parse_qs(raw.decode("ascii"), strict_parsing=True, max_num_fields=5)["payload"]
        body = json.loads(payload)
        action = body["actions"][0]
        found = {
            "person": body["user"]["id"],
            "conversation": body["container"]["channel_id"],
            "message": body["container"]["message_ts"],
            "at": action["action_ts"],
            "value": action.get("value", ""),
        }
        known = body["type"] == "block_actions" and isinstance(action["action_id"], str)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        raise UnreadableError("This is no press of a button.") from None
    if not known or not all(_plain(value) for value in found.values()):
        raise UnreadableError("This is no press of a button.")
    return Pressed(**found, is_acknowledge=action["action_id"] == ACKNOWLEDGE)


def _plain(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST and value.isprintable()
