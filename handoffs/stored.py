"""Reads the stored sources of a context: a value always comes with where it was found and how old it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from handoffs import wording
from handoffs.connectors.ports import ActivityRecord, ContentRecord, NoteRecord, UsageRecord
from handoffs.context import Context

QUOTE_LIMIT = 600
"""Characters of a note that are quoted; the note itself is named beside the quote."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A value, where it was found, and when that was last changed; `is_default` marks one nobody entered."""

    value: Any
    source: str
    as_of: datetime | None = None
    is_default: bool = False


class _Dated(Protocol):
    @property
    def occurred_at(self) -> datetime: ...


def is_known(value: object) -> bool:
    """Whether somebody entered something: False and 0 are answers, blank text and empty lists are not."""
    return bool(value.strip()) if isinstance(value, str) else value is not None and value not in ([], {}, ())


def metadata(context: Context, key: str) -> Stored | None:
    """The deal's metadata under `key`, else the account's, else None."""
    for name, record in (("deal", context.deal), ("account", context.account)):
        value = record.metadata.get(key) if record else None
        if record and is_known(value):
            return Stored(value, f"{name} metadata {key}", record.updated_at)
    return None


def score(context: Context) -> Stored | None:
    """The qualification score of the deal or account, else the account's lead score: a number from 0 to 100."""
    found = metadata(context, "qualification_score")
    number = _number(found.value) if found else None
    if found and number is not None:
        return Stored(number, found.source, found.as_of)
    account = context.account
    return None if account.score is None else Stored(account.score, "account lead score", account.updated_at)


def notes(context: Context, tag: str) -> list[NoteRecord]:
    """The notes with that tag, oldest first, without those of another deal."""
    return [note for note in context.notes if note.tag == tag and note.body.strip() and _belongs(context, note)]


def activities(context: Context, *kinds: str) -> list[ActivityRecord]:
    """The activities of those kinds, oldest first, without those of another deal."""
    return [act for act in context.activities if act.kind in kinds and _belongs(context, act)]


def _belongs(context: Context, record: NoteRecord | ActivityRecord) -> bool:
    return not (context.deal and record.deal_crm_id) or record.deal_crm_id == context.deal.crm_id


def newest(records: Iterable[_Dated]) -> datetime | None:
    """When the latest of the records happened."""
    return max((record.occurred_at for record in records), default=None)


def lines(value: object) -> list[str]:
    """What a stored value says, one line per entry: lists, mappings and text with line ends or semicolons are split."""
    if isinstance(value, bool):
        return ["Confirmed" if value else "Not confirmed"]
    if isinstance(value, Mapping):
        return [f"{wording.words(str(key))}: {'; '.join(lines(item))}" for key, item in value.items() if is_known(item)]
    if isinstance(value, list | tuple):
        return [line for item in value for line in ("; ".join(lines(item)),) if line]
    if not is_known(value):
        return []
    parts = str(value).replace(";", "\n").splitlines()
    return [part.strip() for part in parts if part.strip()]


def text(value: object) -> str:
    """The same on one line."""
    return "; ".join(lines(value))


def quote(body: str) -> str:
    """The words of a note on one line, cut at a word when they are many."""
    said = " ".join(body.split())
    if len(said) <= QUOTE_LIMIT:
        return said
    return said[:QUOTE_LIMIT].rsplit(" ", 1)[0] + " …"


def piece(content: ContentRecord) -> str:
    """A piece of content by name: Detecting stale feeds (guide)."""
    says_more = content.kind and content.kind.casefold() != content.title.casefold()
    return f"{content.title} ({wording.spoken(content.kind)})" if says_more else content.title


def usage_lines(usage: UsageRecord) -> list[str]:
    """What the product knows, one line per figure, the stage first."""
    # History is newest first and may begin with earlier records of the present stage.
    earlier = next(
        (index for index, (stage, _) in enumerate(usage.history) if stage != usage.stage), len(usage.history)
    )
    found = [
        f"{wording.words(usage.stage)} since {wording.day(usage.history[earlier - 1][1])}"
        if earlier
        else f"{wording.words(usage.stage)} as of {wording.day(usage.as_of)}"
    ]
    found += [
        f"previously {wording.spoken(stage)} ({wording.day(at)})" for stage, at in usage.history[earlier : earlier + 1]
    ]
    if usage.active_users is not None and usage.seats:
        found.append(f"{usage.active_users:,} of {wording.counted(usage.seats, 'seat')} in use")
    elif usage.active_users is not None:
        found.append(wording.counted(usage.active_users, "active user"))
    elif usage.seats:
        found.append(wording.counted(usage.seats, "seat"))
    for key, value in usage.metrics.items():
        if is_known(value):
            figure = f"{value:,}" if isinstance(value, int | float) and not isinstance(value, bool) else text(value)
            found.append(f"{wording.words(key)}: {figure}")
    return found


def _number(value: object) -> int | float | None:
    if isinstance(value, bool):
        return None
    try:
        number = float(str(value).strip().removesuffix("%"))
    except ValueError:
        return None
    if not 0 <= number <= 100:
        return None
    return int(number) if number.is_integer() else number
