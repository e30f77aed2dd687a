"""Every page of the demo company, on a desk and on a telephone, in light and dark: axe, console, sideways scrolling.

`make screenshots` runs it and keeps a picture of each (HANDOFFS_SCREENSHOTS names the folder); ONLY=inbox, a pattern
for the names of places, narrows it. `make test` leaves it out: `test_accessibility` looks at fewer, of a smaller firm.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import URLPattern, resolve
from django.utils import timezone
from playwright.sync_api import Browser, Page
from pytest_django.fixtures import Settings

from handoffs import urls
from handoffs.connectors import configured
from handoffs.demo import company
from routing import compiling
from tests.browser.places import NOT_PAGES, Place, go, places, stage

PICTURES = os.environ.get("HANDOFFS_SCREENSHOTS", "")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(not PICTURES, reason="make screenshots looks at every page"),
]
ONLY = os.environ.get("HANDOFFS_PLACES", "")
WIDTHS = (1360, 390)
THEMES = ("light", "dark")
EVERY_WAY = [(width, theme) for width in WIDTHS for theme in THEMES]
UNFOLD = "for (const folded of document.querySelectorAll('main details')) folded.open = true"


@pytest.fixture
def now(transactional_db: None, settings: Settings) -> Iterator[datetime]:
    """The demo company, loaded up to this moment."""
    settings.HANDOFFS_DEMO = True
    moment = timezone.now()
    for cached in (configured.lifecycle, configured.crm, compiling.compiled):
        cached.cache_clear()
    company.load(now=moment)
    stage(moment)
    yield moment
    compiling.compiled.cache_clear()


@pytest.fixture
def tabs(browser: Browser, live_server: Any) -> Iterator[tuple[Page, Page]]:
    """A tab that obeys the content security policy, as everybody's does, and one into which axe may be injected."""
    contexts = [
        browser.new_context(base_url=live_server.url, bypass_csp=bypass, reduced_motion="reduce")
        for bypass in (False, True)
    ]
    for context in contexts:
        context.set_default_timeout(20_000)
    strict, free = (context.new_page() for context in contexts)
    yield strict, free
    for context in contexts:
        context.close()


def test_no_page_violates_axe_or_its_content_security_policy_or_scrolls_sideways(
    now: datetime, tabs: tuple[Page, Page], live_server: Any, record_property: Any
) -> None:
    strict, free = tabs
    heard: list[str] = []
    strict.on("console", lambda said: heard.append(said.text) if said.type in {"error", "warning"} else None)
    strict.on("pageerror", lambda error: heard.append(str(error)))
    Path(PICTURES).mkdir(parents=True, exist_ok=True)
    complaints: dict[str, list[str]] = {}
    faults: dict[str, list[str]] = {}
    assert _forgotten(places(now)) == set(), "tests/browser/places.py knows every page"
    everywhere = [place for place in places(now) if re.search(ONLY, place.name)]
    for place in everywhere:
        go(strict, place, base=live_server.url)
        strict.wait_for_load_state("networkidle")
        # The browser itself writes down that a page answered 404, which is what that place is for.
        said = [text for text in heard if not (place.is_error and "the server responded with a status of" in text)]
        heard.clear()
        if said:
            complaints[place.name] = said
        go(free, place, base=live_server.url)
        for width, theme in EVERY_WAY:
            found = _look(free, width, theme, place.name)
            if found:
                faults[f"{place.name} {width} {theme}"] = found
    views = len(everywhere) * len(EVERY_WAY)
    record_property("counted", f"{views} page views, {len(faults)} of them with violations of WCAG 2.2 AA")
    record_property("counted", f"{len(everywhere)} pages, {len(complaints)} with a complaint in the console")
    assert (faults, complaints) == ({}, {})


def _forgotten(everywhere: Sequence[Place]) -> set[str]:
    """The addresses of ours that are neither in the list nor known to be no page; and those that are gone."""
    named = {pattern.name for pattern in urls.urlpatterns if isinstance(pattern, URLPattern) and pattern.name}
    pictured = {resolve(urlsplit(place.path).path).url_name for place in everywhere if not place.is_error}
    return (named - pictured - set(NOT_PAGES)) | (set(NOT_PAGES) - named)


def _look(tab: Page, width: int, theme: str, name: str) -> list[str]:
    """What is wrong with the open page at this width and in this theme; a picture is kept where pictures are wanted."""
    tab.set_viewport_size({"width": width, "height": 900})
    tab.emulate_media(color_scheme=theme)
    tab.screenshot(path=Path(PICTURES) / f"{name}-{width}-{theme}.png", full_page=True)
    tab.evaluate(UNFOLD)
    violations = Axe().run(tab).response["violations"]
    found = [f"{rule['id']}: {node['html'][:120]}" for rule in violations for node in rule["nodes"]]
    if tab.evaluate("document.documentElement.scrollWidth") > width:
        found.append("the page scrolls sideways")
    return found
