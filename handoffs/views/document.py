"""The response document as parts that a template draws: the little Markdown that `handoffs.response` writes, no more.

Nothing here makes markup: the parts are plain words, which the template escapes. What is not known to it stays text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby

_TOKEN = re.compile(
    r"\\(?P<literal>[^\w\s])|(?P<bold>\*\*)|(?P<sign>[✅❌⛔⏳⚠↩✖])\ufe0f?|(?P<text>[^\\*✅❌⛔⏳⚠↩✖]+|.)", re.DOTALL
)
_ITEM = re.compile(r"(?:- |\d+\. )")
_CELL_END = re.compile(r"(?<!\\)\|")
_RULE = re.compile(r"\|[-|\s]+\|")


# Icon, tone and word of each sign that the document's own lines carry.
SIGNS: Mapping[str, tuple[str, str, str]] = {
    "✅": ("done", "ok", "done"),
    "❌": ("stop", "bad", "failed"),
    "⛔": ("stop", "bad", "blocked"),
    "⏳": ("half", "info", "waiting"),
    "⚠": ("warn", "warn", "warning"),
    "↩": ("pause", "warn", "returned"),
    "✖": ("x", "idle", "withdrawn"),
}


@dataclass(frozen=True, slots=True)
class Span:
    """Some words, bold or not; or, with an `icon` and its `tone`, a sign that the words stand for."""

    text: str
    is_bold: bool
    icon: str = ""
    tone: str = ""


Words = list[Span]


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """A heading (h2, h3), lines (p), a list (ul, ol) or a table with its first row as the heading."""

    kind: str
    lines: list[Words] = field(default_factory=list)
    head: list[Words] = field(default_factory=list)
    rows: list[list[Words]] = field(default_factory=list)


def blocks(markdown: str) -> list[Block]:
    """The document, part by part, in its order."""
    return [block for part in re.split(r"\n{2,}", markdown.strip()) for block in _blocks(part.split("\n"))]


def _blocks(lines: list[str]) -> Iterator[Block]:
    for kind, group in groupby(lines, key=_kind):
        found = list(group)
        if kind == "table":
            head, *rows = [_cells(line) for line in found if not _RULE.fullmatch(line)]
            yield Block(kind=kind, head=head, rows=rows)
        elif kind in {"h2", "h3"}:
            yield from (Block(kind=kind, lines=[words(line.lstrip("#").strip())]) for line in found)
        else:
            yield Block(
                kind=kind, lines=[words(_ITEM.sub("", line, count=1) if kind != "p" else line) for line in found]
            )


def _kind(line: str) -> str:
    if line.startswith("### "):
        return "h3"
    if line.startswith("## "):
        return "h2"
    if line.startswith("|") and line.endswith("|") and len(line) > 1:
        return "table"
    if line.startswith("- "):
        return "ul"
    return "ol" if _ITEM.match(line) else "p"


def _cells(line: str) -> list[Words]:
    return [words(cell.strip()) for cell in _CELL_END.split(line[1:-1])]


def words(line: str) -> Words:
    """The words of a line: what was escaped is itself again, and only a pair of ** is bold."""
    spans: Words = []
    is_bold = False
    for token in _TOKEN.finditer(line):
        if token["bold"]:
            is_bold = not is_bold
            continue
        if token["sign"]:
            icon, tone, text = SIGNS[token["sign"]]
            spans.append(Span(text, is_bold, icon, tone))
            continue
        said = token["literal"] or token["text"]
        if spans and spans[-1].is_bold == is_bold and not spans[-1].icon:
            spans[-1] = Span(spans[-1].text + said, is_bold)
        else:
            spans.append(Span(said, is_bold))
    return spans
