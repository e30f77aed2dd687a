"""Whether this process can do its work: the database answers, its tables are the ones this code needs, the broker too.

Each part is one word, so that the answer tells a stranger nothing. A broker that is away is no reason to be taken out
of service: the engine finds the work without it.
"""

from __future__ import annotations

from functools import lru_cache

import redis
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

# Whoever asks gives up soon; two seconds are the least that PostgreSQL's client waits for a connection.
DATABASE_SECONDS = 2
BROKER_SECONDS = 1

OK, AWAY, BEHIND, UNKNOWN = "ok", "away", "behind", "unknown"


def parts() -> dict[str, str]:
    """How the database, its schema and the broker stand: ok, away, behind (migrations are missing) or unknown."""
    own = connections[DEFAULT_DB_ALIAS].copy()
    database, schema = look_at(impatient(own))
    return {"database": database, "schema": schema, "broker": broker()}


def is_ready(found: dict[str, str]) -> bool:
    """Whether pages can be served; the broker has no say."""
    return found["database"] == OK and found["schema"] == OK


def impatient(connection: BaseDatabaseWrapper) -> BaseDatabaseWrapper:
    """The connection, made to give up soon. It must not be one that anything else uses."""
    options = connection.settings_dict["OPTIONS"]
    if connection.vendor == "postgresql":
        options["connect_timeout"] = DATABASE_SECONDS
        options["options"] = f"-c statement_timeout={DATABASE_SECONDS * 1000}"
    else:
        options["timeout"] = DATABASE_SECONDS
    return connection


def look_at(connection: BaseDatabaseWrapper) -> tuple[str, str]:
    """The words for a database and its schema; the connection is closed afterwards."""
    try:
        applied = MigrationRecorder(connection).applied_migrations()
    except DatabaseError:
        return AWAY, UNKNOWN
    finally:
        connection.close()
    return OK, OK if needed().issubset(applied) else BEHIND


@lru_cache(maxsize=1)
def needed() -> frozenset[tuple[str, str]]:
    """The migrations this code was written for, as (app, name); read from disk once."""
    return frozenset(MigrationLoader(None, ignore_no_migrations=True).graph.nodes)


def broker() -> str:
    """The word for the broker."""
    try:
        with redis.Redis.from_url(
            settings.CELERY_BROKER_URL, socket_timeout=BROKER_SECONDS, socket_connect_timeout=BROKER_SECONDS
        ) as client:
            client.ping()
    except (redis.RedisError, OSError):
        return AWAY
    return OK
