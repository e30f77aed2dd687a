"""The yardstick: a transaction in plain psycopg that writes, row by row, what `settle` wrote for another handoff."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

import psycopg
from django.db import connection
from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from handoffs.models import Handoff

Row = dict[str, Any]


def connect() -> psycopg.Connection[Row]:
    """A connection of its own to the same database, with psycopg's defaults."""
    settings = connection.settings_dict
    return psycopg.connect(
        host=settings["HOST"],
        port=settings["PORT"],
        user=settings["USER"],
        password=settings["PASSWORD"],
        dbname=settings["NAME"],
        row_factory=dict_row,
    )


@dataclass(frozen=True)
class Written:
    """Every row that one settled handoff consists of; `handoff` and `membership` are the two that were changed."""

    package: Row
    decision: Row
    assignment: Row
    turn: Row
    clocks: list[Row]
    intervals: list[Row]
    deliveries: list[Row]
    events: list[Row]
    handoff: Row
    membership: Row

    @property
    def rows(self) -> int:
        """How many rows were inserted or changed."""
        return 6 + len(self.clocks) + len(self.intervals) + len(self.deliveries) + len(self.events)


def read(plain: psycopg.Connection[Row], handoff: Handoff) -> Written:
    """What `settle` wrote for the handoff."""

    def rows(table: str, column: str, value: Any) -> list[Row]:
        query = sql.SQL("SELECT * FROM {} WHERE {} = %s ORDER BY id").format(
            sql.Identifier(table), sql.Identifier(column)
        )
        return [{name: _writable(item) for name, item in row.items()} for row in plain.execute(query, [value])]

    def row(table: str, column: str, value: Any) -> Row:
        [only] = rows(table, column, value)
        return only

    with plain.transaction():
        assignment = row("routing_assignment", "handoff_uuid", handoff.uuid)
        clocks = rows("sla_clock", "assignment_id", assignment["id"])
        turn = row("routing_turn", "assignment_id", assignment["id"])
        return Written(
            package=row("handoffs_package", "handoff_id", handoff.pk),
            decision=row("routing_decision", "handoff_uuid", handoff.uuid),
            assignment=assignment,
            turn=turn,
            clocks=clocks,
            intervals=[interval for clock in clocks for interval in rows("sla_clockinterval", "clock_id", clock["id"])],
            deliveries=rows("handoffs_delivery", "handoff_id", handoff.pk),
            # The first line was written when the handoff was received.
            events=rows("handoffs_event", "stream", handoff.stream)[1:],
            handoff=row("handoffs_handoff", "id", handoff.pk),
            membership=row("routing_membership", "id", turn["membership_id"]),
        )


def as_if_for(written: Written, handoff: Handoff, *, seq: int) -> Written:
    """The same rows, with the identities that another handoff and the next turn need."""
    other = {"handoff_id": handoff.pk, "handoff_uuid": handoff.uuid, "stream": handoff.stream}

    def again(row: Row) -> Row:
        fresh: Row = {name: other.get(name, item) for name, item in row.items() if name != "id"}
        if "uuid" in fresh:
            fresh["uuid"] = uuid.uuid4()
        if "key" in fresh:
            fresh["key"] = f"{handoff.stream}/{fresh['key'].partition('/')[2]}"
        return fresh

    turn = {**again(written.turn), "seq": seq}
    changed = {name: written.handoff[name] for name in CHANGED}
    return Written(
        package=again(written.package),
        decision=again(written.decision),
        assignment=again(written.assignment),
        turn=turn,
        clocks=[again(row) for row in written.clocks],
        intervals=[again(row) for row in written.intervals],
        deliveries=[again(row) for row in written.deliveries],
        events=[again(row) for row in written.events],
        handoff={"id": handoff.pk, **changed, "version": handoff.version + 1},
        membership={"id": turn["membership_id"], "pointer": turn["pointer_after"], "last_debit_seq": seq},
    )


CHANGED = (
    *("package_id", "completeness", "is_flagged", "segment", "territory", "priority", "from_rep_id", "from_team_id"),
    *("team_id", "failures", "last_error", "parked_at", "state", "owner_id", "assignment_id", "assigned_at"),
    *("unassigned_since", "next_at", "lease_until", "due_at", "at_risk_at"),
)
"""The columns of the handoff's row that `settle` changes, besides the version."""


def write(plain: psycopg.Connection[Row], written: Written) -> int:
    """The transaction: every row in a statement of its own; returns how many rows it wrote."""
    with plain.transaction(), plain.cursor() as cursor:
        package_id = _insert(cursor, "handoffs_package", written.package)
        decision_id = _insert(cursor, "routing_decision", written.decision)
        assignment_id = _insert(cursor, "routing_assignment", {**written.assignment, "decision_id": decision_id})
        _update(cursor, "routing_membership", written.membership)
        _insert(cursor, "routing_turn", {**written.turn, "assignment_id": assignment_id})
        changed = {**written.handoff, "package_id": package_id, "assignment_id": assignment_id}
        _update(cursor, "handoffs_handoff", changed)
        for clock, interval in zip(written.clocks, written.intervals, strict=True):
            clock_id = _insert(cursor, "sla_clock", {**clock, "assignment_id": assignment_id})
            _insert(cursor, "sla_clockinterval", {**interval, "clock_id": clock_id})
        for delivery in written.deliveries:
            _insert(cursor, "handoffs_delivery", delivery)
        for event in written.events:
            _insert(cursor, "handoffs_event", event)
    return written.rows


_statements: dict[tuple[str, str], sql.Composed] = {}


def _insert(cursor: psycopg.Cursor[Row], table: str, row: Row) -> int:
    if ("insert", table) not in _statements:
        _statements["insert", table] = sql.SQL("INSERT INTO {} ({}) VALUES ({}) RETURNING id").format(
            sql.Identifier(table),
            sql.SQL(", ").join(map(sql.Identifier, row)),
            sql.SQL(", ").join(map(sql.Placeholder, row)),
        )
    found = cursor.execute(_statements["insert", table], row).fetchone()
    return int(found["id"]) if found else 0


def _update(cursor: psycopg.Cursor[Row], table: str, row: Row) -> None:
    if ("update", table) not in _statements:
        pairs = [sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(name)) for name in row if name != "id"]
        _statements["update", table] = sql.SQL("UPDATE {} SET {} WHERE id = %(id)s").format(
            sql.Identifier(table), sql.SQL(", ").join(pairs)
        )
    cursor.execute(_statements["update", table], row)


def _writable(value: Any) -> Any:
    return Jsonb(value) if isinstance(value, dict | list) else value
