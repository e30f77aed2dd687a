"""The product's own processes, run against the test's database and the stand-ins."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from django.db import connection

from tests.fakes.fixtures import ROOT, Fake

DEAD_BROKER = "redis://127.0.0.1:9/0"
"""Nobody listens on the discard port: a connection is refused at once."""


def database_url() -> str:
    """The address of the database this test uses, for another process."""
    settings = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{settings['NAME']}"
    user, password = (quote(str(settings[name]), safe="") for name in ("USER", "PASSWORD"))
    return f"postgresql://{user}:{password}@{settings['HOST']}:{settings['PORT']}/{settings['NAME']}"


@dataclass(frozen=True)
class Product:
    """How to start a part of the product: the environment it gets, and where its output goes."""

    environment: Mapping[str, str]
    logs: Path

    def start(self, *command: str, **more: str) -> subprocess.Popen[bytes]:
        """A process of its own; `more` are settings for it alone."""
        with open(self.logs / "output.log", "ab") as log:
            return subprocess.Popen(
                [sys.executable, *command],
                cwd=ROOT,
                env={**self.environment, **more},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @contextlib.contextmanager
    def running(self, *command: str, **more: str) -> Iterator[subprocess.Popen[bytes]]:
        """A process that is ended, with all it started, when the block is left."""
        process = self.start(*command, **more)
        try:
            yield process
        finally:
            end(process)

    def output(self) -> str:
        """What all of them have said so far."""
        return (self.logs / "output.log").read_text(errors="replace")


def product(*, slack: Fake, resend: Fake, broker: str, logs: Path) -> Product:
    """The product pointed at this test's database, stand-ins and broker."""
    settings = {
        "DATABASE_URL": database_url(),
        "REDIS_URL": broker,
        "SLACK_BASE_URL": f"{slack.url}/api/",
        "RESEND_API_URL": resend.url,
        "LOG_LEVEL": "INFO",
        "PYTHONUNBUFFERED": "1",
    }
    return Product(environment={**os.environ, **settings}, logs=logs)


def end(process: subprocess.Popen[bytes], *, within: float = 10) -> int:
    """Asks a process to stop, kills what is left of its group, and returns its exit code."""
    if process.poll() is None:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(within)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    return process.wait()


def wait_until(done: Callable[[], bool], *, seconds: float, process: subprocess.Popen[bytes] | None = None) -> bool:
    """Whether it came to be within so many seconds, or before `process` ended."""
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline or (process is not None and process.poll() is not None):
            return done()
        time.sleep(0.05)
    return True
