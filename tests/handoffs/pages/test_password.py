"""Changing one's own password."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from pytest_django.fixtures import Settings

from tests import factories
from tests.factories import PASSWORD, Company
from tests.handoffs.pages.conftest import SignIn
from tests.handoffs.pages.reading import html, words

NEW = "quay-lantern-47-otter"


def change(client: Client, *, old: str = PASSWORD, new: str = NEW, again: str | None = None):
    again = new if again is None else again
    form = {"old_password": old, "new_password1": new, "new_password2": again}
    return client.post("/accounts/password/", form)


def test_a_new_password_ends_every_other_session_and_keeps_this_one(firm: Company, sign_in: SignIn) -> None:
    here, elsewhere = sign_in("ingrid"), sign_in("ingrid")
    assert "Change password" in words(here.get("/accounts/password/"))
    assert elsewhere.get("/").status_code == 200

    answer = change(here)

    assert answer.headers["Location"] == "/accounts/password/"
    assert "Your password is changed. Wherever else you were signed in" in words(here.get("/accounts/password/"))
    assert elsewhere.get("/").status_code == 302
    assert "your account or its password was changed" in words(elsewhere.get("/accounts/login/"))
    form = {"username": "ingrid@fathomline.example", "password": NEW}
    assert Client().post("/accounts/login/", form).status_code == 302


@pytest.mark.parametrize(
    ("old", "new", "again", "sentence"),
    [
        ("wrong", NEW, NEW, "This is not your current password. Nothing was changed."),
        ("", NEW, NEW, "Enter your current password."),
        (PASSWORD, NEW, NEW + "x", "The two new passwords differ. Type the same one twice."),
        (PASSWORD, "", "", "Enter a new password."),
        (PASSWORD, "short1", "short1", "This password is too short."),
        (PASSWORD, "password123", "password123", "This password is too common."),
        (PASSWORD, "8471902365", "8471902365", "This password is entirely numeric."),
        (PASSWORD, "ingrid@fathomline", "ingrid@fathomline", "The password is too similar to the"),
        (PASSWORD, PASSWORD, PASSWORD, "Choose one that differs from the current password."),
    ],
)
def test_what_cannot_be_the_new_password_is_said_in_words_and_never_shown_again(
    firm: Company, sign_in: SignIn, old: str, new: str, again: str, sentence: str
) -> None:
    client = sign_in("ingrid")
    before = firm.user("ingrid").password

    answer = change(client, old=old, new=new, again=again)

    assert answer.status_code == 422
    assert sentence in words(answer)
    assert not new or f'value="{new}"' not in html(answer)
    user = firm.user("ingrid")
    user.refresh_from_db()
    assert user.password == before


def test_a_found_browser_is_no_place_to_try_out_passwords(
    firm: Company, sign_in: SignIn, settings: Settings, clock: time_machine.Traveller
) -> None:
    settings.AXES_ENABLED = True
    client = sign_in("ingrid")
    for _ in range(4):
        assert change(client, old="wrong").status_code == 422
    answer = change(client, old="wrong")
    assert answer.status_code == 429
    assert "Too many wrong passwords, so this sign-in is closed for 15 minutes." in words(answer)
    assert answer.headers["Retry-After"] == "900"
    assert change(client).status_code == 429, "the right one must not help now"
    clock.shift(timedelta(minutes=16))
    assert change(client).status_code == 302


def test_whoever_has_no_password_here_is_told_where_it_is(firm: Company, sign_in: SignIn) -> None:
    user = firm.user("ingrid")
    user.set_unusable_password()
    user.save()
    client = sign_in("ingrid")
    assert "You have no password here" in words(client.get("/accounts/password/"))
    assert change(client).status_code == 200
    user.refresh_from_db()
    assert not user.has_usable_password()


def test_a_stranger_changes_no_password(firm: Company) -> None:
    assert Client().get("/accounts/password/").headers["Location"] == "/accounts/login/?next=/accounts/password/"
    assert change(Client()).status_code == 302


def test_the_admins_link_leads_to_the_same_page(firm: Company) -> None:
    client = Client()
    client.force_login(factories.UserFactory.create(is_staff=True), backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/admin/password_change/").headers["Location"] == "/accounts/password/"
