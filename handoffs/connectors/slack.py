"""Slack: alerts in channels and direct messages, through slack-sdk and our own door.

chat.postMessage takes no idempotency key. So every message carries its delivery key as metadata, and a send
that may be a repeat first reads back what is already there. The app needs the scopes chat:write and, for
reading back, channels:read, groups:read, channels:history, groups:history, im:history and im:write.

See https://docs.slack.dev/reference/methods/chat.postMessage, .../chat.update, .../chat.postEphemeral and
.../conversations.history.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterator
from typing import Any
from urllib.request import Request

from django.conf import settings
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

from handoffs.connectors import slack_blocks
from handoffs.connectors.http import Door, retry_after
from handoffs.connectors.outgoing import one_line
from handoffs.connectors.ports import Alert, ConnectorError

logger = logging.getLogger(__name__)

# How far a repeated send looks back, in messages, channel names and time. A page stays below the size of an
# answer that the door reads, however long its messages are.
HISTORY_PAGES, HISTORY_PAGE_SIZE = 20, 15
CHANNEL_PAGES, CHANNEL_PAGE_SIZE = 10, 200
LOOK_SECONDS = 10.0

_CONVERSATION = re.compile(r"[CDG][A-Z0-9]{2,20}")
_WORD = re.compile(r"[a-z_]{1,60}")
_PERSON = re.compile(r"[UW][A-Z0-9]{2,20}")

# Slack says of the first three that some of the work may have been done.
UNKNOWN_OUTCOME = frozenset({"fatal_error", "internal_error", "request_timeout"})
TEMPORARY = UNKNOWN_OUTCOME | {"ratelimited", "rate_limited", "service_unavailable", "team_added_to_org"}
GONE = frozenset({"message_not_found", "cant_update_message", "channel_not_found", "is_archived"})
BAD_CHANNEL = frozenset({"channel_not_found", "not_in_channel", "is_archived", "restricted_action"})
BAD_TOKEN = frozenset(
    {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "no_permission"}
)


class Slack:
    """The messaging connector. Reads SLACK_BASE_URL and SLACK_BOT_TOKEN."""

    def __init__(self) -> None:
        if not settings.SLACK_BOT_TOKEN:
            raise ConnectorError(
                "SLACK_BOT_TOKEN is not set, so nothing can be sent to Slack: put the app's bot token there.",
                permanent=True,
            )
        self._client = _Client(token=settings.SLACK_BOT_TOKEN, base_url=settings.SLACK_BASE_URL)

    def send_alert(self, alert: Alert, *, key: str, maybe_sent_before: bool) -> str:
        """Post the alert; returns "<conversation id>/<ts>", which together identify a Slack message.

        `alert.channel` is "#name", a conversation id, or a person's id for a direct message. With
        `maybe_sent_before` a message that carries `key` is looked for and returned; if there is none, the new
        one says it may be a repeat. Raises ConnectorError.
        """
        channel = one_line(alert.channel)
        if not channel:
            raise ConnectorError(
                f"No Slack channel is set for {one_line(alert.title) or 'this alert'}: give its team one.",
                permanent=True,
            )
        if maybe_sent_before and (found := self._find(channel, key=key)):
            return found
        message = slack_blocks.message(alert, key=key, repeat=maybe_sent_before)
        posted = self._call("chat.postMessage", channel=channel, json={"channel": channel, **message})
        if not (posted.get("channel") and posted.get("ts")):
            raise ConnectorError("Slack took the message but did not say under which id.", unknown=True)
        return f"{posted['channel']}/{posted['ts']}"

    def update_alert(self, alert: Alert, *, message_id: str, key: str) -> str:
        """Write the alert over the message "<conversation id>/<ts>"; returns that id. Raises ConnectorError.

        What is gone, or was not posted by us, is left alone: nobody misses an update of a message nobody has.
        """
        conversation, _, ts = message_id.partition("/")
        if not (_CONVERSATION.fullmatch(conversation) and ts):
            logger.info("There is no Slack message %s to bring up to date", message_id)
            return message_id
        message = slack_blocks.message(alert, key=key, repeat=False)
        body = {"channel": conversation, "ts": ts, **{name: message[name] for name in ("text", "blocks", "metadata")}}
        try:
            self._client.api_call("chat.update", json=body)
        except SlackApiError as error:
            if error.response.get("error") in GONE:
                return message_id
            raise _connector_error(error.response, channel=conversation) from error
        return message_id

    def tell_privately(self, text: str, *, conversation: str, person: str) -> str:
        """Post a sentence that only `person` sees; returns "<conversation id>/<ts>". Raises ConnectorError."""
        words = slack_blocks.escaped(text, limit=slack_blocks.LINE_LIMIT)
        body = {"channel": conversation, "user": person, "text": words}
        told = self._call("chat.postEphemeral", channel=conversation, json=body)
        return f"{conversation}/{told.get('message_ts', '')}"

    def _find(self, channel: str, *, key: str) -> str:
        """The message that carries `key`, or "" if the newest 300 hold none or cannot be read."""
        until = time.monotonic() + LOOK_SECONDS
        try:
            conversation = self._conversation_id(channel, until=until)
            for message in self._history(conversation, channel=channel, until=until) if conversation else ():
                if _delivery_key(message) == key and message.get("ts"):
                    return f"{conversation}/{message['ts']}"
        except ConnectorError as error:
            if not error.permanent:
                raise
            # Better a repeat that says so than an alert that never comes.
            logger.warning("Could not look for an earlier message in %s: %s", channel, error)
        return ""

    def _conversation_id(self, channel: str, *, until: float) -> str:
        """History wants an id where posting takes a name or a person."""
        if _CONVERSATION.fullmatch(channel):
            return channel
        if _PERSON.fullmatch(channel):
            opened = self._call("conversations.open", channel=channel, json={"users": channel})
            return str(opened["channel"]["id"])
        name = channel.removeprefix("#")
        kinds = {
            "types": "public_channel,private_channel",
            "exclude_archived": True,
            "limit": CHANNEL_PAGE_SIZE,
        }
        for page in self._pages("conversations.list", channel=channel, until=until, pages=CHANNEL_PAGES, params=kinds):
            for known in page.get("channels") or ():
                if known.get("name") == name:
                    return str(known["id"])
        return ""

    def _history(self, conversation: str, *, channel: str, until: float) -> Iterator[dict[str, Any]]:
        wanted = {"channel": conversation, "limit": HISTORY_PAGE_SIZE, "include_all_metadata": True}
        for page in self._pages(
            "conversations.history", channel=channel, until=until, pages=HISTORY_PAGES, params=wanted
        ):
            yield from page.get("messages") or ()

    def _pages(
        self, method: str, *, channel: str, until: float, pages: int, params: dict[str, Any]
    ) -> Iterator[dict[str, Any]]:
        """The pages of a list: at most `pages`, and none begun after `until` on the monotonic clock."""
        cursor = ""
        for _ in range(pages):
            page = self._call(method, channel=channel, params={**params, "cursor": cursor})
            yield page
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor or time.monotonic() > until:
                return

    def _call(
        self,
        method: str,
        *,
        channel: str,
        json: dict[str, Any] | None = None,
        params: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        try:
            answer = self._client.api_call(method, json=json, params=params)
        except SlackApiError as error:
            raise _connector_error(error.response, channel=channel) from error
        return dict(answer.data) if isinstance(answer.data, dict) else {}


class _Client(WebClient):
    """slack-sdk's client with our door in place of urllib, which follows redirects and reads without a limit.

    It repeats nothing by itself: only the outbox knows whether a second send is safe.
    """

    def __init__(self, *, token: str, base_url: str) -> None:
        super().__init__(token=token, base_url=base_url, retry_handlers=[], logger=logger)
        self._door = Door(system="Slack", base_url=base_url, setting="SLACK_BASE_URL")

    def _perform_urllib_http_request_internal(self, url: str, req: Request) -> dict[str, Any]:
        answer = self._door.request(
            method=req.get_method(),
            url=url,
            headers=dict(req.header_items()),
            content=req.data if isinstance(req.data, bytes) else b"",
        )
        if answer.status < 400:
            answer.json_object()
        return {
            "status": answer.status,
            "headers": dict(answer.headers),
            "body": answer.body.decode("utf-8", "replace"),
        }


def _delivery_key(message: dict[str, Any]) -> str:
    metadata = message.get("metadata") or {}
    if metadata.get("event_type") != slack_blocks.EVENT_TYPE:
        return ""
    return str((metadata.get("event_payload") or {}).get("delivery_key", ""))


def _connector_error(response: SlackResponse, *, channel: str) -> ConnectorError:
    """Slack refuses with HTTP 200 and a word; 429 and 5xx come with their status."""
    word = str(response.get("error", "")) if isinstance(response.data, dict) else ""
    word = word if _WORD.fullmatch(word) else ""
    if response.status_code == 429 or word in {"ratelimited", "rate_limited"}:
        return ConnectorError("Slack asks us to send more slowly.", retry_after=retry_after(response.headers))
    if response.status_code >= 500:
        # No key protects a post: a server that failed may have failed after posting.
        return ConnectorError(f"Slack cannot do it now (HTTP {response.status_code}).", unknown=True)
    if word in TEMPORARY:
        return ConnectorError(f"Slack cannot do it now ({word}).", unknown=word in UNKNOWN_OUTCOME)
    if word in BAD_CHANNEL:
        return ConnectorError(
            f"Slack does not let the app post to {channel} ({word}): create it or invite the app.",
            permanent=True,
        )
    if word in BAD_TOKEN:
        return ConnectorError(
            f"Slack refused the bot token ({word}): put a valid one into SLACK_BOT_TOKEN.", permanent=True
        )
    if word == "missing_scope":
        return ConnectorError(
            f"The Slack app lacks the scope {response.get('needed', '')}: add it and install the app again.",
            permanent=True,
        )
    return ConnectorError(f"Slack refused the message ({word or f'HTTP {response.status_code}'}).", permanent=True)
