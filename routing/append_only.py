"""Tables that only grow: the database itself refuses to change or delete their rows.

The one way through is `maintenance()`, for a test's flush, a demo reset and retention. On PostgreSQL it works for the
owner of the tables alone, so an application that runs under a role with mere INSERT and SELECT does not have it; on
SQLite whoever may write the file may use it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

_POSTGRES_FUNCTION = """
CREATE OR REPLACE FUNCTION append_only_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_setting('handoffs.maintenance', true) = 'on'
     AND pg_has_role(current_user, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'USAGE') THEN
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    IF TG_OP = 'UPDATE' THEN RETURN NEW; END IF;
    RETURN NULL;
  END IF;
  RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, lower(TG_OP) USING ERRCODE = 'restrict_violation';
END $$
"""

_SQLITE_TRIGGER = """
CREATE TRIGGER "{table}_{verb}" BEFORE {verb} ON "{table}"
WHEN NOT EXISTS (SELECT 1 FROM append_only_maintenance)
BEGIN SELECT RAISE(ABORT, '{table} is append-only: {verb} refused'); END
"""


def protect(table: str) -> tuple[Callable[..., None], Callable[..., None]]:
    """Forward and reverse functions for `migrations.RunPython` that make `table` append-only."""

    def forward(_apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
        for statement in _protecting(schema_editor.connection.vendor, table):
            schema_editor.execute(statement, params=None)

    def reverse(_apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
        for statement in _releasing(schema_editor.connection.vendor, table):
            schema_editor.execute(statement, params=None)

    return forward, reverse


@contextmanager
def maintenance() -> Iterator[None]:
    """Opens a transaction in which append-only rows may be changed and deleted; it closes with the transaction."""
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT set_config('handoffs.maintenance', 'on', true)")
            yield
            cursor.execute("SELECT set_config('handoffs.maintenance', 'off', true)")
        else:
            cursor.execute("INSERT INTO append_only_maintenance (open) VALUES (1)")
            yield
            cursor.execute("DELETE FROM append_only_maintenance")


def _protecting(vendor: str, table: str) -> list[str]:
    if vendor == "postgresql":
        refuse = "EXECUTE FUNCTION append_only_refuse()"
        return [
            _POSTGRES_FUNCTION,
            f'CREATE TRIGGER "{table}_rows" BEFORE UPDATE OR DELETE ON "{table}" FOR EACH ROW {refuse}',
            f'CREATE TRIGGER "{table}_truncate" BEFORE TRUNCATE ON "{table}" FOR EACH STATEMENT {refuse}',
        ]
    return [
        "CREATE TABLE IF NOT EXISTS append_only_maintenance (open INTEGER NOT NULL)",
        *(_SQLITE_TRIGGER.format(table=table, verb=verb) for verb in ("update", "delete")),
    ]


def _releasing(vendor: str, table: str) -> list[str]:
    if vendor == "postgresql":
        return [f'DROP TRIGGER "{table}_{name}" ON "{table}"' for name in ("rows", "truncate")]
    return [f'DROP TRIGGER "{table}_{verb}"' for verb in ("update", "delete")]
