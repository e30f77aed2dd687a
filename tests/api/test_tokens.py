"""Tokens: issued once, kept as a hash, and revoked at once."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from knox.models import AuthToken

from tests.admin.worlds import signed_in
from tests.api.calling import Caller, problem
from tests.factories import Company


def issue(*arguments: str) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("issue_api_token", *arguments, stdout=out, stderr=err)
    return out.getvalue().strip(), err.getvalue()


def revoke(named: str) -> str:
    out = StringIO()
    call_command("revoke_api_token", named, stdout=out)
    return out.getvalue().strip()


def test_a_token_acts_for_its_person_until_it_is_revoked(firm: Company) -> None:
    token, said = issue("Ben@Fathomline.example", "--days", "30")
    assert token.startswith("hnd_")
    assert token not in str(list(AuthToken.objects.values())), "only its hash is kept"
    assert "For ben@fathomline.example, until 17 Dec 2026 10:00 UTC." in said
    assert Caller(token).get("reps/").status_code == 200

    other, _ = issue("ben@fathomline.example")
    assert revoke(token[:15]) == "Revoked: 1 token."
    problem(Caller(token).get("reps/"), 401)
    assert Caller(other).get("reps/").status_code == 200
    assert revoke("ben@fathomline.example") == "Revoked: 1 token."
    problem(Caller(other).get("reps/"), 401)


def test_a_whole_token_that_leaked_can_be_named_to_revoke_it(firm: Company) -> None:
    token, _ = issue("ben@fathomline.example")
    assert revoke(token) == "Revoked: 1 token."


@pytest.mark.parametrize("days", ["0", "-1", "3651"])
def test_a_token_has_an_end(firm: Company, days: str) -> None:
    with pytest.raises(CommandError, match="A token holds 1 to 3650 days"):
        issue("ben@fathomline.example", "--days", days)


def test_a_token_is_for_somebody_who_works_here(firm: Company) -> None:
    with pytest.raises(CommandError, match=r"nobody@x\.example is nobody who signs in here"):
        issue("nobody@x.example")
    ben = firm.user("ben")
    ben.is_active = False
    ben.save()
    with pytest.raises(CommandError, match="has left"):
        issue("ben@fathomline.example")
    with pytest.raises(CommandError, match="No token begins with"):
        revoke("ben@fathomline.example")


def test_the_admin_shows_who_has_tokens_and_takes_them_away(firm: Company) -> None:
    token, _ = issue("ben@fathomline.example")
    row = AuthToken.objects.get()
    boss = signed_in()
    page = boss.get(reverse("admin:knox_authtoken_changelist")).content.decode()
    assert f"{row.token_key}..." in page
    assert token not in page
    assert boss.get(reverse("admin:knox_authtoken_add")).status_code == 403

    boss.post(reverse("admin:knox_authtoken_delete", args=[row.pk]), {"post": "yes"})
    problem(Caller(token).get("reps/"), 401)
