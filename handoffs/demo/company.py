"""Loads Fathomline, and empties the database again."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.apps import apps
from django.contrib.auth.models import Group
from django.db import connection, transaction

from handoffs import schedule, wake
from handoffs.demo import defects, fresh, roster, scenes
from handoffs.demo.books import Book, fill_timeline, open_book
from handoffs.demo.contacts import Names
from handoffs.demo.desk import Desk
from handoffs.demo.history import History
from handoffs.demo.library import firms
from handoffs.models import Account, Activity, Contact, Delivery, Handoff, Note
from routing.append_only import maintenance
from routing.models import Rep, Team

DAYS = 92
FIRST_ACCOUNT = 1001
_APPS = ("handoffs", "sla", "routing", "admin", "sessions")


@dataclass(frozen=True, kw_only=True, slots=True)
class Loaded:
    """What a load wrote, and how many seconds it took."""

    accounts: int
    contacts: int
    records: int
    people: int
    handoffs: int
    deliveries: int
    seconds: float

    def __str__(self) -> str:
        return (
            f"Fathomline is loaded: {self.people} people, {self.accounts} accounts, {self.contacts} contacts, "
            f"{self.records:,} activities and notes, {self.handoffs} handoffs and {self.deliveries:,} deliveries "
            f"in {self.seconds:.1f} s."
        )


def is_loaded() -> bool:
    """Whether there is a roster or an account: then nothing is loaded over it."""
    return Team.objects.exists() or Account.objects.exists()


def load(*, now: datetime) -> Loaded:
    """Writes the company with its history up to `now` (UTC), in one transaction; the same `now`, the same rows."""
    started = time.monotonic()
    with transaction.atomic():
        _write(now)
        _wake_once()
    return Loaded(
        accounts=Account.objects.count(),
        contacts=Contact.objects.count(),
        records=Activity.objects.count() + Note.objects.count(),
        people=Rep.objects.count(),
        handoffs=Handoff.objects.count(),
        deliveries=Delivery.objects.count(),
        seconds=time.monotonic() - started,
    )


def empty() -> None:
    """Deletes every row of the product, also from the tables that only grow, and who is signed in."""
    with maintenance():
        for app in _APPS:
            for model in apps.get_app_config(app).get_models(include_auto_created=True):
                model._default_manager.all()._raw_delete(connection.alias)  # noqa: SLF001
        Group.objects.all().delete()


def _write(now: datetime) -> None:
    schedule.install()
    cast = roster.write(now=now, since=roster.start_of(now, days=DAYS))
    desk, names = Desk(), Names(set())
    books: dict[str, Book] = {}
    for number, firm in enumerate(firms(), start=FIRST_ACCOUNT):
        book = books[firm.key] = open_book(firm, number=number, names=names, reps=cast.reps, now=now)
        fill_timeline(book, desk, now=now)
    _relate(books)
    defects.spoil(books, desk, now=now)
    history = History(roster=cast, desk=desk, now=now, rng=random.Random("fathomline"))
    scenes.plan_history(history, {key: book for key, book in books.items() if key not in fresh.KEPT_BACK}, now=now)
    scenes.plan_today(history, books, now=now)
    history.play()
    fresh.cross_triggers(books, history.sales, now=now)
    desk.close(now=now)


def _relate(books: Mapping[str, Book]) -> None:
    """Groups of companies, and the pod that looks after one of them."""
    child, parent = books["kieler"].account, books["bergmannwerke"].account
    child.parent = parent
    child.save(update_fields=["parent"])
    pod = books["lindqvistbank"].account
    pod.pod = "nordic-enterprise"
    pod.save(update_fields=["pod"])


def _wake_once() -> None:
    """Thousands of changes want a worker to be told; once is enough, after the commit."""
    connection.run_on_commit = [hook for hook in connection.run_on_commit if hook[1] is not wake.poke]
    wake.after_commit()
