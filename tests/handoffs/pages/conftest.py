from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
import time_machine
from django.test import Client
from pytest_django.fixtures import Settings

from handoffs import pipeline
from handoffs.models import Account, Deal, Handoff
from routing import matcher
from routing.models import HandoffType
from tests.factories import NOW, Company, company, rich_account

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
    matcher.compiled.cache_clear()
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
    """Hands an account over from Dana: received and run by the real pipeline at `at`."""

    def given(
        handoff_type: str = HandoffType.SQL_TO_AE,
        *,
        at: datetime = NOW,
        account: Account | None = None,
        deal: Deal | None = None,
        **account_fields: Any,
    ) -> Handoff:
        if account is None:
            rich = rich_account(handoff_type, now=at, **account_fields)
            account, deal = rich.account, rich.deal
        dana = firm.reps["dana"]
        handoff, _ = pipeline.receive(
            handoff_type=HandoffType(handoff_type),
            account=account,
            deal=deal,
            origin=Handoff.Origin.CRM,
            now=at,
            actor="crm",
            from_rep=dana,
            from_team=dana.team,
        )
        return pipeline.run(handoff, now=at, actor="engine")

    return given
