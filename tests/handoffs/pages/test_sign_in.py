from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from pytest_django.fixtures import Settings

from routing.models import User
from tests.factories import PASSWORD, Company
from tests.handoffs.pages.conftest import SignIn
from tests.handoffs.pages.reading import html, words

INGRID = "ingrid@fathomline.example"


def enter(client: Client, *, email: str = INGRID, password: str = PASSWORD, wanted: str = ""):
    return client.post("/accounts/login/", {"username": email, "password": password, "next": wanted})


def test_a_stranger_is_sent_to_sign_in_and_brought_back(firm: Company) -> None:
    client = Client()

    answer = client.get("/handoffs/HO-1/")
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/accounts/login/?next=/handoffs/HO-1/"

    answer = enter(client, wanted="/handoffs/HO-1/")
    assert answer.headers["Location"] == "/handoffs/HO-1/"


def test_an_email_in_capitals_with_spaces_signs_in(firm: Company) -> None:
    assert enter(Client(), email="  INGRID@Fathomline.EXAMPLE ").headers["Location"] == "/"


@pytest.mark.parametrize(
    "wanted", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "/\\evil.example"]
)
def test_signing_in_never_leads_to_another_site(firm: Company, wanted: str) -> None:
    assert enter(Client(), wanted=wanted).headers["Location"] == "/"


def test_a_wrong_password_is_a_sentence_that_does_not_say_which_was_wrong(firm: Company) -> None:
    wrong = enter(Client(), password="wrong")
    unknown = enter(Client(), email="nobody@fathomline.example", password="wrong")

    for answer in (wrong, unknown):
        assert answer.status_code == 400
        assert "E-mail and password do not match. Check both, or ask an administrator to set a new password." in words(
            answer
        )
    assert "wrong" not in html(wrong).replace("went wrong", "")


def test_somebody_who_left_is_told_the_same_as_a_stranger(firm: Company) -> None:
    user = firm.user("ingrid")
    user.is_active = False
    user.save()

    assert "E-mail and password do not match." in words(enter(Client()))


def test_what_is_no_email_address_is_said_to_be_none(firm: Company) -> None:
    assert "Enter a whole e-mail address" in words(enter(Client(), email="ingrid"))
    assert "Enter your password." in words(enter(Client(), password=""))


def test_too_many_wrong_passwords_close_the_door_whatever_the_case_of_the_letters(
    firm: Company, settings: Settings, clock: time_machine.Traveller
) -> None:
    settings.AXES_ENABLED = True
    client = Client()
    spellings = [INGRID, INGRID.upper(), INGRID.title(), f" {INGRID} "]
    for spelling in spellings:
        assert enter(client, email=spelling, password="wrong").status_code == 400
    answers = [enter(client, password="wrong")]

    assert answers[-1].status_code == 429
    said = words(answers[-1])
    assert "Too many wrong passwords, so this sign-in is closed for 15 minutes. Wait, or ask RevOps to open it." in said
    assert answers[-1].headers["Retry-After"] == "900"
    assert enter(client).status_code == 429, "the right password must not open it either"
    assert enter(client, email="freya@fathomline.example").status_code == 302, "a colleague is not locked out"
    clock.shift(timedelta(minutes=16))
    assert enter(client).status_code == 302, "it opens by itself"


def test_signing_out_takes_a_form(firm: Company, sign_in: SignIn) -> None:
    client = sign_in("ingrid")

    assert client.get("/accounts/logout/").status_code == 405
    assert client.get("/").status_code == 200

    assert client.post("/accounts/logout/").headers["Location"] == "/accounts/login/"
    assert client.get("/").status_code == 302


def test_the_admin_has_no_door_of_its_own(firm: Company, sign_in: SignIn) -> None:
    answer = Client().get("/admin/routing/rep/", follow=True)
    assert answer.redirect_chain[-1] == ("/accounts/login/?next=/admin/routing/rep/", 302)
    assert Client().post("/admin/login/", {"username": INGRID, "password": PASSWORD}).status_code == 302

    client = sign_in("ingrid")
    answer = client.get("/admin/", follow=True)
    assert answer.status_code == 403
    assert "The administration is not open to you" in words(answer)

    User.objects.filter(email=INGRID).update(is_staff=True)
    assert client.get("/admin/login/?next=/admin/login/").headers["Location"] == "/admin/"
    assert client.get("/admin/login/?next=https://evil.example/").headers["Location"] == "/admin/"
    assert client.get("/admin/logout/").status_code == 405
    assert client.post("/admin/logout/").headers["Location"] == "/accounts/login/"
    assert client.get("/admin/").status_code == 302


def test_the_page_says_whom_to_ask_for_a_new_password(firm: Company, settings: Settings) -> None:
    settings.REVOPS_EMAIL = ""
    assert "Forgot your password? An administrator sets a new one." in words(Client().get("/accounts/login/"))
    settings.REVOPS_EMAIL = "revops@fathomline.example"
    assert 'href="mailto:revops@fathomline.example"' in html(Client().get("/accounts/login/"))


def test_a_lost_session_sends_a_fragment_request_to_the_sign_in_page(firm: Company) -> None:
    answer = Client().post(
        "/handoffs/HO-1/acknowledge/",
        headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/handoffs/HO-1/"},
    )

    assert answer.status_code == 200
    assert answer.headers["HX-Redirect"] == "/accounts/login/?next=/handoffs/HO-1/&unsaved=1"


def test_a_lost_session_brings_back_to_the_page_and_never_to_the_action(firm: Company) -> None:
    answer = Client().post("/handoffs/HO-1/acknowledge/", headers={"Referer": "http://testserver/handoffs/HO-1/"})

    assert answer.headers["Location"] == "/accounts/login/?next=/handoffs/HO-1/&unsaved=1"


def test_the_theme_is_kept_in_a_cookie_and_shown_by_the_server(firm: Company, sign_in: SignIn) -> None:
    client = sign_in("ingrid")
    assert "data-theme" not in html(client.get("/")).split("<body")[0]

    answer = client.post("/theme/", {"theme": "dark", "next": "/handoffs/HO-1/"})
    assert answer.headers["Location"] == "/handoffs/HO-1/"
    assert 'data-theme="dark"' in html(client.get("/")).split("<body")[0]

    client.post("/theme/", {"theme": '"><script>', "next": "https://evil.example/"})
    assert 'data-theme="dark"' in html(client.get("/")).split("<body")[0]
    client.cookies["theme"] = "<b>"
    assert "data-theme" not in html(client.get("/")).split("<body")[0]
