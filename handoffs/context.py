"""Step 1: everything the CRM and the product know about an account, as one frozen value.

A `Context` is stored beside the package that was compiled from it, so that a handoff can be explained and
compiled again without asking the outside world.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from handoffs.buying_roles import primary_contact
from handoffs.connectors.ports import (
    AccountRecord,
    ActivityRecord,
    ConnectorError,
    ContactRecord,
    ContentRecord,
    CrmPort,
    DealRecord,
    LifecyclePort,
    NoteRecord,
    NotFound,
    UsageRecord,
)

TEXT_LIMIT = 10_000
"""Characters kept of one text; longer ones end with CUT_MARK."""
CUT_MARK = " … [cut]"
ROW_LIMIT = 2_000
"""Rows of each kind kept per account, the newest; a cut is told among the problems."""

# NUL breaks PostgreSQL, the other control characters break terminals and spreadsheets; tab and line ends are
# text.
_CONTROL = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 127, *range(0x80, 0xA0)])


@dataclass(frozen=True, kw_only=True, slots=True)
class Context:
    """What was known at `gathered_at`; lists are oldest first.

    `problems` are (source, sentence) pairs for optional parts that failed or were cut: they never stop a
    handoff.
    """

    account: AccountRecord
    contacts: tuple[ContactRecord, ...]
    deal: DealRecord | None
    activities: tuple[ActivityRecord, ...]
    notes: tuple[NoteRecord, ...]
    content: tuple[ContentRecord, ...]
    usage: UsageRecord | None
    gathered_at: datetime
    problems: tuple[tuple[str, str], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; `from_json` gives back an equal context."""
        encoded: dict[str, Any] = _encode(self)
        return encoded

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Context:
        """The context that `to_json` wrote; unknown keys are ignored, absent optional ones take defaults."""
        context: Context = _decode(cls, data)
        return context


def gather(*, crm: CrmPort, lifecycle: LifecyclePort | None, account_id: str, deal_id: str, now: datetime) -> Context:
    """Asks the CRM, then the product, for all that is known; `deal_id` may be empty.

    Raises NotFound or ConnectorError when a required part fails, also when the deal is another account's. A
    failure of the product system is written down in `problems` and nothing more.
    """
    account = crm.get_account(account_id)
    contacts = crm.get_contacts(account_id)
    deal = _deal_of(account, crm.get_deal(deal_id)) if deal_id else None
    activities = crm.get_activities(account_id)
    notes = crm.get_notes(account_id)
    content = crm.get_content_engagement(account_id)
    problems: list[tuple[str, str]] = []
    usage = _usage(lifecycle, contacts, problems)

    return Context(
        account=_clean(account),
        contacts=_kept(contacts, "contacts", problems),
        deal=_clean(deal),
        activities=_kept(sorted(activities, key=_moment), "activities", problems),
        notes=_kept(sorted(notes, key=_moment), "notes", problems),
        content=_kept(sorted(content, key=lambda row: (row.occurred_at, row.title)), "content", problems),
        usage=_clean(usage),
        gathered_at=now,
        problems=tuple(problems),
    )


def _deal_of(account: AccountRecord, deal: DealRecord) -> DealRecord:
    if deal.account_crm_id == account.crm_id:
        return deal
    raise ConnectorError(
        f"Deal {deal.crm_id} belongs to account {deal.account_crm_id or 'nobody'}, not {account.crm_id}: "
        "name that account, or another deal.",
        permanent=True,
    )


def _usage(
    lifecycle: LifecyclePort | None, contacts: list[ContactRecord], problems: list[tuple[str, str]]
) -> UsageRecord | None:
    primary = primary_contact(contacts)
    if lifecycle is None or primary is None:
        return None
    try:
        return lifecycle.get_segment(primary.product_user_id or primary.crm_id, include_history=True)
    except NotFound:
        return None
    except ConnectorError as error:
        problems.append(("lifecycle", f"Product usage is left out: {_clean(str(error))}"))
        return None


def _moment(row: ActivityRecord | NoteRecord) -> tuple[datetime, str]:
    return row.occurred_at, row.crm_id


Value = TypeVar("Value")


def _kept(rows: Sequence[Value], what: str, problems: list[tuple[str, str]]) -> tuple[Value, ...]:
    if len(rows) > ROW_LIMIT:
        problems.append(("crm", f"The account has {len(rows)} {what}: the last {ROW_LIMIT} were kept."))
    return tuple(_clean(row) for row in rows[-ROW_LIMIT:])


def _clean(value: Value) -> Value:
    """The same record with every text fit to be stored and shown, and metadata made of JSON values alone."""
    cleaned: Any = value
    if isinstance(value, str):
        # Half a surrogate pair cannot be written as UTF-8.
        text = value.translate(_CONTROL).encode("utf-8", "ignore").decode()
        cleaned = text if len(text) <= TEXT_LIMIT else text[: TEXT_LIMIT - len(CUT_MARK)] + CUT_MARK
    elif is_dataclass(value) and not isinstance(value, type):
        cleaned = replace(value, **{f.name: _clean(getattr(value, f.name)) for f in fields(value)})
    elif isinstance(value, Mapping):
        cleaned = {_clean(str(key)): _clean_json(item) for key, item in value.items()}
    elif isinstance(value, tuple):
        cleaned = tuple(_clean(item) for item in value)
    result: Value = cleaned
    return result


def _clean_json(value: object) -> object:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, Mapping):
        return _clean(value)
    if isinstance(value, list | tuple):
        return [_clean_json(item) for item in value]
    return _clean(value.isoformat() if isinstance(value, date) else str(value))


def _encode(value: object) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: _encode(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, tuple | list):
        return [_encode(item) for item in value]
    if isinstance(value, Mapping):
        return {key: _encode(item) for key, item in value.items()}
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _decode(hint: Any, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(hint, type) and is_dataclass(hint):
        hints = _hints(hint)
        return hint(**{f.name: _decode(hints[f.name], value[f.name]) for f in fields(hint) if f.name in value})
    if hint in _FROM_TEXT:
        return _FROM_TEXT[hint](value)
    arguments = get_args(hint)
    if get_origin(hint) is UnionType:
        return _decode(next(choice for choice in arguments if choice is not NoneType), value)
    if get_origin(hint) is not tuple:
        return value
    if arguments[-1] is Ellipsis:
        return tuple(_decode(arguments[0], item) for item in value)
    return tuple(_decode(kind, item) for kind, item in zip(arguments, value, strict=True))


_FROM_TEXT: Mapping[Any, Callable[[str], Any]] = {
    datetime: datetime.fromisoformat,
    date: date.fromisoformat,
    Decimal: Decimal,
}
