"""The inbox at work in a browser: the keyboard, the pulse, filters, and a lost line."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from handoffs import pipeline
from handoffs.models import Handoff, Preference, State
from tests.browser.conftest import Desk, SignIn
from tests.handoffs.pages.handing import hand_over

pytestmark = pytest.mark.browser
PULSE = "htmx.trigger(document.getElementById('pulse'), 'pulse-now')"
ORDER = "[...document.querySelectorAll('#queue .row')].map((row) => row.id)"


def beat(tab: Page) -> None:
    """One pulse, without waiting for the half minute."""
    with tab.expect_response("**/inbox/pulse/**"):
        tab.evaluate(PULSE)


def selected(tab: Page) -> str:
    return str(tab.evaluate("document.querySelector('.row.selected')?.id || ''"))


def test_j_and_k_move_along_the_rows_and_enter_opens_one(sign_in: SignIn, desk: Desk) -> None:
    tab = sign_in("ingrid")
    rows = tab.evaluate(ORDER)

    tab.keyboard.press("j")
    assert selected(tab) == rows[0]
    tab.keyboard.press("j")
    tab.keyboard.press("j")
    tab.keyboard.press("k")
    assert selected(tab) == rows[1]
    for _ in range(len(rows) + 3):
        tab.keyboard.press("j")
    assert selected(tab) == rows[-1], "the last is the last"
    tab.keyboard.press("Enter")

    tab.wait_for_url(f"**/handoffs/HO-{rows[-1].removeprefix('row-')}/")


def test_a_acknowledges_the_selected_row_and_z_takes_it_back(sign_in: SignIn, desk: Desk) -> None:
    tab = sign_in("ingrid")
    tab.locator(f"#open-{desk.fresh.pk}").focus()

    tab.keyboard.press("a")
    expect(tab.locator(f"#row-{desk.fresh.pk}").get_by_role("link", name="Log contact")).to_be_visible()
    assert Handoff.objects.get(pk=desk.fresh.pk).state == State.ACKNOWLEDGED
    assert selected(tab) == f"row-{desk.fresh.pk}", "the row that came back is still selected"
    tab.keyboard.press("z")

    expect(tab.locator(f"#row-{desk.fresh.pk}").get_by_role("button", name="Acknowledge")).to_be_visible()
    assert Handoff.objects.get(pk=desk.fresh.pk).state == State.ASSIGNED


def test_l_and_r_open_their_forms_and_escape_closes_them(sign_in: SignIn, desk: Desk) -> None:
    tab = sign_in("ingrid")
    tab.locator(f"#open-{desk.fresh.pk}").focus()

    for key, title in (("l", "Log first contact"), ("r", "Return Halvorsen Marine Logistics")):
        tab.keyboard.press(key)
        expect(tab.locator("#dialog").get_by_role("heading", name=re.compile(title))).to_be_visible()
        tab.keyboard.press("Escape")
        expect(tab.locator("#dialog")).to_be_hidden()
    tab.keyboard.press("m")

    expect(tab.locator("#announce")).to_have_text(f"{desk.fresh.reference} cannot be given a meeting now.")


def test_keys_act_on_the_handoffs_own_page_too(sign_in: SignIn, desk: Desk) -> None:
    tab = sign_in("ingrid")
    tab.goto(f"/handoffs/{desk.fresh.reference}/")

    tab.keyboard.press("a")
    expect(tab.locator("#handoff").get_by_role("button", name="Acknowledge")).to_have_count(0)
    tab.keyboard.press("g")
    tab.keyboard.press("i")

    tab.wait_for_url("**/?view=mine")
    assert Handoff.objects.get(pk=desk.fresh.pk).state == State.ACKNOWLEDGED


def test_keys_do_nothing_while_somebody_types_or_turned_them_off(sign_in: SignIn, desk: Desk) -> None:
    tab = sign_in("ingrid")
    tab.keyboard.press("/")
    expect(tab.locator("#q")).to_be_focused()
    tab.keyboard.type("ja?")
    assert (tab.locator("#q").input_value(), selected(tab)) == ("ja?", "")

    Preference.objects.create(user=desk.firm.user("ingrid"), single_keys=False)
    tab.goto("/")
    for key in ("j", "?", "/"):
        tab.keyboard.press(key)
    assert selected(tab) == ""
    expect(tab.locator("#keys")).to_be_hidden()
    expect(tab.locator("#q")).not_to_be_focused()


def test_a_question_mark_lists_the_shortcuts(sign_in: SignIn, desk: Desk) -> None:
    tab = sign_in("ingrid")

    tab.keyboard.press("?")
    expect(tab.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    tab.keyboard.press("j")
    assert selected(tab) == "", "what lies behind the list does not hear the keys"
    tab.keyboard.press("Escape")

    expect(tab.get_by_role("dialog", name="Keyboard shortcuts")).to_be_hidden()


def test_a_pulse_changes_chips_and_counts_and_never_moves_a_row(sign_in: SignIn, desk: Desk) -> None:
    tab = sign_in("ingrid")
    before = tab.evaluate(ORDER)
    tab.locator(f"#open-{desk.fresh.pk}").focus()
    now = timezone.now()
    assert desk.fresh.assignment is not None
    desk.fresh.assignment.clocks.filter(kind="first_contact").update(
        deadline_at=now - timedelta(hours=9), at_risk_at=now - timedelta(hours=10), started_at=now - timedelta(hours=11)
    )
    Handoff.objects.filter(pk=desk.fresh.pk).update(
        due_at=now - timedelta(hours=9), at_risk_at=now - timedelta(hours=10)
    )

    beat(tab)

    expect(tab.locator(f"#sla-{desk.fresh.pk}")).to_contain_text("9 h")
    expect(tab.locator("#announce")).to_contain_text("Halvorsen Marine Logistics: breached, 9 h")
    expect(tab.locator("#stale")).to_contain_text("Order changed.")
    assert tab.evaluate(ORDER) == before
    assert selected(tab) == f"row-{desk.fresh.pk}"
    expect(tab.locator(f"#open-{desk.fresh.pk}")).to_be_focused()

    tab.locator("#stale").get_by_role("link", name="Refresh").click()

    expect(tab.locator("#stale")).to_be_hidden()
    assert tab.evaluate(ORDER)[0] == f"row-{desk.fresh.pk}"
    assert selected(tab) == f"row-{desk.fresh.pk}", "the selection survives the refresh"


def test_a_pulse_says_that_a_handoff_has_arrived(sign_in: SignIn, desk: Desk) -> None:
    tab = sign_in("ingrid")
    before = tab.evaluate(ORDER)
    new = hand_over(desk.firm, at=timezone.now(), name="Skagen Offshore Wind")
    Handoff.objects.filter(pk=new.pk).update(owner=desk.firm.reps["ingrid"])

    beat(tab)

    expect(tab.locator("#stale")).to_contain_text("1 new handoff has arrived.")
    expect(tab.locator("#announce")).to_have_text("1 new handoff has arrived.")
    assert tab.evaluate(ORDER) == before


def test_a_poll_says_that_it_is_one(sign_in: SignIn, desk: Desk) -> None:
    tab = sign_in("ingrid")
    with tab.expect_request("**/inbox/pulse/**") as asked:
        tab.evaluate(PULSE)
    assert asked.value.headers["x-background"] == "1"
    with tab.expect_request("**/inbox/rows/**") as asked:
        tab.get_by_role("searchbox").fill("polder")
    assert "x-background" not in asked.value.headers


def test_three_lost_pulses_say_that_times_may_be_out_of_date_until_one_comes_back(
    sign_in: SignIn, desk: Desk, complaints: list[str]
) -> None:
    tab = sign_in("ingrid")
    callout = tab.get_by_role("alert").filter(has_text="Times may be out of date")
    tab.route("**/inbox/pulse/**", lambda route: route.abort())
    for _ in range(2):
        with tab.expect_event("requestfailed"):
            tab.evaluate(PULSE)
    expect(callout).to_have_count(0)
    with tab.expect_event("requestfailed"):
        tab.evaluate(PULSE)
    expect(callout).to_be_visible()

    tab.unroute("**/inbox/pulse/**")
    callout.get_by_role("button", name="Try now").click()

    expect(callout).to_have_count(0)
    complaints.clear()


def test_a_browser_that_is_offline_says_so_at_once(sign_in: SignIn, desk: Desk, complaints: list[str]) -> None:
    tab = sign_in("ingrid")
    callout = tab.get_by_role("alert").filter(has_text="Times may be out of date")

    tab.context.set_offline(True)
    expect(callout).to_be_visible()
    tab.context.set_offline(False)

    expect(callout).to_have_count(0)
    complaints.clear()


def test_filters_narrow_the_list_and_are_cleared_one_by_one(sign_in: SignIn, desk: Desk) -> None:
    tab = sign_in("ingrid")
    everything = len(tab.evaluate(ORDER))

    tab.get_by_label("Clock", exact=True).focus()
    tab.get_by_label("Clock", exact=True).select_option("Breached")
    expect(tab).to_have_url(re.compile(r"/\?clock=breached$"))
    expect(tab.locator("#queue .row")).to_have_count(1)
    expect(tab.get_by_label("Clock", exact=True)).to_be_focused()
    tab.get_by_label("Type", exact=True).select_option("Expansion")
    expect(tab.get_by_role("heading", name=re.compile("fits the filters"))).to_be_visible()
    tab.get_by_role("link", name="Clear type: Expansion").click()
    expect(tab.locator("#queue .row")).to_have_count(1)
    tab.get_by_role("link", name="Clear clock: Breached").click()

    expect(tab.locator("#queue .row")).to_have_count(everything)


def test_after_a_form_the_list_is_drawn_again_and_the_row_stays_selected(sign_in: SignIn, desk: Desk) -> None:
    tab = sign_in("ingrid")
    pipeline.acknowledge(desk.fresh, actor="user:1", now=timezone.now())
    tab.goto("/")
    tab.locator(f"#open-{desk.fresh.pk}").focus()

    tab.keyboard.press("l")
    tab.locator("#dialog").get_by_role("button", name="Log contact").click()

    expect(tab.locator(f"#row-{desk.fresh.pk}").get_by_role("link", name="Book meeting")).to_be_visible()
    assert selected(tab) == f"row-{desk.fresh.pk}"
    assert Handoff.objects.get(pk=desk.fresh.pk).state == State.CONTACTED


def test_a_chosen_filter_stays_chosen_keeps_the_focus_and_can_be_cleared(sign_in: SignIn, desk: Desk) -> None:
    tab = sign_in("ben")
    owner = tab.locator("#f-owner")
    owner.focus()
    with tab.expect_response("**/inbox/rows/**"):
        owner.select_option(label="Ingrid Solheim")

    clear = tab.get_by_role("link", name="Clear owner: Ingrid Solheim")
    expect(clear).to_be_visible()
    expect(owner).to_have_value(str(desk.firm.reps["ingrid"].pk))
    expect(owner).to_be_focused()
    assert owner.locator("option").count() > 5, "the others are still there to choose"
    with tab.expect_response("**/inbox/rows/**"):
        tab.locator("#f-gaps").select_option("1")
    expect(tab.get_by_role("link", name="Clear gaps: With gaps")).to_be_visible()
    clear.click()

    expect(tab.locator("#f-owner")).to_have_value("")
    expect(tab.locator("#f-gaps")).to_have_value("1")
