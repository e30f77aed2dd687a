"""What the response is told: plain values from the record, so that the same record gives the same text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

TYPE_WORDS: Mapping[str, str] = {
    "mql_to_sales": "Marketing → Sales (MQL/PQL)",
    "sql_to_ae": "SDR → AE (SQL)",
    "closed_to_cs": "Sales → Customer Success (Closed Won)",
    "expansion_to_sales": "CS → Sales (Expansion)",
}

ResponseState = Literal["assigned", "blocked", "unassigned", "returned", "withdrawn"]
ActionState = Literal["delivered", "queued", "failed", "not_needed", "not_yet", "planned"]
_STATE_WORDS: Mapping[ActionState, str] = {
    "not_needed": "not needed",
    "not_yet": "not yet",
    "planned": "planned, nothing was written",
}


@dataclass(frozen=True, slots=True)
class Action:
    """What became of one thing to be done, as the ledger of deliveries shows it; `reason` belongs to failed.

    `planned` is for a dry run, `not_yet` for what an assignment would bring.
    """

    state: ActionState
    reason: str = ""

    def __str__(self) -> str:
        return f"failed: {self.reason}" if self.state == "failed" else _STATE_WORDS.get(self.state, self.state)


DELIVERED, QUEUED, NOT_NEEDED, NOT_YET = Action("delivered"), Action("queued"), Action("not_needed"), Action("not_yet")
PLANNED = Action("planned")


@dataclass(frozen=True, kw_only=True, slots=True)
class ResponseFacts:
    """All that the response says. Instants are aware; `zone` (IANA) is the reader's, `account_zone` the customer's.

    `package` is what `compile_package` returns. `state` decides the heading; in all but assigned `reason` says why in
    one sentence, and `held_until` when it is decided again, or when the answer to a return is due. `queue` is the
    pool in whose queue it waits to be taken. `contact_first_name` is whom to contact first. `sla_minutes` and
    `deadline` are those of the first contact. `ladder` holds (who, when) of what follows a missed deadline; it and
    `acknowledged_at` are told if `acknowledgement_required`.
    """

    handoff_type: str
    state: ResponseState
    account_name: str
    at: datetime
    package: Mapping[str, Any]
    reference: str = ""
    from_name: str = ""
    from_team: str = ""
    from_first_name: str = ""
    to_name: str = ""
    to_team: str = ""
    owner_first_name: str = ""
    contact_first_name: str = ""
    sla_minutes: int | None = None
    deadline: datetime | None = None
    zone: str = "UTC"
    account_zone: str = ""
    reason: str = ""
    queue: str = ""
    held_until: datetime | None = None
    crm: Action = QUEUED
    alert: Action = QUEUED
    alert_channel: str = "Slack"
    briefing: Action = QUEUED
    gap_list: Action = NOT_NEEDED
    acknowledgement_required: bool = False
    acknowledged_at: datetime | None = None
    ladder: tuple[tuple[str, datetime], ...] = ()
    rehearsed: bool = False
