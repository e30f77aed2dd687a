"""What most tests of this folder start from."""

import pytest

from handoffs import rule_versions
from routing import compiling
from routing.models import RuleSet, User
from tests.factories import NOW, Company, UserFactory, company
from tests.handoffs.versions import change


@pytest.fixture
def firm() -> Company:
    """The small firm. Compiled rules are kept by id, and a rolled-back id may come again."""
    compiling.compiled.cache_clear()
    return company()


@pytest.fixture
def author(firm: Company) -> User:
    """Somebody of RevOps who is not the one who signs."""
    return UserFactory.create(first_name="Rui", last_name="Costa", groups=["revops"])


@pytest.fixture
def draft(firm: Company, author: User) -> RuleSet:
    """A draft that gives smaller SQLs a promise of their own."""
    begun = rule_versions.begin(based_on=firm.rule_set, title="A promise of their own", by=author, now=NOW)
    change(begun, "R-220", target_minutes=90)
    return begun
