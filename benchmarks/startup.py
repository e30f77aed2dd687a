"""`make run` in a fresh clone: seconds to install, to the first page, to the first page once more; and the memory of
each process.

PSS counts a page that n processes share as 1/n of it, so PSS adds up and RSS does not.
"""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import psutil

from config.ports import free_port

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 180
# The servers and settings of this run are not those of the clone: it gets SQLite and a broker of its own, and writes
# bytecode as Python does by itself.
LEFT_OUT = (
    *("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "SLACK_", "RESEND_", "STATIC_", "LOG_", "HANDOFFS_"),
    *("MAKE", "MFLAGS", "PYTHONDONTWRITEBYTECODE"),
)


def run() -> bool:
    """Measures and prints; there are no targets here."""
    with tempfile.TemporaryDirectory(prefix="handoffs-startup-") as folder:
        clone = Path(folder) / "clone"
        try:
            subprocess.run(["git", "clone", "-q", ROOT, clone], check=True)
            started = time.perf_counter()
            install = ["make", "-s", ".venv/.installed-run"]
            subprocess.run(install, cwd=clone, env=_environment(0), check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"  not measured: no clone could be made and installed ({error})")
            return True
        print(f"  install {time.perf_counter() - started:.1f} s, with what this machine has cached", flush=True)
        _start(clone, "first start, loading the demo company")
        _start(clone, "second start, with its data", memory=True)
    return True


def _start(clone: Path, words: str, *, memory: bool = False) -> None:
    """Starts, says how long it took, and stops again."""
    port = free_port()
    with open(clone.parent / "output.log", "ab") as log:
        process = subprocess.Popen(
            ["make", "run"], cwd=clone, env=_environment(port), stdout=log, stderr=log, start_new_session=True
        )
    try:
        print(f"  {words}: {_first_page(process, port):.1f} s to the first page", flush=True)
        if memory:
            _memory(process)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(20)


def _environment(port: int) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(LEFT_OUT)}
    return {**kept, "PORT": str(port)}


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
    for each in psutil.Process(process.pid).children(recursive=True):
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
