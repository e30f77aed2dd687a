"""HTML that cannot be forgotten to be escaped: every string is text unless an element made it."""

from __future__ import annotations

from html import escape
from pathlib import Path
from urllib.parse import urlsplit

STYLE = (Path(__file__).parent / "style.css").read_bytes()


class Markup(str):
    """A piece of HTML made by `el`."""

    __slots__ = ()


Child = str | None
VOID = frozenset({"meta", "link", "br", "hr", "input"})


def el(name: str, /, *children: Child, **attributes: str | None) -> Markup:
    """An element. Attribute names lose a closing underscore (class_); those that are None are left out."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    inner = "".join(child if isinstance(child, Markup) else escape(child) for child in children if child is not None)
    return Markup(f"<{name}{written}>" if name in VOID else f"<{name}{written}>{inner}</{name}>")


def join(*children: Child) -> Markup:
    """Several pieces as one."""
    return Markup("".join(child if isinstance(child, Markup) else escape(child) for child in children if child))


def lines(text: str) -> Markup:
    """Text with its line breaks."""
    first, *rest = text.split("\n")
    return join(first, *(piece for line in rest for piece in (el("br"), line)))


def link(url: str, *children: Child, class_: str | None = None) -> Markup:
    """A link if the address is plain http(s), else only its words."""
    try:
        plain = urlsplit(url).scheme in {"http", "https"}
    except ValueError:
        plain = False
    if not plain:
        return el("span", *children, class_=class_)
    return el("a", *children, href=url, class_=class_, rel="noopener noreferrer")


def document(*, title: str, system: str, body: Markup) -> bytes:
    """A whole page of a stand-in, which says that it is one."""
    notice = el(
        "p",
        el("strong", f"This is a stand-in for {system}."),
        " It keeps what Handoffs sends on this machine; nothing goes out to anybody.",
        class_="notice",
        role="note",
    )
    head = join(
        el("meta", charset="utf-8"),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("title", f"{title} - stand-in for {system}"),
        el("link", rel="stylesheet", href="/style.css"),
    )
    page = el("html", el("head", head), el("body", notice, el("main", body)), lang="en")
    return b"<!doctype html>\n" + page.encode("utf-8", "replace")
