"""`make run`: seconds from the command to the first page, and the memory of each process.

PSS counts a page that n processes share as 1/n of it, so PSS adds up and RSS does not.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import psutil

from config.ports import free_port

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 180


def run() -> bool:
    """Measures and prints; there are no targets here."""
    with tempfile.TemporaryDirectory(prefix="handoffs-startup-") as folder:
        for words in ("first start, loading the demo company", "second start, with its data"):
            process, port = _start(Path(folder))
            try:
                print(f"  {words}: {_first_page(process, port):.1f} s to the first page", flush=True)
                if words.startswith("second"):
                    _memory(process)
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(20)
    return True


def _start(folder: Path) -> tuple[subprocess.Popen[bytes], int]:
    """The launcher, without the servers and settings of this run: SQLite and a broker of its own."""
    port = free_port()
    outside = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "SLACK_", "RESEND_", "STATIC_MANIFEST", "LOG_LEVEL")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(outside)}
    environment |= {"HANDOFFS_DATA_DIR": str(folder / "data"), "PORT": str(port)}
    with open(folder / "output.log", "ab") as log:
        command = [sys.executable, "-m", "config.launcher"]
        return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log), port


def _first_page(process: subprocess.Popen[bytes], port: int) -> float:
    started = time.perf_counter()
    while time.perf_counter() - started < PATIENCE and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/accounts/login/", timeout=5) as answer:
                answer.read()
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
        else:
            return time.perf_counter() - started
    raise TimeoutError("make run served no page; start it by hand to see why.")


def _memory(process: subprocess.Popen[bytes]) -> None:
    time.sleep(5)  # Until the workers have settled.
    rows = []
    for each in (psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)):
        try:
            memory = each.memory_full_info()
            rows.append((_name(each), memory.rss, getattr(memory, "pss", 0)))
        except psutil.Error:
            continue
    for name, rss, pss in sorted(rows, key=lambda row: -row[2]):
        print(f"    {name:24} RSS {rss / 2**20:4.0f} MB   PSS {pss / 2**20:4.0f} MB")
    print(f"  {len(rows)} processes, PSS {sum(pss for _, _, pss in rows) / 2**20:.0f} MB together")


def _name(process: psutil.Process) -> str:
    words = " ".join(process.cmdline())
    known = ("config.launcher", "config/children", "fakes.slack", "fakes.resend", "manage.py engine", "gunicorn")
    found = next((name for name in (*known, "celery -A config worker", "celery -A config beat") if name in words), "")
    return found.removeprefix("manage.py ") or process.name()
