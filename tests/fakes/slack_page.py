"""The pages of Slack's stand-in: what was posted, newest first, drawn much as Slack draws it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode

from tests.fakes.exchange import Call, Page
from tests.fakes.html import STYLE, Markup, document, el, join, lines, link
from tests.fakes.ledger import Row

PER_PAGE = 25
SHOWN = ("chat.postMessage", "chat.postEphemeral")

# Slack's control sequences: <@U1>, <!channel>, <#C1|name>, <https://host|words>. All else between them is text.
_CONTROL = re.compile(r"<([^<>]*)>")
_MENTION = re.compile(r"<@([UW][A-Z0-9]+)>")
_FORMATS = {"*": "strong", "_": "em", "~": "s", "`": "code"}
_FORMATTED = re.compile(r"(?<!\w)([*_~`])(?=\S)(.+?)(?<=\S)\1(?!\w)")
_EMOJI = {":repeat:": "\N{CLOCKWISE OPEN CIRCLE ARROW}", ":warning:": "\N{WARNING SIGN}"}


class Where(NamedTuple):
    """The message whose buttons can be pressed, and whom it addresses."""

    conversation: str
    ts: str
    person: str


def page(call: Call, *, rows: list[Row], channels: dict[str, dict[str, Any]], pressable: bool = False) -> Page | None:
    """The page at this path, if there is one: "/" and the style sheet."""
    if call.path == "/style.css":
        return Page(content=STYLE, kind="text/css; charset=utf-8")
    if call.path != "/":
        return None
    chosen = call.query.get("channel", "")
    posts = [row for row in reversed(rows) if row["took_effect"] and row["path"].endswith(SHOWN)]
    shown = [row for row in posts if not chosen or row["effect"]["channel"]["id"] == chosen]
    first = _number(call.query.get("from", ""))
    current = shown[first : first + PER_PAGE]
    updates = _updates(rows)
    body = join(
        el("h1", "Posted to Slack"),
        el("p", _count(len(shown)), class_="sub"),
        _chips(posts, chosen=chosen) if channels else None,
        *(_card(row, updates=updates, pressable=pressable) for row in current),
        None
        if current
        else el("p", "Nothing has been posted yet. Run a handoff and reload this page.", class_="empty"),
        _pager(first, total=len(shown), chosen=chosen),
    )
    return Page(content=document(title="Messages", system="Slack", body=body))


def _count(number: int) -> str:
    return "1 message, newest first" if number == 1 else f"{number:,} messages, newest first"


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 9 else 0


def _updates(rows: Iterable[Row]) -> dict[tuple[str, str], dict[str, Any]]:
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        if row["took_effect"] and row["path"].endswith("chat.update"):
            found[row["effect"]["channel"]["id"], row["effect"]["ts"]] = row["effect"]["message"]
    return found


def _name(channel: dict[str, Any]) -> str:
    return f"#{channel['name']}" if channel["is_channel"] else f"Direct message to {channel['user']}"


def _chips(posts: list[Row], *, chosen: str) -> Markup:
    names = {row["effect"]["channel"]["id"]: _name(row["effect"]["channel"]) for row in posts}
    chips = [("", "All"), *sorted(names.items(), key=lambda item: item[1].lower())]
    listed = el("ul", *(el("li", _chip(key, name, current=key == chosen)) for key, name in chips), class_="chips")
    return el("nav", listed, aria_label="Conversations")


def _chip(key: str, name: str, *, current: bool) -> Markup:
    address = f"/?{urlencode({'channel': key})}" if key else "/"
    return el("a", name, href=address, aria_current="page" if current else None)


def _pager(first: int, *, total: int, chosen: str) -> Markup | None:
    def to(position: int, words: str) -> Markup:
        return el("a", words, href=f"/?{urlencode({'channel': chosen, 'from': position})}")

    newer = to(max(first - PER_PAGE, 0), "Newer") if first else el("span")
    older = to(first + PER_PAGE, "Older") if first + PER_PAGE < total else el("span")
    return el("p", newer, older, class_="pager") if total > PER_PAGE else None


def _card(row: Row, *, updates: dict[tuple[str, str], dict[str, Any]], pressable: bool) -> Markup:
    channel, ts = row["effect"]["channel"], row["effect"]["ts"]
    changed = updates.get((channel["id"], ts), {})
    message = row["effect"]["message"] | changed
    sent = datetime.fromtimestamp(float(ts), UTC)
    meta = el(
        "p",
        el("span", _name(channel), class_="grow"),
        el("span", "edited") if changed else None,
        el("span", f"only {message['only_for']} sees this") if "only_for" in message else None,
        el("time", f"{sent:%d %b %Y, %H:%M:%S} UTC", datetime=sent.isoformat()),
        class_="meta",
    )
    blocks = message.get("blocks") or [{"type": "section", "text": {"type": "mrkdwn", "text": message["text"]}}]
    where = Where(channel["id"], ts, _mentioned(row["effect"]["message"])) if pressable else None
    return el("article", meta, *(_block(block, where) for block in blocks), class_="card")


def _mentioned(message: dict[str, Any]) -> str:
    """The first person a message addresses."""
    found = _MENTION.search(str(message.get("blocks", "")))
    return found.group(1) if found else ""


def _block(block: dict[str, Any], where: Where | None) -> Markup:
    match block["type"]:
        case "header":
            return el("h2", _text(block["text"]))
        case "section":
            fields = block.get("fields") or ()
            return join(
                el("div", _text(block["text"]), class_="block") if "text" in block else None,
                el("div", *(el("div", _text(one)) for one in fields), class_="fields") if fields else None,
            )
        case "context":
            return el("div", *(_text(one) for one in block["elements"]), class_="block context")
        case "actions":
            buttons = block["elements"]
            pressed = [one for one in buttons if not one.get("url")]
            return el(
                "div",
                _press_form(pressed, where) if pressed and where else None,
                *(_button(one) for one in buttons if one.get("url") or not where),
                class_="block",
            )
        case "divider":
            return el("hr")
    return el("div", f"(a block of type {block['type']})", class_="block context")


def _press_form(buttons: list[dict[str, Any]], where: Where) -> Markup:
    """The buttons as a form, and who presses: a member id, as the roster knows people."""
    return el(
        "form",
        el("input", type="hidden", name="conversation", value=where.conversation),
        el("input", type="hidden", name="ts", value=where.ts),
        el("label", "As ", el("input", name="person", value=where.person, size="12", required="")),
        *(
            el("button", _text(one["text"]), name="pressed", value=f"{one['action_id']} {one['value']}")
            for one in buttons
        ),
        method="post",
        action="/press",
    )


def _button(button: dict[str, Any]) -> Markup:
    words = _text(button["text"])
    return link(button.get("url", ""), words, class_="button")


def _text(value: dict[str, Any]) -> Markup:
    return lines(value["text"]) if value["type"] == "plain_text" else mrkdwn(value["text"])


def mrkdwn(text: str) -> Markup:
    """Slack's own markup as HTML; whatever is not control or formatting is text."""
    return join(*_pieces(text))


def _pieces(text: str) -> Iterator[Markup]:
    end = 0
    for control in _CONTROL.finditer(text):
        yield _formatted(text[end : control.start()])
        yield _control(control.group(1))
        end = control.end()
    yield _formatted(text[end:])


def _formatted(text: str) -> Markup:
    pieces: list[Markup] = []
    end = 0
    for found in _FORMATTED.finditer(text):
        pieces += [_plain(text[end : found.start()]), el(_FORMATS[found.group(1)], _formatted(found.group(2)))]
        end = found.end()
    return join(*pieces, _plain(text[end:]))


def _plain(text: str) -> Markup:
    for name, drawn in _EMOJI.items():
        text = text.replace(name, drawn)
    return lines(_unescaped(text))


def _unescaped(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _control(inner: str) -> Markup:
    target, _, words = inner.partition("|")
    if target.startswith("@"):
        return el("span", target, class_="mention")
    if target.startswith("!date^"):
        return el("span", _unescaped(words))
    if target.startswith("!"):
        return el("span", f"@{target[1:]}", class_="mention loud")
    if target.startswith("#"):
        return el("span", f"#{_unescaped(words) or target[1:]}", class_="mention")
    return link(_unescaped(target), _unescaped(words) or _unescaped(target))
