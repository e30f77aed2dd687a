from datetime import timedelta

import pytest

from routing import pausing
from routing.models import Rep
from tests.factories import NOW, RepFactory
from tests.routing.desk import pick, pool_of, publish, who

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("minutes", [30, 60, 90])
def test_a_pause_ends_by_itself_after_the_minutes_that_were_chosen(minutes: int) -> None:
    publish(catch_all=pool_of("AB"))
    pausing.pause(who("A").pk, minutes=minutes, now=NOW)
    end = NOW + timedelta(minutes=minutes)
    assert [pick(now=NOW), pick(now=end - timedelta(seconds=1)), pick(now=end)] == ["B", "B", "A"]


def test_a_pause_without_a_length_lasts_until_it_is_lifted() -> None:
    publish(catch_all=pool_of("A"))
    pausing.pause(who("A").pk, minutes=None, now=NOW)
    later = NOW + timedelta(days=30)
    assert pick(now=later) == "-"
    assert pausing.resume(who("A").pk, now=later)
    assert not pausing.resume(who("A").pk, now=later), "there is nothing left to lift"
    assert pick(now=later) == "A"
    assert [row.paused_since for row in Rep.history.filter(first_name="A")][:3] == [None, NOW, None]  # type: ignore[attr-defined]


@pytest.mark.parametrize("minutes", [0, -30, 45, 100_000])
def test_other_lengths_are_refused(minutes: int) -> None:
    rep = RepFactory.create()
    with pytest.raises(pausing.PauseError, match="30, 60 or 90 minutes"):
        pausing.pause(rep.pk, minutes=minutes, now=NOW)
    rep.refresh_from_db()
    assert rep.paused_since is None


def test_who_is_off_the_roster_is_not_paused() -> None:
    rep = RepFactory.create(is_active=False)
    with pytest.raises(pausing.PauseError, match="off the roster"):
        pausing.pause(rep.pk, minutes=30, now=NOW)
