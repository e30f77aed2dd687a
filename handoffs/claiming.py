"""Taking due rows so that each has one worker: one statement, a lease, and an attempt number as fence.

A worker that dies leaves its lease to expire, and the row is taken again. A result counts only while the row's
`attempt` is still the one that was handed out with the claim.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db import InterfaceError, OperationalError, connection, models

Row = TypeVar("Row", bound=models.Model)

log = logging.getLogger(__name__)

BUDGET = timedelta(seconds=10)
"""A pass starts no further row after so much real time, so that it ends well before a worker's own limit."""

LEASE = timedelta(seconds=90)
"""Longer than the longest network call of one row."""


def in_time(rows: Iterable[Row], *, clock: Callable[[], datetime]) -> Iterator[Row]:
    """The rows one after another, until the pass has used up its real time."""
    until = clock() + BUDGET
    for row in rows:
        if clock() >= until:
            return
        yield row


def each_in_time(
    rows: Iterable[Row],
    work: Callable[[Row], None],
    *,
    clock: Callable[[], datetime],
    put_off: Callable[[Row], str],
) -> int:
    """Does `work` for the rows `in_time`; for how many. A row that goes wrong is put off and logged in the words that
    `put_off` gives.

    Raises only when the database is away.
    """
    taken = 0
    for row in in_time(rows, clock=clock):
        taken += 1
        try:
            work(row)
        except (InterfaceError, OperationalError):
            raise
        except Exception:  # one bad row must not stop the others
            log.exception("%s", put_off(row))
    return taken


def claim_due(model: type[Row], *, now: datetime, real_now: datetime, limit: int, only: int | None = None) -> list[Row]:
    """Takes up to `limit` rows of `model` whose `next_at` has come and that nobody holds, oldest first.

    `now` is business time and decides what is due; `real_now` decides which leases have run out. With `only`, just that
    row. On PostgreSQL workers skip one another's rows; on SQLite the one writer does the same by being alone.
    """
    due, params = _due_sql(model._meta.db_table, now=now, real_now=real_now, limit=limit, only=only)
    # The rows come from the claiming statement itself: read a moment later, they might carry another worker's attempt.
    taken: list[Any] = list(model._default_manager.raw(due, [*params, _stamp(real_now + LEASE)]))
    return sorted(taken, key=lambda row: (row.next_at, row.pk))


def _due_sql(table: str, *, now: datetime, real_now: datetime, limit: int, only: int | None) -> tuple[str, list[Any]]:
    one = "AND id = %s" if only is not None else ""
    params: list[Any] = [_stamp(now), _stamp(real_now), *([only] if only is not None else []), limit]
    skip = "FOR UPDATE SKIP LOCKED" if connection.features.has_select_for_update_skip_locked else ""
    materialized = "AS MATERIALIZED" if connection.vendor == "postgresql" else "AS"
    # Table and clauses are constants of this module; every value is a parameter.
    due = f"""
        WITH due {materialized} (
            SELECT id FROM {table}
            WHERE next_at <= %s AND (lease_until IS NULL OR lease_until <= %s) {one}
            ORDER BY next_at, id LIMIT %s {skip}
        )
        UPDATE {table} SET lease_until = %s, attempt = attempt + 1
        WHERE id IN (SELECT id FROM due) RETURNING *
    """  # noqa: S608
    return due, params


def _stamp(moment: datetime) -> Any:
    """The instant as the database stores it."""
    return connection.ops.adapt_datetimefield_value(moment)
