"""The hand-written accounts: their people, their deal and their rows, dated back from the moment of the handoff."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from handoffs.demo.books import Book, work_hour
from handoffs.demo.desk import Desk
from handoffs.demo.library import WEBSITE, script
from handoffs.models import Activity, ContentEngagement, Deal, Note, UsageStage
from routing.models import HandoffType, Rep

_BY_COLLEAGUES = frozenset({"call", "email", "meeting"})


def stage(book: Book, desk: Desk, *, at: datetime, sender: Rep | None) -> Deal | None:
    """Puts the rows of the account on the desk, counted back from `at`, when the handoff starts; its deal, unsaved."""
    given = script(book.firm.key)
    deal = _deal(book, given["deal"], at=at, owner=sender) if "deal" in given else None
    for row in _rows(book, given, deal, at=at, author=sender):
        desk.put(row)
    return deal


def _deal(book: Book, given: dict[str, Any], *, at: datetime, owner: Rep | None) -> Deal:
    kind = script(book.firm.key)["type"]
    won = kind == HandoffType.CLOSED_TO_CS
    return Deal(
        account=book.account,
        crm_id=given["number"],
        crm_created_at=at - timedelta(days=given["opened"]),
        crm_updated_at=at,
        name=given["name"],
        amount=Decimal(given["amount"]),
        stage=given["stage"],
        is_closed=won,
        is_won=won,
        closed_at=at if won else None,
        qualified_at=at if kind == HandoffType.SQL_TO_AE else None,
        expected_close=(at + timedelta(days=given["closes"])).date(),
        owner=owner,
        metadata=dict(given["metadata"]),
    )


def _rows(
    book: Book, given: dict[str, Any], deal: Deal | None, *, at: datetime, author: Rep | None
) -> list[Activity | Note | ContentEngagement | UsageStage]:
    people = {person.first_name: person for person in book.contacts}

    def back(days: float) -> datetime:
        moment = at - timedelta(days=days)
        return work_hour(moment, book.firm, book.rng) if days >= 1 else moment

    def about(moment: datetime) -> Deal | None:
        """The deal, for what happened since it was opened."""
        return deal if deal is not None and moment >= (deal.crm_created_at or at) else None

    rows: list[Activity | Note | ContentEngagement | UsageStage] = []
    for tag, body, who, days, source in given["notes"]:
        note = Note(tag=tag, body=body, source=source, contact=people.get(who), author=author)
        note.occurred_at = back(days)
        note.deal = about(note.occurred_at)
        rows.append(note)
    for kind, subject, text, who, days, properties in given["activities"]:
        activity = Activity(kind=kind, subject=subject, description=text, contact=people.get(who))
        activity.occurred_at, activity.properties = back(days), properties
        activity.deal = about(activity.occurred_at)
        activity.owner = author if kind in _BY_COLLEAGUES else None
        rows.append(activity)
    for title, kind, path, who, days in given["content"]:
        piece = ContentEngagement(title=title, kind=kind, url=f"{WEBSITE}{path}", contact=people.get(who))
        piece.occurred_at = back(days)
        rows.append(piece)
    for word, users, seats, days, pipelines, alerts in given["usage"]:
        usage = UsageStage(stage=word, active_users=users, seats=seats, contact=book.contacts[0], as_of=back(days))
        usage.metrics = {"pipelines": pipelines, "alerts_read": alerts}
        rows.append(usage)
    for row in rows:
        row.account = book.account
    return rows
