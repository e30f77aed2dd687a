"""Reads a page the way a person does: the words, without the markup."""

import re
from html.parser import HTMLParser
from typing import Protocol


class Answer(Protocol):
    """Whatever a view or the test client gives back."""

    @property
    def content(self) -> bytes: ...


SILENT = {"script", "style", "template", "noscript"}


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self.muted: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag in SILENT:
            self.muted.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.muted and self.muted[-1] == tag:
            self.muted.pop()

    def handle_data(self, data: str) -> None:
        if not self.muted:
            self.said.append(data)


def words(response: Answer) -> str:
    """The visible text on one line."""
    reader = _Words()
    reader.feed(response.content.decode())
    return re.sub(r"\s+", " ", " ".join(reader.said)).strip()


def html(response: Answer) -> str:
    """The markup, for what only markup shows: links, attributes, forms."""
    return response.content.decode()
