"""The admin in a real browser: its scripts run under our content policy, and a dialog acts when it is confirmed."""

from collections.abc import Iterator

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from handoffs.models import Delivery
from routing.models import Absence
from tests import factories
from tests.admin.pages import address
from tests.admin.worlds import parked
from tests.factories import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def admin_page(page: Page) -> Iterator[Page]:
    """A superuser, signed in; anything the browser complains about fails the test."""
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    user = factories.UserFactory.create(is_staff=True, is_superuser=True)
    page.goto(reverse("admin:index"))
    page.get_by_label("Work e-mail").fill(user.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("What needs a hand")).to_be_visible()
    yield page
    assert complaints == []


def test_a_parked_message_is_retried_from_its_page(admin_page: Page):
    delivery = parked(handoff=factories.HandoffFactory.create())
    admin_page.goto(address(delivery, "change"))
    admin_page.get_by_role("link", name="Retry").click()
    dialog = admin_page.locator("#dialog")
    expect(dialog).to_contain_text("Send this again now?")
    assert Delivery.objects.get().state == Delivery.State.PARKED
    dialog.get_by_role("button", name="Retry").click()
    expect(admin_page.get_by_text("is back in the queue and goes out in a moment.")).to_be_visible()
    assert Delivery.objects.get().state == Delivery.State.QUEUED


def test_an_owner_is_chosen_by_typing_a_part_of_the_name(admin_page: Page):
    factories.RepFactory.create(first_name="Ingrid", last_name="Solheim")
    account = factories.AccountFactory.create()
    admin_page.goto(address(account, "change"))
    admin_page.locator(".field-owner .select2-selection, #id_owner + .select2 .select2-selection").first.click()
    admin_page.locator(".select2-search__field").fill("Ingr")
    admin_page.get_by_role("option", name="Ingrid Solheim").click()
    admin_page.get_by_role("button", name="Save", exact=True).click()
    expect(admin_page.get_by_text("was changed successfully")).to_be_visible()
    account.refresh_from_db()
    assert account.owner is not None
    assert account.owner.name == "Ingrid Solheim"


def test_turns_are_set_by_hand_in_a_dialog_that_says_what_is_wrong_first(admin_page: Page):
    member = factories.MembershipFactory.create()
    admin_page.goto(address(member, "change"))
    admin_page.get_by_role("link", name="Set turns by hand").click()
    dialog = admin_page.locator("#dialog")
    dialog.get_by_label("Turns per weight").fill("1e9")
    dialog.get_by_label("Why").fill("Two pools became one")
    dialog.get_by_role("button", name="Set turns").click()
    expect(dialog).to_contain_text("Turns are a number between -1,000,000 and 1,000,000.")
    dialog.get_by_label("Turns per weight").fill("2.5")
    dialog.get_by_role("button", name="Set turns").click()
    expect(admin_page.get_by_text("stands at 2.5 turns in")).to_be_visible()


def test_a_calendar_file_is_chosen_looked_at_and_taken_over(admin_page: Page):
    rep = factories.RepFactory.create(first_name="Anneke", last_name="de Vries", time_zone="Europe/Amsterdam")
    admin_page.goto(f"{address(Absence, 'changelist')}from_calendar/")
    admin_page.get_by_label("Person").select_option(label=rep.name)
    year = timezone.now().year + 1
    lines = (
        "BEGIN:VCALENDAR",
        "BEGIN:VEVENT",
        "UID:1",
        f"DTSTART;VALUE=DATE:{year}0105",
        f"DTEND;VALUE=DATE:{year}0108",
    )
    text = "\r\n".join((*lines, "SUMMARY:Skiing", "END:VEVENT", "END:VCALENDAR", ""))
    file = {"name": "leave.ics", "mimeType": "text/calendar", "buffer": text.encode()}
    admin_page.get_by_label("Calendar file").set_input_files(file)  # type: ignore[arg-type]
    admin_page.get_by_role("button", name="Show what it would change").click()
    expect(admin_page.get_by_text("For Anneke de Vries, on the clocks of Europe/Amsterdam.")).to_be_visible()
    expect(admin_page.get_by_text(f"5 Jan {year} to")).to_contain_text(f"7 Jan {year}: Skiing")
    admin_page.get_by_role("button", name="Take over").click()
    expect(admin_page.get_by_text("Anneke de Vries: 1 new, 0 changed")).to_be_visible()
    assert Absence.objects.get().rep == rep


@pytest.mark.parametrize("width", [390, 1360])
def test_no_page_scrolls_sideways(admin_page: Page, width: int):
    admin_page.set_viewport_size({"width": width, "height": 900})
    delivery = parked(handoff=factories.HandoffFactory.create())
    assert delivery.handoff is not None
    rep = factories.AbsenceFactory.create().rep
    check, member = factories.CheckFactory.create(), factories.MembershipFactory.create()
    for where in (
        reverse("admin:index"),
        address(Delivery, "changelist"),
        f"{address(Absence, 'changelist')}from_calendar/",
        address(check, "change"),
        address(member, "change"),
        *(address(row, "change") for row in (delivery, delivery.handoff, delivery.handoff.account, rep)),
    ):
        admin_page.goto(where)
        assert admin_page.evaluate("document.documentElement.scrollWidth") <= width, where
