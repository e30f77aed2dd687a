"""Rows that cross their triggers the moment the demo begins, so that the engine has real handoffs to start at once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from handoffs.demo import fate as fates
from handoffs.demo.books import Book
from handoffs.demo.sales import Sales
from handoffs.models import UsageStage
from routing.models import HandoffType

SCORED = ("sonora", "northstar", "oldmill")
SIGNED_UP = ("petitport",)
QUALIFIED = ("lumo", "fennel")
CLOSED = ("tidewater",)
SIGNALLED = ("granitepoint",)

COUNT = len(SCORED + SIGNED_UP + QUALIFIED + CLOSED + SIGNALLED)
KEPT_BACK = frozenset({*SCORED, *SIGNED_UP, *SIGNALLED})
"""Accounts without a past, which would be in their cool-down otherwise."""


def cross_triggers(books: Mapping[str, Book], sales: Sales, *, now: datetime) -> None:
    """Writes the rows as if marketing, the SDRs and the AEs had just saved them."""
    just_now = now - timedelta(seconds=5)
    for key in SCORED:
        _set_up(books[key], sales, HandoffType.MQL_TO_SALES, at=just_now)
    for key in SIGNED_UP:
        contact = books[key].contacts[0]
        UsageStage.objects.create(
            account=books[key].account,
            contact=contact,
            stage=UsageStage.Stage.ACTIVATED,
            active_users=4,
            seats=5,
            metrics={"pipelines": 11, "alerts_read": 19},
            as_of=just_now,
        )
    for key in QUALIFIED:
        _set_up(books[key], sales, HandoffType.SQL_TO_AE, at=just_now)
    for key in CLOSED:
        _set_up(books[key], sales, HandoffType.CLOSED_TO_CS, at=just_now)
    for key in SIGNALLED:
        _set_up(books[key], sales, HandoffType.EXPANSION_TO_SALES, at=just_now)


def _set_up(book: Book, sales: Sales, kind: HandoffType, *, at: datetime) -> None:
    sales.set_up(book, kind, None, at=at, fate=fates.good(book.rng))
    sales.desk.advance(book.account, now=at)
