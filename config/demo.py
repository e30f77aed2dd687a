"""The running parts of a demo: what is started, in which order, and what each is told about the others."""

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import psycopg
import redis

from config.broker import find_binary
from config.children import Child, Household
from config.data_folder import DataFolder
from config.env import POSTGRESQL, Environment, kept_secret_key, redis_url, setting_names
from config.ports import answers, free_port

ROOT = Path(__file__).resolve().parent.parent
READY_SECONDS = 60
LOG_LINES = 20
# What the caller may set for the demo. Connectors, keys and the rest are the demo's own, so that it never
# speaks to a real system.
HONOURED = {"COMPANY_NAME", "DATABASE_URL", "LOG_FORMAT", "LOG_LEVEL"}


class CannotRunError(Exception):
    """Something the demo needs is missing or failed; the message says what, why, and the way out."""


class StopRequestedError(Exception):
    """Ctrl-C or TERM arrived while something was being waited for."""


@dataclass(frozen=True)
class StandIn:
    """A fake outside system: the module it is, its port, and what a person can read on its page."""

    name: str
    port: int
    holds: str

    @property
    def part(self) -> str:
        """What it is called among the running parts."""
        return f"{self.name} stand-in"

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"


class Demo:
    """The running parts, and what each is told about the others."""

    def __init__(
        self, *, household: Household, folder: DataFolder, host: str, port: int, stop: Callable[[], bool]
    ) -> None:
        self.household = household
        self.stop = stop
        self.folder = folder
        self.host = host
        self.port = port
        self.address = f"http://{local_host(host)}:{port}"
        self.people = ""
        self.stand_ins = [
            StandIn(name="slack", port=free_port(), holds="Slack messages"),
            StandIn(name="resend", port=free_port(), holds="e-mails"),
        ]
        slack, resend = self.stand_ins
        self.settings = {"COMPANY_NAME": "Fathomline"}
        self.settings |= {name: os.environ[name] for name in sorted(HONOURED) if name in os.environ}
        self.settings |= {
            "HANDOFFS_DEMO": "true",
            "HANDOFFS_DATA_DIR": str(folder.path),
            "SITE_URL": self.address,
            "SLACK_BASE_URL": f"{slack.url}/api/",
            "SLACK_BOT_TOKEN": "xoxb-demo",
            "SLACK_SIGNING_SECRET": "demo-signing-secret",
            "SLACK_REVOPS_CHANNEL": "#revops",
            "RESEND_API_URL": resend.url,
            "RESEND_API_KEY": "re_demo",
            "REVOPS_EMAIL": "revops@fathomline.example",
            "BRIEFING_FROM": "revops@fathomline.example",
        }
        if host != local_host(host):
            self.settings["ALLOWED_HOSTS"] = "*"

    def start(self, name: str, command: Sequence[str | Path], *, last: bool = False, **more: str) -> Child:
        """Start one part with the demo's settings; its output goes to a log file of its name."""
        theirs = set(setting_names(base_dir=ROOT))
        environment = {key: value for key, value in os.environ.items() if key not in theirs}
        environment |= {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "HANDOFFS_ENV_FILE": "",
            "PYTHONUNBUFFERED": "1",
            "SECRET_KEY": kept_secret_key(directory=self.folder.path),
        }
        environment |= self.settings | more
        log = self.folder.log(name)
        return self.household.start(name, command, env=environment, cwd=ROOT, log=log, last=last)

    def finish(self, name: str, *arguments: str) -> str:
        """Run a management command to its end; what it printed. Raises CannotRunError if it failed."""
        # What it prints is read, so only trouble may come between.
        child = self.start(name, [sys.executable, "manage.py", *arguments], LOG_LEVEL="WARNING")
        while (code := child.process.poll()) is None:
            self.check(among=[other for other in self.household.children if other is not child])
            time.sleep(0.05)
        self.household.forget(child)
        if code != 0:
            raise CannotRunError(f"manage.py {arguments[0]} failed. {end_of_log(child)}")
        return child.log.read_text(errors="replace") if child.log else ""

    def start_broker(self) -> str:
        """Use REDIS_URL, or start a server of our own; the words that describe it. Raises CannotRunError."""
        if os.environ.get("REDIS_URL"):
            url = redis_url(Environment())
            try:
                redis.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=5).ping()
            except redis.RedisError as problem:
                raise CannotRunError(
                    f"The broker at REDIS_URL does not answer ({problem}); "
                    "start it, or unset REDIS_URL to have one started here."
                ) from problem
            self.settings["REDIS_URL"] = url
            return "the server at REDIS_URL"
        binary = find_binary()
        port = free_port()
        place = self.folder.path / "broker"
        place.mkdir(exist_ok=True)
        options = {"port": str(port), "bind": "127.0.0.1", "dir": str(place), "appendonly": "yes"}
        pairs = [part for name, value in options.items() for part in (f"--{name}", value)]
        child = self.start("broker", [binary, *pairs], last=True)
        client = redis.Redis(port=port, socket_timeout=2)
        self.wait_until(child, lambda: pings(client))
        info: Any = client.info("server")
        client.close()
        self.settings["REDIS_URL"] = f"redis://127.0.0.1:{port}/0"
        name = "Valkey" if "valkey_version" in info else "Redis"
        return f"{name} {info.get('valkey_version') or info.get('redis_version')} ({binary})"

    def start_stand_ins(self) -> None:
        """Start the fake outside systems and leave their addresses for commands in other terminals."""
        for fake in self.stand_ins:
            place = self.folder.path / fake.name
            place.mkdir(exist_ok=True)
            command = [sys.executable, "-m", f"tests.fakes.{fake.name}", "--port", str(fake.port), "--data", str(place)]
            if fake.name == "slack":  # its buttons call us back, as Slack's do
                leads = {"url": f"{self.address}/slack/actions/", "secret": self.settings["SLACK_SIGNING_SECRET"]}
                command += ["--script", json.dumps({"interactions": leads})]
            self.start(fake.part, command)
        self.folder.leave_settings(self.settings)

    def migrate(self) -> None:
        """Bring the database up to date."""
        self.finish("migrate", "migrate", "--no-input")

    def load_company(self) -> None:
        """Load the demo company, unless it is there already, and learn who can sign in."""
        self.people = self.finish("load_demo", "load_demo", "--people")

    def start_product(self) -> None:
        """Start web, worker, beat and engine, and wait until pages and stand-ins answer."""
        python = sys.executable
        bind = f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"
        celery = [python, "-m", "celery", "-A", "config"]
        self.start("engine", [python, "manage.py", "engine"])
        web = self.start(
            "web",
            [
                *(
                    python,
                    "-m",
                    "gunicorn",
                    "config.wsgi",
                    "--bind",
                    bind,
                    "--workers",
                    "2",
                    "--threads",
                    "4",
                ),
                *("--preload", "--graceful-timeout", "4", "--no-control-socket", "--config", "config/gunicorn.py"),
            ],
            BROKER_SOCKET_TIMEOUT="2",
        )
        self.start("worker", [*celery, "worker", "--concurrency", "2", "--without-gossip", "--without-mingle"])
        self.start("beat", [*celery, "beat", "--pidfile", ""])
        children = {child.name: child for child in self.household.children}
        for fake in self.stand_ins:
            self.wait_until(
                children[fake.part],
                partial(answers, host="127.0.0.1", port=fake.port, path="/healthz"),
            )
        self.wait_until(web, lambda: answers(host=local_host(self.host), port=self.port, path="/"))

    def wait_until(self, child: Child, ready: Callable[[], bool]) -> None:
        """Wait for a part to answer. Raises CannotRunError if it, or another one, ends first or takes too
        long.
        """
        deadline = time.monotonic() + READY_SECONDS
        while not ready():
            self.check(among=self.household.children)
            if time.monotonic() > deadline:
                raise CannotRunError(f"The {child.name} did not answer within {READY_SECONDS} s. {end_of_log(child)}")
            time.sleep(0.1)

    def watch(self) -> NoReturn:
        """Wait for the end of any part. Raises CannotRunError naming it."""
        while True:
            self.check(among=self.household.children)
            time.sleep(0.3)

    def check(self, *, among: Sequence[Child]) -> None:
        """Raises CannotRunError if one of these parts has ended, StopRequestedError if we are told to stop."""
        if self.stop():
            raise StopRequestedError
        for child in among:
            code = child.process.poll()
            if code is not None:
                how = f"exit code {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"
                raise CannotRunError(
                    f"The {child.name} ended by itself ({how}), so everything is stopped. {end_of_log(child)}"
                )


def local_host(host: str) -> str:
    """The address at which this machine reaches what is bound to `host`."""
    return "127.0.0.1" if host in {"0.0.0.0", "::", "localhost"} else host  # noqa: S104 - compared, not bound


def pings(client: redis.Redis) -> bool:
    """Whether the broker answers yet."""
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False


def check_database(settings: dict[str, Any]) -> str:
    """Say in words which database is used. Raises CannotRunError if a PostgreSQL does not answer."""
    if settings["ENGINE"] != POSTGRESQL:
        return f"SQLite in {settings['NAME']}"
    names = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD", "dbname": "NAME"}
    given = {name: settings[key] for name, key in names.items() if settings.get(key)}
    try:
        with psycopg.connect(**given, connect_timeout=5) as connection:
            version = connection.info.parameter_status("server_version")
    except psycopg.OperationalError as problem:
        reason = " ".join(str(problem).split())
        raise CannotRunError(
            f"The database at DATABASE_URL does not answer ({reason}); "
            "start it, correct DATABASE_URL, or unset it to use SQLite."
        ) from problem
    return f"PostgreSQL {version} at DATABASE_URL"


def end_of_log(child: Child) -> str:
    """The last lines a part wrote, and where the rest is."""
    if child.log is None:
        return ""
    lines = child.log.read_text(errors="replace").splitlines()[-LOG_LINES:]
    shown = "".join(f"\n  {line}" for line in lines) or " It is empty."
    return f"The end of {child.log}:{shown}"
