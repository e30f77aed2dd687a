"""What is planned: the beats of ninety days per account, and the handoffs that stand open today."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from handoffs.demo import fate as fates
from handoffs.demo import showcase
from handoffs.demo.books import DAY, Book, work_hour
from handoffs.demo.cases import EXPANSION, MQL, SQL, WON, Case, Scene
from handoffs.demo.fate import Fate, Turn
from handoffs.demo.history import History
from handoffs.shipped import FIRST_CONTACT_MINUTES
from routing.models import HandoffType

QUIET = 1.3
"""Days before now in which nothing happens by chance: today is written by hand."""

# Path: type, first and last day before now between which it starts.
_BEATS: Mapping[str, tuple[tuple[HandoffType, float, float], ...]] = {
    "lead": ((MQL, 84, 60), (MQL, 52, 32), (MQL, 24, 2)),
    "prospect": ((MQL, 86, 66), (MQL, 64, 44), (SQL, 60, 20), (MQL, 34, 3)),
    "won": ((MQL, 88, 76), (MQL, 74, 64), (SQL, 60, 30), (WON, 50, 25), (EXPANSION, 22, 3)),
    "customer": (
        (EXPANSION, 88, 60),
        (SQL, 80, 30),
        (WON, 70, 10),
        (EXPANSION, 24, 2),
    ),
    "hostile": ((MQL, 30, 20), (SQL, 19, 12)),
}


SCENES: tuple[Scene, ...] = (
    # Those of Ingrid Solheim, written by hand in showcase.toml.
    Scene("ostrava", SQL, 1.625, acknowledged=True, sender="lena", named="ingrid"),
    Scene("halvorsen", SQL, 0.733, sender="dana"),
    Scene("sableridge", MQL, 0.77, named="ingrid"),
    Scene("skagen", SQL, 0.35, sender="kofi", named="ingrid"),
    Scene("corvid", EXPANSION, 0.645, acknowledged=True, sender="yusuf", named="ingrid"),
    Scene("aalto", MQL, 0.0625, named="ingrid"),
    Scene("tromsa", SQL, 1.75, sender="dana", named="ingrid", returned=0.35),
    Scene("polder", SQL, 9.0, sender="dana", named="ingrid", contacted=0.6),
    Scene("vesterbro", EXPANSION, 1.6, sender="hannah", named="ingrid", contacted=0.385),
    Scene("helvetiamed", WON, 0.2, sender="anneke", named="hannah"),
    # Mikael Strand is full: three of three open.
    Scene("lindqvistbank", SQL, 0.9, acknowledged=True, named="mikael"),
    Scene("suomivakuutus", SQL, 0.8, named="mikael"),
    Scene("nordhavn", SQL, 1.2, acknowledged=True, named="mikael"),
    # Everybody else's.
    Scene("bergmannwerke", SQL, 0.5),
    Scene("alpenstrom", EXPANSION, 0.82, acknowledged=True),
    Scene("rheinklinik", MQL, 0.4, acknowledged=True),
    Scene("harrowgate", WON, 0.78),
    Scene("thornbury", SQL, 0.86),
    Scene("cascadia", EXPANSION, 1.3, acknowledged=True),
    Scene("brightwater", WON, 0.45, acknowledged=True),
    Scene("kestrel", SQL, 1.4),
    Scene("laurentide", EXPANSION, 0.3),
    Scene("straitsline", WON, 1.06, acknowledged=True),
    Scene("gumleaf", EXPANSION, 0.55),
    Scene("quillmark", MQL, 0.83),
    Scene("bramblewick", EXPANSION, 0.1),
    Scene("ardmore", WON, 0.15),
    Scene("kieler", SQL, 0.2, acknowledged=True),
    Scene("maplecove", SQL, 0.62),
    Scene("orchidworks", WON, 0.6, acknowledged=True),
    Scene("tamesis", EXPANSION, 0.95),
    Scene("datenhafen", EXPANSION, 0.25, acknowledged=True),
    # Nobody is left to take an enterprise deal in APAC today.
    Scene("hoshizora", SQL, 0.36),
    # Two wait for their gap to be filled.
    Scene("valdoro", SQL, 5.0, blocked=True),
    Scene("smaland", WON, 0.3, blocked=True),
)


_LEAD_DAYS: Mapping[str, float] = {"halvorsen": 15.2, "skagen": 17.9, "ostrava": 11.9, "tromsa": 6.4, "polder": 13.9}
"""Hand-written accounts that came to their SDR as a lead, days before their SQL."""


def plan_history(history: History, books: Mapping[str, Book], *, now: datetime) -> None:
    """Plans ninety days of triggers for every account that has a path."""
    for book in books.values():
        for kind, first, last in _BEATS.get(book.firm.path, ()):
            moment = now - book.rng.uniform(max(last, QUIET), first) * DAY
            case = history.case(book, kind)
            if book.firm.path in {"won", "lead"} and kind == MQL:
                case = Case(book, kind, fates.good(book.rng))
            history.begin(case, at=min(work_hour(moment, book.firm, book.rng), now - QUIET * DAY))


def plan_today(history: History, books: Mapping[str, Book], *, now: datetime) -> None:
    """Plans the handoffs that stand open now, and what led to those written by hand."""
    for scene in SCENES:
        book = books[scene.firm]
        at = now - scene.used * timedelta(minutes=FIRST_CONTACT_MINUTES[scene.kind])
        fate = Fate(
            turn=Turn.RETURNED if scene.returned else Turn.ON_TIME,
            is_blocked=scene.blocked,
            acknowledged=0.12 if scene.acknowledged or scene.contacted else None,
            contacted=scene.returned or scene.contacted,
            meets=False,
            converts=True,
        )
        deal = None
        if book.firm.path == "showcase":
            sender = history.roster.reps.get(scene.sender)
            deal = showcase.stage(book, history.desk, at=at, sender=sender)
        if scene.firm in _LEAD_DAYS:
            lead = Case(book, MQL, fates.good(book.rng), ends=True)
            history.begin(lead, at=at - _LEAD_DAYS[scene.firm] * DAY)
        history.begin(Case(book, scene.kind, fate, deal, scene=scene), at=at)
