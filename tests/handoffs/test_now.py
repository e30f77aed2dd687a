"""Business time and real time: the same everywhere but in a demo, whose clock can be moved on."""

from datetime import timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from handoffs.models import DemoClock
from handoffs.now import advance, now, real_now
from handoffs.states import RefusedError
from tests.factories import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _still() -> object:
    with time_machine.travel(NOW, tick=False):
        yield


def test_outside_a_demo_nobody_asks_the_database_for_the_time(
    settings: Settings, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    settings.HANDOFFS_DEMO = False
    DemoClock.objects.create(pk=1, ahead=HOUR)
    with django_assert_num_queries(0):
        assert now() == real_now() == NOW


def test_outside_a_demo_the_clock_is_not_moved(settings: Settings) -> None:
    settings.HANDOFFS_DEMO = False
    with pytest.raises(RefusedError, match="Only the clock of a demo can be moved"):
        advance(HOUR)
    assert not DemoClock.objects.exists()


def test_in_a_demo_business_time_runs_ahead_and_real_time_does_not(settings: Settings) -> None:
    settings.HANDOFFS_DEMO = True
    assert now() == NOW
    assert advance(HOUR) == NOW + HOUR
    assert advance(timedelta(days=1)) == NOW + timedelta(hours=25)
    assert (now(), real_now()) == (NOW + timedelta(hours=25), NOW)


@pytest.mark.parametrize("by", [timedelta(0), -HOUR])
def test_the_clock_never_runs_backwards(settings: Settings, by: timedelta) -> None:
    settings.HANDOFFS_DEMO = True
    advance(HOUR)
    with pytest.raises(RefusedError, match="only moves forwards"):
        advance(by)
    assert now() == NOW + HOUR


def test_the_database_keeps_one_clock_that_is_not_behind() -> None:
    for row in (DemoClock(pk=2, ahead=HOUR), DemoClock(pk=1, ahead=-HOUR)):
        with pytest.raises(IntegrityError), transaction.atomic():
            row.save(force_insert=True)
