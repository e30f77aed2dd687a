"""Notices and one's own settings, as pages that work without scripts."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from handoffs import pipeline
from handoffs.models import Handoff, Notice, Preference
from routing.models import User
from tests.factories import NOW, Company
from tests.handoffs.given import assigned


def signed_in(firm: Company, key: str) -> Client:
    client = Client()
    client.force_login(firm.user(key), backend="django.contrib.auth.backends.ModelBackend")
    return client


def text(response: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def main_of(response: Any) -> str:
    body: str = response.content.decode()
    return body[body.index('<main id="main"') :]


def notice(firm: Company, key: str, **fields: Any) -> Notice:
    values: dict[str, Any] = {"kind": "other", "title": "A thing", "shown_from": NOW}
    made: Notice = Notice.objects.create(user=firm.user(key), **(values | fields))
    return made


# Notices.


def test_the_owner_finds_the_new_handoff_with_its_link_under_today(handoff: Handoff, firm: Company) -> None:
    response = signed_in(firm, "ingrid").get("/notices/")
    assert response.status_code == 200
    assert "Today" in text(response)
    assert f'href="/handoffs/{handoff.reference}/"' in main_of(response)
    assert f"New SQL → AE Handoff: {handoff.account.name}" in text(response) or handoff.account.name in text(response)
    assert "1 unread" in text(response)


def test_one_sees_only_ones_own_and_only_what_may_be_shown_by_now(firm: Company) -> None:
    notice(firm, "freya", title="For Freya alone")
    notice(firm, "ingrid", title="Not yet", shown_from=NOW + timedelta(seconds=10))
    page = text(signed_in(firm, "ingrid").get("/notices/"))
    assert "For Freya alone" not in page
    assert "Not yet" not in page
    assert "Nothing yet" in page


def test_looking_marks_nothing_and_marking_marks_one_or_all_of_ones_own(firm: Company) -> None:
    first, second = notice(firm, "ingrid"), notice(firm, "ingrid")
    others = notice(firm, "freya")
    client = signed_in(firm, "ingrid")
    client.get("/notices/")
    client.get("/notices/unread/")
    assert Notice.objects.filter(read_at__isnull=False).count() == 0
    for pk in (first.pk, others.pk):
        client.post("/notices/read/", {"notice": pk, "next": "/notices/?page=1"})
    assert set(Notice.objects.filter(read_at__isnull=False)) == {first}
    client.post("/notices/read/", {"seen": int(NOW.timestamp())})
    assert set(Notice.objects.filter(read_at__isnull=False)) == {first, second}


def test_what_came_after_the_page_was_made_stays_unread(firm: Company, clock: time_machine.Traveller) -> None:
    client = signed_in(firm, "ingrid")
    seen = re.search(r'name="seen" value="(\d+)"', notice_page(client, firm))
    assert seen is not None
    late = notice(firm, "ingrid", shown_from=NOW + timedelta(minutes=1))
    clock.move_to(NOW + timedelta(minutes=2), tick=False)
    client.post("/notices/read/", {"seen": seen.group(1)})
    late.refresh_from_db()
    assert late.read_at is None


def notice_page(client: Client, firm: Company) -> str:
    notice(firm, "ingrid")
    return client.get("/notices/").content.decode()


@pytest.mark.parametrize(
    "form", [{}, {"notice": "x"}, {"notice": "-1"}, {"seen": "9" * 30}, {"notice": "٣"}, {"seen": ""}]
)
def test_a_form_that_names_no_notice_is_refused(firm: Company, form: dict[str, str]) -> None:
    unread = notice(firm, "ingrid")
    assert signed_in(firm, "ingrid").post("/notices/read/", form).status_code == 400
    unread.refresh_from_db()
    assert unread.read_at is None


def test_after_marking_one_stays_on_this_site(firm: Company) -> None:
    one = notice(firm, "ingrid")
    answer = signed_in(firm, "ingrid").post("/notices/read/", {"notice": one.pk, "next": "https://evil.example/"})
    assert answer["Location"] == "/notices/"


def test_a_handoff_that_one_may_no_longer_see_is_named_and_not_linked(firm: Company) -> None:
    handoff = assigned(firm)
    notice(firm, "yusuf", handoff=handoff, title="Once yours")
    page = main_of(signed_in(firm, "yusuf").get("/notices/"))
    assert "Once yours" in page
    assert handoff.reference not in page


def test_hostile_titles_are_text(firm: Company) -> None:
    notice(firm, "ingrid", title="<script>alert(1)</script>", text='"><img src=x onerror=alert(1)>')
    page = signed_in(firm, "ingrid").get("/notices/").content.decode()
    assert "<script>alert(1)" not in page
    assert "<img src=x" not in page


def test_many_notices_come_in_pages_at_the_same_cost(firm: Company, django_assert_max_num_queries: Any) -> None:
    handoff = assigned(firm)
    Notice.objects.bulk_create(
        Notice(user=firm.user("ingrid"), kind="given", title=f"No {n}", shown_from=NOW, handoff=handoff)
        for n in range(120)
    )
    client = signed_in(firm, "ingrid")
    with django_assert_max_num_queries(16):
        first = client.get("/notices/")
    assert "1 to 50 of 121" in text(first)
    assert "99+" in text(first)
    assert "Older" in text(first)
    for page in ("3", "99", "x", "-1"):
        assert client.get("/notices/", {"page": page}).status_code == 200


def test_the_count_in_the_sidebar_asks_for_itself_in_the_background(firm: Company) -> None:
    notice(firm, "ingrid")
    client = signed_in(firm, "ingrid")
    assert "X-Background" in client.get("/").content.decode()
    fragment = client.get("/notices/unread/", headers={"HX-Request": "true", "X-Background": "1"})
    assert re.sub(r"\s+", "", text(fragment)) == "Notices,1unread"


def test_strangers_sign_in_first(firm: Company) -> None:
    for path in ("/notices/", "/notices/unread/", "/me/"):
        assert Client().get(path)["Location"].startswith("/accounts/login/")
    assert Client().post("/notices/read/", {"notice": 1}).status_code == 302


# One's own settings.

SETTINGS = {"channel": "both", "quiet_from": "22:00", "quiet_until": "07:00", "time_zone": "Europe/Oslo"}


def test_settings_are_kept_and_shown_again(firm: Company) -> None:
    client = signed_in(firm, "ingrid")
    answer = client.post("/me/", SETTINGS, follow=True)
    assert "Your settings are saved" in text(answer)
    kept = Preference.objects.get()
    assert (kept.user, kept.channel, kept.single_keys) == (firm.user("ingrid"), "both", False)
    assert f"{kept.quiet_from:%H:%M}-{kept.quiet_until:%H:%M}" == "22:00-07:00"
    assert firm.user("ingrid").time_zone == "UTC", "read before"
    firm.user("ingrid").refresh_from_db()
    assert firm.user("ingrid").time_zone == "Europe/Oslo"
    page = client.get("/me/").content.decode()
    assert 'value="22:00"' in page
    assert 'value="07:00"' in page
    assert '<option value="Europe/Oslo" selected>' in page
    assert "11:00 CET" in page


def test_opening_the_settings_keeps_nothing(firm: Company) -> None:
    assert signed_in(firm, "ingrid").get("/me/").status_code == 200
    assert not Preference.objects.exists()


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"quiet_until": ""}, "Give both the start and the end"),
        ({"quiet_from": ""}, "Give both the start and the end"),
        ({"quiet_until": "22:00"}, "have no length"),
        ({"quiet_from": "25:00"}, "Write a time of day"),
        ({"quiet_from": "late"}, "Write a time of day"),
        ({"channel": "pigeon"}, "There is no such way"),
        ({"channel": ""}, "Choose how messages reach you"),
        ({"time_zone": "Atlantis/Capital"}, "There is no such time zone"),
    ],
)
def test_settings_that_cannot_be_are_refused_and_nothing_is_kept(
    firm: Company, changed: dict[str, str], sentence: str
) -> None:
    answer = signed_in(firm, "ingrid").post("/me/", SETTINGS | changed)
    assert answer.status_code == 422
    assert sentence in text(answer)
    assert not Preference.objects.exists()
    firm.user("ingrid").refresh_from_db()
    assert firm.user("ingrid").time_zone == "UTC"


def test_nobody_sets_the_settings_of_somebody_else(firm: Company) -> None:
    signed_in(firm, "ingrid").post("/me/", SETTINGS | {"user": firm.user("freya").pk, "id": 1})
    assert Preference.objects.get().user == firm.user("ingrid")


def test_blank_quiet_hours_are_none(firm: Company) -> None:
    client = signed_in(firm, "ingrid")
    client.post("/me/", SETTINGS)
    client.post("/me/", SETTINGS | {"quiet_from": "", "quiet_until": "", "single_keys": "on"})
    kept = Preference.objects.get()
    assert (kept.quiet_from, kept.quiet_until, kept.single_keys) == (None, None, True)


def test_the_sender_reads_of_a_return_without_the_words_of_the_comment(handoff: Handoff, firm: Company) -> None:
    pipeline.reject(handoff, reason="incomplete", comment="Ring +47 22 55 01 84", actor="user:1", now=NOW)
    page = text(signed_in(firm, "dana").get("/notices/"))
    assert "returned" in page
    assert "+47" not in page


def test_places_and_utc_are_the_time_zones_on_offer(firm: Company) -> None:
    page = signed_in(firm, "ingrid").get("/me/").content.decode()
    offered = re.findall(r'<option value="([^"]*)"', page)
    assert {"UTC", "Europe/Oslo", "America/Argentina/Buenos_Aires"} <= set(offered)
    assert [zone for zone in offered if zone.startswith(("Etc/", "US/")) or zone in {"Factory", "localtime"}] == []


def test_a_time_zone_set_by_an_administrator_stays_although_it_is_not_offered(firm: Company) -> None:
    User.objects.filter(pk=firm.user("ingrid").pk).update(time_zone="Etc/GMT+5")
    client = signed_in(firm, "ingrid")
    assert '<option value="Etc/GMT+5" selected>' in client.get("/me/").content.decode()
    assert client.post("/me/", SETTINGS | {"time_zone": "Etc/GMT+5"}).status_code == 302
    assert client.post("/me/", SETTINGS | {"time_zone": "Factory"}).status_code == 422
    assert User.objects.get(pk=firm.user("ingrid").pk).time_zone == "Etc/GMT+5"
