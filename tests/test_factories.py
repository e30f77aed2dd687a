"""The rows that tests begin with are rows that the product could have written."""

import inspect

import pytest
from factory.django import DjangoModelFactory

from tests import factories
from tests.factories import company, rich_account

pytestmark = pytest.mark.django_db

# Written by the product alone, never through a form, so that empty values pass no validation.
NOT_IN_FORMS = ["hours", "ladder", "receipt", "body", "context", "prev_hash", "facts"]
MAKERS = sorted(
    name for name, maker in inspect.getmembers(factories, inspect.isclass) if issubclass(maker, DjangoModelFactory)
)


@pytest.mark.parametrize("name", MAKERS)
def test_every_factory_makes_a_valid_row(name):
    row = getattr(factories, name)()
    row.full_clean(exclude=NOT_IN_FORMS)
    assert row.pk


def test_the_firm_stands_on_valid_rows():
    firm = company()
    for rule in firm.rule_set.rules.all():
        rule.full_clean()
    assert firm.user("ingrid").groups.get().name == "rep"
    assert set(firm.policies) == {"mql_to_sales", "sql_to_ae", "closed_to_cs", "expansion_to_sales"}


@pytest.mark.parametrize("handoff_type", ["mql_to_sales", "sql_to_ae", "closed_to_cs", "expansion_to_sales"])
def test_a_rich_account_is_valid_throughout(handoff_type):
    rich = rich_account(handoff_type)
    rows = [rich.account, *rich.account.contacts.all(), *rich.account.notes.all(), *rich.account.activities.all()]
    for row in [*rows, *([rich.deal] if rich.deal else [])]:
        row.full_clean()
