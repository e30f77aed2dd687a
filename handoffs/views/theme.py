"""The theme a reader chose, kept in a cookie; without one the page follows their system."""

from __future__ import annotations

from django.http import HttpRequest

THEMES = ("light", "dark")


def theme_of(request: HttpRequest) -> str:
    """light, dark, or empty to follow the system."""
    chosen = request.COOKIES.get("theme", "")
    return chosen if chosen in THEMES else ""
