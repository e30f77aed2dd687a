"""Calendar arithmetic against a walk over minutes, on random calendars."""

import os
from collections import Counter
from random import Random

import pytest

from routing import hours
from tests.routing.walking import random_case, wrong

CASES = int(os.environ.get("HANDOFFS_HOURS_CASES", "250"))


def test_every_case_is_what_a_walk_over_its_minutes_says() -> None:
    differing = [said for seed in range(CASES) if (said := wrong(random_case(Random(seed))))]
    assert not differing, f"{len(differing)} of {CASES} differ, e.g. {differing[0]}"


def test_the_cases_hold_weekend_starts_nights_splits_and_odd_zones() -> None:
    seen: Counter[str] = Counter()
    for seed in range(CASES):
        case = random_case(Random(seed))
        local = case.start.astimezone(hours.ZoneInfo(case.hours.zone))
        seen["weekend"] += local.weekday() >= 5
        seen["night"] += any(end % 1440 < start % 1440 for start, end in case.hours.blocks)
        days = Counter(start // 1440 for start, _ in case.hours.blocks)
        seen["split"] += max(days.values()) > 1
        seen["half"] += local.utcoffset().seconds % 3600 == 1800
        seen["three quarters"] += local.utcoffset().seconds % 3600 == 2700
        seen["quarter of an hour"] += case.target.seconds == 900
        seen["clocks moved"] += local.utcoffset() != case.end.astimezone(local.tzinfo).utcoffset()
        seen["holiday"] += bool(case.hours.holidays)
    assert all(seen[kind] >= 5 for kind in ("weekend", "night", "split", "half", "three quarters", "clocks moved")), (
        seen
    )
    assert all(seen[kind] >= 5 for kind in ("quarter of an hour", "holiday")), seen


@pytest.mark.parametrize("broken", ["jump", "fold", "end of a block"])
def test_the_walk_sees_an_arithmetic_that_is_wrong(monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    if broken == "jump":
        monkeypatch.setattr(hours, "_jump", lambda _zone, before, _after: before)
    elif broken == "fold":
        sound = hours._boundary
        later = 3_600_000_000
        monkeypatch.setattr(hours, "_boundary", lambda zone, day, at: sound(zone, day, at) + later * (at == 150))
    else:
        monkeypatch.setattr(hours, "bisect_left", hours.bisect_right)
    assert any(wrong(random_case(Random(seed))) for seed in range(CASES))
