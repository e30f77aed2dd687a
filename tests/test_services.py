"""The servers of a test run: they answer, their settings are clean, and nothing of them stays behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.services import clean_environment

ROOT = Path(__file__).resolve().parent.parent
CONNECT = """
import os, psycopg, redis
with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
    connection.execute("CREATE DATABASE another")
    print(connection.execute("SELECT lower('GRÖSSE')").fetchone()[0])
print(redis.Redis.from_url(os.environ["REDIS_URL"]).ping())
"""


def services(*arguments: str, **more: str) -> "subprocess.Popen[str]":
    outside = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
    return subprocess.Popen(
        [sys.executable, "-m", "tests.services", *arguments],
        cwd=ROOT,
        env=outside | more,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_until_gone(processes: list[psutil.Process], folder: Path) -> None:
    deadline = time.monotonic() + 8
    while time.monotonic() < deadline:
        running = [p for p in processes if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]
        if not running and not folder.exists():
            return
        time.sleep(0.1)
    pytest.fail(f"still there: {running} {folder if folder.exists() else ''}")


@pytest.mark.slow
@pytest.mark.parametrize("options", [(), ("--wheels",)], ids=["found on this machine", "from packages"])
def test_the_servers_answer_and_the_commands_exit_code_is_handed_on(options: tuple[str, ...]):
    process = services(*options, "--", sys.executable, "-c", f"{CONNECT}\nraise SystemExit(7)")
    printed, errors = process.communicate(timeout=60)
    assert printed.splitlines()[1:] == ["grösse", "True"], errors
    assert printed.startswith("services: PostgreSQL "), "the binaries used are named"
    assert process.returncode == 7


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["ended", "killed outright"])
def test_nothing_stays_behind_however_it_ends(number: signal.Signals):
    sleeper = "import os, time; print(os.environ['HANDOFFS_DATA_DIR'], flush=True); time.sleep(600)"
    process = services("--", sys.executable, "-c", sleeper)
    assert process.stdout is not None
    process.stdout.readline()
    folder = Path(process.stdout.readline().strip()).parent
    children = psutil.Process(process.pid).children(recursive=True)
    assert len(children) >= 4, "PostgreSQL, the broker, the command and the guardian run"
    process.send_signal(number)
    wait_until_gone(children, folder)
    process.communicate(timeout=10)


def test_a_sqlite_address_of_the_caller_does_not_take_the_place_of_postgresql():
    show = "import os; print(os.environ['DATABASE_URL'])"
    process = services("--", sys.executable, "-c", show, DATABASE_URL="sqlite:////tmp/mine.sqlite3")
    printed, _ = process.communicate(timeout=60)
    assert printed.splitlines()[1].startswith("postgresql://")


def test_the_callers_settings_do_not_reach_the_tests():
    environment = clean_environment({"PATH": "/bin", "SITE_URL": "https://x.example", "CRM_CONNECTOR": "mine.Crm"})
    assert environment["PATH"] == "/bin"
    assert "SITE_URL" not in environment
    assert "CRM_CONNECTOR" not in environment
    assert environment["HANDOFFS_ENV_FILE"] == "", "no .env file is read either"


def test_a_command_that_does_not_exist_is_answered_with_a_sentence():
    process = services("--sqlite", "--", "no-such-command")
    _, errors = process.communicate(timeout=60)
    assert errors == "no-such-command could not be run: No such file or directory.\n"
    assert process.returncode == 2
