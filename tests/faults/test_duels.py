"""Two people press at the same moment, over and over: each time one of them wins, and the other is told so.

Two threads meet at a barrier before every race, each on a connection of its own. `make faults` races a thousand times.
"""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection

from handoffs import pipeline, timeline
from handoffs.models import Delivery, Event, Handoff, State
from handoffs.states import RefusedError
from routing.models import Assignment, Decision
from sla.models import Clock
from tests.factories import NOW, Company, company
from tests.handoffs.given import assigned

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.fault, pytest.mark.sqlite]

RACES = int(os.environ.get("HANDOFFS_RACES", "30"))
SOON = NOW + timedelta(minutes=5)
PATIENCE = 60
"""Seconds after which a thread that waits for the other is taken for stuck."""

Change = Callable[[Handoff], Any]
Record = Callable[[str, object], None]


@pytest.fixture
def field() -> tuple[Company, list[Handoff]]:
    """As many handoffs as there are races, each assigned and not yet acknowledged."""
    firm = company()
    return firm, [assigned(firm, name=f"Account {number}") for number in range(RACES)]


def race(handoffs: list[Handoff], *, left: Change, right: Change) -> list[tuple[str, str]]:
    """Per handoff how each side fared: "won", "refused", or the exception's own name."""
    start = threading.Barrier(2)

    def side(change: Change) -> list[str]:
        fared = []
        try:
            connection.ensure_connection()
            for handoff in handoffs:
                start.wait(PATIENCE)
                fared.append(_outcome(partial(change, handoff)))
        finally:
            connection.close()
        return fared

    with ThreadPoolExecutor(2) as threads:
        lefts, rights = threads.map(side, (left, right))
    return list(zip(lefts, rights, strict=True))


def _outcome(change: Callable[[], Any]) -> str:
    try:
        change()
    except RefusedError:
        return "refused"
    except Exception as error:  # noqa: BLE001 - anything else is named, and fails the test
        return type(error).__name__
    return "won"


def _acknowledge(handoff: Handoff, *, actor: str) -> Handoff:
    return pipeline.acknowledge(handoff, actor=actor, now=SOON, version=_version(handoff))


def _version(handoff: Handoff) -> int | None:
    """What the caller read, every other time; a caller that names no version is no less to be refused."""
    return handoff.version if handoff.pk % 2 else None


def _counted(what: str, fared: list[tuple[str, str]]) -> str:
    double = sum(sides == ("won", "won") for sides in fared)
    won = Counter(left for left, _ in fared)["won"]
    return f"{what}: {len(fared)} races, {won} won by the first, {double} with two winners"


def test_of_two_who_acknowledge_at_once_one_does(field: tuple[Company, list[Handoff]], record_property: Record) -> None:
    _, handoffs = field
    fared = race(handoffs, left=partial(_acknowledge, actor="user:1"), right=partial(_acknowledge, actor="user:2"))
    record_property("counted", _counted("Acknowledge against acknowledge", fared))
    assert set(fared) <= {("won", "refused"), ("refused", "won")}
    for handoff, (left, _) in zip(handoffs, fared, strict=True):
        [event] = Event.objects.filter(stream=handoff.stream, verb="acknowledged")
        assert event.actor == ("user:1" if left == "won" else "user:2")
        assert timeline.first_broken(handoff.stream) is None
    assert set(Handoff.objects.values_list("state", flat=True)) == {State.ACKNOWLEDGED}
    assert Delivery.objects.filter(purpose=Delivery.Purpose.ACKNOWLEDGED).count() == len(handoffs)


def test_of_acknowledging_and_giving_away_at_once_one_happens(
    field: tuple[Company, list[Handoff]], record_property: Record
) -> None:
    firm, handoffs = field
    others = {rep.pk: rep for rep in firm.reps.values()}
    spare = {handoff.pk: next(pk for pk in others if pk != handoff.owner_id) for handoff in handoffs}

    def give_away(handoff: Handoff) -> Handoff:
        to = others[spare[handoff.pk]]
        # The manager gives away what they saw: without a version, one that was acknowledged may be given away as well.
        return pipeline.reassign(handoff, to=to, reason="Away", actor="user:2", now=SOON, version=handoff.version)

    fared = race(handoffs, left=partial(_acknowledge, actor="user:1"), right=give_away)
    record_property("counted", _counted("Acknowledge against reassign", fared))
    assert set(fared) <= {("won", "refused"), ("refused", "won")}
    for handoff, (left, _) in zip(handoffs, fared, strict=True):
        after = Handoff.objects.get(pk=handoff.pk)
        acknowledged = left == "won"
        assert after.state == (State.ACKNOWLEDGED if acknowledged else State.ASSIGNED)
        assert after.owner_id == (handoff.owner_id if acknowledged else spare[handoff.pk])
        open_ones = Assignment.objects.filter(handoff_uuid=handoff.uuid, released_at=None)
        assert [assignment.rep_id for assignment in open_ones] == [after.owner_id]
        running = Clock.objects.filter(assignment__handoff_uuid=handoff.uuid, state=Clock.State.RUNNING)
        assert set(running.values_list("assignment_id", flat=True)) == {after.assignment_id}
        assert timeline.first_broken(handoff.stream) is None
    assert Decision.objects.count() == len(handoffs), "giving away by hand decides nothing"
