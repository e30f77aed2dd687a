"""What tests of the admin start from."""

import pytest
from django.test import Client

from tests.admin.worlds import signed_in
from tests.factories import Company, company


@pytest.fixture
def firm() -> Company:
    """The small firm."""
    return company()


@pytest.fixture
def revops(firm: Company) -> Client:
    """Somebody of RevOps at the small firm, signed in."""
    return signed_in(group="revops")
