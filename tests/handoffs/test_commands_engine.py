"""`manage.py engine --once`: everything that is due, without a broker, and then it stops."""

from io import StringIO

import pytest
import time_machine
from django.core.management import call_command

from handoffs import engine
from handoffs.models import Handoff, State
from tests.factories import NOW, Company, company, rich_account
from tests.fakes.fixtures import Fake

pytestmark = pytest.mark.django_db


@pytest.fixture
def firm(fake_slack: Fake, fake_resend: Fake) -> Company:
    return company()


def once() -> str:
    out = StringIO()
    with time_machine.travel(NOW):
        call_command("engine", "--once", stdout=out)
    return out.getvalue()


def test_one_call_starts_runs_and_delivers_all_that_is_due(firm: Company, fake_slack: Fake, fake_resend: Fake) -> None:
    rich_account("sql_to_ae", sender=firm.reps["dana"])
    rich_account("closed_to_cs", sender=firm.reps["oskar"], name="Aker Freight")
    assert once() == "Started 2, ran 2, delivered or tried 8. Nothing more is due.\n"
    assert set(Handoff.objects.values_list("state", flat=True)) == {State.ASSIGNED}
    assert len(fake_slack.effects(path="chat.postMessage")) == len(fake_resend.effects()) == 2


def test_a_second_call_finds_nothing_to_do(firm: Company) -> None:
    rich_account("sql_to_ae", sender=firm.reps["dana"])
    once()
    assert once() == "Started 0, ran 0, delivered or tried 0. Nothing more is due.\n"


def test_more_than_one_pass_full_is_done_in_one_call(firm: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "DELIVERIES_PER_PASS", 5)
    for place in range(3):
        rich_account("mql_to_sales", name=f"Lead {place}", domain=f"lead{place}.example")
    assert once().startswith("Started 3, ran 3, delivered or tried 12.")
