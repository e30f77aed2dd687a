"""`assign` from four processes at once: all into one pool, or each time into another of fifty, in turn.

Into one pool everybody waits for its lock, from the lock to the commit; into fifty hardly anybody does. The ratio says
what that costs. Choosing, debiting, the receipt and the commit are measured; deciding, which takes no lock, is not.
"""

from __future__ import annotations

import multiprocessing
import statistics
import time
import uuid
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier

from django.db import OperationalError, connection, transaction
from django.utils import timezone

from benchmarks.scenario import fresh_firm
from routing import ledger, turns
from routing.assign import assign
from routing.candidates import Draft
from routing.decide import decide
from routing.facts import Facts
from routing.models import HandoffType, Membership, Rule, RuleSet
from tests.factories import (
    AlwaysOpenFactory,
    MembershipFactory,
    PoolFactory,
    RepFactory,
    RuleFactory,
    RuleSetFactory,
    TeamFactory,
)

POOLS, MEMBERS, CONNECTIONS = 50, 10, 4
ROUNDS, EACH, WARM_UP = 6, 60, 1
LEAST_RATIO = 0.4


def run() -> bool:
    """Measures and prints; whether the target is met."""
    if connection.vendor != "postgresql":
        print("hot pool: measured on PostgreSQL only.")
        return True
    fresh_firm()
    _world()
    before = _deadlocks()
    connection.close()
    context = multiprocessing.get_context("fork")
    start = context.Barrier(CONNECTIONS + 1)
    pairs = [context.Pipe() for _ in range(CONNECTIONS)]
    workers = [
        context.Process(target=_work, args=(number, start, theirs), daemon=True)
        for number, (_, theirs) in enumerate(pairs)
    ]
    for worker in workers:
        worker.start()
    rates: dict[str, list[float]] = {"one pool": [], "fifty pools": []}
    failed = 0
    for number in range(-WARM_UP, ROUNDS):
        for taken in rates.values():
            start.wait()
            began = time.perf_counter()
            failed += sum(ours.recv() for ours, _ in pairs)
            rate = CONNECTIONS * EACH / (time.perf_counter() - began)
            if number >= 0:
                taken.append(rate)
    for worker in workers:
        worker.join(30)
    return _report(rates, failed=failed, deadlocks=_deadlocks() - before)


def _world() -> None:
    """Fifty pools of ten people each, and a rule to each of them; the first is the hot one."""
    RuleSet.objects.update(state=RuleSet.State.ARCHIVED)
    rule_set = RuleSetFactory.create(state=RuleSet.State.DRAFT, number=900)
    team = TeamFactory.create(calendar=AlwaysOpenFactory.create())
    for number in range(POOLS):
        pool = PoolFactory.create(team=team)
        reps = RepFactory.create_batch(MEMBERS, team=team)
        for position, rep in enumerate(reps):
            MembershipFactory.create(pool=pool, rep=rep, position=position)
        last = number == POOLS - 1
        RuleFactory.create(
            rule_set=rule_set,
            position=number + 1,
            pool=pool,
            strategy=Rule.Strategy.ROUND_ROBIN,
            conditions={} if last else {"custom.pool": [str(number)]},
            is_catch_all=last,
            owner=reps[0] if last else None,
            target_minutes=240 if last else None,
        )
    RuleSet.objects.filter(pk=rule_set.pk).update(state=RuleSet.State.LIVE, published_at=timezone.now())


def _work(worker: int, start: Barrier, answer: Connection) -> None:
    """One connection's part of every round; answers how many of its transactions failed."""
    drafts = [_draft(number) for number in range(POOLS)]
    for _ in range(-WARM_UP, ROUNDS):
        for pools in (drafts[:1], drafts):
            start.wait()
            failed = 0
            for turn in range(EACH):
                # Each worker begins elsewhere, so that in fifty pools two rarely meet.
                draft = pools[(turn + worker * len(pools) // CONNECTIONS) % len(pools)]
                try:
                    with transaction.atomic():
                        assign(draft, handoff_uuid=uuid.uuid4(), number=1, now=timezone.now(), actor="engine")
                except OperationalError:
                    failed += 1
            answer.send(failed)


def _draft(number: int) -> Draft:
    facts = Facts(handoff_type=HandoffType.SQL_TO_AE, custom={"pool": str(number)})
    return decide(facts, now=timezone.now())


def _deadlocks() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        [found] = cursor.fetchone()
    return int(found)


def _report(rates: dict[str, list[float]], *, failed: int, deadlocks: int) -> bool:
    for name, found in rates.items():
        print(f"  {name:12} {statistics.median(found):6.0f} per second at {CONNECTIONS} connections")
    ratio = statistics.median(rates["one pool"]) / statistics.median(rates["fifty pools"])
    hot = Membership.objects.order_by("-last_debit_seq").select_related("pool")[0].pool
    pointers = list(hot.memberships.values_list("pointer", flat=True))
    spread = (max(pointers) - min(pointers)) / turns.UNIT
    is_whole = not ledger.faults(hot.pk)
    met = ratio >= LEAST_RATIO and not failed and not deadlocks and spread <= 1 and is_whole
    print(
        f"  ratio {ratio:.2f} (at least {LEAST_RATIO}), {failed} failed, {deadlocks} deadlocks, the hot pool's turns "
        f"differ by {spread:.0f}: {'met' if met else 'MISSED'}; {ROUNDS} rounds of {CONNECTIONS * EACH}, in turn"
    )
    return met
