"""`make run`: starts everything a demo needs, in order, says where it is, and stops it all cleanly.

The steps: take the data folder and the port; start the broker and the stand-ins of the outside systems;
migrate; load the demo company; start web, worker, beat and engine; wait until pages are served; then
watch. Whatever ends one of them ends all of them.
"""

import argparse
import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NoReturn

from django.core.exceptions import ImproperlyConfigured

from config.broker import NoBrokerError
from config.children import Household
from config.data_folder import DataFolder, FolderInUseError, reset
from config.demo import CannotRunError, Demo, StandIn, StopRequestedError, check_database
from config.env import Environment, data_dir, database
from config.ports import PortTakenError, chosen_port

ROOT = Path(__file__).resolve().parent.parent


def banner(*, address: str, stand_ins: Sequence[StandIn], people: str, logs: Path) -> str:
    """What a person needs to know once everything runs."""
    sent = "\n".join(f"  {fake.holds} that would have been sent: {fake.url}/" for fake in stand_ins)
    return (
        f"\nHandoffs runs at {address}\n\n{sent}\n  Administration: {address}/admin/\n  Logs: {logs}\n\n"
        f"{people.strip()}\n\nStop it with Ctrl-C. `make reset` removes the demo's data.\n"
    )


def run(*, stop: Callable[[], bool]) -> NoReturn:
    """Run the demo until a part of it ends (CannotRunError) or `stop` says so (StopRequestedError)."""
    env = Environment()
    host = os.environ.get("HOST") or "127.0.0.1"
    with ExitStack() as stack:
        folder = stack.enter_context(DataFolder(data_dir(env, base_dir=ROOT)))
        port = chosen_port(os.environ.get("PORT", ""), host=host)
        described = check_database(database(env, directory=folder.path))
        household = stack.enter_context(Household())
        demo = Demo(household=household, folder=folder, host=host, port=port, stop=stop)
        folder.note_address(demo.address)
        say(f"Python    {sys.version.split()[0]} ({sys.executable})")
        say(f"Database  {described}")
        say(f"Broker    {demo.start_broker()}")
        demo.start_stand_ins()
        say("Bringing the database up to date ...")
        demo.migrate()
        say("Loading the demo company, the first time for about half a minute ...")
        demo.load_company()
        say("Starting web, worker, beat and engine ...")
        demo.start_product()
        say(banner(address=demo.address, stand_ins=demo.stand_ins, people=demo.people, logs=folder.path / "logs"))
        demo.watch()


def say(words: str) -> None:
    """Tell the person at the terminal at once."""
    print(words, flush=True)


def main(arguments: Sequence[str]) -> int:
    """The command line. Exit codes: 0 after being stopped or reset, 1 if a part failed, 2 if it cannot
    start.
    """
    parser = argparse.ArgumentParser(prog="python -m config.launcher", description="Run the demo.")
    parser.add_argument("--reset", action="store_true", help="remove the demo's data instead")
    options = parser.parse_args(arguments)
    # A signal only leaves a note, read wherever we wait: raised in the middle of starting a part, it could
    # lose sight of that part.
    received: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda signum, _frame: received.append(signum))
    try:
        if options.reset:
            say(reset(data_dir(Environment(), base_dir=ROOT)))
            return 0
        run(stop=lambda: bool(received))
    except StopRequestedError:
        say("\nStopped; the data is kept.")
        return 0
    except (PortTakenError, FolderInUseError, NoBrokerError, ImproperlyConfigured) as problem:
        print(problem, file=sys.stderr)
        return 2
    except CannotRunError as problem:
        print(problem, file=sys.stderr)
        return 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
