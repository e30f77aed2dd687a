"""Taking a handoff out of a pool's queue by API: its members alone, and the first of them."""

from datetime import timedelta

import pytest
import time_machine

from handoffs import pipeline
from handoffs.models import Handoff
from routing.compiling import compiled
from routing.models import Assignment, Rule
from tests.api.calling import problem
from tests.api.conftest import As
from tests.factories import NOW, Company, company
from tests.handoffs.given import received

pytestmark = pytest.mark.django_db


@pytest.fixture
def firm(db: None, clock: time_machine.Traveller) -> Company:
    compiled.cache_clear()
    firm = company(strategies={"cs": Rule.Strategy.QUEUE})
    clock.move_to(NOW + timedelta(minutes=5))
    return firm


@pytest.fixture
def path(firm: Company) -> str:
    handoff = pipeline.run(received(firm, "closed_to_cs"), now=NOW, actor="engine")
    return f"handoffs/{handoff.uuid}/take/"


def test_a_member_takes_it_and_the_next_is_told_whose_it_is(call: As, firm: Company, path: str) -> None:
    answer = call("yusuf").post(path, {"version": Handoff.objects.get().version})
    assert (answer.status_code, answer.json()["owner"]["name"]) == (200, "Yusuf Demir")
    assert Assignment.objects.get().rep == firm.reps["yusuf"]

    problem(call("hannah").post(path, {}), 404, "not-found")
    assert Assignment.objects.count() == 1


def test_a_version_that_is_older_is_refused(call: As, path: str) -> None:
    problem(call("yusuf").post(path, {"version": 1}), 409)
    assert not Assignment.objects.exists()


@pytest.mark.parametrize(("who", "status"), [("ingrid", 404), ("carsten", 403), ("ben", 403), ("clara", 403)])
def test_others_may_not(call: As, path: str, who: str, status: int) -> None:
    problem(call(who).post(path, {}), status)
    assert not Assignment.objects.exists()
