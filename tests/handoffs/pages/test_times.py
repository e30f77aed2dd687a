"""Times that people type: on their own clock, through its skipped and doubled hours, and put right afterwards."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.test import Client

from handoffs import pipeline
from handoffs.models import Event, Handoff, State
from handoffs.views.verbs.moments import LocalMoment
from tests.factories import NOW, Company
from tests.handoffs.pages.conftest import Give, SignIn
from tests.handoffs.pages.reading import html, words
from tests.handoffs.pages.test_verbs import HTMX, LATER, contacted


def typed(client: Client, handoff: Handoff, when: str):
    sent = {"when": when, "version": handoff.version}
    return client.post(f"/handoffs/{handoff.reference}/contact/", sent, headers=HTMX)


def test_a_time_is_read_on_the_readers_own_clock(
    firm: Company, give: Give, sign_in: SignIn, clock: time_machine.Traveller
) -> None:
    ingrid = firm.user("ingrid")
    ingrid.time_zone = "Europe/Oslo"
    ingrid.save()
    handoff = give()
    clock.move_to(LATER)
    client = sign_in("ingrid")

    form = client.get(f"/handoffs/{handoff.reference}/contact/")
    assert 'value="2026-11-17T11:30"' in html(form)
    assert "On your clock: Europe/Oslo, CET today." in words(form)
    assert typed(client, handoff, "2026-11-17T11:15").status_code == 200

    assert Handoff.objects.get(pk=handoff.pk).contacted_at == datetime(2026, 11, 17, 10, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("when", "sentence"),
    [
        ("", "Say when it happened."),
        ("yesterday", "Give a date and a time"),
        ("2026-11-31T10:00", "Give a date and a time"),
        ("0001-01-01T00:00", "before HO-"),
        ("9999-12-31T23:59", "lies in the future"),
        ("2026-11-17T10:31", "lies in the future"),
        ("2026-11-17T09:59", "lies before HO-"),
        ("2026-11-17T10:00\x00", "Give a date and a time"),
    ],
)
def test_a_time_that_cannot_be_is_refused_in_the_form(
    when: str, sentence: str, firm: Company, give: Give, sign_in: SignIn, clock: time_machine.Traveller
) -> None:
    handoff = give()
    clock.move_to(LATER)

    answer = typed(sign_in("ingrid"), handoff, when)

    assert answer.status_code == 422
    assert sentence in words(answer)
    assert Handoff.objects.get(pk=handoff.pk).contacted_at is None


def test_the_minute_of_the_assignment_counts_as_after_it(
    firm: Company, give: Give, sign_in: SignIn, clock: time_machine.Traveller
) -> None:
    handoff = give(at=NOW + timedelta(seconds=40))
    clock.move_to(NOW + timedelta(seconds=50))

    assert typed(sign_in("ingrid"), handoff, "2026-11-17T10:00").status_code == 200
    assert Handoff.objects.get(pk=handoff.pk).contacted_at == NOW + timedelta(seconds=40)


def test_a_meeting_is_after_the_contact_and_within_a_year(
    firm: Company, give: Give, sign_in: SignIn, clock: time_machine.Traveller
) -> None:
    handoff = give()
    contacted(handoff)
    clock.move_to(LATER)
    handoff = Handoff.objects.get(pk=handoff.pk)
    client = sign_in("ingrid")

    def meet(when: str):
        sent = {"when": when, "version": handoff.version}
        return client.post(f"/handoffs/{handoff.reference}/meeting/", sent, headers=HTMX)

    assert "before the first contact" in words(meet("2026-11-17T09:00"))
    assert "more than a year away" in words(meet("2028-11-17T09:00"))
    assert meet("2026-11-17T10:10").status_code == 200, "one already held counts"


@pytest.mark.parametrize(
    ("zone", "now", "when", "meant"),
    [
        # The hour that comes twice: the first that is not in the future, and not before the assignment.
        ("Europe/Berlin", "2026-10-25T01:45", "2026-10-25T02:30", "2026-10-25T00:30"),
        ("Europe/Berlin", "2026-10-25T00:20", "2026-10-25T02:10", "2026-10-25T00:10"),
        ("America/New_York", "2026-11-01T07:00", "2026-11-01T01:30", "2026-11-01T05:30"),
        ("Asia/Kathmandu", "2026-11-17T10:30", "2026-11-17T16:00", "2026-11-17T10:15"),
    ],
)
def test_zones_and_hours_that_come_twice_are_read_as_they_are_meant(zone: str, now: str, when: str, meant: str) -> None:
    field = LocalMoment()
    field.zone = ZoneInfo(zone)
    field.latest = datetime.fromisoformat(now).replace(tzinfo=UTC)
    field.earliest = field.latest - timedelta(hours=6)

    assert field.to_python(when) == datetime.fromisoformat(meant).replace(tzinfo=UTC)


def test_of_an_hour_that_comes_twice_the_second_is_meant_where_the_first_is_too_early() -> None:
    field = LocalMoment()
    field.zone = ZoneInfo("Europe/Berlin")
    field.earliest = datetime(2026, 10, 25, 0, 50, tzinfo=UTC)

    assert field.to_python("2026-10-25T02:30") == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_an_hour_that_the_clocks_skip_is_refused() -> None:
    field = LocalMoment()
    field.zone = ZoneInfo("Europe/Berlin")
    with pytest.raises(ValidationError, match="On 29 Mar 2026 the clocks in Europe/Berlin skip 02:30"):
        field.to_python("2026-03-29T02:30")


# The first contact was earlier than was noted.


def correct(client: Client, handoff: Handoff, when: str, findings: str = ""):
    sent = {"when": when, "findings": findings, "version": handoff.version}
    return client.post(f"/handoffs/{handoff.reference}/contact/", sent, headers=HTMX)


@pytest.fixture
def noted_late(give: Give, clock: time_machine.Traveller) -> Handoff:
    """Ingrid's, contacted at 10:20 by her own account, at 10:30."""
    handoff = give()
    clock.move_to(LATER)
    at = NOW + timedelta(minutes=20)
    return pipeline.log_contact(handoff, contacted_at=at, actor="user:0", now=LATER)


def test_the_owner_corrects_the_first_contact_to_an_earlier_time(
    firm: Company, noted_late: Handoff, sign_in: SignIn
) -> None:
    client, address = sign_in("ingrid"), f"/handoffs/{noted_late.reference}/"
    assert "Correct first contact" in words(client.get(address))
    form = client.get(f"{address}contact/", headers=HTMX)
    assert 'value="2026-11-17T10:20"' in html(form)
    assert "On record is 10:20. It can only have been earlier" in words(form)

    answer = correct(client, noted_late, "2026-11-17T10:05")

    assert answer.status_code == 200
    assert "First contact with Halvorsen Marine Logistics is corrected to 10:05." in words(answer)
    after = Handoff.objects.get(pk=noted_late.pk)
    assert (after.state, after.contacted_at) == (State.CONTACTED, NOW + timedelta(minutes=5))
    assert Event.objects.filter(stream=after.stream, verb="contact_corrected").count() == 1
    again = correct(client, noted_late, "2026-11-17T10:05")
    assert (again.status_code, "done already" in words(again)) == (200, True)


@pytest.mark.parametrize("when", ["2026-11-17T10:20", "2026-11-17T10:25", "2026-11-17T09:00"])
def test_no_correction_makes_the_first_contact_later_or_earlier_than_the_handoff(
    when: str, firm: Company, noted_late: Handoff, sign_in: SignIn
) -> None:
    answer = correct(sign_in("ingrid"), noted_late, when)

    assert answer.status_code == 422
    expected = "before HO-" if when.endswith("09:00") else "The first contact on record is 10:20. Give an earlier time"
    assert expected in words(answer)
    assert Handoff.objects.get(pk=noted_late.pk).contacted_at == NOW + timedelta(minutes=20)


@pytest.mark.parametrize(("who", "status"), [("dana", 403), ("clara", 403), ("freya", 404), ("elena", 200)])
def test_a_correction_is_the_owners_or_their_managers(
    who: str, status: int, firm: Company, noted_late: Handoff, sign_in: SignIn
) -> None:
    client = sign_in(who)
    assert correct(client, noted_late, "2026-11-17T10:05").status_code == status
    if status == 403:
        assert "Correct first contact" not in words(client.get(f"/handoffs/{noted_late.reference}/"))
