"""Many threads at once, each on a database connection of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from django.db import connection

Result = TypeVar("Result")

PATIENCE = 60
"""Seconds after which a thread that waits for another is taken for stuck."""


def crowd(*, postgresql: int, sqlite: int) -> int:
    """How many threads: SQLite has one writer at a time, so fewer show as much there."""
    return postgresql if connection.vendor == "postgresql" else sqlite


def together(count: int, work: Callable[[int], Any]) -> list[Any]:
    """What `work(0)` to `work(count - 1)` gave, or the exception it raised; all start at the same moment."""
    start = threading.Barrier(count)

    def run(number: int) -> Any:
        try:
            connection.ensure_connection()
            start.wait(PATIENCE)
            return work(number)
        except Exception as error:  # noqa: BLE001 - the test says which ones it expects
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(run, range(count), timeout=3 * PATIENCE))


def meanwhile(work: Callable[[], Result]) -> Result:
    """What `work` gives when somebody else does it: on another connection, done before this returns."""
    [result] = together(1, lambda _: work())
    if isinstance(result, Exception):
        raise result
    return result  # type: ignore[no-any-return]


def succeeded(results: Sequence[Any], *, but: type[Exception] | tuple[type[Exception], ...] = ()) -> list[Any]:
    """The results of those that raised nothing; an exception other than `but` is raised here."""
    for result in results:
        if isinstance(result, Exception) and not isinstance(result, but):
            raise result
    return [result for result in results if not isinstance(result, Exception)]
