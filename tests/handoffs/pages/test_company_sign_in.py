"""Sign-in through the company's own provider, against a provider that is a process of its own."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import time_machine
from django.contrib.auth import get_user
from django.test import Client
from pytest_django.fixtures import Settings

from routing.models import User
from tests.factories import PASSWORD, Company
from tests.fakes.fixtures import Fake
from tests.handoffs.pages.reading import html, words

INGRID = {"email": "ingrid@fathomline.example"}
TIMES = {"exp": 2_000_000_000, "iat": 1_700_000_000}
UNTRUSTED = "The answer of the sign-in provider could not be trusted, so nobody was signed in. Start again."
UNKNOWN = "There is no active account here for your e-mail address. Ask an administrator to open one."
STALE = "This sign-in was started too long ago, in another browser, or was used already. Start again."


@pytest.fixture
def provider(firm: Company, fake_oidc: Fake, clock: time_machine.Traveller) -> Fake:
    """The provider, at which Ingrid is about to sign in. Its own clock does not stand still with the test's."""
    fake_oidc.script(person=INGRID, id_token=TIMES)
    return fake_oidc


def way_back(client: Client, fake: Fake, *, wanted: str = "/") -> str:
    """Leaves for the provider and signs in there; the address it sends the browser back to."""
    answer = client.get("/accounts/company/", {"next": wanted})
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(f"{fake.url}/authorize?")
    sent = httpx.get(answer.headers["Location"], trust_env=False)
    assert sent.status_code == 200, sent.text
    location = urlsplit(sent.json()["location"])
    assert (location.netloc, location.path) == ("testserver", "/accounts/company/back/")
    return f"{location.path}?{location.query}"


def who(client: Client) -> str:
    user = get_user(client)  # type: ignore[arg-type]  # it reads nothing but the session
    return getattr(user, "email", "")


def test_the_page_offers_it_only_where_it_is_set_up(firm: Company, settings: Settings, fake_oidc: Fake) -> None:
    settings.OIDC_LABEL = "Fathomline ID"
    page = Client().get("/accounts/login/?next=/handoffs/HO-1/")
    assert "Continue with Fathomline ID" in words(page)
    assert 'href="/accounts/company/?next=/handoffs/HO-1/"' in html(page)

    settings.OIDC_ISSUER = ""
    assert "Continue with" not in words(Client().get("/accounts/login/"))
    assert Client().get("/accounts/company/").status_code == 404
    assert Client().get("/accounts/company/back/?state=x&code=y").status_code == 404


def test_whom_the_provider_vouches_for_comes_in_and_gets_where_they_wanted(provider: Fake) -> None:
    provider.script(person={"email": "Ingrid@Fathomline.EXAMPLE", "given_name": "Somebody"})
    client = Client()
    answer = client.get(way_back(client, provider, wanted="/handoffs/HO-1/"))

    assert answer.headers["Location"] == "/handoffs/HO-1/"
    assert who(client) == "ingrid@fathomline.example"
    assert User.objects.get(email="ingrid@fathomline.example").first_name != "Somebody", "the roster is ours"
    assert [row["outcome"] for row in provider.rows(path="/token")] == ["ok"]
    assert not {"oidc_states", "oidc_login_next"} & set(client.session.keys())


def test_the_session_is_a_new_one_and_under_the_same_limits(provider: Fake, clock: time_machine.Traveller) -> None:
    client = Client()
    back = way_back(client, provider)
    before = client.session.session_key
    client.get(back)
    assert client.session.session_key != before, "a session planted before sign-in must not become theirs"
    clock.shift(timedelta(hours=8))
    assert client.get("/").status_code == 302


def test_what_was_asked_is_bound_to_this_browser_by_state_nonce_and_challenge(provider: Fake) -> None:
    first, second = (parse_qs(urlsplit(Client().get("/accounts/company/").headers["Location"]).query) for _ in range(2))
    for name in ("state", "nonce", "code_challenge"):
        assert len(first[name][0]) >= 32
        assert first[name] != second[name]
    assert first["code_challenge_method"] == ["S256"]
    assert first["redirect_uri"] == ["http://testserver/accounts/company/back/"]


def test_an_answer_counts_once_and_in_the_browser_that_asked(provider: Fake) -> None:
    client, stranger = Client(), Client()
    back = way_back(client, provider)

    stolen = stranger.get(back)
    assert (stolen.status_code, who(stranger)) == (403, "")
    assert STALE in words(stolen)

    assert client.get(back).status_code == 302
    client.post("/accounts/logout/")
    replayed = client.get(back)
    assert (replayed.status_code, who(client)) == (403, "")
    assert STALE in words(replayed)


def test_a_forged_state_signs_nobody_in_and_asks_the_provider_nothing(provider: Fake) -> None:
    client = Client()
    back = way_back(client, provider)
    state = parse_qs(urlsplit(back).query)["state"][0]

    answer = client.get(back.replace(state, "x" * 32))

    assert (answer.status_code, who(client)) == (403, "")
    assert provider.rows(path="/token") == []


@pytest.mark.parametrize(
    "told",
    [
        {"id_token": {"nonce": "somebody-elses"}},
        {"id_token": {"nonce": None}},
        {"id_token": {"iss": "https://evil.example"}},
        {"id_token": {"aud": "another-client"}},
        {"id_token": {"aud": ["handoffs-test", "another-client"]}},
        {"id_token": {"azp": "another-client"}},
        {"id_token": {"exp": 1_700_000_000}},
        {"id_token": {"exp": None}},
        {"id_token": {"sub": None}},
        {"userinfo": {"sub": "p-2"}},
        {"forged": True},
    ],
    ids=str,
)
def test_an_answer_that_cannot_be_trusted_signs_nobody_in(provider: Fake, told: dict[str, Any]) -> None:
    provider.script(**{**told, "id_token": TIMES | told.get("id_token", {})})
    client = Client()

    answer = client.get(way_back(client, provider))

    assert answer.status_code == 403
    assert UNTRUSTED in words(answer)
    assert who(client) == ""


@pytest.mark.parametrize("verified", [False, None, "true", 1])
def test_an_address_the_provider_does_not_vouch_for_opens_nothing(provider: Fake, verified: Any) -> None:
    provider.script(userinfo={"email_verified": verified})
    client = Client()
    answer = client.get(way_back(client, provider))
    assert (answer.status_code, who(client)) == (403, "")
    assert "The sign-in provider does not vouch for your e-mail address." in words(answer)


def test_who_has_no_account_is_told_so_and_gets_none(provider: Fake) -> None:
    provider.script(person={"email": "newcomer@fathomline.example"})
    client = Client()
    answer = client.get(way_back(client, provider))
    assert UNKNOWN in words(answer)
    assert not User.objects.filter(email__startswith="newcomer").exists()


def test_where_it_is_wished_a_newcomer_gets_an_account_without_rights(provider: Fake, settings: Settings) -> None:
    settings.OIDC_CREATES_USERS = True
    provider.script(person={"email": "Newcomer@fathomline.example", "given_name": "New", "family_name": "Comer"})
    client = Client()
    assert client.get(way_back(client, provider)).status_code == 302
    made = User.objects.get(email="newcomer@fathomline.example")
    assert (str(made), made.is_staff, made.is_superuser, made.groups.count()) == ("New Comer", False, False, 0)
    assert not made.has_usable_password()


def test_who_has_left_is_told_the_same_as_a_stranger(provider: Fake) -> None:
    User.objects.filter(**INGRID).update(is_active=False)
    client = Client()
    answer = client.get(way_back(client, provider))
    assert UNKNOWN in words(answer)
    assert who(client) == ""


def test_who_is_deactivated_later_is_out_at_the_next_request(provider: Fake) -> None:
    client = Client()
    client.get(way_back(client, provider))
    assert client.get("/").status_code == 200
    User.objects.filter(**INGRID).update(is_active=False)
    assert client.get("/").status_code == 302


def test_superusers_come_in_this_way_only_where_it_is_wished(provider: Fake, settings: Settings) -> None:
    User.objects.filter(**INGRID).update(is_superuser=True)
    client = Client()
    answer = client.get(way_back(client, provider))
    assert "Accounts with all powers do not come in this way." in words(answer)
    assert who(client) == ""
    settings.OIDC_ALLOWS_SUPERUSERS = True
    assert client.get(way_back(client, provider)).status_code == 302


def test_a_provider_that_declines_is_said_to_have_declined(provider: Fake) -> None:
    provider.script(decline=True)
    client = Client()
    answer = client.get(way_back(client, provider))
    assert "The sign-in provider did not let you in." in words(answer)


@pytest.mark.parametrize(
    ("path", "kind", "more"),
    [("/token", "status", {"status": 503}), ("/userinfo", "drop", {}), ("/jwks", "malformed", {})],
)
def test_a_provider_in_trouble_is_named_and_can_be_tried_again(
    provider: Fake, path: str, kind: str, more: dict[str, Any]
) -> None:
    provider.fault(kind, match={"path": path}, **more)
    client = Client()
    answer = client.get(way_back(client, provider))
    assert answer.status_code == 403
    assert "The sign-in provider does not answer as it should." in words(answer)
    assert client.get(way_back(client, provider)).status_code == 302


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_it_never_leads_to_another_site(provider: Fake, wanted: str) -> None:
    client = Client()
    assert client.get(way_back(client, provider, wanted=wanted)).headers["Location"] == "/"


def test_with_passwords_switched_off_the_provider_is_the_only_way_in(provider: Fake, settings: Settings) -> None:
    settings.PASSWORD_SIGN_IN = False
    page = Client().get("/accounts/login/")
    assert "Password" not in words(page)
    assert "Lost access? Ask an administrator" in words(page)
    client = Client()
    client.post("/accounts/login/", {"username": INGRID["email"], "password": PASSWORD})
    assert who(client) == ""
    client.get(way_back(client, provider))
    assert "You have no password here" in words(client.get("/accounts/password/"))


def test_without_its_package_it_is_refused_in_words_and_nothing_else_needs_it(tmp_path: Path) -> None:
    hide = (
        "import sys, runpy, importlib.abc\n"
        "class Hide(importlib.abc.MetaPathFinder):\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.partition('.')[0] in {'mozilla_django_oidc', 'jwt'}: raise ModuleNotFoundError(name)\n"
        "sys.meta_path.insert(0, Hide())\n"
        "import importlib.util\n"
        "found = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name, *rest: None if name == 'mozilla_django_oidc' else found(name, *rest)\n"
        "sys.argv = ['manage.py', 'check']\n"
        "runpy.run_path('manage.py', run_name='__main__')\n"
    )
    urls = {f"OIDC_{name}_URL": "https://id.example/x" for name in ("AUTHORIZATION", "TOKEN", "USERINFO", "JWKS")}
    configured = {"OIDC_ISSUER": "https://id.example", "OIDC_CLIENT_ID": "a", "OIDC_CLIENT_SECRET": "hush", **urls}

    def check(**settings: str) -> "subprocess.CompletedProcess[str]":
        keys = {"SECRET_KEY": "x" * 50, "HANDOFFS_ENV_FILE": "", "HANDOFFS_DATA_DIR": str(tmp_path)}
        return subprocess.run(
            [sys.executable, "-c", hide], env={**keys, **settings}, capture_output=True, text=True, check=False
        )

    assert check().returncode == 0, check().stderr
    refused = check(**configured)
    assert refused.returncode == 2
    assert "OIDC_ISSUER is set, but the package for company sign-in is not installed; run" in refused.stderr
    assert "hush" not in refused.stderr
