"""kill -9 at every step boundary of the pipeline and of delivery, in real processes; then everything is counted.

HANDOFFS_KILLS says how many kills (each step once at least), HANDOFFS_SEED which ones beyond the first round.
"""

from __future__ import annotations

import ast
import itertools
import os
import random
import signal
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import pytest
from django.utils import timezone

from handoffs import engine
from handoffs.models import Delivery, Handoff
from routing.models import HandoffType
from tests.factories import Company, Rich, company, rich_account
from tests.fakes.fixtures import ROOT, Fake
from tests.faults.counting import count
from tests.faults.processes import Product, end, wait_until
from tests.faults.test_ladder_kills import ALARM_STEPS, LADDER_STEPS, LEAVE_STEPS
from tests.handoffs.given import SENDERS

pytestmark = [pytest.mark.fault, pytest.mark.slow]

# How many times a run with one new handoff passes each step.
STEPS = {
    "pipeline.receiving": 1,
    "pipeline.claimed": 1,
    "pipeline.gathered": 1,
    "pipeline.compiled": 1,
    "pipeline.prepared": 1,
    "pipeline.assigning": 1,
    "pipeline.assigned": 1,
    "pipeline.handed_over": 1,
    "pipeline.before_commit": 1,
    "pipeline.settled": 1,
    "wake.committed": 2,
    "outbox.claimed": 4,
    "outbox.sent": 4,
    "outbox.settling": 4,
    "outbox.settled": 4,
    "outbox.failing": 1,
}
# Besides: while the other side has done its work and the answer is on its way.
IN_THE_CALL = ("slack", "resend")
PATHS = {"slack": "chat.postMessage", "resend": "/emails"}


@dataclass(frozen=True)
class Kill:
    """One death: at which step, at its n-th passing; or in a call to a system."""

    step: str
    nth: int = 1


def kills(how_many: int, seed: int) -> list[Kill]:
    """Each step once, then as many more as are wanted, drawn by the seed."""
    drawn = random.Random(seed)
    once = [Kill(step) for step in (*STEPS, *IN_THE_CALL)]
    more = [
        Kill(step, drawn.randint(1, STEPS.get(step, 1))) for step in drawn.choices([*STEPS, *IN_THE_CALL], k=how_many)
    ]
    return [*once, *more[: max(0, how_many - len(once))]]


@dataclass
class Experiment:
    """The firm, the outside systems, and what was triggered so far."""

    firm: Company
    product: Product
    fakes: dict[str, Fake]
    drawn: random.Random
    triggered: list[tuple[str, Rich]]
    types: Iterator[HandoffType]

    def trigger(self) -> None:
        """A CRM row crosses the trigger of the next type in turn."""
        handoff_type = next(self.types)
        sender = self.firm.reps[SENDERS[handoff_type]]
        self.triggered.append((handoff_type, rich_account(handoff_type, sender=sender, now=timezone.now())))

    def carry_out(self, kill: Kill) -> None:
        self.trigger()
        if kill.step in IN_THE_CALL:
            self._die_in_the_call(kill.step)
        else:
            self._die_at_the_step(kill)
        if self.drawn.random() < 0.5:
            self.let_leases_run_out()

    def let_leases_run_out(self) -> None:
        """As if a minute and a half had gone by: nobody is alive who could still hold a row."""
        past = timezone.now() - timedelta(seconds=1)
        for model in (Handoff, Delivery):
            model._default_manager.filter(lease_until__isnull=False).update(lease_until=past)

    def _die_at_the_step(self, kill: Kill) -> None:
        if kill.step == "outbox.failing":
            system = self.drawn.choice(IN_THE_CALL)
            after = self.drawn.random() < 0.5
            self.fakes[system].fault("status", status=503, after_effect=after, match={"path": PATHS[system]})
        process = self.product.start("manage.py", "engine", "--once", HANDOFFS_FAILPOINT=f"{kill.step}:{kill.nth}")
        self._assert_killed(process, f"at {kill.step}, passing {kill.nth}")
        for fake in self.fakes.values():
            fake.clear_faults()

    def _die_in_the_call(self, system: str) -> None:
        """The stand-in takes the call, keeps the answer, and we kill the caller while it waits."""
        fake = self.fakes[system]
        before = len(fake.rows(took_effect=True))
        fake.fault("timeout_after_effect", seconds=8, match={"path": PATHS[system]})
        process = self.product.start("manage.py", "engine", "--once")
        happened = wait_until(lambda: len(fake.rows(took_effect=True)) > before, seconds=60, process=process)
        assert happened, f"nothing was sent to {system}: {self.product.output()}"
        process.kill()
        self._assert_killed(process, f"in a call to {system}")

    def _assert_killed(self, process: subprocess.Popen[bytes], where: str) -> None:
        try:
            code = process.wait(60)
        finally:
            end(process)
        assert code == -signal.SIGKILL, f"the engine did not die {where}: {self.product.output()}"

    def drain(self) -> None:
        """Healthy engines run until nothing is due any more, with a clock that leaps over leases and retries."""
        now = timezone.now()
        for _ in range(500):
            now += timedelta(minutes=1)
            if not engine.sweep(now=now, clock=partial(_same, now)) and not _waiting():
                return
        pytest.fail("the queues never became empty")


def _same(moment: datetime) -> datetime:
    return moment


def _waiting() -> bool:
    return any(model._default_manager.filter(next_at__isnull=False).exists() for model in (Handoff, Delivery))


@pytest.fixture
def experiment(running_product: Product, fake_slack: Fake, fake_resend: Fake) -> Experiment:
    seed = int(os.environ.get("HANDOFFS_SEED") or 7)
    return Experiment(
        firm=company(now=timezone.now()),
        product=running_product,
        fakes={"slack": fake_slack, "resend": fake_resend},
        drawn=random.Random(seed + 1),
        triggered=[],
        types=itertools.cycle(SENDERS),
    )


def test_every_step_of_the_product_is_one_of_the_experiment():
    files = [path for app in ("routing", "sla", "handoffs") for path in (ROOT / app).rglob("*.py")]
    named = {
        argument.value
        for path in files
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("pass_point")
        for argument in node.args
        if isinstance(argument, ast.Constant)
    }
    assert named == {*STEPS, *LADDER_STEPS, *ALARM_STEPS, *LEAVE_STEPS}


def test_nothing_is_lost_or_doubled_by_processes_that_are_killed(
    experiment: Experiment, fake_slack: Fake, fake_resend: Fake, record_property: Callable[[str, object], None]
):
    seed, wanted = int(os.environ.get("HANDOFFS_SEED") or 7), int(os.environ.get("HANDOFFS_KILLS") or 0)
    planned = kills(wanted, seed)
    for kill in planned:
        experiment.carry_out(kill)
    experiment.trigger()
    healthy = experiment.product.start("manage.py", "engine", "--once")
    assert healthy.wait(60) == 0, experiment.product.output()
    experiment.drain()

    found = count(experiment.triggered, slack=fake_slack, resend=fake_resend)
    in_slack = sum(kill.step in {"outbox.sent", "outbox.settling", "slack"} for kill in planned)
    record_property("counted", f"{len(planned)} kills (seed {seed}): {found}; by step {_by_step(planned)}")
    assert found.handoffs == len(experiment.triggered) == len(planned) + 1
    assert found.lost == []
    assert found.doubled == []
    assert found.unmarked == []
    assert found.broken == []
    assert found.repeats <= in_slack


def _by_step(planned: list[Kill]) -> str:
    return ", ".join(f"{step} {times}" for step, times in Counter(kill.step for kill in planned).items())
