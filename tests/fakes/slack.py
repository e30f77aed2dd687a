"""A stand-in for Slack's Web API: posting, updating, history with metadata, and what those need.

    python -m tests.fakes.slack --port 0 --data /tmp/fakes

Errors come as Slack sends them: HTTP 200 and {"ok": false, "error": ...}. History takes conversation ids only.
`/_script` knows {"unknown_channels": ["#gone", "U0GONE"], "revoked_tokens": ["xoxb-old"]}, and where buttons lead:
{"interactions": {"url": "http://127.0.0.1:8000/slack/actions/", "secret": "..."}}. Then its page has buttons that work.
"""

from __future__ import annotations

import base64
import hashlib
import sys
import time
from collections.abc import Callable
from typing import Any

from tests.fakes import slack_page, slack_presses
from tests.fakes.exchange import Call, Page, Reply
from tests.fakes.ledger import Row
from tests.fakes.slack_checks import faults_of, notified
from tests.fakes.system import FakeSystem
from tests.fakes.wire import serve

BOT = {"user": "U0HANDOFFS", "bot_id": "B0HANDOFFS", "app_id": "A0HANDOFFS", "team": "T0STANDIN"}
MAX_METADATA = 16_000
MAX_TEXT = 40_000


class FakeSlack(FakeSystem):
    """Channels come into being when somebody posts to them, unless they were scripted as unknown."""

    name = "slack"

    def forget(self) -> None:
        self.channels: dict[str, dict[str, Any]] = {}
        self.messages: dict[str, list[dict[str, Any]]] = {}
        self._last_ts = 0

    def key_of(self, call: Call) -> str:
        metadata = call.body.get("metadata")
        payload = metadata.get("event_payload") if isinstance(metadata, dict) else None
        return str(payload.get("delivery_key", "")) if isinstance(payload, dict) else ""

    def failure(self, status: int) -> Any:
        return {"ok": False, "error": "ratelimited" if status == 429 else "internal_error"}

    def page(self, call: Call) -> Page | None:
        leads = bool(self.scripted.get("interactions"))
        return slack_page.page(call, rows=self.rows(), channels=self.channels, pressable=leads)

    def pressed(self, call: Call) -> Page | None:
        """A person presses a button on our page: Slack signs what they did and sends it to the app."""
        leads = self.scripted.get("interactions")
        if call.path != "/press" or not leads:
            return None
        return slack_presses.press(call, url=leads["url"], secret=leads["secret"], messages=self.messages)

    def apply(self, row: Row) -> None:
        effect = row["effect"]
        self._last_ts = max(self._last_ts, _microseconds(effect["ts"]))
        channel = effect["channel"]
        if row["path"].endswith("chat.postEphemeral"):
            return
        self.channels[channel["id"]] = channel
        posted = self.messages.setdefault(channel["id"], [])
        if row["path"].endswith("chat.update"):
            old = next(message for message in posted if message["ts"] == effect["ts"])
            old.update(effect["message"])
        else:
            posted.append(effect["message"])

    def answer(self, call: Call) -> Reply:
        method = METHODS.get(call.path.removeprefix("/api/"))
        if method is None or not call.path.startswith("/api/"):
            return _refusal("unknown_method")
        token = call.headers.get("authorization", "").removeprefix("Bearer ").strip()
        if not token:
            return _refusal("not_authed")
        if not token.startswith("xoxb-"):
            return _refusal("invalid_auth")
        if token in self.scripted.get("revoked_tokens", ()):
            return _refusal("token_revoked")
        if "_unreadable" in call.body:
            return _refusal("invalid_json")
        return method(self, {**call.query, **call.body})

    # The methods of the API.

    def post(self, asked: dict[str, Any]) -> Reply:
        channel = self._channel(str(asked.get("channel", "")), opens=True)
        if channel is None:
            return _refusal("channel_not_found")
        refused = _refused_content(asked)
        if refused:
            return refused
        ts = self._next_ts()
        message = {"type": "message", **BOT, "text": asked.get("text", ""), "ts": ts}
        message |= {name: asked[name] for name in ("blocks", "metadata") if asked.get(name)}
        effect = {"channel": channel, "ts": ts, "message": message, "notified": notified(message)}
        return Reply(body={"ok": True, "channel": channel["id"], "ts": ts, "message": message}, effect=effect)

    def update(self, asked: dict[str, Any]) -> Reply:
        channel = self.channels.get(str(asked.get("channel", "")))
        if channel is None:
            return _refusal("channel_not_found")
        ts = str(asked.get("ts", ""))
        if not any(message["ts"] == ts for message in self.messages[channel["id"]]):
            return _refusal("message_not_found")
        refused = _refused_content(asked)
        if refused:
            return refused
        changed = {name: asked[name] for name in ("text", "blocks", "metadata") if name in asked}
        effect = {"channel": channel, "ts": ts, "message": changed, "notified": []}
        return Reply(
            body={"ok": True, "channel": channel["id"], "ts": ts, "text": asked.get("text", "")}, effect=effect
        )

    def tell(self, asked: dict[str, Any]) -> Reply:
        """A message for one person, which is in nobody's history."""
        channel = self.channels.get(str(asked.get("channel", "")))
        if channel is None:
            return _refusal("channel_not_found")
        if not str(asked.get("user", "")):
            return _refusal("user_not_in_channel")
        refused = _refused_content(asked)
        if refused:
            return refused
        ts = self._next_ts()
        message = {"type": "message", **BOT, "text": asked.get("text", ""), "ts": ts, "only_for": asked["user"]}
        return Reply(
            body={"ok": True, "message_ts": ts},
            effect={"channel": channel, "ts": ts, "message": message, "notified": [asked["user"]]},
        )

    def history(self, asked: dict[str, Any]) -> Reply:
        channel = self.channels.get(str(asked.get("channel", "")))
        if channel is None:
            return _refusal("channel_not_found")
        limit = min(int(asked.get("limit") or 100), 999)
        newest_first = list(reversed(self.messages[channel["id"]]))
        if asked.get("oldest"):
            newest_first = [message for message in newest_first if float(message["ts"]) > float(asked["oldest"])]
        if asked.get("latest"):
            newest_first = [message for message in newest_first if float(message["ts"]) < float(asked["latest"])]
        start = _position(str(asked.get("cursor") or ""))
        shown = newest_first[start : start + limit]
        if not _true(asked.get("include_all_metadata")):
            shown = [{name: value for name, value in message.items() if name != "metadata"} for message in shown]
        more = start + limit < len(newest_first)
        cursor = _cursor(start + limit) if more else ""
        body = {"ok": True, "messages": shown, "has_more": more, "response_metadata": {"next_cursor": cursor}}
        return Reply(body=body)

    def conversations(self, asked: dict[str, Any]) -> Reply:
        known = sorted((one for one in self.channels.values() if one["is_channel"]), key=lambda one: str(one["name"]))
        limit, start = min(int(asked.get("limit") or 100), 1000), _position(str(asked.get("cursor") or ""))
        cursor = _cursor(start + limit) if start + limit < len(known) else ""
        body = {"ok": True, "channels": known[start : start + limit], "response_metadata": {"next_cursor": cursor}}
        return Reply(body=body)

    def open(self, asked: dict[str, Any]) -> Reply:
        channel = self._channel(str(asked.get("users", "")), opens=True)
        if channel is None or channel["is_channel"]:
            return _refusal("user_not_found")
        # A direct message is there whether anybody has written or not.
        self.channels.setdefault(channel["id"], channel)
        self.messages.setdefault(channel["id"], [])
        return Reply(body={"ok": True, "channel": {"id": channel["id"]}})

    def auth(self, asked: dict[str, Any]) -> Reply:
        who = {"url": "https://standin.slack.example/", "team": "Stand-in", "team_id": BOT["team"], "user": "handoffs"}
        return Reply(body={"ok": True, **who, "user_id": BOT["user"], "bot_id": BOT["bot_id"]})

    def user(self, asked: dict[str, Any]) -> Reply:
        person = str(asked.get("user", ""))
        if not person or person in self.scripted.get("unknown_channels", ()):
            return _refusal("user_not_found")
        about = {"id": person, "name": person.lower(), "real_name": person.title(), "tz": "Etc/UTC", "deleted": False}
        return Reply(body={"ok": True, "user": about})

    # What the methods share.

    def _channel(self, named: str, *, opens: bool) -> dict[str, Any] | None:
        """The conversation of that id, or the one that a "#name" or a person's id opens."""
        unknown = self.scripted.get("unknown_channels", ())
        if not named or named in unknown or f"#{named.removeprefix('#')}" in unknown:
            return None
        if named in self.channels:
            return self.channels[named]
        if named[0] in "UW" and named.isupper() and opens:
            return {"id": _id("D", named), "name": "", "user": named, "is_channel": False}
        if named[0] in "CDG" and named.isupper():
            return None
        name = named.removeprefix("#")
        return {"id": _id("C", name), "name": name, "is_channel": True, "is_member": True, "is_archived": False}

    def _next_ts(self) -> str:
        now = max(time.time_ns() // 1000, self._last_ts + 1)
        return f"{now // 1_000_000}.{now % 1_000_000:06d}"


METHODS: dict[str, Callable[[FakeSlack, dict[str, Any]], Reply]] = {
    "chat.postMessage": FakeSlack.post,
    "chat.update": FakeSlack.update,
    "chat.postEphemeral": FakeSlack.tell,
    "conversations.history": FakeSlack.history,
    "conversations.list": FakeSlack.conversations,
    "conversations.open": FakeSlack.open,
    "auth.test": FakeSlack.auth,
    "users.info": FakeSlack.user,
}


def _refused_content(asked: dict[str, Any]) -> Reply | None:
    if not asked.get("text") and not asked.get("blocks"):
        return _refusal("no_text")
    if len(str(asked.get("text", ""))) > MAX_TEXT:
        return _refusal("msg_too_long")
    faults = faults_of(asked.get("blocks") or [])
    if faults:
        messages = [f"[ERROR] {fault}" for fault in faults]
        return _refusal("invalid_blocks", errors=faults, response_metadata={"messages": messages})
    metadata = asked.get("metadata")
    if metadata and not (
        isinstance(metadata, dict) and metadata.get("event_type") and isinstance(metadata.get("event_payload"), dict)
    ):
        return _refusal("invalid_metadata_format")
    return _refusal("metadata_too_large") if len(str(metadata)) > MAX_METADATA else None


def _refusal(error: str, **more: Any) -> Reply:
    return Reply(body={"ok": False, "error": error, **more}, outcome=error)


def _id(kind: str, name: str) -> str:
    return kind + base64.b32encode(hashlib.sha256(name.encode()).digest()).decode()[:10]


def _microseconds(ts: str) -> int:
    return int(ts.replace(".", ""))


def _cursor(position: int) -> str:
    return base64.b64encode(f"next:{position}".encode()).decode()


def _position(cursor: str) -> int:
    return int(base64.b64decode(cursor).decode().removeprefix("next:")) if cursor else 0


def _true(value: Any) -> bool:
    return str(value).lower() in {"1", "true"}


if __name__ == "__main__":
    sys.exit(serve(FakeSlack))
