"""Bands of company sizes: which sizes two of them hold, and which none does, whatever their order."""

from itertools import permutations

import pytest

from routing.models import Segment
from routing.soundness import gaps, overlaps

WIDE = {"Enterprise": (0, None), "SMB": (0, 100), "Mid": (100, 1000)}
NESTED = {"All": (10, 1000), "Few": (20, 50), "Huge": (2000, 3000)}


def bands(sizes: dict[str, tuple[int | None, int | None]]) -> list[list[Segment]]:
    rows = [
        Segment(code=name, name=name, employees_from=start, employees_below=end) for name, (start, end) in sizes.items()
    ]
    return [list(order) for order in permutations(rows)]


@pytest.mark.parametrize("order", bands(WIDE))
def test_a_band_without_an_end_leaves_no_gap_above_it(order: list[Segment]):
    assert list(gaps(order)) == []
    assert [sentence.partition(".")[0] for _band, sentence in overlaps(order)] == [
        "SMB and Enterprise both hold 0 to 99 employees",
        "Enterprise and Mid both hold 100 to 999 employees",
    ]


@pytest.mark.parametrize("order", bands(NESTED))
def test_a_gap_begins_where_the_band_that_reaches_furthest_ends(order: list[Segment]):
    assert list(gaps(order)) == [
        "No segment holds fewer than 10 employees.",
        "No segment holds 1,000 to 1,999 employees: All ends before Huge begins.",
        "No segment holds 3,000 employees or more.",
    ]


def test_without_bands_nothing_is_missing():
    assert list(gaps([])) == []
    assert list(gaps([Segment(code="partner", name="Partner", by_tier=True)])) == []
