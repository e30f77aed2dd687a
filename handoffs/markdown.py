"""Text from outside, made safe for Markdown: it stays words, on one line, and never becomes markup, a table or a
link.
"""

from __future__ import annotations

import re

LIMIT = 500
"""Characters of one value that are printed."""

# Invisible characters that turn the order of what follows around, and the signs that only our own lines may carry.
_DROPPED = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069✅❌⛔⏳⚠↩✖]")
_MARKUP = re.compile(r"[\\`*\[\]<>|~]")
# Inside a word an underscore is harmless, and addresses are full of them.
_UNDERSCORE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
_ENTITY = re.compile(r"&(?=#?\w{1,32};)")
_HASH = re.compile(r"(?<!\S)#")
# What many renderers turn into a link by themselves.
_LINK = re.compile(r"(?i)\b(?:(https?|ftp|mailto|xmpp)(:)|(www)(\.))|(/)(/)")
# What begins a list, a rule or an underlined heading where a line begins.
_BLOCK_START = re.compile(r"^(?:([-+])(?=\s|$)|([-=])(?=[-=\s]*$)|(\d{1,9})([.)])(?=\s|$))")


def inline(value: object, *, limit: int = LIMIT) -> str:
    """`value` as plain words for a paragraph, list item, heading or table cell of CommonMark or GitHub Markdown."""
    said = " ".join(_DROPPED.sub("", str(value)).split())
    if len(said) > limit:
        said = said[: limit - 1].rstrip() + "…"
    said = _MARKUP.sub(r"\\\g<0>", said)
    for pattern in (_UNDERSCORE, _ENTITY, _HASH):
        said = pattern.sub(r"\\\g<0>", said)
    said = _LINK.sub(lambda found: "\\".join(part for part in found.groups() if part), said)
    return _BLOCK_START.sub(_escaped_start, said)


def _escaped_start(found: re.Match[str]) -> str:
    bullet, rule, number, stop = found.groups()
    return f"{number}\\{stop}" if number else f"\\{bullet or rule}"
