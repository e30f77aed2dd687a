"""Everybody is at a limit: it waits, says so once, and goes on as soon as somebody's load falls."""

from datetime import timedelta
from typing import Any

import pytest

from handoffs import pipeline
from handoffs.models import Handoff, State
from routing.models import Decision, HandoffType, Rep
from tests.factories import NOW, rich_account
from tests.stories.office import Office


@pytest.fixture
def full(office: Office) -> Office:
    """Both of customer success may have one open each, and have it; a third deal was won and waits."""
    Rep.objects.filter(first_name__in=("Hannah", "Yusuf")).update(load_cap=1)
    for _ in range(3):
        rich = rich_account("closed_to_cs", sender=office.person("oskar"))
        handoff = office.receive(HandoffType.CLOSED_TO_CS, rich.account, rich.deal, now=NOW)
        pipeline.run(handoff, now=NOW, actor="engine")
    return office


def test_what_waits_for_room_is_taken_as_soon_as_there_is_some(
    full: Office, django_capture_on_commit_callbacks: Any
) -> None:
    first, _, waiting = full.every_handoff()
    assert (waiting.state, waiting.next_at) == (State.UNASSIGNED, NOW + timedelta(minutes=5))
    later = NOW + timedelta(minutes=1)
    pipeline.acknowledge(first, actor="user:1", now=later)
    assert Handoff.objects.get(pk=waiting.pk).next_at == NOW + timedelta(minutes=5)
    with django_capture_on_commit_callbacks(execute=True):
        pipeline.log_contact(first, contacted_at=later, actor="user:1", now=later)
    assert Handoff.objects.get(pk=waiting.pk).next_at == later
    pipeline.run(waiting, now=later, actor="engine")
    waiting.refresh_from_db()
    assert (waiting.state, waiting.owner) == (State.ASSIGNED, first.owner)


def test_what_waits_for_something_else_is_left_in_peace(full: Office, django_capture_on_commit_callbacks: Any) -> None:
    first, _, waiting = full.every_handoff()
    receipt = Decision.objects.get(handoff_uuid=waiting.uuid).receipt
    for candidate in receipt["candidates"]:
        candidate["code"] = "outside_hours"
    Decision.objects.filter(handoff_uuid=waiting.uuid).update(receipt=receipt)
    with django_capture_on_commit_callbacks(execute=True):
        pipeline.log_contact(first, contacted_at=NOW, actor="user:1", now=NOW)
    assert Handoff.objects.get(pk=waiting.pk).next_at == NOW + timedelta(minutes=5)


def test_looking_again_for_the_same_reasons_is_one_decision(full: Office) -> None:
    waiting = full.every_handoff()[2]
    for minutes in (5, 10, 15):
        pipeline.run(waiting, now=NOW + timedelta(minutes=minutes), actor="engine")
    waiting.refresh_from_db()
    assert waiting.next_at == NOW + timedelta(minutes=20)
    assert Decision.objects.filter(handoff_uuid=waiting.uuid).count() == 1
