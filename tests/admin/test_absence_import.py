"""Absences from a calendar file: the list first, then the change."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from routing.models import Absence, Rep
from tests import factories
from tests.admin.worlds import signed_in
from tests.routing.test_absence_import import file

pytestmark = pytest.mark.django_db

TALK = "DTSTART:20991201T100000Z\nDURATION:PT1H"


@pytest.fixture
def boss() -> Client:
    return signed_in()


def where(client: Client) -> str:
    listed = client.get(reverse("admin:routing_absence_changelist")).content.decode()
    [found] = set(re.findall(r'href="([^"]*from_calendar[^"]*)"', listed))
    return str(found)


def send(client: Client, rep: Rep, raw: bytes) -> str:
    sent = {"rep": rep.pk, "kind": "training", "file": SimpleUploadedFile("away.ics", raw)}
    page: str = client.post(where(client), sent).content.decode()
    return page


def confirm(client: Client, page: str) -> None:
    [shown] = re.findall(r'name="shown" value="([^"]+)"', page)
    assert client.post(where(client), {"shown": shown}).status_code == 302


@pytest.fixture(autouse=True)
def _in_that_year(time_machine: object) -> None:
    time_machine.move_to("2099-11-20T10:00:00Z", tick=False)  # type: ignore[attr-defined]


def test_the_list_is_shown_before_anything_is_written_and_twice_changes_nothing(boss: Client):
    rep = factories.RepFactory.create(first_name="Mina")
    page = send(boss, rep, file(TALK, "DTSTART:20991201T100000Z"))
    assert "<b>New</b>" in page
    assert "<b>Left out</b> <bdi>Away</bdi>: It has no end." in page
    assert not Absence.objects.exists()
    confirm(boss, page)
    absence = Absence.objects.get()
    assert (absence.rep, absence.kind, absence.note) == (rep, "training", "Away")
    page = send(boss, rep, file(TALK))
    assert "<b>As it was</b>" in page
    confirm(boss, page)
    assert Absence.objects.count() == 1


@pytest.mark.parametrize("raw", [b"nonsense", b"", b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"])
def test_a_broken_file_is_told_at_its_field(boss: Client, raw: bytes):
    page = send(boss, factories.RepFactory.create(), raw)
    assert 'id="id_file_error"' in page
    assert not Absence.objects.exists()


def test_a_list_that_somebody_made_up_is_not_written(boss: Client):
    factories.RepFactory.create()
    assert boss.post(where(boss), {"shown": "made:up:list"}, follow=True).status_code == 200
    assert not Absence.objects.exists()


def test_text_of_a_file_is_shown_as_text(boss: Client):
    raw = file(TALK).replace(b"SUMMARY:Away", b"SUMMARY:<script>alert(1)</script>")
    page = send(boss, factories.RepFactory.create(), raw)
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert(1)" not in page


def test_times_are_those_of_the_person_and_whole_days_are_days(boss: Client):
    rep = factories.RepFactory.create(first_name="Mina", time_zone="Asia/Kathmandu")
    days = ("BEGIN:VCALENDAR", "BEGIN:VEVENT", "UID:1", "DTSTART;VALUE=DATE:20991221", "DTEND;VALUE=DATE:20991224")
    hours = (
        "SUMMARY:Leave",
        "END:VEVENT",
        "BEGIN:VEVENT",
        "UID:2",
        "DTSTART:20991201T060000Z",
        "DTEND:20991201T080000Z",
    )
    text = "\r\n".join((*days, *hours, "SUMMARY:Dentist", "END:VEVENT", "END:VCALENDAR", ""))
    page = send(boss, rep, text.encode())
    assert "on the clocks of Asia/Kathmandu. Nothing is written yet." in page
    assert "Mon 21 Dec 2099 to Wed 23 Dec 2099: <bdi>Leave</bdi>" in page
    assert "Tue 1 Dec 2099, 11:45 to 13:45: <bdi>Dentist</bdi>" in page
