"""What many tests begin with is made once per process, row by row, and afterwards written table by table."""

import pickle
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import TypeVar, cast

from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.db.models import Model

from routing import append_only

T = TypeVar("T")
Rows = list[tuple[type[Model], list[Model]]]
GroupPermission = Group.permissions.through


@dataclass(frozen=True)
class _Kept:
    """The rows that were made, by table; what groups may do, by name; and what the maker returned."""

    rows: Rows
    may: list[tuple[int, str]]
    made: bytes


_kept: dict[Hashable, _Kept] = {}


def made_once(key: Hashable, make: Callable[[], T]) -> T:
    """What `make` returns, with all rows it writes; a copy for every caller. `make` only adds rows.

    Its rows come back under the same ids, without its signals. Where one of its tables holds something already, it is
    called again.
    """
    kept = _kept.get(key)
    if kept is None:
        return _made(key, make)
    if _holds_something([model for model, _ in kept.rows]):
        return make()
    # A flush gives permissions other ids.
    ids = {_name(one): one.pk for one in Permission.objects.select_related("content_type")}
    with append_only.maintenance():
        for model, rows in kept.rows:
            model._base_manager.bulk_create(rows)
        GroupPermission._base_manager.bulk_create(
            GroupPermission(group_id=group, permission_id=ids[name]) for group, name in kept.may
        )
        _go_on_counting([model for model, _ in kept.rows])
    return cast(T, pickle.loads(kept.made))


def _made(key: Hashable, make: Callable[[], T]) -> T:
    before = {model: model._base_manager.count() for model in _models()}
    made = make()
    grown = [model for model, count in before.items() if model._base_manager.count() != count]
    if not any(before[model] for model in grown):
        rows: Rows = [(model, list(model._base_manager.order_by("pk"))) for model in grown if model != GroupPermission]
        may = [
            (row.group_id, _name(row.permission))
            for row in GroupPermission._base_manager.select_related("permission__content_type")
        ]
        _kept[key] = _Kept(rows, may, pickle.dumps(made))
    return made


def _name(permission: Permission) -> str:
    return f"{permission.content_type.app_label}.{permission.codename}"


def _models() -> list[type[Model]]:
    return [
        model for model in apps.get_models(include_auto_created=True) if model._meta.managed and not model._meta.proxy
    ]


def _go_on_counting(models: Sequence[type[Model]]) -> None:
    """PostgreSQL gives the next ids after these rows, also where a flush made it begin again."""
    if connection.vendor != "postgresql":
        return
    tables = [connection.ops.quote_name(model._meta.db_table) for model in models if model._meta.pk.column == "id"]
    with connection.cursor() as cursor:
        counters = [f"pg_get_serial_sequence('{table}', 'id')" for table in tables]
        told = zip(tables, counters, strict=True)
        cursor.execute(
            "SELECT "
            + ", ".join(
                f"setval({counter}, greatest(nextval({counter}), (SELECT max(id) FROM {table})))"
                for table, counter in told
            )
        )


def _holds_something(models: Sequence[type[Model]]) -> bool:
    tables = [connection.ops.quote_name(model._meta.db_table) for model in models]
    asked = " OR ".join(f"EXISTS (SELECT 1 FROM {table})" for table in tables)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {asked}")
        return bool(cursor.fetchone()[0])
