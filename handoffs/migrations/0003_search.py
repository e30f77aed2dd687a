from typing import Any

from django.db import migrations, transaction
from django.db.utils import DatabaseError

SEARCHED = {
    "handoffs_account": ("name", "domain", "crm_id"),
    "handoffs_contact": ("first_name", "last_name", "email"),
    "handoffs_deal": ("name", "crm_id"),
}


def index(_apps: Any, schema_editor: Any) -> None:
    """Trigrams, where PostgreSQL has them and lets us: without them a search finds the same, by reading every row."""
    connection = schema_editor.connection
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'pg_trgm'")
        if cursor.fetchone() is None:
            return
        try:
            with transaction.atomic(using=connection.alias):
                cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        except DatabaseError:
            return
        for table, columns in SEARCHED.items():
            parts = ", ".join(f"UPPER({column}::text) gin_trgm_ops" for column in columns)
            cursor.execute(f"CREATE INDEX IF NOT EXISTS {table}_search ON {table} USING gin ({parts})")


def drop(_apps: Any, schema_editor: Any) -> None:
    """The indexes go; the extension stays, since others may use it."""
    if schema_editor.connection.vendor == "postgresql":
        with schema_editor.connection.cursor() as cursor:
            for table in SEARCHED:
                cursor.execute(f"DROP INDEX IF EXISTS {table}_search")


class Migration(migrations.Migration):
    """Quick search for text inside names."""

    dependencies = [("handoffs", "0002_append_only")]
    operations = [migrations.RunPython(index, drop)]
