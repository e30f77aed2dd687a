"""Private PostgreSQL and Redis or Valkey servers for a test run: `python -m tests.services [--] COMMAND`.

DATABASE_URL (if it names PostgreSQL) and REDIS_URL are used when set. Otherwise the servers of this system
are started, and failing those the ones that come as Python packages, on free ports, with their data in a
temporary folder. They end with the command, or with this program however it ends. Nothing else of the
caller's settings reaches the command.
"""

import argparse
import os
import secrets
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from config.children import Household
from config.env import setting_names
from tests.servers import Service, ServiceError, broker_server, postgresql_server

ROOT = Path(__file__).resolve().parent.parent


def clean_environment(caller: Mapping[str, str]) -> dict[str, str]:
    """The caller's environment without the product's settings, plus those that every test run has."""
    left_out = {*setting_names(base_dir=ROOT), "DJANGO_SETTINGS_MODULE"}
    kept = {name: value for name, value in caller.items() if name not in left_out}
    return kept | {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "HANDOFFS_ENV_FILE": "",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "STATIC_MANIFEST": "false",
        "LOG_LEVEL": "WARNING",
        "SLACK_BOT_TOKEN": "xoxb-test",
        "SLACK_SIGNING_SECRET": "test-signing-secret",
        "RESEND_API_KEY": "re_test",
        # Nothing listens on the discard port: a test that forgot its fake fails at once and disturbs nobody.
        "SLACK_BASE_URL": "http://127.0.0.1:9/api/",
        "RESEND_API_URL": "http://127.0.0.1:9",
    }


@contextmanager
def temporary_folder(household: Household) -> Iterator[Path]:
    """A folder other users may pass through, removed with the household even if this process is killed."""
    folder = Path(tempfile.mkdtemp(prefix="handoffs-services-"))
    household.remove_afterwards(folder)
    folder.chmod(0o711)
    if not _reachable(folder):
        # TMPDIR may lie inside a private home; then the server's own user could not enter it.
        shutil.rmtree(folder)
        folder = Path(tempfile.mkdtemp(prefix="handoffs-services-", dir="/tmp"))
        household.remove_afterwards(folder)
        folder.chmod(0o711)
    yield folder


def _reachable(folder: Path) -> bool:
    return all(parent.stat().st_mode & 0o001 for parent in (folder, *folder.parents))


def run(command: Sequence[str], *, sqlite: bool, durable: bool, wheels: bool) -> int:
    """Run a command beside the services it needs; its exit code."""
    caller = os.environ
    with Household(grace=10) as household, temporary_folder(household) as folder:
        environment = clean_environment(caller)
        environment["HANDOFFS_DATA_DIR"] = str(folder / "data")
        (folder / "data").mkdir()
        if sqlite:
            database = Service(url=f"sqlite:///{folder}/data/handoffs.sqlite3", described="SQLite")
        else:
            database = postgresql_server(
                household,
                folder=folder,
                given_url=caller.get("DATABASE_URL", ""),
                durable=durable,
                wheel=wheels,
            )
        broker = broker_server(household, folder=folder, given_url=caller.get("REDIS_URL", ""), wheel=wheels)
        environment |= {"DATABASE_URL": database.url, "REDIS_URL": broker.url}
        print(f"services: {database.described}; {broker.described}", flush=True)
        # From here on Ctrl-C is the command's affair: the terminal sends it to both, and we wait for its
        # answer.
        signal.signal(signal.SIGINT, lambda _number, _frame: None)
        child = household.start(command[0], command, env=environment, cwd=Path.cwd(), own_group=False)
        return child.process.wait()


def main(arguments: Sequence[str]) -> int:
    """The command line. Exit codes: the command's; 2 when it could not be started."""
    parser = argparse.ArgumentParser(prog="python -m tests.services", description=__doc__)
    parser.add_argument("--sqlite", action="store_true", help="a SQLite file in place of PostgreSQL")
    parser.add_argument("--durable", action="store_true", help="PostgreSQL syncs to disk, for tests that kill it")
    parser.add_argument("--wheels", action="store_true", help="use the servers of the Python packages in any case")
    parser.add_argument("command", nargs=argparse.REMAINDER, metavar="COMMAND")
    options = parser.parse_args(arguments)
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not command:
        parser.error("name the command to run, for example: python -m tests.services -- pytest")

    def end(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)
    try:
        return run(command, sqlite=options.sqlite, durable=options.durable, wheels=options.wheels)
    except ServiceError as problem:
        print(problem, file=sys.stderr)
    except OSError as problem:
        print(f"{command[0]} could not be run: {problem.strerror}.", file=sys.stderr)
    return 2


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
