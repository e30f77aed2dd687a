"""The pages at work in a browser: through htmx, under the content security policy, on a telephone."""

import re

import pytest
from playwright.sync_api import Page, expect

from handoffs.models import Handoff, State
from tests.browser.conftest import Desk, SignIn

pytestmark = pytest.mark.browser


def test_acknowledging_in_the_list_changes_the_row_in_place(sign_in: SignIn, desk: Desk) -> None:
    tab = sign_in("ingrid")
    row = tab.locator(f"#row-{desk.fresh.pk}")

    row.get_by_role("button", name="Acknowledge").click()

    expect(tab.locator("#toasts").get_by_text("Acknowledged HO-")).to_be_visible()
    expect(row.get_by_role("link", name="Log contact")).to_be_visible()
    assert Handoff.objects.get(pk=desk.fresh.pk).state == State.ACKNOWLEDGED
    assert tab.url.endswith("/"), "the page itself was not left"


def test_acknowledging_on_the_page_redraws_the_record(sign_in: SignIn, desk: Desk) -> None:
    tab = sign_in("ingrid")
    tab.goto(f"/handoffs/{desk.fresh.reference}/")

    tab.get_by_role("button", name="Acknowledge").click()

    expect(tab.locator("#toasts").get_by_text("Acknowledged HO-")).to_be_visible()
    expect(tab.get_by_role("button", name="Acknowledge")).to_have_count(0)


def test_a_click_on_an_old_page_is_refused_in_place(sign_in: SignIn, desk: Desk, complaints: list[str]) -> None:
    tab = sign_in("ingrid")
    Handoff.objects.filter(pk=desk.fresh.pk).update(version=desk.fresh.version + 5)
    row = tab.locator(f"#row-{desk.fresh.pk}")

    row.get_by_role("button", name="Acknowledge").click()

    expect(row.get_by_role("alert")).to_contain_text("has changed since you opened it")
    assert Handoff.objects.get(pk=desk.fresh.pk).state == State.ASSIGNED
    complaints[:] = [line for line in complaints if "409" not in line]


def test_a_lost_request_says_that_it_may_have_been_done(sign_in: SignIn, desk: Desk, complaints: list[str]) -> None:
    tab = sign_in("ingrid")
    tab.route("**/acknowledge/", lambda route: route.abort())

    tab.locator(f"#row-{desk.fresh.pk}").get_by_role("button", name="Acknowledge").click()

    expect(tab.locator("#flash").get_by_role("alert")).to_contain_text("It may have been done all the same")
    complaints.clear()


def test_typing_in_the_search_narrows_the_list(sign_in: SignIn, desk: Desk) -> None:
    tab = sign_in("ingrid")

    tab.get_by_role("searchbox").fill("polder")

    expect(tab.locator(".row")).to_have_count(1)
    expect(tab.locator(".row")).to_contain_text("Polder Water Authority")
    assert tab.url.endswith("/?q=polder")
    tab.go_back()
    expect(tab.locator(f"#row-{desk.fresh.pk}")).to_be_visible()


def test_the_theme_changes_at_once_and_stays(sign_in: SignIn, desk: Desk) -> None:
    tab = sign_in("ingrid")
    tab.emulate_media(color_scheme="light")

    tab.get_by_role("button", name="Theme").click()

    assert tab.evaluate("document.documentElement.dataset.theme") == "dark"
    tab.reload()
    assert tab.evaluate("document.documentElement.dataset.theme") == "dark"


def test_the_response_can_be_copied(sign_in: SignIn, desk: Desk) -> None:
    tab = sign_in("ingrid")
    tab.context.grant_permissions(["clipboard-read", "clipboard-write"])
    tab.goto(f"/handoffs/{desk.fresh.reference}/response/")

    tab.get_by_role("button", name="Copy Markdown").click()

    expect(tab.get_by_role("button", name="Copied")).to_be_visible()
    assert tab.evaluate("navigator.clipboard.readText()").startswith("## Handoff Complete")


def test_on_a_telephone_clock_steps_and_routing_come_first(sign_in: SignIn, desk: Desk) -> None:
    tab = sign_in("ingrid")
    tab.set_viewport_size({"width": 390, "height": 844})
    tab.goto(f"/handoffs/{desk.fresh.reference}/")

    tops = [tab.get_by_role("heading", name=name, exact=True).bounding_box() for name in READING_ORDER]
    heights = [box["y"] for box in tops if box]
    assert len(heights) == len(READING_ORDER)
    assert heights == sorted(heights)
    expect(tab.locator("#journey")).to_be_hidden()
    tab.get_by_role("heading", name="Journey").click()
    expect(tab.locator("#journey")).to_be_visible()


READING_ORDER = ("SLA clock", "Next steps for you", "Routing", "Brief", "Recommended approach", "Key contacts")


def test_on_a_telephone_the_menu_opens_over_the_page(sign_in: SignIn, desk: Desk) -> None:
    tab = sign_in("ingrid")
    tab.set_viewport_size({"width": 390, "height": 844})
    expect(tab.get_by_role("link", name="All handoffs")).to_be_hidden()

    tab.get_by_role("button", name="Open menu").click()
    tab.get_by_role("link", name="All handoffs").click()

    expect(tab).to_have_url(re.compile(r"/\?view=all$"))


def test_a_session_that_ended_leads_to_sign_in_and_back(sign_in: SignIn, desk: Desk) -> None:
    tab: Page = sign_in("ingrid")
    tab.goto(f"/handoffs/{desk.fresh.reference}/")
    tab.context.clear_cookies(name="sessionid")

    tab.get_by_role("button", name="Acknowledge").click()

    tab.wait_for_url("**/accounts/login/?next=/handoffs/**")
    expect(tab.get_by_text(f"you go to {desk.fresh.reference}")).to_be_visible()
