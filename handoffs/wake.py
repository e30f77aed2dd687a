"""Telling Celery that there is work. It is only the fast path: the engine finds the same work without it.

Publishing never fails a request: after one failure it is not tried again for a while.
"""

from __future__ import annotations

import logging
import time

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

from handoffs.failpoints import pass_point

PAUSE_SECONDS = 30.0
# A broker that takes connections and says nothing costs its socket timeout once, not twice.
ONE_TRY = {"max_retries": 0}

log = logging.getLogger(__name__)
_quiet_until = 0.0


def after_commit() -> None:
    """Asks a worker for a sweep once the present transaction has committed."""
    transaction.on_commit(poke)


def poke() -> None:
    """Publishes the sweep task; a broker that is down is noted once and then left alone for half a minute."""
    global _quiet_until  # noqa: PLW0603 - one process-wide pause, not state of the domain
    pass_point("wake.committed")
    if time.monotonic() < _quiet_until:
        return
    try:
        current_app.send_task("handoffs.sweep", ignore_result=True, retry_policy=ONE_TRY)
    except (OperationalError, OSError) as error:
        _quiet_until = time.monotonic() + PAUSE_SECONDS
        log.warning("The broker does not answer (%s); the engine does the work alone for now.", error)
