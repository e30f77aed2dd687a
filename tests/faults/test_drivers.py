"""Each driver is enough by itself: Celery without the engine, the engine without a broker. And a broker that is away
holds up nobody who receives.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from handoffs import schedule
from handoffs.models import Delivery, Handoff, State
from tests.factories import Company, Rich, company, rich_account
from tests.fakes.fixtures import ROOT, Fake
from tests.faults.counting import count
from tests.faults.processes import DEAD_BROKER, Product, end, wait_until
from tests.handoffs.given import SENDERS

pytestmark = [pytest.mark.fault, pytest.mark.slow]

WORKER = ("-m", "celery", "-A", "config", "worker", "--concurrency", "2", "--without-gossip", "--without-mingle")
BEAT = ("-m", "celery", "-A", "config", "beat", "--pidfile", "")
ENGINE = ("manage.py", "engine")
Triggers = list[tuple[str, Rich]]


@pytest.fixture
def firm(transactional_db: None) -> Company:
    schedule.install()
    return company(now=timezone.now())


def one_of_each(firm: Company) -> Triggers:
    """CRM records for a handoff of each type."""
    now = timezone.now()
    return [(kind, rich_account(kind, sender=firm.reps[key], now=now)) for kind, key in SENDERS.items()]


def receive(product: Product, triggers: Triggers, **more: str) -> list[dict[str, Any]]:
    """Receives them in a process of its own; what it printed for each."""
    named = [f"{kind}:{rich.account.crm_id}:{rich.deal.crm_id if rich.deal else ''}" for kind, rich in triggers]
    answer = subprocess.run(
        [sys.executable, "-m", "tests.faults.receiving", *named],
        cwd=ROOT,
        env={**product.environment, **more},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    return [json.loads(line) for line in answer.stdout.splitlines()]


def all_done(triggers: Triggers) -> bool:
    """Whether every one of them is assigned and everything was delivered."""
    handoffs = Handoff.objects.filter(account__in=[rich.account.pk for _, rich in triggers], state=State.ASSIGNED)
    waiting = Delivery.objects.exclude(state=Delivery.State.DELIVERED)
    return handoffs.count() == len(triggers) and not waiting.exists()


def assert_all_arrived(triggers: Triggers, slack: Fake, resend: Fake) -> None:
    found = count(triggers, slack=slack, resend=resend)
    assert (found.handoffs, found.lost, found.doubled, found.broken) == (len(triggers), [], [], [])


@pytest.mark.sqlite
def test_celery_alone_assigns_and_delivers_everything(
    running_product: Product, firm: Company, fake_slack: Fake, fake_resend: Fake
):
    with running_product.running(*WORKER) as worker:
        poked = one_of_each(firm)
        receive(running_product, poked)
        assert wait_until(lambda: all_done(poked), seconds=60, process=worker), running_product.output()

        with running_product.running(*BEAT) as beat:
            unheard = one_of_each(firm)
            receive(running_product, unheard, REDIS_URL=DEAD_BROKER)
            assert wait_until(lambda: all_done(unheard), seconds=60, process=beat), running_product.output()
    assert_all_arrived([*poked, *unheard], fake_slack, fake_resend)


@pytest.mark.sqlite
def test_the_engine_alone_needs_no_broker(running_product: Product, firm: Company, fake_slack: Fake, fake_resend: Fake):
    crossed = one_of_each(firm)
    with running_product.running(*ENGINE, REDIS_URL=DEAD_BROKER) as process:
        assert wait_until(lambda: all_done(crossed), seconds=60, process=process), running_product.output()
        received = one_of_each(firm)
        receive(running_product, received, REDIS_URL=DEAD_BROKER)
        assert wait_until(lambda: all_done(received), seconds=60, process=process), running_product.output()
        assert end(process) == 0
    assert "The engine stopped." in running_product.output()
    assert "The broker does not answer" in running_product.output()
    assert_all_arrived([*crossed, *received], fake_slack, fake_resend)


@pytest.fixture
def silent_broker() -> Iterator[str]:
    """A server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"redis://127.0.0.1:{server.getsockname()[1]}/0"


@pytest.mark.parametrize("broker", ["refuses", "says nothing"])
def test_receiving_neither_fails_nor_stalls_while_the_broker_is_away(
    broker: str, running_product: Product, firm: Company, silent_broker: str
):
    address = DEAD_BROKER if broker == "refuses" else silent_broker
    answers = receive(running_product, one_of_each(firm), REDIS_URL=address, BROKER_SOCKET_TIMEOUT="2")
    assert [answer["created"] for answer in answers] == [True] * 4
    # One socket timeout of two seconds, and what Celery needs to be loaded.
    assert answers[0]["seconds"] < 3.5
    assert all(answer["seconds"] < 0.5 for answer in answers[1:]), answers
    assert Handoff.objects.filter(state=State.RECEIVED, next_at__isnull=False).count() == 4
