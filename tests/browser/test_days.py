"""Whole days at work: a rep's morning by mouse, by keyboard and on a telephone, and a manager who gives work away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect
from pytest_django.fixtures import Settings

from handoffs.models import Activity, Delivery, Handoff, State
from routing import compiling
from tests.browser.conftest import enter
from tests.factories import Company, company
from tests.handoffs.given import assigned

pytestmark = pytest.mark.browser

FINDINGS = "Spoke with Runa for six minutes; the board meets on the third."


@dataclass(frozen=True)
class Morning:
    """What waits for Ingrid: one that just came, and one that is late."""

    firm: Company
    fresh: Handoff
    late: Handoff


@pytest.fixture
def morning(transactional_db: None, settings: Settings, complaints: list[str]) -> Morning:
    settings.AXES_ENABLED = False
    compiling.compiled.cache_clear()
    now = timezone.now()
    firm = company(now=now - timedelta(days=1))
    # Turns go round: Ingrid, Freya, Mikael, and Ingrid again.
    late, _, _, fresh = (
        assigned(firm, now=now - age, name=name)
        for name, age in (
            ("Ostrava Kinetics", timedelta(hours=3)),
            ("Fjordline Components", timedelta(minutes=50)),
            ("Sable Ridge Energy", timedelta(minutes=40)),
            ("Halvorsen Marine Logistics", timedelta(minutes=4)),
        )
    )
    assert (late.owner, fresh.owner) == (firm.reps["ingrid"],) * 2
    return Morning(firm, fresh, late)


def now_is(handoff: Handoff) -> Handoff:
    return Handoff.objects.get(pk=handoff.pk)


def in_five_days() -> str:
    """A Friday or Monday at ten, as the browser's own field takes it."""
    return f"{timezone.now() + timedelta(days=5):%Y-%m-%d}T10:00"


def was_done(handoff: Handoff) -> None:
    """What the morning leaves behind, whichever way it was gone through."""
    after = now_is(handoff)
    assert after.state == State.MEETING_BOOKED
    assert after.acknowledged_at
    assert after.contacted_at
    assert after.meeting_at
    # The form takes minutes.
    assert after.acknowledged_at.replace(second=0, microsecond=0) <= after.contacted_at < after.meeting_at
    note = Delivery.objects.get(handoff=handoff, purpose=Delivery.Purpose.CRM_NOTE, key__contains="findings")
    assert FINDINGS in note.payload["description"]
    assert not Activity.objects.filter(description__contains=FINDINGS).exists(), "it leaves through the outbox"


@pytest.mark.parametrize("width", [1360, 390])
def test_a_reps_morning_by_mouse_or_thumb(page: Page, morning: Morning, width: int) -> None:
    tab = enter(page, "ingrid")
    tab.set_viewport_size({"width": width, "height": 844})
    tab.goto("/")

    # She opens the newest, and reads why it is hers.
    tab.get_by_role("link", name=morning.fresh.account.name).click()
    why = tab.locator("details", has=tab.get_by_role("heading", name="Why me?"))
    if width == 390:
        # It folds once the page has loaded: a tap before that would be undone.
        expect(why).not_to_have_attribute("open", "")
        why.locator("summary").first.click()
    expect(why.get_by_role("listitem").get_by_text("Freya Aldous")).to_be_visible()
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")

    tab.get_by_role("button", name="Acknowledge").click()
    expect(tab.locator("#toasts")).to_contain_text("Acknowledged")

    tab.locator("#handoff [data-verb=log_contact]").click()
    dialog = tab.get_by_role("dialog")
    dialog.get_by_label("What you learned").fill(FINDINGS)
    dialog.get_by_role("button", name="Log contact").click()
    expect(dialog).to_have_count(0)

    tab.locator("#handoff [data-verb=book_meeting]").click()
    dialog.get_by_label("When it starts").fill(in_five_days())
    dialog.get_by_role("button", name="Book meeting").click()
    expect(tab.locator("#toasts")).to_contain_text("is recorded for")
    was_done(morning.fresh)

    # Back in the list it stands among those contacted, with the promise kept.
    tab.goto("/")
    expect(tab.locator(f"#row-{morning.fresh.pk}")).to_contain_text("Met in")


def test_a_reps_morning_without_touching_the_mouse(page: Page, morning: Morning) -> None:
    tab = enter(page, "ingrid")
    keys = tab.keyboard
    row = tab.locator(f"#row-{morning.fresh.pk}")
    for _ in range(20):
        if "selected" in (row.get_attribute("class") or ""):
            break
        keys.press("j")
    keys.press("Enter")
    tab.wait_for_url(f"**/handoffs/{morning.fresh.reference}/")

    why = tab.locator("details", has=tab.get_by_role("heading", name="Why me?"))
    expect(why.get_by_role("listitem").get_by_text("Freya Aldous")).to_be_visible()
    _tab_to(tab, why.locator("summary").first)
    keys.press("Enter")
    expect(why.get_by_role("listitem").get_by_text("Freya Aldous")).to_be_hidden()

    keys.press("a")
    expect(tab.locator("#toasts")).to_contain_text("Acknowledged")

    keys.press("l")
    dialog = tab.get_by_role("dialog")
    learned = dialog.get_by_label("What you learned")
    _tab_to(tab, learned)
    keys.type(FINDINGS)
    _tab_to(tab, dialog.get_by_role("button", name="Log contact"))
    keys.press("Enter")
    expect(dialog).to_have_count(0)

    expect(tab.locator("#handoff [data-verb=book_meeting]")).to_be_visible()
    keys.press("m")
    starts = dialog.get_by_label("When it starts")
    expect(starts).to_be_visible()
    day = timezone.now() + timedelta(days=5)
    _tab_to(tab, starts)
    # The field of a browser that speaks American: month, day, year, then the hour.
    keys.type(f"{day:%m%d%Y}")
    keys.press("ArrowRight")
    keys.type("1000AM")
    _tab_to(tab, dialog.get_by_role("button", name="Book meeting"))
    keys.press("Enter")
    expect(tab.locator("#toasts")).to_contain_text("is recorded for")
    was_done(morning.fresh)


def test_a_manager_gives_a_late_handoff_to_somebody_who_is_there(page: Page, morning: Morning) -> None:
    tab = enter(page, "elena")
    tab.goto("/?view=team")
    tab.get_by_role("link", name=morning.late.account.name).click()

    tab.locator("#handoff [data-verb=reassign]").click()
    dialog = tab.get_by_role("dialog")
    expect(dialog.get_by_label("Ingrid Solheim")).to_have_count(0)
    dialog.get_by_label("Freya Aldous").check()
    dialog.get_by_label("Why").fill("Ingrid is on a plane until tonight.")
    dialog.get_by_role("button", name="Reassign").click()

    expect(tab.locator("#toasts")).to_contain_text("now belongs to Freya Aldous")
    expect(tab.locator("section#clock")).to_contain_text("left")
    after = now_is(morning.late)
    assert (after.owner, after.state, after.assignment.number) == (morning.firm.reps["freya"], State.ASSIGNED, 2)

    # Freya finds it in her list, and Ingrid is told that it is gone.
    tab.context.clear_cookies()
    enter(tab, "freya")
    expect(tab.locator(f"#row-{morning.late.pk}").get_by_role("button", name="Acknowledge")).to_be_visible()
    told = Delivery.objects.filter(handoff=morning.late, payload__alert__title__startswith="Reassigned")
    assert [row.recipient for row in told] == [morning.firm.reps["ingrid"].messaging_id]


def _tab_to(tab: Page, target: Locator) -> None:
    """Presses Tab until the element has the focus, as somebody does who has only a keyboard."""
    for _ in range(80):
        if target.evaluate("element => element === document.activeElement"):
            return
        tab.keyboard.press("Tab")
    raise AssertionError(f"Tab never reached {target}")
