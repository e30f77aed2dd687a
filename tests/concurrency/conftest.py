"""What the tests of this folder start from."""

from collections.abc import Iterator

import pytest

from routing import compiling
from tests.factories import Company, company


@pytest.fixture(autouse=True)
def _no_rules_of_earlier_tests() -> Iterator[None]:
    """SQLite gives ids out again, and compiled rules are kept by id."""
    compiling.compiled.cache_clear()
    yield
    compiling.compiled.cache_clear()


@pytest.fixture
def firm(transactional_db: None) -> Company:
    """The small firm, committed, so that every connection sees it."""
    return company()
