from collections.abc import Callable, Iterator
from functools import partial

import pytest
import time_machine
from django.test import Client
from pytest_django.fixtures import Settings

from handoffs.models import Handoff
from routing import compiling
from tests.factories import NOW, Company, company
from tests.handoffs.pages.handing import hand_over

SignIn = Callable[[str], Client]
Give = Callable[..., Handoff]


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """Time stands still at NOW until a test moves it."""
    with time_machine.travel(NOW, tick=False) as travel:
        yield travel


@pytest.fixture
def firm(db: None, clock: time_machine.Traveller, settings: Settings) -> Company:
    """The firm of tests.factories; nothing compiled is left from another test's rules."""
    settings.AXES_ENABLED = False
    compiling.compiled.cache_clear()
    return company()


@pytest.fixture
def sign_in(firm: Company) -> SignIn:
    """A browser without scripts, signed in as that person of the firm."""

    def signed_in(key: str) -> Client:
        client = Client()
        client.force_login(firm.user(key), backend="django.contrib.auth.backends.ModelBackend")
        return client

    return signed_in


@pytest.fixture
def give(firm: Company) -> Give:
    """Hands an account over from Dana, at NOW unless told otherwise."""
    return partial(hand_over, firm, at=NOW)
