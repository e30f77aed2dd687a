"""How long somebody stays signed in, and that the sign-in page says why they no longer are."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.test import Client

from tests.factories import PASSWORD, Company
from tests.handoffs.pages.conftest import SignIn
from tests.handoffs.pages.reading import words

IDLE = "You were signed out after 8 hours without use. Sign in to go on."
LONGEST = "You were signed out because 12 hours had passed since you signed in. Sign in to go on."
CHANGED = "You were signed out because your account or its password was changed. Sign in to go on."
LOST = "Your session has ended. Sign in to go on."


@pytest.fixture
def ingrid(firm: Company) -> Client:
    """A browser in which Ingrid has just signed in by her password."""
    client = Client()
    answer = client.post("/accounts/login/", {"username": "ingrid@fathomline.example", "password": PASSWORD})
    assert answer.status_code == 302
    return client


def is_in(client: Client, **headers: str) -> bool:
    return client.get("/", headers=headers).status_code == 200


def what_sign_in_says(client: Client) -> str:
    return words(client.get("/accounts/login/"))


def test_eight_hours_without_use_end_a_session_to_the_second(ingrid: Client, clock: time_machine.Traveller) -> None:
    clock.shift(timedelta(hours=8, seconds=-1))
    assert is_in(ingrid), "the page is used just in time"
    clock.shift(timedelta(hours=4) - timedelta(seconds=1))
    assert is_in(ingrid), "and the eight hours begin anew"

    other = Client()
    other.post("/accounts/login/", {"username": "freya@fathomline.example", "password": PASSWORD})
    clock.shift(timedelta(hours=8))
    assert not is_in(other)
    assert IDLE in what_sign_in_says(other)


def test_twelve_hours_after_signing_in_a_session_ends_however_much_it_is_used(
    ingrid: Client, clock: time_machine.Traveller
) -> None:
    for _ in range(11):
        clock.shift(timedelta(hours=1))
        assert is_in(ingrid)
    clock.shift(timedelta(minutes=59, seconds=59))
    assert is_in(ingrid)
    clock.shift(timedelta(seconds=1))
    assert not is_in(ingrid)
    assert LONGEST in what_sign_in_says(ingrid)
    assert Session.objects.count() == 0, "nothing is left of it on the server"


@pytest.mark.parametrize(
    ("path", "headers"), [("/handoffs/HO-1/clock/", {}), ("/", {"X-Background": "1"}), ("/inbox/pulse/", {})]
)
def test_what_a_page_asks_for_by_itself_is_no_use(
    ingrid: Client, clock: time_machine.Traveller, path: str, headers: dict[str, str]
) -> None:
    for _ in range(9):
        clock.shift(timedelta(minutes=55))
        ingrid.get(path, headers=headers)
    assert not is_in(ingrid), "nine polls over 8 h 15 m kept the session alive"


def test_a_form_counts_as_use_whatever_its_headers_say(ingrid: Client, clock: time_machine.Traveller) -> None:
    clock.shift(timedelta(hours=5))
    ingrid.post("/theme/", {"theme": "dark"}, headers={"X-Background": "1"})
    clock.shift(timedelta(hours=5))
    assert is_in(ingrid)


def test_reading_on_within_a_minute_writes_no_session(ingrid: Client, clock: time_machine.Traveller) -> None:
    clock.shift(timedelta(seconds=59))
    assert "sessionid" not in ingrid.get("/").cookies
    clock.shift(timedelta(seconds=1))
    assert "sessionid" in ingrid.get("/").cookies


def test_the_demos_clock_ends_no_session(ingrid: Client, settings) -> None:
    settings.HANDOFFS_DEMO = True
    ingrid.post("/demo/clock/", {"by": "1d", "next": "/"})
    assert is_in(ingrid)


def test_a_fragment_request_after_the_limit_leads_to_the_sign_in_page_that_says_why(
    ingrid: Client, clock: time_machine.Traveller
) -> None:
    clock.shift(timedelta(hours=9))
    answer = ingrid.get(
        "/handoffs/HO-1/clock/",
        headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/handoffs/HO-1/"},
    )
    assert answer.headers["HX-Redirect"] == "/accounts/login/?next=/handoffs/HO-1/"
    assert IDLE in what_sign_in_says(ingrid)


def test_the_admin_is_under_the_same_limits(ingrid: Client, firm: Company, clock: time_machine.Traveller) -> None:
    user = firm.user("ingrid")
    user.is_staff = user.is_superuser = True
    user.save()
    assert ingrid.get("/admin/").status_code == 200
    clock.shift(timedelta(hours=8))
    answer = ingrid.get("/admin/", follow=True)
    assert answer.redirect_chain[-1][0] == "/accounts/login/?next=/admin/"
    assert IDLE in words(answer)


def test_who_is_deactivated_is_out_at_the_next_request(ingrid: Client, firm: Company) -> None:
    user = firm.user("ingrid")
    user.is_active = False
    user.save()
    assert not is_in(ingrid)
    assert CHANGED in what_sign_in_says(ingrid)
    user.is_active = True
    user.save()
    assert not is_in(ingrid), "the old session does not come back to life"


def test_a_session_the_server_no_longer_knows_is_said_to_have_ended(ingrid: Client) -> None:
    Session.objects.all().delete()
    assert LOST in words(ingrid.get("/accounts/login/"))
    assert not is_in(ingrid)
    assert LOST in what_sign_in_says(ingrid)
    assert Session.objects.count() == 0, "a made-up cookie must not fill the table"


def test_the_reason_is_gone_after_signing_in_and_never_shown_after_signing_out(
    ingrid: Client, clock: time_machine.Traveller
) -> None:
    clock.shift(timedelta(hours=9))
    assert not is_in(ingrid)
    ingrid.post("/accounts/login/", {"username": "ingrid@fathomline.example", "password": PASSWORD})
    ingrid.post("/accounts/logout/")
    assert "signed out" not in what_sign_in_says(ingrid)
    assert "has ended" not in what_sign_in_says(ingrid)


def test_a_stranger_is_told_nothing_about_sessions(firm: Company) -> None:
    assert "signed out" not in what_sign_in_says(Client())
    odd = Client()
    odd.cookies["ended"] = "<script>"
    assert "script" not in what_sign_in_says(odd)


def test_a_session_that_began_elsewhere_gets_its_limits_at_the_first_request(
    sign_in: SignIn, clock: time_machine.Traveller
) -> None:
    client = sign_in("ingrid")
    assert is_in(client)
    clock.shift(timedelta(hours=8))
    assert not is_in(client)
