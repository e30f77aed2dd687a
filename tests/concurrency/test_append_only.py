"""The database itself refuses to change or delete what was written down, and a changed line is found."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, models, transaction

from handoffs import pipeline, timeline
from handoffs.models import Event, Handoff, Package, State
from routing.append_only import maintenance
from routing.models import HandoffType, Turn
from tests.concurrency.crowd import meanwhile
from tests.factories import NOW, company, rich_account

TABLES: dict[str, type[models.Model]] = {"handoffs_event": Event, "handoffs_package": Package, "routing_turn": Turn}

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]
postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has neither roles nor TRUNCATE")
every_table = pytest.mark.parametrize("table", TABLES)
committed = pytest.mark.django_db(transaction=True)


@pytest.fixture
def handoff() -> Handoff:
    """An assigned handoff: it left lines, a package and a turn."""
    firm = company()
    rich = rich_account(HandoffType.SQL_TO_AE, sender=firm.reps["dana"])
    received, _ = pipeline.receive(
        handoff_type=HandoffType.SQL_TO_AE,
        account=rich.account,
        deal=rich.deal,
        origin=Handoff.Origin.CRM,
        now=NOW,
        actor="crm",
    )
    done = pipeline.run(received, now=NOW, actor="engine")
    assert done.state == State.ASSIGNED
    return done


@contextlib.contextmanager
def refused(table: str, *, verb: str = "") -> Iterator[None]:
    """What is done in here must fail with our words, and leaves the test's transaction usable."""
    with pytest.raises(DatabaseError, match=f"{table} is append-only: {verb}"), transaction.atomic():
        yield


def rows(table: str) -> list[tuple[object, ...]]:
    return list(TABLES[table]._default_manager.order_by("pk").values_list())


def sql(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def change(model: type[models.Model]) -> None:
    """An update that makes sense for the table, through the ORM."""
    if model is Turn:
        model._default_manager.update(units=0)
    elif model is Package:
        model._default_manager.update(score=100)
    else:
        model._default_manager.update(actor="nobody")


def save_again(model: type[models.Model]) -> None:
    row = model._default_manager.order_by("pk")[0]
    row.save()


def raw_delete(model: type[models.Model]) -> None:
    """Past the ORM's own protection of referenced rows."""
    table = model._meta.db_table
    sql(f"DELETE FROM {table}")


ATTEMPTS: dict[str, Callable[[type[models.Model]], object]] = {
    "an update by the ORM": change,
    "saving a row again": save_again,
    "an update in SQL": lambda model: sql(f"UPDATE {model._meta.db_table} SET id = id"),
    "a delete in SQL": raw_delete,
    "an upsert": lambda model: sql(
        f"INSERT INTO {model._meta.db_table} SELECT * FROM {model._meta.db_table} WHERE true ON CONFLICT (id) "
        "DO UPDATE SET id = excluded.id"
    ),
}


@every_table
@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_nothing_written_down_can_be_changed_or_deleted(handoff: Handoff, table: str, attempt: str):
    before = rows(table)
    assert before
    with refused(table):
        ATTEMPTS[attempt](TABLES[table])
    assert rows(table) == before


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL has no REPLACE")
@every_table
def test_a_row_cannot_be_replaced_by_inserting_it_again(handoff: Handoff, table: str):
    """SQLite deletes for a REPLACE without telling the triggers, unless it is asked to tell them."""
    with refused(table):
        sql(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")


def test_deleting_lines_by_the_orm_is_refused(handoff: Handoff):
    with refused("handoffs_event", verb="delete"):
        Event.objects.filter(stream=handoff.stream).delete()
    assert Event.objects.count() == 4


@committed
@postgresql
@every_table
def test_a_table_cannot_be_emptied_at_one_stroke(handoff: Handoff, table: str):
    with refused(table, verb="truncate"):
        sql(f"TRUNCATE {table} CASCADE")
    assert rows(table)


@every_table
def test_the_triggers_are_there_after_all_migrations(table: str):
    """SQLite copies a table to alter it, and its triggers do not come along: the next migration would drop them."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal AND tgenabled = 'O'",
                [table],
            )
            expected = {f"{table}_rows", f"{table}_truncate"}
        else:
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s", [table])
            expected = {f"{table}_update", f"{table}_delete"}
        assert {name for (name,) in cursor.fetchall()} == expected


def test_maintenance_lets_through_and_closes_again(handoff: Handoff):
    with maintenance():
        Event.objects.filter(stream=handoff.stream, seq=4).delete()
    assert Event.objects.count() == 3
    with refused("handoffs_event"):
        Event.objects.all().delete()


def test_maintenance_closes_again_when_something_goes_wrong_in_it(handoff: Handoff):
    def clumsy() -> None:
        with maintenance():
            Event.objects.all().delete()
            raise RuntimeError("a slip of the hand")

    with pytest.raises(RuntimeError, match="slip"):
        clumsy()
    assert Event.objects.count() == 4, "what was done in it is undone"
    with refused("handoffs_event"):
        Event.objects.all().delete()


def test_maintenance_inside_a_larger_transaction_is_over_before_it_commits(handoff: Handoff):
    with transaction.atomic():
        with maintenance():
            Event.objects.filter(seq=4).delete()
        with refused("handoffs_event"):
            Event.objects.filter(seq=3).delete()
        with pytest.raises(RuntimeError), maintenance():
            raise RuntimeError("a slip of the hand")
        with refused("handoffs_event"):
            Event.objects.filter(seq=3).delete()
    assert Event.objects.count() == 3


@committed
@postgresql
def test_maintenance_opens_the_tables_for_its_own_connection_alone(handoff: Handoff):
    def somebody_else() -> str:
        try:
            Event.objects.filter(seq=4).update(actor="nobody")
        except DatabaseError as error:
            return str(error)
        return "let through"

    with maintenance():
        assert "append-only" in meanwhile(somebody_else)


@contextlib.contextmanager
def application_role() -> Iterator[str]:
    """A role that may do everything to the rows, and owns nothing: what an application should run under."""
    role = f"application_{uuid.uuid4().hex[:8]}"
    sql(f"CREATE ROLE {role} NOLOGIN")
    try:
        sql(f"GRANT USAGE ON SCHEMA public TO {role}")
        sql(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}")
        yield role
    finally:
        sql(f"DROP OWNED BY {role}")
        sql(f"DROP ROLE {role}")


@committed
@postgresql
@every_table
def test_a_role_with_plain_grants_cannot_use_the_switch_even_if_it_sets_it(handoff: Handoff, table: str):
    with application_role() as role:
        for statement in (f"UPDATE {table} SET id = id", f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
            with refused(table):
                sql(f"SET LOCAL ROLE {role}")
                sql("SELECT set_config('handoffs.maintenance', 'on', true)")
                sql(statement)
        with pytest.raises(DatabaseError, match="must be owner"), transaction.atomic():
            sql(f"SET LOCAL ROLE {role}; ALTER TABLE {table} DISABLE TRIGGER USER")
    assert rows(table)


@committed
def test_djangos_flush_empties_the_tables_and_leaves_them_locked(handoff: Handoff):
    call_command("flush", interactive=False, verbosity=0)
    assert [model._default_manager.count() for model in TABLES.values()] == [0, 0, 0]
    timeline.record("test:1", "received", actor="test", now=NOW)
    with refused("handoffs_event"):
        Event.objects.all().delete()


def tampered(handoff: Handoff, tamper: Callable[[models.QuerySet[Event]], object]) -> int | None:
    """The number of the first line that does not hold, after `tamper` had its way with the log."""
    assert timeline.first_broken(handoff.stream) is None
    with maintenance():
        tamper(Event.objects.filter(stream=handoff.stream))
    broken = timeline.first_broken(handoff.stream)
    return broken.seq if broken else None


@pytest.mark.parametrize(
    ("tamper", "found_at"),
    [
        (lambda lines: lines.filter(seq=2).update(facts={"score": 100}), 2),
        (lambda lines: lines.filter(seq=3).update(actor="user:7"), 3),
        (lambda lines: lines.filter(seq=1).update(at=NOW - timedelta(seconds=1)), 1),
        (lambda lines: lines.filter(seq=2).delete(), 3),
        (lambda lines: lines.filter(seq=1).delete(), 2),
        (lambda lines: lines.filter(seq=4).update(seq=5), 5),
    ],
    ids=["other facts", "another actor", "another time", "a line taken out", "the first taken out", "a line moved"],
)
def test_a_tampered_line_is_found(handoff: Handoff, tamper: Callable[[models.QuerySet[Event]], object], found_at: int):
    assert tampered(handoff, tamper) == found_at


def test_a_line_rewritten_with_a_hash_of_its_own_is_found_at_the_next(handoff: Handoff):
    def forge(lines: models.QuerySet[Event]) -> None:
        line = lines.get(seq=2)
        line.facts = {"score": 100}
        line.hash = timeline.hash_of(line)
        line.save()

    assert tampered(handoff, forge) == 3
