"""axe-core and sideways scrolling, on every page, in both themes, on a desk and on a telephone."""

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.browser.conftest import Desk, SignIn

pytestmark = pytest.mark.browser
EVERY_WIDTH = (320, 390, 768, 900, 1024, 1360, 1920)
# Structure is the same in the dark; what can differ there is whether it can be read.
ONLY_CONTRAST = {"runOnly": ["color-contrast"]}
UNFOLD = "for (const folded of document.querySelectorAll('details')) folded.open = true"
OUTSIDE = """() => [...document.querySelectorAll("main *")].filter((element) => {
  const box = element.getBoundingClientRect();
  const scrolls = element.closest(".scroll, .tabs, .sr, svg");
  return box.width && !scrolls && box.right > innerWidth + 1;
}).map((element) => element.outerHTML.slice(0, 120))"""


def addresses(desk: Desk) -> list[str]:
    records = [desk.breached, desk.fresh, desk.blocked, *desk.each_type.values()]
    lists = ["/?view=mine", "/?view=acknowledge", "/?view=closed", "/?q=halvorsen", "/?q=zzz"]
    pages = [f"/handoffs/{handoff.reference}/" for handoff in records]
    forms = [f"/handoffs/{desk.fresh.reference}/{path}/" for path in ("contact", "return")]
    start = ["/handoffs/new/?q=a", f"/handoffs/new/?account={desk.fresh.account.crm_id}"]
    return [*lists, *pages, *forms, *start, f"/handoffs/{desk.fresh.reference}/response/"]


def dialogs(desk: Desk) -> list[tuple[str, str]]:
    """A page, and the selector of what opens a form in it."""
    fresh, met = (f"/handoffs/{handoff.reference}/" for handoff in (desk.fresh, desk.blocked))
    forms = [(fresh, f"#handoff [data-verb={verb}]") for verb in ("log_contact", "reject")]
    return [*forms, (met, "[data-verb=fill_gap]"), (met, "#handoff [data-verb=withdraw]")]


def faults(tab: Page) -> list[str]:
    """What axe finds wrong with what is open in the tab: all on a desk in light, what can be read on a telephone in
    the dark. `test_every_page` looks at every page in every way.
    """
    found = []
    for width, theme, options in ((1360, "light", {}), (390, "dark", ONLY_CONTRAST)):
        tab.emulate_media(color_scheme=theme, reduced_motion="reduce")
        tab.set_viewport_size({"width": width, "height": 900})
        violated = Axe().run(tab, options=options).response["violations"]
        found += [f"{width} {theme} {rule['id']}: {node['html'][:120]}" for rule in violated for node in rule["nodes"]]
    return found


def sideways(tab: Page) -> list[str]:
    """The widths at which the page would scroll sideways, or something sticks out of it."""
    found = []
    for width in EVERY_WIDTH:
        tab.set_viewport_size({"width": width, "height": 900})
        if tab.evaluate("document.documentElement.scrollWidth") > width:
            found.append(f"{width}: the page is wider")
        found += [f"{width}: {element}" for element in tab.evaluate(OUTSIDE)]
    return found


@pytest.fixture
def page(browser: Browser, live_server: Any) -> Iterator[Page]:
    """axe is injected, which our own policy would forbid; that the pages obey it is tested elsewhere."""
    context = browser.new_context(base_url=live_server.url, bypass_csp=True)
    context.set_default_timeout(20_000)
    yield context.new_page()
    context.close()


@pytest.mark.slow
def test_axe_finds_nothing_on_any_page(sign_in: SignIn, desk: Desk) -> None:
    tab = sign_in("ingrid")
    found: dict[str, list[str]] = {}
    for address in addresses(desk):
        tab.goto(address)
        tab.evaluate(UNFOLD)
        found |= {address: faulty} if (faulty := faults(tab)) else {}
    assert found == {}


@pytest.mark.slow
def test_axe_finds_nothing_in_any_dialog(sign_in: SignIn, desk: Desk) -> None:
    tab = sign_in("ingrid")
    found: dict[str, list[str]] = {}
    for address, opener in dialogs(desk):
        tab.goto(address)
        tab.locator(opener).first.click()
        tab.locator("#dialog[open], li.filling").wait_for()
        found |= {opener: faulty} if (faulty := faults(tab) + sideways(tab)) else {}
    assert found == {}


def test_axe_finds_nothing_at_the_door(page: Page, desk: Desk) -> None:
    page.goto("/accounts/login/")
    assert faults(page) == []
    page.get_by_role("button", name="Sign in").click()
    assert faults(page) == [], "with the errors of an empty form"
    page.goto("/nothing/here/")
    assert faults(page) == []


@pytest.mark.slow
def test_no_page_scrolls_sideways_at_any_width(sign_in: SignIn, desk: Desk) -> None:
    tab = sign_in("ingrid")
    found: dict[str, list[str]] = {}
    for address in addresses(desk):
        tab.goto(address)
        tab.evaluate(UNFOLD)
        found |= {address: wide} if (wide := sideways(tab)) else {}
    assert found == {}


def test_sign_in_and_errors_do_not_scroll_sideways(page: Page, desk: Desk) -> None:
    for address in ("/accounts/login/?next=/handoffs/HO-1/", "/nothing/here/"):
        page.goto(address)
        assert sideways(page) == []
