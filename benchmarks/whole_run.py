"""`pipeline.run` and the response, and the same through Celery: how many per second, and where the time goes."""

from __future__ import annotations

import functools
import itertools
import os
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from django.conf import settings
from django.utils import timezone

from benchmarks.scenario import SENDERS, fresh_firm, received
from config.children import Household
from handoffs import advancing, claiming, engine, pipeline, preparing, responding, response, wake
from handoffs.connectors import configured
from handoffs.models import Account, Activity, Contact, ContentEngagement, Delivery, Handoff, Note, State, UsageStage
from tests.fakes.fixtures import Fake, running

ROUNDS, WARM_UP = 100, 8
THROUGH_CELERY = 60
ROOT = Path(__file__).resolve().parent.parent

# The steps of a run, and the function that each of them is.
STEPS: tuple[tuple[str, ModuleType, str], ...] = (
    ("claim", claiming, "claim_due"),
    ("gather", preparing, "gather"),
    ("compile", preparing, "compile_package"),
    ("decide", preparing, "decide"),
    ("settle", advancing, "settle"),
    ("wake Celery", wake, "poke"),
)


def run() -> bool:
    """Measures and prints; there are no targets here."""
    _in_process(list(itertools.islice(received(fresh_firm()), WARM_UP + ROUNDS)))
    _driven(list(itertools.islice(received(fresh_firm()), 2 * THROUGH_CELERY)))
    return True


def _in_process(handoffs: list[Handoff]) -> None:
    spent: dict[str, float] = defaultdict(float)
    whole: list[float] = []
    with _stopwatches(spent):
        for number, handoff in enumerate(handoffs):
            if number == WARM_UP:
                spent.clear()
                whole.clear()
            started = time.perf_counter()
            done = pipeline.run(handoff, now=timezone.now(), actor="engine")
            ran = time.perf_counter()
            facts = responding.response_of(done)
            response.render_markdown(facts)
            response.render_json(facts)
            spent["response"] += time.perf_counter() - ran
            whole.append(time.perf_counter() - started)
            assert done.state == State.ASSIGNED, done.last_error
    total = sum(whole)
    print(f"  pipeline.run and response: {len(whole) / total:.0f} per second, median {_ms(statistics.median(whole))}")
    # Waking Celery happens inside of settling.
    spent["settle"] -= spent["wake Celery"]
    spent["the rest"] = total - sum(spent.values())
    for step, seconds in sorted(spent.items(), key=lambda item: -item[1]):
        print(f"    {step:12} {_ms(seconds / len(whole)):>9}  {seconds / total:4.0%}")
    types = len(SENDERS)
    print(f"  n = {len(whole)}, the {types} types in turn, each account with {_rows_per_account()} CRM rows")


@contextmanager
def _stopwatches(spent: dict[str, float]) -> Iterator[None]:
    """Has every step add up its time while the block runs."""
    originals = [(module, name, getattr(module, name)) for _, module, name in STEPS]
    for (label, module, name), (_, _, function) in zip(STEPS, originals, strict=True):
        setattr(module, name, _watched(label, function, spent))
    try:
        yield
    finally:
        for module, name, function in originals:
            setattr(module, name, function)


def _watched(label: str, function: Callable[..., Any], spent: dict[str, float]) -> Callable[..., Any]:
    @functools.wraps(function)
    def watched(*args: Any, **kwargs: Any) -> Any:
        started = time.perf_counter()
        try:
            return function(*args, **kwargs)
        finally:
            spent[label] += time.perf_counter() - started

    return watched


def _driven(handoffs: list[Handoff]) -> None:
    """The same handoffs by the engine's function in this process and by two Celery processes, messages included."""
    with tempfile.TemporaryDirectory() as folder, _fakes(Path(folder)) as (slack, resend):
        by_hand, by_celery = handoffs[: len(handoffs) // 2], handoffs[len(handoffs) // 2 :]
        Handoff.objects.filter(pk__in=[handoff.pk for handoff in by_celery]).update(next_at=None)
        _point_at(slack, resend)
        started = time.perf_counter()
        while engine.sweep(now=timezone.now(), clock=timezone.now):
            pass
        alone = len(by_hand) / (time.perf_counter() - started)
        _assert_done(by_hand)
        with Household() as household:
            _start_worker(household, slack, resend, Path(folder))
            Handoff.objects.filter(pk__in=[handoff.pk for handoff in by_celery]).update(next_at=timezone.now())
            started = time.perf_counter()
            for _ in by_celery:
                wake.poke()
            assigned = _seconds_until(lambda: _all_assigned(by_celery), since=started)
            delivered = _seconds_until(lambda: not _waiting(), since=started)
        _assert_done(by_celery)
    n = len(by_celery)
    print(f"  engine.sweep in one process, with all messages sent: {alone:.1f} handoffs per second")
    print(
        f"  Celery, two processes: assigned {n / assigned:.1f}, all messages sent {n / delivered:.1f} per second; "
        f"{n / delivered / alone:.2f} of one process by hand"
    )
    print(f"  n = {n} each, {Delivery.objects.filter(handoff__in=by_celery).count()} messages through Celery")


@contextmanager
def _fakes(folder: Path) -> Iterator[tuple[Fake, Fake]]:
    with running("slack", data=folder / "slack") as slack, running("resend", data=folder / "resend") as resend:
        yield slack, resend


def _point_at(slack: Fake, resend: Fake) -> None:
    settings.SLACK_BASE_URL, settings.RESEND_API_URL = f"{slack.url}/api/", resend.url
    configured.messaging.cache_clear()
    configured.email.cache_clear()


def _start_worker(household: Household, slack: Fake, resend: Fake, folder: Path) -> None:
    """A worker of two processes that has done its first task when this returns."""
    celery = [sys.executable, "-m", "celery", "-A", "config", "worker"]
    environment = {**os.environ, "SLACK_BASE_URL": f"{slack.url}/api/", "RESEND_API_URL": resend.url}
    command = [*celery, "--concurrency", "2", "--without-gossip", "--without-mingle", "--loglevel", "INFO"]
    log = folder / "worker.log"
    household.start("worker", command, env=environment, cwd=ROOT, log=log)
    for _ in itertools.takewhile(lambda _: log.read_text().count("succeeded") < 4, range(600)):
        wake.poke()
        time.sleep(0.1)
    # Everything that was asked for while it started is done by now.
    while log.read_text().count("received") > log.read_text().count("succeeded"):
        time.sleep(0.1)


def _all_assigned(handoffs: list[Handoff]) -> bool:
    waiting = Handoff.objects.filter(pk__in=[handoff.pk for handoff in handoffs]).exclude(state=State.ASSIGNED)
    return not waiting.exists()


def _waiting() -> bool:
    return Delivery.objects.filter(state=Delivery.State.QUEUED).exists()


def _assert_done(handoffs: list[Handoff]) -> None:
    assert _all_assigned(handoffs)
    assert not Delivery.objects.exclude(state=Delivery.State.DELIVERED).exists()


def _seconds_until(done: Callable[[], bool], *, since: float) -> float:
    while not done():
        if time.perf_counter() - since > 300:
            raise TimeoutError("Celery did not get through; look for its log above.")
        time.sleep(0.02)
    return time.perf_counter() - since


def _rows_per_account() -> int:
    rows = sum(model.objects.count() for model in (Contact, Activity, Note, ContentEngagement, UsageStage))
    return round(rows / Account.objects.count())


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.2f} ms"
