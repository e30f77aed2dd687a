"""A rep's day by mouse, on a telephone and without scripts: acknowledge, contact, meet, return, fill a gap."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from handoffs import pipeline
from handoffs.models import Handoff, State
from tests.browser.conftest import Desk, SignIn
from tests.factories import PASSWORD

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 844}


def now_is(handoff: Handoff) -> Handoff:
    return Handoff.objects.get(pk=handoff.pk)


@pytest.mark.parametrize("width", [1360, 390])
def test_a_reps_morning_from_acknowledge_to_meeting(sign_in: SignIn, desk: Desk, width: int) -> None:
    tab = sign_in("ingrid")
    tab.set_viewport_size({"width": width, "height": 844})
    tab.goto(f"/handoffs/{desk.fresh.reference}/")

    tab.get_by_role("button", name="Acknowledge").click()
    expect(tab.locator("#toasts")).to_contain_text("Acknowledged")
    tab.locator("#handoff [data-verb=log_contact]").click()
    dialog = tab.get_by_role("dialog")
    expect(dialog.get_by_role("heading", name="Log first contact")).to_be_visible()
    dialog.get_by_label("What you learned").fill("Spoke for six minutes.")
    dialog.get_by_role("button", name="Log contact").click()
    expect(dialog).to_have_count(0)
    expect(tab.locator("#toasts")).to_contain_text("Your findings go into the CRM as a note.")
    meet = tab.locator("#handoff [data-verb=book_meeting]")
    expect(meet).to_have_class("btn primary")
    expect(meet).to_be_focused()
    assert now_is(desk.fresh).state == State.CONTACTED

    meet.click()
    day = timezone.now() + timedelta(days=5)
    dialog.get_by_label("When it starts").fill(f"{day:%Y-%m-%d}T10:00")
    dialog.get_by_role("button", name="Book meeting").click()
    expect(tab.locator("#toasts")).to_contain_text("is recorded for")
    expect(tab.locator("#handoff [data-verb=close]")).to_have_class("btn primary")
    assert now_is(desk.fresh).state == State.MEETING_BOOKED
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_an_acknowledgement_is_undone_from_its_toast(sign_in: SignIn, desk: Desk) -> None:
    tab = sign_in("ingrid")
    row = tab.locator(f"#row-{desk.fresh.pk}")
    row.get_by_role("button", name="Acknowledge").click()

    tab.locator("#toasts").get_by_role("button", name="Undo").click()

    expect(row.get_by_role("button", name="Acknowledge")).to_be_visible()
    assert now_is(desk.fresh).state == State.ASSIGNED


def test_a_return_without_words_is_said_in_the_dialog_and_escape_leaves_all_as_it_was(
    sign_in: SignIn, desk: Desk, complaints: list[str]
) -> None:
    tab = sign_in("ingrid")
    tab.goto(f"/handoffs/{desk.fresh.reference}/")
    tab.get_by_role("link", name="Return to Dana").click()
    dialog = tab.get_by_role("dialog")
    dialog.get_by_label("Qualification is incomplete").check()

    dialog.get_by_role("button", name="Return to Dana").click()

    expect(dialog.get_by_text("Write at least one sentence.")).to_be_visible()
    expect(dialog.get_by_label("What does Dana need to do?")).to_be_focused()
    expect(dialog.get_by_label("Qualification is incomplete")).to_be_checked()
    tab.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(tab.get_by_role("link", name="Return to Dana")).to_be_focused()
    assert now_is(desk.fresh).state == State.ASSIGNED
    complaints[:] = [line for line in complaints if "422" not in line]


def test_two_people_at_once_are_told_and_the_page_beneath_shows_what_is(
    sign_in: SignIn, desk: Desk, complaints: list[str]
) -> None:
    tab = sign_in("ingrid")
    tab.goto(f"/handoffs/{desk.fresh.reference}/")
    tab.get_by_role("link", name="Return to Dana").click()
    dialog = tab.get_by_role("dialog")
    dialog.get_by_label("Not a fit").check()
    dialog.get_by_label("What does Dana need to do?").fill("Nothing, they left.")
    pipeline.log_contact(desk.fresh, contacted_at=timezone.now(), actor="user:0", now=timezone.now())

    dialog.get_by_role("button", name="Return to Dana").click()

    expect(dialog.get_by_role("alert")).to_contain_text("has changed since you opened it and is now contacted")
    expect(dialog.get_by_label("What you wrote")).to_have_value("Nothing, they left.")
    dialog.get_by_text("Close").click()
    expect(tab.locator("#handoff [data-verb=book_meeting]")).to_be_visible()
    complaints[:] = [line for line in complaints if "409" not in line]


def test_a_lost_request_is_said_in_the_dialog_and_keeps_what_was_written(
    sign_in: SignIn, desk: Desk, complaints: list[str]
) -> None:
    tab = sign_in("ingrid")
    tab.goto(f"/handoffs/{desk.fresh.reference}/")
    tab.locator("#handoff [data-verb=log_contact]").click()
    dialog = tab.get_by_role("dialog")
    dialog.get_by_label("What you learned").fill("Spoke for six minutes.")
    tab.route("**/contact/", lambda route: route.abort())

    dialog.get_by_role("button", name="Log contact").click()

    expect(dialog.get_by_role("alert")).to_contain_text("It may have been done all the same")
    expect(dialog.get_by_label("What you learned")).to_have_value("Spoke for six minutes.")
    complaints.clear()


def test_a_session_that_ends_over_an_open_form_costs_no_word_of_it(
    sign_in: SignIn, desk: Desk, complaints: list[str]
) -> None:
    tab = sign_in("ingrid")
    tab.goto(f"/handoffs/{desk.fresh.reference}/")
    tab.get_by_role("link", name="Return to Dana").click()
    dialog = tab.get_by_role("dialog")
    dialog.get_by_label("Not a fit").check()
    dialog.get_by_label("What does Dana need to do?").fill("Nothing, they left.")
    send = dialog.get_by_role("button", name="Return to Dana")
    Session.objects.all().delete()

    send.click()

    expect(dialog.get_by_role("alert")).to_contain_text("Your session has ended and nothing was saved.")
    expect(dialog.get_by_label("What does Dana need to do?")).to_have_value("Nothing, they left.")
    with tab.context.expect_page() as opened:
        dialog.get_by_role("link", name="Sign in").click()
    other = opened.value
    other.get_by_label("Work e-mail").fill("ingrid@fathomline.example")
    other.get_by_label("Password").fill(PASSWORD)
    other.get_by_role("button", name="Sign in").click()
    other.wait_for_url("**/handoffs/**")
    send.click()
    expect(dialog.get_by_role("alert")).to_contain_text("Send it again.")
    send.click()

    expect(dialog).to_have_count(0)
    assert now_is(desk.fresh).state == State.REJECTED
    complaints[:] = [line for line in complaints if "403" not in line]


def test_figures_follow_an_acknowledgement_at_once_and_three_toasts_are_enough(sign_in: SignIn, desk: Desk) -> None:
    tab = sign_in("ingrid")
    count = tab.locator("#count-acknowledge")
    before = int(count.inner_text())
    for done in range(1, 5):
        tab.locator("#queue [data-verb=acknowledge]").first.click()
        expect(count).to_have_text(str(before - done))
        expect(tab.locator("#headline")).to_contain_text(f"{before - done} to acknowledge")
        expect(tab.locator("#toasts [data-toast]")).to_have_count(min(done, 3))
    last = Handoff.objects.filter(state=State.ACKNOWLEDGED).order_by("-acknowledged_at").first()
    assert last is not None
    expect(tab.locator("#toasts [data-toast]").last).to_contain_text(last.reference)


def test_a_gap_is_filled_in_its_own_line(sign_in: SignIn, desk: Desk) -> None:
    handoff = desk.fresh
    assert handoff.deal is not None
    for holder in (handoff.deal, handoff.account):
        holder.metadata.pop("budget_confirmed", None)
        holder.save()
    pipeline.filling.score_again(handoff, actor="engine", now=timezone.now())
    tab = sign_in("ingrid")
    tab.goto(f"/handoffs/{handoff.reference}/")
    line = tab.locator("#gap-qualification-budget")
    line.get_by_role("link", name="Add the budget").click()
    line.get_by_label("Budget").fill("$240,000")
    line.get_by_role("button", name="Save").click()

    expect(line).to_contain_text("Budget is filled in.")
    expect(tab.locator("#toasts")).to_contain_text("Budget is filled in.")
    handoff.deal.refresh_from_db()
    assert handoff.deal.metadata["budget_confirmed"] == "$240,000"


@pytest.fixture
def plain(browser: Browser, live_server, desk: Desk) -> Iterator[Page]:
    """A browser in which no script runs, signed in as Ingrid, on a telephone."""
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False, viewport=PHONE)
    context.set_default_timeout(10_000)
    tab = context.new_page()
    tab.goto("/accounts/login/")
    tab.get_by_label("Work e-mail").fill("ingrid@fathomline.example")
    tab.get_by_label("Password").fill(PASSWORD)
    tab.get_by_role("button", name="Sign in").click()
    yield tab
    context.close()


def test_without_scripts_a_rep_acknowledges_takes_it_back_and_logs_the_contact(plain: Page, desk: Desk) -> None:
    plain.goto(f"/handoffs/{desk.fresh.reference}/")
    plain.get_by_role("button", name="Acknowledge").click()
    expect(plain.get_by_text("Acknowledged HO-")).to_be_visible()
    plain.get_by_role("button", name="Undo").click()
    assert now_is(desk.fresh).state == State.ASSIGNED

    plain.get_by_role("button", name="Acknowledge").click()
    plain.get_by_role("link", name="Log first contact").click()
    plain.get_by_label("What you learned").fill("Spoke for six minutes.")
    plain.get_by_role("button", name="Log contact").click()

    expect(plain.get_by_text("First contact with Halvorsen Marine Logistics is logged at")).to_be_visible()
    assert now_is(desk.fresh).state == State.CONTACTED
