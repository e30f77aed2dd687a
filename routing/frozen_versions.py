"""Versions of the rules that are no draft: the database itself refuses to change them or what belongs to them.

Of a version that was ever live its archiving is the one change left, and its author, who may leave, is forgotten but
never somebody else. `append_only.maintenance()` is the way through, as
for the tables that only grow. SQLite copies a table to alter it and drops its triggers: a migration that alters one of
these four tables takes the guard off before and puts it on again afterwards.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor

PARTS = ("routing_rule", "routing_territory", "routing_segment")
VERSIONS = "routing_ruleset"
_KEPT = (
    "id", "uuid", "number", "title", "content_hash", "based_on_id", "created_at", "published_at", "submissions"
)  # fmt: skip

_POSTGRES_MAINTENANCE = """
  IF current_setting('handoffs.maintenance', true) = 'on'
     AND pg_has_role(current_user, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'USAGE') THEN
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW;
  END IF;
"""
# The version is read under a lock, so that a part cannot slip in while its version is being published.
_POSTGRES_PART = """
CREATE OR REPLACE FUNCTION rule_part_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  mine bigint[];
  found record;
BEGIN
-- maintenance
  IF TG_OP = 'INSERT' THEN mine := ARRAY[NEW.rule_set_id];
  ELSIF TG_OP = 'DELETE' THEN mine := ARRAY[OLD.rule_set_id];
  ELSE mine := ARRAY[OLD.rule_set_id, NEW.rule_set_id];
  END IF;
  FOR found IN SELECT number, state FROM routing_ruleset WHERE id = ANY(mine) ORDER BY id FOR SHARE LOOP
    IF found.state <> 'draft' THEN
      RAISE EXCEPTION 'rules v% are frozen: % of % refused', found.number, lower(TG_OP), TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
    END IF;
  END LOOP;
  IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
  RETURN NEW;
END $$
""".replace("-- maintenance", _POSTGRES_MAINTENANCE)
_POSTGRES_SAME = " AND ".join(
    (
        *(f"NEW.{column} IS NOT DISTINCT FROM OLD.{column}" for column in _KEPT),
        "(NEW.author_id IS NULL OR NEW.author_id IS NOT DISTINCT FROM OLD.author_id)",
    )
)
_ARCHIVED = "(NEW.state = OLD.state OR (OLD.state = 'live' AND NEW.state = 'archived'))"
_POSTGRES_VERSION = f"""
CREATE OR REPLACE FUNCTION rule_version_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
{_POSTGRES_MAINTENANCE}
  IF OLD.state NOT IN ('live', 'archived') THEN
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW;
  END IF;
  IF TG_OP = 'UPDATE' AND {_ARCHIVED} AND {_POSTGRES_SAME} THEN RETURN NEW; END IF;
  RAISE EXCEPTION 'rules v% are frozen: % refused', OLD.number, lower(TG_OP) USING ERRCODE = 'restrict_violation';
END $$
"""
_POSTGRES_TRUNCATE = f"""
CREATE OR REPLACE FUNCTION rules_truncate_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
{_POSTGRES_MAINTENANCE}
  RAISE EXCEPTION 'rules are frozen: truncate of % refused', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$
"""
_POSTGRES = (
    _POSTGRES_PART,
    _POSTGRES_VERSION,
    _POSTGRES_TRUNCATE,
    *(
        f'CREATE TRIGGER "{table}_frozen" BEFORE INSERT OR UPDATE OR DELETE ON "{table}" FOR EACH ROW '
        "EXECUTE FUNCTION rule_part_frozen()"
        for table in PARTS
    ),
    (
        f'CREATE TRIGGER "{VERSIONS}_frozen" BEFORE UPDATE OR DELETE ON "{VERSIONS}" FOR EACH ROW '
        "EXECUTE FUNCTION rule_version_frozen()"
    ),
    *(
        f'CREATE TRIGGER "{table}_truncate" BEFORE TRUNCATE ON "{table}" FOR EACH STATEMENT '
        "EXECUTE FUNCTION rules_truncate_refuse()"
        for table in (*PARTS, VERSIONS)
    ),
)

_OPEN = "NOT EXISTS (SELECT 1 FROM append_only_maintenance)"
_SQLITE_PART = """
CREATE TRIGGER "{table}_frozen_{verb}" BEFORE {verb} ON "{table}"
WHEN NOT EXISTS (SELECT 1 FROM append_only_maintenance)
  AND EXISTS (SELECT 1 FROM routing_ruleset WHERE id IN ({rows}) AND state <> 'draft')
BEGIN SELECT RAISE(ABORT, 'rules are frozen: {verb} of {table} refused'); END
"""
_ROWS = {"insert": "NEW.rule_set_id", "update": "OLD.rule_set_id, NEW.rule_set_id", "delete": "OLD.rule_set_id"}
_SQLITE_SAME = " AND ".join(
    (
        *(f"NEW.{column} IS OLD.{column}" for column in _KEPT),
        "(NEW.author_id IS NULL OR NEW.author_id IS OLD.author_id)",
    )
)
_SQLITE_VERSION = {
    "update": f" AND NOT ({_ARCHIVED} AND {_SQLITE_SAME})",
    "delete": "",
}
_SQLITE = (
    *(_SQLITE_PART.format(table=table, verb=verb, rows=rows) for table in PARTS for verb, rows in _ROWS.items()),
    *(
        f'CREATE TRIGGER "{VERSIONS}_frozen_{verb}" BEFORE {verb} ON "{VERSIONS}" '
        f"WHEN {_OPEN} AND OLD.state IN ('live', 'archived'){unless} "
        f"BEGIN SELECT RAISE(ABORT, 'rules are frozen: {verb} refused'); END"
        for verb, unless in _SQLITE_VERSION.items()
    ),
)


def guard() -> tuple[Callable[..., None], Callable[..., None]]:
    """Forward and reverse functions for `migrations.RunPython` that freeze what is no draft."""
    return _put_on, _take_off


def _put_on(_apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for statement in _POSTGRES if schema_editor.connection.vendor == "postgresql" else _SQLITE:
        schema_editor.execute(statement, params=None)


def _take_off(_apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.vendor == "postgresql":
        for table in (*PARTS, VERSIONS):
            for name in ("frozen", "truncate"):
                schema_editor.execute(f'DROP TRIGGER IF EXISTS "{table}_{name}" ON "{table}"', params=None)
        return
    for table in (*PARTS, VERSIONS):
        for verb in _ROWS if table in PARTS else _SQLITE_VERSION:
            schema_editor.execute(f'DROP TRIGGER "{table}_frozen_{verb}"', params=None)
