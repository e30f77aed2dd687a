"""Saved what-if cases in the admin: who wrote them, and what cannot be saved."""

import json

import pytest
from django.test import Client

from routing.compiling import compiled
from routing.models import Check, RuleSet
from tests import factories
from tests.admin.pages import address, complaints
from tests.admin.worlds import signed_in
from tests.factories import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss() -> Client:
    return signed_in(group="revops")


@pytest.fixture(autouse=True)
def live() -> RuleSet:
    """Rules with one pool rule and a catch-all, live."""
    compiled.cache_clear()
    rules = factories.RuleSetFactory.create(state=RuleSet.State.LIVE, published_at=NOW)
    factories.RuleFactory.create(rule_set=rules, code="R-1", conditions={"country": ["NO"]})
    owner = factories.RepFactory.create()
    factories.RuleFactory.create(
        rule_set=rules, code="R-999", position=999, is_catch_all=True, owner=owner, target_minutes=60
    )
    return rules


def typed(**fields: str) -> dict[str, str]:
    facts = json.dumps({"handoff_type": "sql_to_ae", "country": "NO"})
    return {"name": "Fjord", "facts": facts, "rule_code": "R-1", "note": "They asked", "is_active": "on", **fields}


def test_a_new_check_remembers_its_author_and_when(boss: Client):
    answer = boss.post(address(Check, "add"), typed())
    assert answer.status_code == 302, complaints(answer)
    saved = Check.objects.get()
    assert (saved.author, saved.rule_code, saved.facts["country"]) == (boss.user, "R-1", "NO")
    assert saved.created_at is not None


@pytest.mark.parametrize(
    ("fields", "field", "sentence"),
    [
        ({"facts": '{"handoff_type": "sql_to_ae", "country": "Norway"}'}, "facts", "“Norway” is not a country code"),
        ({"facts": ""}, "facts", "handoff_type: give one of"),
        ({"facts": "{"}, "facts", "This is not JSON"),
        ({"facts": '["NO"]'}, "facts", "This is no mapping"),
        ({"rule_code": ""}, "rule_code", "A check expects one thing: a rule, a pool or a person."),
        ({"name": ""}, "name", "This field is required."),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(boss: Client, fields: dict[str, str], field: str, sentence: str):
    answer = boss.post(address(Check, "add"), typed(**fields))
    assert answer.status_code == 200
    assert sentence in str(answer.context["adminform"].form.errors[field])
    assert not Check.objects.exists()


def test_what_cannot_be_read_is_complained_of_once(boss: Client):
    answer = boss.post(address(Check, "add"), typed(facts='{"handoff_type": "sql_to_xx"'))
    assert len(answer.context["adminform"].form.errors["facts"]) == 1


def test_a_name_is_given_once(boss: Client):
    factories.CheckFactory.create(name="Fjord")
    answer = boss.post(address(Check, "add"), typed())
    assert "There is a check of this name already." in str(answer.context["adminform"].form.errors["name"])


def test_a_check_cannot_expect_a_rule_and_a_pool(boss: Client):
    pool = factories.PoolFactory.create()
    answer = boss.post(address(Check, "add"), typed(pool=str(pool.pk)))
    assert "Fill in one of them." in str(answer.context["adminform"].form.errors["rule_code"])


def test_the_code_of_a_rule_is_found_however_it_is_typed(boss: Client):
    boss.post(address(Check, "add"), typed(rule_code=" r-1 "))
    assert Check.objects.get().rule_code == "R-1"


@pytest.mark.parametrize(
    ("fields", "field", "sentence"),
    [
        ({"rule_code": "R-7"}, "rule_code", "has the code “R-7”. Choose from: R-1, R-999."),
        (
            {"facts": '{"handoff_type": "sql_to_ae", "tier": "platinum"}'},
            "facts",
            "tier: no segment is called “platinum”. Choose from: enterprise,",
        ),
    ],
)
def test_a_check_that_no_version_could_ever_meet_is_refused(
    boss: Client, fields: dict[str, str], field: str, sentence: str
):
    answer = boss.post(address(Check, "add"), typed(**fields))
    assert sentence in " ".join(answer.context["adminform"].form.errors[field])
    assert not Check.objects.exists()


def test_somebody_whom_no_rule_can_give_it_to_cannot_be_expected(boss: Client):
    rep = factories.RepFactory.create(function="ae")
    refused = boss.post(address(Check, "add"), typed(rule_code="", rep=str(rep.pk)))
    assert "nobody's owner" in " ".join(refused.context["adminform"].form.errors["rep"])
    facts = json.dumps({"handoff_type": "sql_to_ae", "owners": {"account_owner": rep.pk}})
    assert boss.post(address(Check, "add"), typed(rule_code="", rep=str(rep.pk), facts=facts)).status_code == 302
    gone = factories.RepFactory.create(function="ae", is_active=False)
    refused = boss.post(address(Check, "add"), typed(name="Other", rule_code="", rep=str(gone.pk)))
    assert "is not active any more" in " ".join(refused.context["adminform"].form.errors["rep"])
    csm = factories.RepFactory.create(function="csm")
    refused = boss.post(address(Check, "add"), typed(name="Other", rule_code="", rep=str(csm.pk)))
    assert "does not receive" in " ".join(refused.context["adminform"].form.errors["rep"])


def test_a_pool_that_no_rule_leads_to_cannot_be_expected(boss: Client):
    pool = factories.PoolFactory.create(name="Nordics")
    refused = boss.post(address(Check, "add"), typed(rule_code="", pool=str(pool.pk)))
    assert "leads to Nordics" in " ".join(refused.context["adminform"].form.errors["pool"])


def test_a_check_that_the_live_rules_do_not_meet_is_saved_with_a_warning(boss: Client):
    facts = json.dumps({"handoff_type": "sql_to_ae", "country": "SE"})
    page = boss.post(address(Check, "add"), typed(facts=facts), follow=True).content.decode()
    assert "expects R-1, but R-999" in page
    assert "With the live rules it fails, and no version can be published while it does" in page
    assert (
        "With the live rules it fails"
        not in boss.post(address(Check, "add"), typed(name="Other"), follow=True).content.decode()
    )


def test_the_list_says_what_each_check_expects(boss: Client):
    factories.CheckFactory.create(name="By rule")
    factories.CheckFactory.create(name="By pool", rule_code="", pool=factories.PoolFactory.create(name="Nordics"))
    page = boss.get(address(Check, "changelist")).content.decode()
    assert "rule R-1" in page
    assert "Nordics" in page
