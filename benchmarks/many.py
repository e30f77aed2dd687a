"""Thousands of handoffs in all states, written by the database itself: copies of one that went through the pipeline.

Everything follows from a handoff's number, so two runs write the same rows. Of twenty, twelve have ended, five have a
running clock, and blocked, returned and contacted have one each. The open ones lie with five people, so at 100,000 each
holds 6,000: far more than load caps would let anybody have.
"""

from __future__ import annotations

from datetime import datetime

from django.db import connection, models
from django.utils import timezone

from benchmarks.scenario import received
from handoffs import pipeline
from routing.models import HandoffType
from sla.models import ClockKind
from tests.factories import Company

OWNERS = ("ingrid", "freya", "mikael", "oskar", "priya")
SENDERS = ("dana", "kofi")
FIRST = 1_000_000
"""The ids of the copies start here."""

_UUID = "md5({name} || n)::uuid"
_STATE = """CASE WHEN n % 20 < 12 THEN (ARRAY['converted', 'lost', 'withdrawn'])[n % 3 + 1]
 WHEN n % 20 < 15 THEN 'assigned' WHEN n % 20 < 17 THEN 'acknowledged' WHEN n % 20 = 17 THEN 'blocked'
 WHEN n % 20 = 18 THEN 'rejected' ELSE 'contacted' END"""
_HELD = "n % 20 <> 17"
_RUNS = "n % 20 BETWEEN 12 AND 16"


class Supply:
    """Grows one firm's handoffs; `now` is UTC and the same for all of them."""

    def __init__(self, firm: Company, *, now: datetime) -> None:
        handoff = next(received(firm, HandoffType.SQL_TO_AE))
        self.handoff = pipeline.run(handoff, now=timezone.now(), actor="engine")
        assert self.handoff.assignment is not None
        self.clock = self.handoff.assignment.clocks.get(kind=ClockKind.FIRST_CONTACT)
        self.now = f"'{now.isoformat()}'::timestamptz"
        self.owner = _one_of([firm.reps[key].pk for key in OWNERS], "(n / 20)")
        self.before = _one_of([firm.reps[key].pk for key in OWNERS], "(n / 20 + 1)")
        self.team = _one_of([firm.reps[key].team_id for key in OWNERS], "(n / 20)")
        self.sender = _one_of([firm.reps[key].pk for key in SENDERS], "n")
        self.made = 0

    def grow(self, *, to: int) -> None:
        """Writes handoffs until there are `to`, and tells the planner."""
        span = (self.made + 1, to)
        self._world(span)
        self._work(span)
        self.made = to
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")

    def _world(self, span: tuple[int, int]) -> None:
        """An account with a contact and a deal for each handoff."""
        account, deal = self.handoff.account, self.handoff.deal
        contact = account.contacts.first()
        assert deal is not None
        assert contact is not None
        named = {"crm_id": "'X-' || n", "name": "'Company ' || n", "domain": "'company' || n || '.example'"}
        copies(account, span, {**named, "owner_id": "NULL", "named_owner_id": "NULL", "parent_id": "NULL"})
        mine = {"crm_id": "'X-' || n", "account_id": f"{FIRST} + n"}
        copies(contact, span, {**mine, "last_name": "'Person ' || n", "email": "'person' || n || '@company.example'"})
        copies(deal, span, {**mine, "name": "'Deal ' || n"})

    def _work(self, span: tuple[int, int]) -> None:
        """The handoffs with their present assignment and clock; one in ten was somebody else's before."""
        hours = f"({self.now} - (n % 2000) * interval '1 hour')"
        due = f"({self.now} + (n / 20 % 480 - 120) * interval '1 minute')"
        shared = {"handoff_uuid": _UUID.format(name="'handoff'")}
        held = {
            **shared,
            "uuid": _UUID.format(name="'held'"),
            "number": "2",
            "rep_id": self.owner,
            "assigned_at": hours,
        }
        free = {"decision_id": "NULL", "pool_id": "NULL", "released_at": "NULL", "release_reason": "''"}
        gone = {"released_at": hours, "release_reason": "'reassigned'"}
        former = {"uuid": _UUID.format(name="'former'"), "number": "1", "rep_id": self.before}
        assert self.handoff.assignment is not None
        copies(self.handoff.assignment, span, {**held, **free}, where=_HELD)
        copies(self.handoff.assignment, span, {**held, **free, **gone, **former}, where=f"{_HELD} AND n % 10 = 3", of=2)
        ended = {"closed_at": f"CASE WHEN n % 20 < 12 THEN {hours} END", "next_at": "NULL", "version": "3"}
        links = {"account_id": f"{FIRST} + n", "deal_id": f"{FIRST} + n", "package_id": "NULL", "trigger_key": "NULL"}
        owned = {"owner_id": self.owner, "team_id": self.team, "assignment_id": f"{FIRST} + n", "assigned_at": hours}
        copies(
            self.handoff,
            span,
            {"uuid": shared["handoff_uuid"], "state": _STATE, "dedupe_key": "'copy-' || n", "received_at": hours}
            | {name: f"CASE WHEN {_HELD} THEN {value} END" for name, value in owned.items()}
            | {"due_at": f"CASE WHEN {_RUNS} THEN {due} END", "from_rep_id": self.sender}
            | {"at_risk_at": f"CASE WHEN {_RUNS} THEN {due} - interval '36 minutes' END"}
            | links
            | ended,
        )
        stops = {"state": f"CASE WHEN {_RUNS} THEN 'running' ELSE 'stopped' END", "next_step_at": "NULL"}
        runs = {"started_at": f"{due} - interval '2 hours'", "at_risk_at": f"{due} - interval '36 minutes'"}
        ends = f"CASE WHEN {_RUNS} THEN NULL ELSE {due} - interval '1 hour' END"
        timed = {
            **shared,
            **stops,
            **runs,
            "uuid": _UUID.format(name="'clock'"),
            "deadline_at": due,
            "stopped_at": ends,
        }
        copies(self.clock, span, {**timed, "assignment_id": f"{FIRST} + n"}, where=_HELD)
        interval = self.clock.intervals.first()
        assert interval is not None
        spans = {"clock_id": f"{FIRST} + n", "starts_at": runs["started_at"], "ends_at": ends}
        copies(interval, span, spans, where=_HELD)


def copies(
    row: models.Model, span: tuple[int, int], changes: dict[str, str], *, where: str = "TRUE", of: int = 1
) -> None:
    """Copies a row once per number n of the span, ends included; `changes` gives columns as SQL of n.

    The ids are those of the `of`th set of copies, ten million apart.
    """
    fields = [field for field in row._meta.concrete_fields if not getattr(field, "generated", False)]
    columns = [str(field.column) for field in fields]
    fresh = {"uuid": "gen_random_uuid()"} if "uuid" in columns else {}
    values = {"id": f"{FIRST + 10_000_000 * (of - 1)} + n", **fresh, **changes}
    unknown = set(values) - set(columns)
    assert not unknown, unknown
    picked = ", ".join(values.get(column, f't."{column}"') for column in columns)
    named = ", ".join(f'"{column}"' for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f'INSERT INTO "{row._meta.db_table}" ({named}) SELECT {picked} FROM "{row._meta.db_table}" t '  # noqa: S608 - names of columns and numbers of our own
            f"CROSS JOIN generate_series({span[0]}, {span[1]}) n WHERE t.id = {row.pk} AND ({where})"
        )


def _one_of(values: list[int], index: str) -> str:
    return f"(ARRAY{values})[{index} % {len(values)} + 1]"
