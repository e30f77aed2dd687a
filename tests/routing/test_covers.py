"""Rings of covers are refused at save, with the field named."""

from datetime import timedelta
from itertools import pairwise

import pytest
from django.core.exceptions import ValidationError

from routing.models import Absence, Rep
from tests.factories import NOW, AbsenceFactory, RepFactory

pytestmark = pytest.mark.django_db


def chain(*names: str) -> list[Rep]:
    """People of whom each is covered by the next."""
    people = [RepFactory.create(first_name=name, last_name="") for name in names]
    for one, following in pairwise(people):
        one.cover = following
        one.save()
    return people


@pytest.mark.parametrize("length", [2, 3, 6])
def test_a_chain_of_covers_may_not_lead_back(length: int) -> None:
    people = chain(*"ABCDEF"[:length])
    people[-1].cover = people[0]
    with pytest.raises(ValidationError) as refused:
        people[-1].full_clean()
    last = "ABCDEF"[length - 1]
    said = f"A is covered by {last}, directly or over others, so nobody would be left. "
    assert refused.value.message_dict == {"cover": [f"{said}Choose somebody outside that ring."]}


def test_a_chain_that_leads_elsewhere_is_fine_also_beside_an_old_ring() -> None:
    first, second, third = chain("A", "B", "C")
    Rep.objects.filter(pk=third.pk).update(cover=second)
    first.full_clean()


def absence(rep: Rep, cover: Rep, *, starts: int = 0, days: int = 5) -> Absence:
    at = NOW + timedelta(days=starts)
    return Absence(rep=rep, cover=cover, starts_at=at, ends_at=at + timedelta(days=days), kind="holiday")


def test_two_who_are_away_at_once_may_not_cover_for_each_other() -> None:
    first, second, third = (RepFactory.create(first_name=name, last_name="") for name in "ABC")
    AbsenceFactory.create(rep=second, cover=third, starts_at=NOW + timedelta(days=4), ends_at=NOW + timedelta(days=9))
    third.cover = first
    third.save()
    absence(first, second).full_clean()
    AbsenceFactory.create(rep=third, starts_at=NOW + timedelta(days=1), ends_at=NOW + timedelta(days=9))
    with pytest.raises(ValidationError) as refused:
        absence(first, second).full_clean()
    assert list(refused.value.message_dict) == ["cover"]
    absence(first, second, days=1).full_clean()


def test_an_absence_does_not_stand_in_its_own_way_when_it_is_edited() -> None:
    first, second = (RepFactory.create() for _ in range(2))
    row = absence(first, second)
    row.save()
    row.note = "Two weeks"
    row.full_clean()


def test_a_ring_that_stands_is_in_the_way_of_no_other_edit() -> None:
    first, second = chain("A", "B")
    Rep.objects.filter(pk=second.pk).update(cover=first)
    first.job_title = "Team lead"
    first.full_clean()
    second.refresh_from_db()
    second.full_clean()
    second.cover = None
    second.full_clean()
    second.save()
    second.cover = first
    with pytest.raises(ValidationError):
        second.full_clean()


def test_absences_that_stand_in_a_ring_are_edited_all_the_same() -> None:
    first, second = (RepFactory.create() for _ in range(2))
    for row in (absence(first, second), absence(second, first)):
        row.save()
    row.note = "Two weeks"
    row.full_clean()
    row.ends_at += timedelta(days=1)
    with pytest.raises(ValidationError):
        row.full_clean()
