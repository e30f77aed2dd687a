"""The admin's first page: turns that do not add up, and versions that wait, each with where it is mended."""

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from handoffs import rule_versions
from routing import ledger, turns
from routing.models import Membership, Pool, RuleSet, User
from tests.admin.pages import address
from tests.factories import NOW, Company, MembershipFactory, UserFactory
from tests.handoffs.versions import change, sign, submit

pytestmark = pytest.mark.django_db


def tile(client: Client, part: str) -> dict[str, Any]:
    found: dict[str, Any]
    [found] = [one for one in client.get(reverse("admin:index")).context["tiles"] if part in one["words"]]
    return found


def waiting(firm: Company, minutes: int) -> tuple[RuleSet, User]:
    author = UserFactory.create(groups=["revops"])
    draft = rule_versions.begin(based_on=firm.rule_set, title="Sooner", by=author, now=NOW)
    change(draft, "R-220", target_minutes=minutes)
    return submit(draft, author), author


# --- Turns ------------------------------------------------------------------------------------------


def test_a_pointer_changed_by_hand_is_counted_and_led_to_its_member(revops: Client):
    member = MembershipFactory.create()
    MembershipFactory.create(pool=member.pool)
    Membership.objects.filter(pk=member.pk).update(pointer=7 * turns.UNIT)
    assert tile(revops, "do not add up")["count"] == 0, "nobody has looked yet"
    Pool.objects.exclude(pk=member.pool_id).update(ledger_checked_at=NOW)
    assert ledger.look(now=NOW) == member.pool

    shown = tile(revops, "do not add up")

    assert (shown["count"], shown["words"]) == (1, "member's turns do not add up")
    listed = revops.get(shown["link"]).context["cl"].result_list
    assert [row.pk for row in listed] == [member.pk]
    assert "0: a row was changed by hand. Set turns by hand" in revops.get(address(member, "change")).content.decode()


def test_it_is_gone_from_the_first_page_as_soon_as_it_is_mended(revops: Client):
    member = MembershipFactory.create(pointer=7)
    Pool.objects.filter(pk=member.pool_id).update(ledger_faults=1)
    assert tile(revops, "do not add up")["count"] == 1
    turns.calibrate(member.pk, turns=Decimal(2), now=NOW, actor="user:7", reason="A row was changed by hand")
    assert tile(revops, "do not add up")["count"] == 0
    assert "a row was changed by hand" not in revops.get(address(member, "change")).content.decode()


# --- Versions ---------------------------------------------------------------------------------------


def test_a_version_that_waits_is_led_to_its_page_and_several_to_their_list(firm: Company, revops: Client):
    first, _author = waiting(firm, 90)
    shown = tile(revops, "signatures")
    assert (shown["count"], shown["words"]) == (1, "version of the rules waits for signatures")
    assert shown["link"] == f"/rules/{first.number}/"
    waiting(firm, 60)
    assert (tile(revops, "versions of the rules wait")["count"], tile(revops, "rules wait")["link"]) == (2, "/rules/")


def test_what_is_signed_waits_to_be_published_and_what_is_live_for_nothing(firm: Company, revops: Client):
    version, author = waiting(firm, 90)
    sign(version, firm.user("ben"), firm.user("clara"))
    assert (tile(revops, "signatures")["count"], tile(revops, "not published")["count"]) == (0, 1)
    assert tile(revops, "not published")["link"] == f"/rules/{version.number}/"
    rule_versions.make_live(version, by=author, now=NOW)
    assert (tile(revops, "signatures")["count"], tile(revops, "not published")["count"]) == (0, 0)


def test_a_signature_of_an_earlier_submission_signs_nothing(firm: Company, revops: Client):
    version, author = waiting(firm, 90)
    sign(version, firm.user("ben"), firm.user("clara"))
    rule_versions.take_back(version, by=author, now=NOW)
    submit(version, author)
    assert (tile(revops, "signatures")["count"], tile(revops, "not published")["count"]) == (1, 0)


def test_who_cannot_open_the_versions_is_not_told_of_them(firm: Company):
    clerk = UserFactory.create(is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="view_ruleset"))
    client = Client()
    client.force_login(clerk, backend="django.contrib.auth.backends.ModelBackend")
    waiting(firm, 90)
    page = client.get(reverse("admin:index"))
    assert page.status_code == 200
    assert not [one for one in page.context["tiles"] if "version" in one["words"]]


def test_the_first_page_asks_as_often_for_one_of_each_as_for_many(firm: Company, revops: Client):
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert revops.get(reverse("admin:index")).status_code == 200
        return len(seen)

    def more(minutes: int) -> None:
        waiting(firm, minutes)
        member = MembershipFactory.create(pointer=7)
        Pool.objects.filter(pk=member.pool_id).update(ledger_faults=1)

    more(90)
    queries()
    few = queries()
    for minutes in range(91, 96):
        more(minutes)
    assert queries() == few
