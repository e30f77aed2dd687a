from collections.abc import Iterator

import pytest
import time_machine
from django.test import Client
from pytest_django.fixtures import Settings

from handoffs.models import Handoff
from routing import compiling
from tests.factories import NOW, Company, company
from tests.handoffs.given import assigned

SECRET = "shh-of-the-stand-in"


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """Time stands still at NOW until a test moves it."""
    with time_machine.travel(NOW, tick=False) as travel:
        yield travel


@pytest.fixture
def firm(db: None, clock: time_machine.Traveller, settings: Settings) -> Company:
    settings.SITE_URL = "https://handoffs.example"
    settings.SLACK_SIGNING_SECRET = SECRET
    settings.AXES_ENABLED = False
    compiling.compiled.cache_clear()
    return company()


@pytest.fixture
def handoff(firm: Company) -> Handoff:
    """An SQL of Dana's that Ingrid has, not yet acknowledged."""
    return assigned(firm)


@pytest.fixture
def stranger() -> Client:
    """A browser that nobody signed in with, and that Django's forgery check does not spare."""
    return Client(enforce_csrf_checks=True)
