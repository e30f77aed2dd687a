"""What the figures were measured on: nobody can read a rate without it."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

from django.db import connection


def described() -> str:
    """One line on the machine, one on the software, one on the database and whether it writes to disk."""
    software = ", ".join(f"{name} {version(name)}" for name in ("django", "psycopg", "celery"))
    load = ", ".join(f"{average:.1f}" for average in os.getloadavg())
    return (
        f"Machine   {_processor()}, {os.cpu_count()} cores, {_memory()} GB; load before the run {load}\n"
        f"Software  {platform.system()} {platform.release()}, Python {platform.python_version()}, {software}\n"
        f"Database  {_database()}"
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _memory() -> int:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)


def _database() -> str:
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            cursor.execute("SELECT sqlite_version()")
            return f"SQLite {cursor.fetchone()[0]}"
        shown = {}
        for name in ("server_version", "fsync", "synchronous_commit"):
            cursor.execute(f"SHOW {name}")
            shown[name] = cursor.fetchone()[0]
    kept = "fsync " + shown["fsync"] + ", synchronous_commit " + shown["synchronous_commit"]
    return f"PostgreSQL {shown['server_version'].split()[0]}, {kept}"
