"""The page of a version says what its rules, territories and segments are, to everybody who may sign it."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from handoffs import rule_versions
from routing.models import Rule, RuleSet, Territory
from tests.factories import NOW, Company
from tests.handoffs.pages.conftest import SignIn
from tests.handoffs.pages.reading import words
from tests.handoffs.versions import change

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft(firm: Company) -> RuleSet:
    return rule_versions.begin(based_on=firm.rule_set, title="Sooner", by=firm.user("ben"), now=NOW)


def many(draft: RuleSet, count: int) -> None:
    catch_all = draft.rules.get(is_catch_all=True)
    catch_all.position = 100_000
    catch_all.save()
    Rule.objects.bulk_create(
        Rule(
            rule_set=draft,
            position=1000 + number,
            code=f"M-{number}",
            name=f"Many {number}",
            conditions={"custom.cell": [f"c{number}"]},
            strategy="round_robin",
            pool=catch_all.pool,
        )
        for number in range(count)
    )


def test_leadership_reads_each_rule_in_its_order_in_words(draft: RuleSet, firm: Company, sign_in: SignIn):
    change(draft, "R-220", conditions={"handoff_type": ["sql_to_ae"], "country": ["CL", "DE"]}, target_minutes=90)
    said = words(sign_in("clara").get(f"/rules/{draft.number}/"))
    listed = said[said.index("Tried in this order") :]
    assert "R-220 SQL, smaller and partner Country: Chile or Germany Handoff type: SQL" in listed
    assert "Turns in General AE Skip to the next in turn 90 minutes" in listed
    codes = [rule.code for rule in draft.rules.order_by("is_catch_all", "position")]
    assert sorted(codes, key=listed.index) == codes
    catch_all = draft.rules.get(is_catch_all=True)
    assert f"{len(codes)}. {catch_all} Everything" in listed


def test_a_rule_that_asks_for_an_owner_does_not_read_as_everything(draft: RuleSet, sign_in: SignIn):
    change(draft, "R-220", conditions={}, strategy="account_owner", pool=None)
    said = words(sign_in("clara").get(f"/rules/{draft.number}/"))
    assert "SQL, smaller and partner The account has an owner in the receiving role Account owner" in said


def test_territories_and_segments_are_said_by_name_and_long_lists_fold(draft: RuleSet, sign_in: SignIn):
    codes = [str(code) for code in range(10000, 10040)]
    Territory.objects.create(rule_set=draft, code="east", name="East", conditions={"postal_prefix": codes})
    change(draft, "R-220", conditions={"territory": ["east"], "segment": ["mid_market", "missing"]})
    page = sign_in("clara").get(f"/rules/{draft.number}/")
    said = words(page)
    assert "Segment: Mid-market or not known Territory: East" in said
    assert "East Postal prefix: 10000… or 10001…" in said
    assert "and 28 more 10012…" in said
    assert "Mid-market 100 to 999 employees" in said


def test_a_page_of_very_many_rules_takes_as_many_queries_as_one_of_few(draft: RuleSet, sign_in: SignIn):
    clara = sign_in("clara")
    address = f"/rules/{draft.number}/"
    clara.get(address)
    with CaptureQueriesContext(
        connection,
    ) as few:
        clara.get(address)
    many(draft, 450)
    clara.get(address)  # what is wrong with it is looked for once, and kept
    with CaptureQueriesContext(connection) as lots:
        page = clara.get(address)
    assert len(lots) <= len(few)
    assert "M-100 Many" in words(page)
    last = clara.get(f"{address}?rules=3")
    assert "M-449 Many" in words(last)
    assert "M-100 Many" not in words(last).partition("Tried in this order")[2]
    assert 'href="?rules=2#rules"' in last.content.decode()


@pytest.mark.parametrize("typed", ["0", "-1", "x", "9" * 40])
def test_a_page_that_is_none_shows_one_that_is(draft: RuleSet, sign_in: SignIn, typed: str):
    assert sign_in("clara").get(f"/rules/{draft.number}/?rules={typed}&territories={typed}").status_code == 200
