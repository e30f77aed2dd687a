"""`manage.py engine`: the supervised loop that does everything due, without a broker."""

from __future__ import annotations

import logging
import signal
import threading
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, close_old_connections

from handoffs import engine, triggers
from handoffs.now import now, real_now

EVERY_SECONDS = 2.0
TRIGGERS_EVERY_SECONDS = 5.0
LONGEST_WAIT = 30.0

log = logging.getLogger(__name__)


class Command(BaseCommand):
    """Stops after the present batch on TERM or Ctrl-C. A database that is away is waited for, longer each time."""

    help = "Starts handoffs, sends deliveries and runs what is due, every two seconds, until stopped."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="do everything that is due now, then stop")

    def handle(self, *, once: bool, **options: Any) -> None:
        if once:
            self._drain()
            return
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        self.stdout.write("The engine runs. Ctrl-C stops it.")
        wait, look_at = EVERY_SECONDS, 0.0
        while not stop.is_set():
            started = time.monotonic()
            try:
                close_old_connections()
                busy = bool(engine.sweep(now=now(), clock=real_now))
                if started >= look_at:
                    triggers.start_due(now=now())
                    look_at = started + TRIGGERS_EVERY_SECONDS
                wait = 0.0 if busy else EVERY_SECONDS
            except Exception as error:  # nothing may end the loop but being told to stop
                wait = min(max(wait, EVERY_SECONDS) * 2, LONGEST_WAIT)
                what = "The database does not answer" if isinstance(error, DatabaseError) else "A pass failed"
                log.exception("%s", what)
                self.stderr.write(f"{what} ({type(error).__name__}). Trying again in {wait:.0f} s.")
            stop.wait(max(0.0, wait - (time.monotonic() - started)))
        self.stdout.write("The engine stopped.")

    def _drain(self) -> None:
        started, handoffs, deliveries = 0, 0, 0
        while True:
            new = triggers.start_due(now=now())
            done = engine.sweep(now=now(), clock=real_now)
            started, handoffs, deliveries = started + new, handoffs + done.handoffs, deliveries + done.deliveries
            if not new and not done:
                break
        self.stdout.write(f"Started {started}, ran {handoffs}, delivered or tried {deliveries}. Nothing more is due.")
