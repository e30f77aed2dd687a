"""Saved what-if cases in the admin: who wrote them, and what cannot be saved."""

import json

import pytest
from django.test import Client

from routing.models import Check
from tests import factories
from tests.admin.pages import address, complaints
from tests.admin.worlds import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss() -> Client:
    return signed_in(group="revops")


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
        ({"facts": '["NO"]'}, "facts", "This is not JSON"),
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


def test_a_check_cannot_expect_a_rule_and_a_pool(boss: Client):
    pool = factories.PoolFactory.create()
    answer = boss.post(address(Check, "add"), typed(pool=str(pool.pk)))
    assert "Fill in one of them." in str(answer.context["adminform"].form.errors["rule_code"])


def test_the_list_says_what_each_check_expects(boss: Client):
    factories.CheckFactory.create(name="By rule")
    factories.CheckFactory.create(name="By pool", rule_code="", pool=factories.PoolFactory.create(name="Nordics"))
    page = boss.get(address(Check, "changelist")).content.decode()
    assert "rule R-1" in page
    assert "Nordics" in page
