"""What the people of the demo do in the CRM around a handoff: qualify, win, lose, fill gaps, take over."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from handoffs.demo import deals
from handoffs.demo.books import DAY, Book, add_activity, add_note, work_hour
from handoffs.demo.desk import Desk
from handoffs.demo.fate import Fate
from handoffs.demo.library import script
from handoffs.demo.people import AMERICAS, APAC, EMEA_NORTH, EMEA_SOUTH, REGIONS, UK_IRELAND
from handoffs.demo.roster import Roster
from handoffs.models import Activity, Deal, Note
from routing.models import HandoffType, Rep

FIRST_DEAL = 87_101
_SELLERS: Mapping[str, tuple[str, ...]] = {
    EMEA_NORTH: ("freya", "oskar", "ingrid"),
    EMEA_SOUTH: ("anneke", "matteo"),
    UK_IRELAND: ("freya", "priya"),
    AMERICAS: ("grace", "oyelaran"),
    APAC: ("hiroshi", "chloe"),
}
_SMALL_SELLERS = {EMEA_NORTH: "liam", EMEA_SOUTH: "joana", UK_IRELAND: "liam", AMERICAS: "tyler", APAC: "chloe"}
_SDRS = {EMEA_NORTH: "dana", EMEA_SOUTH: "lena", UK_IRELAND: "kofi", AMERICAS: "marcus", APAC: "aiko"}
# What a hurried colleague leaves out, and how often.
_FORGOTTEN = {
    "decision_process": 0.35,
    "budget_confirmed": 0.3,
    "timeline": 0.2,
    "metrics": 0.4,
    "authority": 0.35,
    "framework": 0.25,
    "decision_criteria": 0.35,
    "source": 0.2,
    "next_steps": 0.1,
}


class Sales:
    """The sending side's work in the CRM."""

    def __init__(self, *, roster: Roster, desk: Desk) -> None:
        self.roster = roster
        self.desk = desk
        self._deal_numbers = count(FIRST_DEAL)

    def set_up(self, book: Book, kind: HandoffType, deal: Deal | None, *, at: datetime, fate: Fate) -> Deal | None:
        """Brings the CRM to the point at which a handoff of this type starts; the deal it is about, if any."""
        if kind == HandoffType.MQL_TO_SALES:
            self._score(book, at=at)
            return None
        if kind == HandoffType.SQL_TO_AE:
            deal = deal or self.new_deal(book, at=at)
            self._qualify(book, deal, at=at, fate=fate)
        elif kind == HandoffType.CLOSED_TO_CS:
            deal = deal or self.new_deal(book, at=at, owner=self.seller(book))
            self._win(book, deal, at=at, fate=fate)
        else:
            deal = deal or self._growing(book, at=at, fate=fate)
        deal.save()
        return deal

    def stage(self, book: Book, deal: Deal | None, *, at: datetime) -> Deal | None:
        """The same for an account written by hand, whose rows are on the desk already."""
        account = book.account
        if deal is not None:
            deal.save()
            account.is_customer = account.is_customer or deal.is_won
        elif "account" in script(book.firm.key):
            account.metadata = dict(script(book.firm.key)["account"])
            account.score, account.scored_at = account.metadata["qualification_score"], at
        account.crm_updated_at = at
        account.save(update_fields=["metadata", "score", "scored_at", "is_customer", "crm_updated_at"])
        return deal

    def new_deal(self, book: Book, *, at: datetime, owner: Rep | None = None) -> Deal:
        """A deal as the SDR opens it; it has a name, products, a price and a close date, and no qualification yet."""
        voice, firm = book.voice, book.firm
        products = deals.products_for(voice, firm)
        short = firm.name.split(" <")[0].split(" ")[0] if len(firm.name) > 16 else firm.name
        deal = Deal(
            account=book.account,
            crm_id=f"D-{next(self._deal_numbers)}",
            crm_created_at=at,
            crm_updated_at=at,
            name=f"{short}, {products[0]} for {voice.draw('department', deals.DEPARTMENTS)}",
            amount=deals.amount_for(firm, voice),
            currency=deals.currency_of(firm),
            stage="Discovery",
            expected_close=(at + timedelta(days=book.rng.randint(30, 110))).date(),
            owner=owner or self.developer(book),
            metadata={"products": products},
        )
        book.deals.append(deal)
        deal.save()
        return deal

    def fill_gap(self, book: Book, kind: HandoffType, deal: Deal | None, *, at: datetime) -> None:
        """Writes down what was missing when the handoff was blocked."""
        if kind == HandoffType.EXPANSION_TO_SALES:
            self._signal(book, deal, at=at)
            return
        if deal is None or deal.amount is None:
            return
        if kind == HandoffType.SQL_TO_AE:
            found = deals.qualification(book.voice, book.firm, book.contacts, deal.amount)
            self._pains(book, deal, at=at)
        else:
            found = deals.promises(book.voice, book.contacts)
        self._update(deal, at=at, **found)
        deal.save()

    def taken_over(self, book: Book, kind: HandoffType, deal: Deal | None, *, by: Rep, at: datetime) -> None:
        """The new owner puts their name on the record."""
        if kind == HandoffType.CLOSED_TO_CS:
            book.account.owner = by
            book.account.crm_updated_at = at
            book.account.save(update_fields=["owner", "crm_updated_at"])
        elif deal is not None:
            deal.owner, deal.stage = by, "Proposal"
            self._update(deal, at=at)
            deal.save()

    def lost(self, deal: Deal | None, *, at: datetime) -> None:
        """The deal is closed without a contract."""
        if deal is not None and not deal.is_closed:
            deal.is_closed, deal.stage, deal.closed_at = True, "Closed lost", at
            self._update(deal, at=at)
            deal.save()

    def developer(self, book: Book) -> Rep:
        """The SDR of the account's region."""
        return self.roster.reps[_SDRS[_region(book)]]

    def seller(self, book: Book) -> Rep:
        """An AE who would sell to this account."""
        if book.firm.tier == "partner":
            return self.roster.reps["nadia"]
        if book.firm.tier == "enterprise":
            return self.roster.reps[book.rng.choice(_SELLERS[_region(book)])]
        return self.roster.reps[_SMALL_SELLERS[_region(book)]]

    def _score(self, book: Book, *, at: datetime) -> None:
        account, rng = book.account, book.rng
        account.score, account.scored_at, account.crm_updated_at = rng.randint(66, 93), at, at
        if rng.random() < 0.88:
            account.metadata["source"] = book.voice.draw("source", deals.SOURCES)
        if rng.random() < 0.8:
            account.metadata["products"] = deals.products_for(book.voice, book.firm)[:1]
        account.save(update_fields=["score", "scored_at", "crm_updated_at", "metadata"])
        if not book.contacts or book.firm.path == "showcase":
            return
        if rng.random() < 0.8:
            add_activity(book, self.desk, "demo_request", at=at - timedelta(minutes=rng.randint(2, 50)))
        if rng.random() < 0.6:
            add_activity(book, self.desk, "form", at=at - rng.uniform(0.1, 6) * DAY)

    def _qualify(self, book: Book, deal: Deal, *, at: datetime, fate: Fate) -> None:
        deal.qualified_at = at
        self._update(deal, at=at)
        if fate.is_blocked or deal.amount is None:
            return
        self._update(deal, at=at, **deals.qualification(book.voice, book.firm, book.contacts, deal.amount))
        forgotten = _FORGOTTEN.items() if not fate.thorough else ()
        for key, share in forgotten:
            if book.rng.random() < share:
                deal.metadata.pop(key, None)
        self._pains(book, deal, at=at)
        for kind in book.rng.sample(["call", "meeting", "email", "trial"], 2):
            add_activity(book, self.desk, kind, at=at - book.rng.uniform(0.3, 9) * DAY, deal=deal, owner=deal.owner)

    def _win(self, book: Book, deal: Deal, *, at: datetime, fate: Fate) -> None:
        deal.is_closed = deal.is_won = True
        deal.closed_at, deal.stage, deal.expected_close = at, "Closed won", at.date()
        self._update(deal, at=at)
        if not book.account.is_customer:
            book.account.is_customer = True
            book.account.save(update_fields=["is_customer"])
        if fate.is_blocked:
            return
        found = deals.promises(book.voice, book.contacts)
        if not fate.thorough:
            found.pop(book.rng.choice(list(found)))
        self._update(deal, at=at, **found)
        if deal.qualified_at is None:
            self._pains(book, deal, at=at - 10 * DAY)

    def _growing(self, book: Book, *, at: datetime, fate: Fate) -> Deal:
        """An expansion: a deal the CSM opens, what is known of the relationship, and the signal itself."""
        owner = book.account.owner or self.roster.reps["isla"]
        deal = self.new_deal(book, at=at - timedelta(minutes=20), owner=owner)
        deal.stage = "Identified"
        found: dict[str, Any] = deals.growth(book.voice, book.firm, year=at.year)
        if not fate.thorough:
            found.pop(book.rng.choice(list(found)))
        self._update(deal, at=at, **found)
        person = book.contacts[0]
        body = book.voice.line("relationship", person)
        add_note(book, self.desk, Note.Tag.RELATIONSHIP, body, at=at - book.rng.uniform(1, 20) * DAY, contact=person)
        if not fate.is_blocked:
            self._signal(book, deal, at=at)
        return deal

    def _signal(self, book: Book, deal: Deal | None, *, at: datetime) -> None:
        person = book.somebody()
        amount = deals.amount_for(book.firm, book.voice) / 4
        self.desk.put(
            Activity(
                account=book.account,
                deal=deal,
                contact=person,
                kind=Activity.Kind.EXPANSION_SIGNAL,
                subject=book.voice.of_trade("signals"),
                description=book.voice.line("signal_text", person),
                occurred_at=at,
                properties={"value": f"{deals.money(book.firm, amount)} a year"},
            )
        )

    def _pains(self, book: Book, deal: Deal, *, at: datetime) -> None:
        """What hurts, quoted; nobody says the same thing twice."""
        rng = book.rng
        for _ in range(rng.randint(2, 3) if len(book.deals) < 2 else 1):
            quote = book.voice.pain()
            if not quote:
                return
            minute = f"{rng.randint(2, 48)}:{rng.randint(0, 59):02d} in the recording"
            add_note(
                book,
                self.desk,
                Note.Tag.PAIN_POINT,
                quote,
                at=work_hour(at - rng.uniform(0.5, 12) * DAY, book.firm, rng),
                contact=book.somebody(),
                deal=deal,
                author=deal.owner,
                source=f"{rng.choice(['discovery call', 'demo', 'trial review', 'workshop'])}, {minute}",
            )

    def _update(self, deal: Deal, *, at: datetime, **metadata: Any) -> None:
        deal.metadata = {**deal.metadata, **metadata}
        deal.crm_updated_at = at


def _region(book: Book) -> str:
    return next((code for code, (_, lands) in REGIONS.items() if book.firm.country in lands), UK_IRELAND)
