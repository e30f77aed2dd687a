from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone
from playwright.sync_api import Page
from pytest_django.fixtures import Settings

from handoffs import pipeline
from handoffs.models import Delivery, Handoff
from routing import compiling
from routing.models import HandoffType
from tests.factories import PASSWORD, AccountFactory, Company, company
from tests.handoffs.pages.handing import hand_over

SignIn = Callable[[str], Page]
HOUR = timedelta(hours=1)
LONG = "Rheinisch-Westfälische Elektrizitäts- und Wasserversorgungsgesellschaft " + "W" * 60


@dataclass(frozen=True)
class Desk:
    """A firm with a handoff in every state that a page draws, most of them Ingrid's."""

    firm: Company
    breached: Handoff
    fresh: Handoff
    blocked: Handoff
    each_type: dict[str, Handoff]


@pytest.fixture
def desk(transactional_db: None, settings: Settings) -> Desk:
    settings.AXES_ENABLED = False
    compiling.compiled.cache_clear()
    now = timezone.now()
    firm = company(now=now)
    breached = hand_over(firm, at=now - timedelta(hours=3, minutes=20), name="Ostrava Kinetics")
    risky = hand_over(firm, at=now - timedelta(minutes=88), name="Sable Ridge Energy")
    fresh = hand_over(firm, at=now - timedelta(minutes=4), name="Halvorsen Marine Logistics")
    returned = hand_over(firm, at=now - HOUR, name="Tromsa Seafood Group")
    met = hand_over(firm, at=now - 5 * HOUR, name="Polder Water Authority")
    late = hand_over(firm, at=now - 9 * HOUR, name=LONG)
    each_type = {kind: hand_over(firm, kind, at=now - HOUR) for kind in HandoffType.values}
    mine = [breached, risky, fresh, returned, met, late, *each_type.values()]
    Handoff.objects.filter(pk__in=[handoff.pk for handoff in mine]).update(owner=firm.reps["ingrid"])
    pipeline.reject(returned, reason="incomplete", comment="No budget.", actor="engine", now=now)
    pipeline.log_contact(met, contacted_at=now - 4 * HOUR, actor="engine", now=now)
    pipeline.log_contact(late, contacted_at=now - 2 * HOUR, actor="engine", now=now)
    blocked = hand_over(firm, at=now, account=AccountFactory.create(name="Nobody Home"), deal=None)
    Handoff.objects.filter(pk=blocked.pk).update(from_rep=firm.reps["ingrid"])
    fresh.deliveries.filter(purpose="crm_update").update(state=Delivery.State.DELIVERED, next_at=None, delivered_at=now)
    fresh.deliveries.filter(purpose="alert").update(
        state=Delivery.State.PARKED, next_at=None, last_error="channel_not_found: #ae-enterprise does not exist."
    )
    return Desk(firm, breached, Handoff.objects.get(pk=fresh.pk), blocked, each_type)


def enter(page: Page, key: str) -> Page:
    """Signs in by typing, as a person does; whoever was signed in before is not any more."""
    page.context.clear_cookies()
    page.goto("/accounts/login/")
    page.get_by_label("Work e-mail").fill(f"{key}@fathomline.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/")
    return page


@pytest.fixture
def complaints(page: Page) -> Iterator[list[str]]:
    """Errors and warnings of the console, such as a violated content security policy; there must be none."""
    heard: list[str] = []
    page.on("console", lambda message: heard.append(message.text) if message.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: heard.append(str(error)))
    yield heard
    assert heard == []


@pytest.fixture
def sign_in(page: Page, desk: Desk, complaints: list[str]) -> SignIn:
    """Signs in by typing, as a person does."""

    return partial(enter, page)
