"""Versions of the rules under several hands at once, and in several processes."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction

from handoffs import rule_signatures, rule_versions
from handoffs.models import Approval, Event
from routing import compiling, publish
from routing.decide import decide
from routing.drafts import mark_edited
from routing.facts import Facts
from routing.models import FrozenVersionError, Rule, RuleSet, User
from routing.version_locks import VersionError, lock, lock_live
from tests import factories
from tests.admin.pages import address, fields_of
from tests.admin.worlds import signed_in
from tests.concurrency.crowd import crowd, succeeded, together
from tests.factories import NOW, Company
from tests.handoffs.versions import change, sign, submit

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.sqlite]


@pytest.fixture
def author(firm: Company) -> User:
    return factories.UserFactory.create(groups=["revops"])


def begun(firm: Company, author: User, minutes: int = 90) -> RuleSet:
    version = rule_versions.begin(based_on=RuleSet.objects.get(state="live"), title="Next", by=author, now=NOW)
    change(version, "R-220", target_minutes=minutes)
    return version


def signed(firm: Company, author: User, minutes: int = 90) -> RuleSet:
    return sign(submit(begun(firm, author, minutes), author), firm.user("ben"), firm.user("clara"))


def live() -> list[int]:
    return list(RuleSet.objects.filter(state="live").values_list("number", flat=True))


def test_of_many_who_publish_one_version_one_does_it_and_the_others_are_told(firm: Company, author: User):
    version = signed(firm, author)
    people = crowd(postgresql=8, sqlite=4)
    results = together(people, lambda _: rule_versions.make_live(version, by=firm.user("ben"), now=NOW))
    assert len(succeeded(results, but=VersionError)) == 1
    assert {str(one) for one in results if isinstance(one, VersionError)} == {
        "Rules v2 are live, so they cannot be published. Look at them again to see where they stand."
    }
    assert live() == [2]
    assert Event.objects.filter(verb="rules_published").count() == 1


def test_of_many_signed_drafts_of_one_version_one_goes_live_and_the_others_are_behind(firm: Company, author: User):
    versions = [signed(firm, author, minutes) for minutes in range(30, 30 + crowd(postgresql=6, sqlite=3))]
    results = together(
        len(versions), lambda n: rule_versions.make_live(versions[n], by=firm.user("clara"), now=NOW).number
    )
    [winner] = succeeded(results, but=VersionError)
    assert live() == [winner]
    assert all("Rebase them first" in str(one) for one in results if isinstance(one, VersionError))
    assert RuleSet.objects.filter(state="archived").count() == 1


def test_many_drafts_begun_at_once_get_numbers_of_their_own(firm: Company, author: User):
    people = crowd(postgresql=8, sqlite=4)
    results = together(
        people, lambda _: rule_versions.begin(based_on=firm.rule_set, title="", by=author, now=NOW).number
    )
    assert sorted(succeeded(results)) == list(range(2, 2 + people))


def test_an_edit_and_a_submission_at_once_never_leave_signed_words_that_were_not_submitted(firm: Company, author: User):
    """Whichever comes first: what waits for signatures has the hash that it was submitted with."""
    for minutes in range(31, 31 + crowd(postgresql=10, sqlite=4)):
        version = begun(firm, author)

        def edit(version: RuleSet = version, minutes: int = minutes) -> str:
            with transaction.atomic():
                held = lock(version)
                change(held, "R-220", target_minutes=minutes)
                mark_edited(held, by=author, now=NOW)
            return "edited"

        def send(version: RuleSet = version) -> str:
            rule_versions.submit(version, by=author, now=NOW)
            return "submitted"

        results = together(2, lambda n, edit=edit, send=send: (edit, send)[n]())  # type: ignore[misc]
        assert "submitted" in succeeded(results, but=FrozenVersionError)
        version.refresh_from_db()
        assert version.content_hash == publish.content_hash(version)


def test_a_signature_and_a_taking_back_at_once_never_leave_a_signed_draft(firm: Company, author: User):
    for _ in range(crowd(postgresql=10, sqlite=4)):
        version = submit(begun(firm, author), author)
        seen = version.content_hash

        def give(version: RuleSet = version, seen: str = seen) -> object:
            return rule_versions.sign(version, seen_hash=seen, by=firm.user("ben"), now=NOW, signed_at=NOW)

        def take(version: RuleSet = version) -> object:
            return rule_versions.take_back(version, by=author, now=NOW)

        results = together(2, lambda n, give=give, take=take: (give, take)[n]())  # type: ignore[misc]
        succeeded(results, but=VersionError)
        version.refresh_from_db()
        assert version.state == "draft"
        assert rule_signatures.standing(submit(version, author)).signed == {}, "an old signature counts for nothing"


def test_the_same_person_signing_twice_at_once_signs_once(firm: Company, author: User):
    version = submit(begun(firm, author), author)
    signer = firm.user("ben")
    results = together(
        4, lambda _: rule_versions.sign(version, seen_hash=version.content_hash, by=signer, now=NOW, signed_at=NOW)
    )
    assert len(succeeded(results, but=VersionError)) == 1
    assert Approval.objects.filter(approver=signer).count() == 1


def test_of_two_who_save_a_rule_at_once_one_is_told_and_both_keep_what_they_typed(firm: Company, author: User):
    rule = begun(firm, author).rules.get(code="R-220")
    browsers = [signed_in(first_name=name, last_name="") for name in ("Ana", "Bo")]
    where = address(rule, "change")
    typed = [fields_of(browser.get(where)) | {"name": f"By {n}"} for n, browser in enumerate(browsers)]
    answers = together(2, lambda n: browsers[n].post(where, typed[n]))
    assert sorted(answer.status_code for answer in succeeded(answers)) == [200, 302]
    told = next(n for n, answer in enumerate(answers) if answer.status_code == 200)
    page = answers[told].content.decode()
    assert f"{('Ana', 'Bo')[1 - told]} changed this just now" in page
    assert f"By {told}" in page
    rule.refresh_from_db()
    assert rule.name == f"By {1 - told}"


def test_drafts_begun_at_once_from_different_versions_get_numbers_of_their_own(firm: Company, author: User):
    rule_versions.make_live(signed(firm, author), by=firm.user("ben"), now=NOW)
    bases = [firm.rule_set, RuleSet.objects.get(state="live")]
    for _ in range(crowd(postgresql=5, sqlite=2)):
        results = together(4, lambda n: rule_versions.begin(based_on=bases[n % 2], title="", by=author, now=NOW).number)
        numbers = succeeded(results)
        assert sorted(numbers) == list(range(min(numbers), min(numbers) + 4))


def test_a_draft_begun_while_others_go_back_leaves_both_with_a_number(firm: Company, author: User):
    rule_versions.make_live(signed(firm, author), by=firm.user("ben"), now=NOW)
    rule_versions.make_live(signed(firm, author, 30), by=firm.user("ben"), now=NOW)
    second = RuleSet.objects.get(number=2)

    def act(n: int) -> int:
        if n:
            return rule_versions.begin(based_on=firm.rule_set, title="", by=author, now=NOW).number
        return rule_versions.go_back(second, by=firm.user("ben"), now=NOW).number

    for _ in range(crowd(postgresql=5, sqlite=2)):
        assert len(set(succeeded(together(3, act)))) == 3


@pytest.mark.parametrize("what", ["publish", "begin"])
def test_a_decision_is_written_while_a_version_is_published_or_begun(firm: Company, author: User, what: str):
    """Whoever holds the live version to make another keeps nobody from writing a decision that names it."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time.")
    holding, done = threading.Event(), threading.Event()

    def holder() -> None:
        with transaction.atomic():
            if what == "publish":
                lock_live()
            else:
                rule_versions.begin(based_on=firm.rule_set, title="", by=author, now=NOW)
            holding.set()
            assert done.wait(10), "the decision waited"

    def decider() -> None:
        assert holding.wait(10)
        factories.DecisionFactory.create(rule_set=firm.rule_set, rule=None)
        done.set()

    assert succeeded(together(2, lambda n: (holder, decider)[n]())) == [None, None]


def test_many_who_want_a_version_at_once_share_one_compilation(firm: Company):
    big = factories.RuleSetFactory.create()
    Rule.objects.bulk_create(
        Rule(
            rule_set=big,
            position=n,
            code=f"R-{n}",
            name="",
            conditions={"product": [f"p{n}"]},
            strategy="account_owner",
        )
        for n in range(600)
    )
    rules = succeeded(together(8, lambda _: compiling.compiled(big.pk)))
    assert len(rules[0].lines) == 600
    assert len({id(one) for one in rules}) == 1


def test_who_publishes_a_version_has_it_compiled_before_the_next_decision(
    firm: Company, author: User, django_assert_num_queries: Any
):
    rule_versions.make_live(signed(firm, author), by=firm.user("ben"), now=NOW)
    with django_assert_num_queries(1):
        assert compiling.live_rules().number == 2


def test_what_was_compiled_for_a_publishing_that_failed_is_not_what_is_decided_by_later(firm: Company, author: User):
    version = signed(firm, author, 90)
    with transaction.atomic():
        rule_versions.make_live(version, by=firm.user("ben"), now=NOW)
        transaction.set_rollback(True)
    rule_versions.take_back(version, by=author, now=NOW)
    version.refresh_from_db()
    change(version, "R-220", target_minutes=30)
    # As another process publishes it: nothing is compiled in this one.
    RuleSet.objects.filter(state="live").update(state="archived")
    RuleSet.objects.filter(pk=version.pk).update(state="live", published_at=NOW)
    assert {line.target_minutes for line in compiling.live_rules().lines if line.code == "R-220"} == {30}


_OTHER_PROCESS = """
import os, sys, django
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
from django.conf import settings
django.setup()
from django.db import connections
connections["default"].settings_dict["NAME"] = sys.argv[1]
from routing import compiling
for line in sys.stdin:
    print(compiling.live_rules().number, flush=True)
"""


@pytest.fixture
def elsewhere() -> Iterator[subprocess.Popen[str]]:
    """Another process on the same database, which says at every line it is sent which version it decides by."""
    name = str(connection.settings_dict["NAME"])
    if "mode=memory" in name or name == ":memory:":
        pytest.skip("A database in memory has one process.")
    process = subprocess.Popen(
        [sys.executable, "-c", _OTHER_PROCESS, name],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ.copy(),
    )  # fmt: skip
    yield process
    process.kill()
    process.wait()


def ask(process: subprocess.Popen[str]) -> int:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("which?\n")
    process.stdin.flush()
    return int(process.stdout.readline())


def test_every_process_decides_by_a_version_from_the_moment_it_is_published(
    firm: Company, author: User, elsewhere: subprocess.Popen[str]
):
    version = signed(firm, author)
    before = decide(Facts(handoff_type="sql_to_ae", employee_count=50), now=NOW)
    assert (ask(elsewhere), compiling.live_rules().number) == (1, 1)
    rule_versions.make_live(version, by=firm.user("ben"), now=NOW)
    assert (ask(elsewhere), compiling.live_rules().number) == (2, 2)
    assert before.match.rules.number == 1
    after = decide(Facts(handoff_type="sql_to_ae", employee_count=50), now=NOW)
    assert (before.match.line.target_minutes, after.match.line.target_minutes) == (None, 90)
    assert Rule.objects.filter(rule_set=firm.rule_set, code="R-220", target_minutes=None).exists()
