"""What Slack refuses in a message, as far as this product could get it wrong: Block Kit shapes and lengths."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

LIMITS = {"header": 150, "section": 3000, "field": 2000, "button": 75, "url": 3000, "fields": 10, "elements": 10}
CONTROL = re.compile(r"<([^<>]*)>")


def faults_of(blocks: Any) -> list[str]:
    """What is wrong with the blocks, in words; empty if Slack takes them."""
    if not isinstance(blocks, list):
        return ["blocks must be a list"]
    found = ["no more than 50 blocks allowed"] if len(blocks) > 50 else []
    for number, block in enumerate(blocks):
        check = CHECKS.get(str(block.get("type")) if isinstance(block, dict) else "")
        problems = check(block) if check else ["unsupported type"]
        found += [f"{problem} [json-pointer:/blocks/{number}]" for problem in problems]
    return found


def notified(message: dict[str, Any]) -> list[str]:
    """Whom a message rings for: "!channel", "!here", "@U0ABC". What nobody escaped shows up here."""
    controls = (control for text in _texts(message) for control in CONTROL.findall(text))
    return sorted({found.split("|")[0] for found in controls if found[:1] in {"!", "@"} and found[:6] != "!date^"})


def _texts(message: dict[str, Any]) -> Iterator[str]:
    if not message.get("blocks"):
        yield str(message.get("text", ""))
    for block in message.get("blocks") or ():
        objects = [block.get("text"), *block.get("fields", ()), *block.get("elements", ())]
        for found in objects:
            if isinstance(found, dict) and found.get("type") == "mrkdwn":
                yield str(found.get("text", ""))


def _text(value: Any, *, limit: int, kinds: tuple[str, ...]) -> list[str]:
    if not isinstance(value, dict) or value.get("type") not in kinds:
        return [f"must be a text object of type {' or '.join(kinds)}"]
    text = value.get("text")
    if not isinstance(text, str) or not text:
        return ["must be more than 0 characters"]
    return [f"must be less than {limit + 1} characters"] if len(text) > limit else []


def _header(block: dict[str, Any]) -> list[str]:
    return _text(block.get("text"), limit=LIMITS["header"], kinds=("plain_text",))


def _section(block: dict[str, Any]) -> list[str]:
    both = ("mrkdwn", "plain_text")
    found = _text(block["text"], limit=LIMITS["section"], kinds=both) if "text" in block else []
    fields = block.get("fields", [])
    if "text" not in block and not fields:
        found.append("a section needs text or fields")
    if len(fields) > LIMITS["fields"]:
        found.append("no more than 10 items allowed in fields")
    for value in fields:
        found += _text(value, limit=LIMITS["field"], kinds=both)
    return found


def _context(block: dict[str, Any]) -> list[str]:
    elements = block.get("elements", [])
    found = [] if 0 < len(elements) <= LIMITS["elements"] else ["a context has 1 to 10 elements"]
    for value in elements:
        found += _text(value, limit=LIMITS["section"], kinds=("mrkdwn", "plain_text"))
    return found


def _actions(block: dict[str, Any]) -> list[str]:
    found = []
    for button in block.get("elements", []):
        found += _text(button.get("text"), limit=LIMITS["button"], kinds=("plain_text",))
        if len(button.get("url", "")) > LIMITS["url"]:
            found.append("url must be less than 3001 characters")
    return found


CHECKS = {
    "header": _header,
    "section": _section,
    "context": _context,
    "actions": _actions,
    "divider": lambda block: [],
}
