from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import time_machine
from knox.models import AuthToken

from handoffs.models import Handoff
from routing import compiling
from routing.models import User
from tests.api.calling import Caller
from tests.factories import NOW, Company, UserFactory, company
from tests.handoffs.given import assigned

As = Callable[[str], Caller]


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """Time stands still at NOW until a test moves it."""
    with time_machine.travel(NOW, tick=False) as travel:
        yield travel


@pytest.fixture
def firm(db: None, clock: time_machine.Traveller) -> Company:
    compiling.compiled.cache_clear()
    return company()


@pytest.fixture
def ingrids(firm: Company) -> Handoff:
    """Owned by Ingrid of Enterprise AE, sent by Dana of SDR; Elena manages both teams."""
    return assigned(firm)


@pytest.fixture
def call(firm: Company) -> As:
    """Somebody of the firm, or "auditor", "superuser", "nobody", who calls with a token of theirs."""
    others = {"auditor": {"groups": ["auditor"]}, "superuser": {"is_superuser": True}, "nobody": {}}

    def caller(key: str) -> Caller:
        if key == "anonymous":
            return Caller()
        user = UserFactory.create(**others[key]) if key in others else firm.user(key)
        return Caller(token_of(user), user=user)

    return caller


def token_of(user: User) -> str:
    _, token = AuthToken.objects.create(user, expiry=timedelta(days=1))
    return str(token)
