"""Nobody calls the customer, watched in a browser: the demo's clock is moved on, and the engine does the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.fixtures import Settings

from handoffs.models import Handoff, State
from routing import compiling
from routing.models import Assignment
from tests.browser.conftest import enter
from tests.factories import Company, company
from tests.fakes.fixtures import Fake
from tests.faults.processes import product
from tests.handoffs.given import assigned

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PATIENCE = 20_000
"""Milliseconds in which the engine has looked again; it does so every two seconds."""


@pytest.fixture
def firm(
    transactional_db: None,
    settings: Settings,
    fake_slack: Fake,
    fake_resend: Fake,
    broker_url: str,
    tmp_path: Path,
) -> Iterator[Company]:
    """A firm of the demo, with an engine of its own that looks after it."""
    settings.HANDOFFS_DEMO = True
    settings.AXES_ENABLED = False
    compiling.compiled.cache_clear()
    redis.Redis.from_url(broker_url).delete("celery")
    made = company(now=timezone.now())
    running = product(slack=fake_slack, resend=fake_resend, broker=broker_url, logs=tmp_path)
    with running.running("manage.py", "engine", HANDOFFS_DEMO="true", HANDOFFS_DATA_DIR=str(tmp_path / "data")):
        yield made
    compiling.compiled.cache_clear()


def later(page: Page, step: str, *, times: int = 1) -> None:
    """Moves the demo's clock on, from the page that is open."""
    for _ in range(times):
        page.get_by_role("button", name=f"Move the demo clock on by {step}").click()
        expect(page.locator("#flash")).to_contain_text("later")


def reload_until(page: Page, seen: Callable[[], bool]) -> None:
    """Reloads, as a person does who waits for something to happen."""
    for _ in range(PATIENCE // 500):
        if seen():
            return
        page.wait_for_timeout(500)
        page.reload()
    raise AssertionError(page.locator("main").inner_text())


def test_a_missed_handoff_climbs_its_whole_ladder_to_a_second_owner_who_wins_it(firm: Company, page: Page) -> None:
    handoff = assigned(firm, now=timezone.now())
    assert handoff.owner == firm.reps["ingrid"]
    address = f"/handoffs/{handoff.reference}/"

    # Ingrid reads it, and leaves it.
    enter(page, "ingrid")
    page.goto(address)
    clock, log = page.locator("section#clock"), page.locator("main")
    expect(clock).to_contain_text("left")
    later(page, "1 hour")
    later(page, "15 minutes", times=2)
    reload_until(page, lambda: "At risk" in clock.inner_text())
    later(page, "1 hour", times=2)
    reload_until(page, lambda: "overdue: Ingrid Solheim was alerted" in log.inner_text())
    expect(clock).to_contain_text("over")

    # Four hours late, her manager hears of it.
    later(page, "1 hour", times=3)
    reload_until(page, lambda: "overdue: Elena Petrova was alerted as" in log.inner_text())
    enter(page, "elena")
    page.goto(address)
    expect(clock).to_contain_text("over")

    # A day late, it is Freya's, with a promise of its own.
    later(page, "1 day")
    reload_until(page, lambda: Handoff.objects.get(pk=handoff.pk).owner_id == firm.reps["freya"].pk)
    enter(page, "freya")
    page.goto(address)
    expect(clock).to_contain_text("left")
    assert [assignment.rep_id for assignment in Assignment.objects.order_by("number")] == [
        firm.reps["ingrid"].pk,
        firm.reps["freya"].pk,
    ]

    # She acknowledges, calls, meets them, and wins it.
    record = page.locator("#handoff")
    record.get_by_role("button", name="Acknowledge").click()
    expect(page.locator("#toasts")).to_contain_text("Acknowledged")
    dialog = page.get_by_role("dialog")
    record.locator("[data-verb=log_contact]").click()
    dialog.get_by_role("button", name="Log contact").click()
    expect(clock).to_contain_text("Met in")
    record.locator("[data-verb=close]").first.click()
    dialog.get_by_label("Converted").check()
    dialog.get_by_role("button", name="Record outcome").click()
    expect(dialog).to_have_count(0)
    assert Handoff.objects.get(pk=handoff.pk).state == State.CONVERTED
