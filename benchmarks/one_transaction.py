"""`settling.settle` of a prepared handoff beside a plain psycopg transaction that writes the very same rows one by one.

The yardstick decides nothing: it is handed finished rows, takes no lock and reads nothing. What `settle` does besides
(lock the pool, read pointers and caps afresh, choose, build messages, clocks and chained log lines) is what the ratio
pays for. The message that wakes Celery after the commit is left out.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import psycopg
from django.db import connection
from django.utils import timezone

from benchmarks import plain
from benchmarks.scenario import asleep, claimed, fresh_firm, received
from handoffs import settling
from handoffs.models import Handoff, State
from handoffs.preparing import Prepared, prepare
from routing import turns
from routing.models import HandoffType

ROUNDS, WARM_UP = 200, 20
LEAST_RATIO = 0.45
MOST_ROUND_TRIPS = 15


def run() -> bool:
    """Measures and prints; whether both targets are met."""
    if connection.vendor != "postgresql":
        print("one transaction: measured on PostgreSQL only.")
        return True
    firm = fresh_firm()
    supply = received(firm, HandoffType.SQL_TO_AE)
    with asleep(), plain.connect() as yardstick:
        return _measure(supply, yardstick)


def _measure(supply: Iterator[Handoff], yardstick: psycopg.Connection[plain.Row]) -> bool:
    ours: list[float] = []
    theirs: list[float] = []
    trips: dict[str, int] = {}
    rows = 0
    connection.ensure_connection()
    for number in range(-WARM_UP, ROUNDS):
        # The last round of the warm-up is the one whose messages are counted.
        count = number == -1
        handoff, prepared = _prepared(next(supply))
        settle = partial(settling.settle, handoff, prepared, now=timezone.now(), actor="engine")
        took_ours = _counted(connection.connection, trips, "settle", settle) if count else _timed(settle)
        written = plain.read(yardstick, handoff)
        assert written.handoff["state"] == State.ASSIGNED

        twin, _ = _prepared(next(supply))
        copy = plain.as_if_for(written, twin, seq=turns.next_seq(written.turn["pool_id"]))
        write = partial(plain.write, yardstick, copy)
        took_theirs = _counted(yardstick, trips, "psycopg", write) if count else _timed(write)
        assert plain.read(yardstick, twin).rows == written.rows, "both write the same rows"
        rows = written.rows
        if number >= 0:
            ours.append(took_ours)
            theirs.append(took_theirs)
    return _report(ours, theirs, trips=trips, rows=rows)


def _prepared(handoff: Handoff) -> tuple[Handoff, Prepared]:
    mine = claimed(handoff)
    return mine, prepare(mine, now=timezone.now())


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _counted(client: psycopg.Connection[Any], trips: dict[str, int], name: str, work: Callable[[], object]) -> float:
    """Does the work while libpq writes down every message: each "ready for query" ends one round trip."""
    with tempfile.TemporaryFile("w+") as messages:
        client.pgconn.trace(messages.fileno())
        took = _timed(work)
        client.pgconn.untrace()
        messages.seek(0)
        trips[name] = sum("ReadyForQuery" in line for line in messages)
    return took


def _report(ours: list[float], theirs: list[float], *, trips: dict[str, int], rows: int) -> bool:
    ratio = sum(theirs) / sum(ours)
    for name, seconds in (("settle", ours), ("psycopg", theirs)):
        rate, median = len(seconds) / sum(seconds), statistics.median(seconds) * 1000
        print(f"  {name:8} {rate:6.0f} per second, median {median:.2f} ms, {rows} rows, {trips[name]} round trips")
    met = ratio >= LEAST_RATIO and trips["settle"] <= MOST_ROUND_TRIPS
    print(
        f"  ratio {ratio:.2f} (at least {LEAST_RATIO}), {trips['settle']} round trips (at most {MOST_ROUND_TRIPS}): "
        f"{'met' if met else 'MISSED'}; n = {len(ours)} each, alternating"
    )
    return met
