"""The CRM of the demo as time goes by: rows wait until the history reaches the moment at which they happened.

A package compiled in September must not quote a call of November. So everything dated is kept back, and written
account by account up to the instant at which somebody looks.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import TypeVar

from django.db.models import Model

from handoffs.models import Account, Activity, ContentEngagement, Note, UsageStage

Dated = Activity | Note | ContentEngagement | UsageStage
Row = TypeVar("Row", bound=Model)

_PREFIX: dict[type[Model], str] = {Activity: "ACT", Note: "N", ContentEngagement: "CE"}
_FIRST_NUMBER = 20_001


class Desk:
    """Rows to come, per account."""

    def __init__(self) -> None:
        self._waiting: dict[int, list[Dated]] = defaultdict(list)
        self._numbers: dict[str, int] = defaultdict(lambda: _FIRST_NUMBER)

    def put(self, row: Dated) -> None:
        """Keeps a row until its time comes."""
        self._waiting[row.account_id].append(row)

    def advance(self, account: Account, *, now: datetime) -> None:
        """Writes what has happened at this account by `now`."""
        waiting = self._waiting.pop(account.pk, [])
        self._waiting[account.pk] = [row for row in waiting if _moment(row) > now]
        self._write([row for row in waiting if _moment(row) <= now])

    def close(self, *, now: datetime) -> None:
        """Writes all that has happened anywhere by `now` and forgets the rest."""
        self._write([row for rows in self._waiting.values() for row in rows if _moment(row) <= now])
        self._waiting.clear()

    def _write(self, rows: list[Dated]) -> None:
        rows.sort(key=_moment)
        for kind in (Activity, Note, ContentEngagement, UsageStage):
            self._create(kind, [row for row in rows if isinstance(row, kind)])

    def _create(self, kind: type[Row], rows: list[Row]) -> None:
        for row in rows:
            if isinstance(row, Activity | Note | ContentEngagement):
                prefix = _PREFIX[type(row)]
                number = self._numbers[prefix]
                self._numbers[prefix] = number + 1
                row.crm_id = f"{prefix}-{number}"
                row.crm_created_at = row.crm_updated_at = row.occurred_at
        if rows:
            kind._default_manager.bulk_create(rows)


def _moment(row: Dated) -> datetime:
    return row.as_of if isinstance(row, UsageStage) else row.occurred_at
