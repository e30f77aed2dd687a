"""The link in an e-mail as its reader meets it: in a real browser, signed in nowhere."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.fixtures import Settings

from handoffs import ack_links
from handoffs.models import Event, Handoff, State
from routing import compiling
from tests.factories import company
from tests.handoffs.given import assigned

pytestmark = pytest.mark.browser


def test_a_person_opens_the_link_confirms_and_reads_that_it_is_done(
    transactional_db: None, settings: Settings, page: Page, live_server: Any, complaints: list[str]
) -> None:
    compiling.compiled.cache_clear()
    now = timezone.now()
    firm = company(now=now - timedelta(days=1))
    handoff = assigned(firm, now=now)
    user = firm.user("ingrid")
    grant = ack_links.Grant(handoff_id=handoff.pk, number=1, user_id=user.pk, issued_at=now)
    asked: list[tuple[str, str]] = []
    page.on("request", lambda request: asked.append((request.url, request.headers.get("referer", ""))))

    page.goto(f"{live_server.url}/a/{ack_links.written(grant)}/")
    expect(page.get_by_role("heading", name="Acknowledge this handoff, Ingrid?")).to_be_visible()
    assert Handoff.objects.get(pk=handoff.pk).state == State.ASSIGNED
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.get_by_role("heading", name="Acknowledged")).to_be_visible()
    assert Handoff.objects.get(pk=handoff.pk).state == State.ACKNOWLEDGED
    assert Event.objects.get(verb="acknowledged").actor == f"user:{user.pk}"

    page.get_by_role("link", name="Sign in and open").click()
    expect(page).to_have_url(re.compile("/accounts/login/"))
    assert not [url for url, referer in asked if "/a/" in referer], "the address of the link was told to another"
