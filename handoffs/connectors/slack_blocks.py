"""An `Alert` as a Slack message: blocks, fallback text and the metadata a repeated send looks for. Pure.

Slack reads three characters as control (`&`, `<`, `>`) and a few as formatting. The first are escaped; for
the others Slack has no escape, so look-alikes stand in for them. Lengths are those of Slack's Block Kit
reference, counted after escaping.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from handoffs.connectors.outgoing import ELLIPSIS, clean, cut, one_line, safe_link
from handoffs.connectors.ports import Alert

EVENT_TYPE = "handoff_alert"
ACKNOWLEDGE = "handoff_ack"
REPEAT_NOTICE = ":repeat: May be a repeat: an earlier attempt to send this got no answer."

HEADER_LIMIT = 150
URL_LIMIT = 3000
FIELDS_PER_SECTION = 10
# Ours, well below Slack's 3,000 a section and 2,000 a field: an alert is read at a glance.
LEAD_LIMIT = 1500
LINE_LIMIT = 500
LABEL_LIMIT = 60
VALUE_LIMIT = 300
FALLBACK_LIMIT = 300
MOST_LINES = 8

_PERSON = re.compile(r"[UW][A-Z0-9]{2,20}")
_WRITTEN = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    "*": "\N{ASTERISK OPERATOR}",
    "~": "\N{TILDE OPERATOR}",
    "`": "\N{MODIFIER LETTER GRAVE ACCENT}",
}
# An underscore formats only at the edge of a word: inside addresses it stays what it is.
_EDGE_UNDERSCORE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")

Block = dict[str, Any]


def message(alert: Alert, *, key: str, repeat: bool) -> dict[str, Any]:
    """The arguments of chat.postMessage but the channel. `repeat` adds the line that says it may be one."""
    title = one_line(alert.title) or one_line(alert.reference) or "Handoff"
    blocks: list[Block] = [
        {
            "type": "header",
            "text": {"type": "plain_text", "text": cut(title, limit=HEADER_LIMIT), "emoji": False},
        }
    ]
    if repeat:
        blocks.append(_context(REPEAT_NOTICE))
    blocks.extend(_lead(alert))
    blocks.extend(_fields(alert))
    blocks.extend(_section(escaped(line, limit=LINE_LIMIT)) for line in _written_lines(alert))
    blocks.extend(_actions(alert))
    blocks.extend(_footer(alert))
    return {
        "text": escaped(f"{title}. {one_line(alert.body)}", limit=FALLBACK_LIMIT),
        "blocks": blocks,
        "unfurl_links": False,
        "unfurl_media": False,
        "metadata": {
            "event_type": EVENT_TYPE,
            "event_payload": {"delivery_key": key, "reference": one_line(alert.reference)},
        },
    }


def escaped(text: str, *, limit: int) -> str:
    """Text from outside for a mrkdwn object: reads as it was written, at most `limit` characters escaped."""
    source = _EDGE_UNDERSCORE.sub("\N{MODIFIER LETTER LOW MACRON}", clean(text))
    written = [_WRITTEN.get(character, character) for character in source]
    if sum(map(len, written)) <= limit:
        return "".join(written)
    room = limit - 1
    kept = []
    for piece in written:
        room -= len(piece)
        if room < 0:
            break
        kept.append(piece)
    return "".join(kept).rstrip() + ELLIPSIS


def _lead(alert: Alert) -> Iterator[Block]:
    person = f"<@{alert.mention}>" if _PERSON.fullmatch(alert.mention) else ""
    urgent = "*Urgent.*" if alert.priority == "urgent" else ""
    body = escaped(alert.body, limit=LEAD_LIMIT)
    text = " ".join(part for part in (person, urgent, body) if part)
    if text:
        yield _section(text)


def _fields(alert: Alert) -> Iterator[Block]:
    if alert.fields:
        written = [_field(label, value) for label, value in alert.fields[:FIELDS_PER_SECTION]]
        yield {"type": "section", "fields": written}


def _field(label: str, value: str) -> Block:
    name = escaped(one_line(label), limit=LABEL_LIMIT) or "-"
    return _mrkdwn(f"*{name}*\n{escaped(value, limit=VALUE_LIMIT) or '-'}")


def _written_lines(alert: Alert) -> list[str]:
    return [line for line in alert.lines[:MOST_LINES] if clean(line)]


def _actions(alert: Alert) -> Iterator[Block]:
    """The buttons, or in their place what became of it."""
    if alert.status:
        yield _context(_status(alert))
        return
    buttons: list[Block] = []
    if alert.acknowledge:
        buttons.append({**_button("Acknowledge", ACKNOWLEDGE), "value": alert.acknowledge, "style": "primary"})
    buttons += [_button(words, action, url=url) for words, action, url in _links(alert)]
    if buttons:
        yield {"type": "actions", "elements": buttons}


def _links(alert: Alert) -> Iterator[tuple[str, str, str]]:
    for words, action, address in (
        ("Open package", "handoff_open", alert.action_url),
        ("Return to sender", "handoff_return", alert.return_url),
    ):
        url = safe_link(address)
        if url and len(url) <= URL_LIMIT:
            yield words, action, url


def _button(words: str, action: str, **more: str) -> Block:
    return {"type": "button", "text": {"type": "plain_text", "text": words}, "action_id": action, **more}


def _status(alert: Alert) -> str:
    """Acknowledged by Ingrid, 14:21: the time on the clock of whoever reads, else in the zone it is given in."""
    words = escaped(one_line(alert.status), limit=LABEL_LIMIT)
    if alert.status_at is None:
        return f"*{words}*"
    at = alert.status_at
    return f"*{words}*, <!date^{int(at.timestamp())}^{{time}}|{at:%H:%M} {escaped(at.tzname() or '', limit=9)}>"


def _footer(alert: Alert) -> Iterator[Block]:
    text = " \N{MIDDLE DOT} ".join(part for part in (one_line(alert.reference), one_line(alert.footer)) if part)
    if text:
        yield _context(escaped(text, limit=LINE_LIMIT))


def _section(text: str) -> Block:
    return {"type": "section", "text": _mrkdwn(text)}


def _context(text: str) -> Block:
    return {"type": "context", "elements": [_mrkdwn(text)]}


def _mrkdwn(text: str) -> Block:
    # Verbatim: Slack does not make links or channel names of its own out of what a CRM field says.
    return {"type": "mrkdwn", "text": text, "verbatim": True}
