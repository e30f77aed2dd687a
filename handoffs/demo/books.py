"""Writes an account of the demo with its people, and puts the everyday rows of its timeline on the desk."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from handoffs.demo.contacts import Names, invent, written
from handoffs.demo.desk import Desk
from handoffs.demo.library import WEBSITE, Firm, contents, script, toml
from handoffs.demo.people import REGIONS
from handoffs.demo.voice import Voice
from handoffs.models import Account, Activity, Contact, ContentEngagement, Deal, Note, UsageStage
from routing.models import HandoffType, Rep

DAY = timedelta(days=1)

_EVERYDAY = ("web_visit", "web_visit", "email", "email", "call", "event", "form", "web_visit")
_CUSTOMER_DAYS = ("email", "call", "meeting", "support_ticket", "email", "web_visit", "event", "support_ticket")
_HOW_MANY = {"enterprise": (10, 18), "mid_market": (7, 12), "smb": (5, 8), "partner": (5, 9)}
_CSMS = {True: ("hannah", "yusuf", "amara"), False: ("isla", "rafael", "ken")}
_TRIAL_STAGES = (UsageStage.Stage.NEW, UsageStage.Stage.ACTIVATED)
_CUSTOMER_STAGES = (UsageStage.Stage.ACTIVATED, UsageStage.Stage.ADOPTED, UsageStage.Stage.POWER)


@dataclass(slots=True)
class Book:
    """An account with what the history needs to know of it."""

    firm: Firm
    account: Account
    contacts: list[Contact]
    voice: Voice
    reps: dict[str, Rep]
    deals: list[Deal] = field(default_factory=list)

    @property
    def rng(self) -> random.Random:
        """The account's own source of chance, so that a change to one account leaves the others alone."""
        return self.voice.rng

    def somebody(self) -> Contact:
        """One of the contacts, the leading ones more often."""
        return self.contacts[min(self.rng.randrange(len(self.contacts)), self.rng.randrange(len(self.contacts)))]


def open_book(firm: Firm, *, number: int, names: Names, reps: dict[str, Rep], now: datetime) -> Book:
    """Saves the account and its contacts as they stood when it was new to us."""
    rng = random.Random(f"fathomline:{firm.key}")
    is_customer = _is_customer(firm)
    known_days = rng.randint(420, 900) if is_customer else rng.randint(98, 260)
    if firm.path == "showcase":
        known_days = script(firm.key).get("known", known_days)
    region = next((name for name, lands in REGIONS.values() if firm.country in lands), "")
    account = Account.objects.create(
        crm_id=f"A-{number}",
        crm_created_at=work_hour(now - known_days * DAY, firm, rng),
        crm_updated_at=now - rng.randint(1, 40) * DAY,
        name=firm.name,
        domain=firm.domain,
        industry=firm.industry,
        employee_count=firm.employees,
        tier=firm.tier,
        country=firm.country,
        region=region,
        postal_code=firm.postal,
        city=firm.city,
        time_zone=firm.zone,
        phone=firm.phone,
        is_customer=is_customer,
        score=None if is_customer else rng.randint(12, 48),
        scored_at=None if is_customer else now - 90 * DAY,
        owner=reps[_CSMS[firm.tier == "enterprise"][number % 3]] if is_customer else None,
        custom={"plan": rng.choice(["annual", "three years"])} if is_customer else {},
    )
    contacts = _people(account, firm, names=names, rng=rng, now=now)
    for index, contact in enumerate(contacts):
        contact.crm_id = f"C-{number}{index:02d}"
        contact.product_user_id = f"pu-{number}{index:02d}" if index == 0 else ""
    Contact.objects.bulk_create(contacts)
    return Book(firm, account, contacts, Voice(firm, rng), reps)


def fill_timeline(book: Book, desk: Desk, *, now: datetime) -> None:
    """Puts the everyday rows on the desk: visits, mails, calls, tickets, content, usage and a few notes."""
    if not book.contacts or book.firm.path == "showcase":
        return
    rng, account = book.rng, book.account
    known_since = account.crm_created_at or now - 200 * DAY
    since = max(known_since, now - 230 * DAY)
    kinds = _CUSTOMER_DAYS if account.is_customer else _EVERYDAY
    for _ in range(rng.randint(*_HOW_MANY[book.firm.tier])):
        at = work_hour(since + rng.random() * (now - since), book.firm, rng)
        add_activity(book, desk, rng.choice(kinds), at=at)
    for piece in rng.sample(contents(), rng.randint(0, 5)):
        desk.put(
            ContentEngagement(
                account=account,
                contact=book.somebody(),
                title=piece.title,
                kind=piece.kind,
                url=f"{WEBSITE}{piece.path}",
                occurred_at=work_hour(since + rng.random() * (now - since), book.firm, rng),
            )
        )
    for _ in range(rng.randint(1, 3)):
        add_note(
            book, desk, Note.Tag.OTHER, book.voice.line("other", book.somebody()), at=since + rng.random() * 80 * DAY
        )
    add_usage(book, desk, now=now)


def add_activity(
    book: Book,
    desk: Desk,
    kind: str,
    *,
    at: datetime,
    contact: Contact | None = None,
    deal: Deal | None = None,
    owner: Rep | None = None,
    properties: dict[str, Any] | None = None,
) -> Activity:
    """An activity in the account's own words."""
    who = contact or book.somebody()
    colleague = owner or book.account.owner or _contact_of_region(book)
    subject, text = book.voice.activity(kind, who, colleague=colleague.name)
    row = Activity(
        account=book.account,
        deal=deal,
        contact=who,
        owner=colleague if kind in {"call", "email", "meeting"} else None,
        kind=kind,
        subject=subject[:200],
        description=text,
        occurred_at=at,
        properties=properties if properties is not None else _properties(book, kind, subject),
    )
    desk.put(row)
    return row


def add_note(
    book: Book,
    desk: Desk,
    tag: str,
    body: str,
    *,
    at: datetime,
    contact: Contact | None = None,
    deal: Deal | None = None,
    author: Rep | None = None,
    source: str = "",
) -> None:
    """A note by a colleague, perhaps quoting a contact."""
    desk.put(
        Note(
            account=book.account,
            deal=deal,
            contact=contact,
            author=author or book.account.owner or _contact_of_region(book),
            tag=tag,
            body=body,
            source=source,
            occurred_at=at,
        )
    )


def add_usage(book: Book, desk: Desk, *, now: datetime) -> None:
    """How the product is used: a growing customer, a prospect who tried it, or nothing."""
    rng = book.rng
    if book.firm.path in {"lead", "empty", "hostile", "showcase"}:
        return
    stages = _CUSTOMER_STAGES if book.account.is_customer else _TRIAL_STAGES
    seats = max(5, min(book.firm.employees // 12, 240)) if book.account.is_customer else rng.choice([3, 5, 10])
    ages = sorted((rng.uniform(2, 210) for _ in stages), reverse=True)
    for index, (stage, age) in enumerate(zip(stages, ages, strict=True), start=1):
        desk.put(
            UsageStage(
                account=book.account,
                contact=book.contacts[0],
                stage=stage,
                active_users=max(1, seats * index // (len(stages) + 1)),
                seats=seats,
                metrics={"pipelines": rng.randint(8, 60) * index, "alerts_read": rng.randint(20, 240) * index},
                as_of=work_hour(now - age * DAY, book.firm, rng),
            )
        )


def work_hour(moment: datetime, firm: Firm, rng: random.Random) -> datetime:
    """A moment of the same local day, or of the Friday before, in office hours of the firm; seven in eight times."""
    local = moment.astimezone(ZoneInfo(firm.zone))
    if local.weekday() >= 5 and rng.random() < 0.85:
        local -= (local.weekday() - 4) * DAY
    hour = rng.randint(8, 17) if rng.random() < 0.88 else rng.choice([6, 7, 18, 19, 21, 22])
    local = local.replace(hour=hour, minute=rng.randint(0, 59), second=rng.randint(0, 59), microsecond=0)
    return min(local.astimezone(moment.tzinfo), moment + 0.5 * DAY)


def _people(account: Account, firm: Firm, *, names: Names, rng: random.Random, now: datetime) -> list[Contact]:
    if firm.path == "empty":
        return []
    if firm.path == "showcase":
        return written(account, firm.key, now=now)
    return invent(account, firm, names=names, rng=rng, now=now)


def _is_customer(firm: Firm) -> bool:
    """Whether the firm was a customer before the history begins."""
    if firm.path == "showcase":
        return bool(script(firm.key)["type"] == HandoffType.EXPANSION_TO_SALES)
    return firm.path == "customer"


def _contact_of_region(book: Book) -> Rep:
    country = book.firm.country
    if country in REGIONS["apac"][1]:
        return book.reps["aiko"]
    if country in REGIONS["north-america"][1]:
        return book.reps["marcus"]
    return book.reps["lena"] if country in REGIONS["emea-central-south"][1] else book.reps["dana"]


def _properties(book: Book, kind: str, subject: str) -> dict[str, Any]:
    rng = book.rng
    if kind == "support_ticket":
        return {
            "severity": rng.choice(["low", "low", "normal", "high"]),
            "status": rng.choice(["solved", "solved", "open"]),
        }
    if kind == "web_visit":
        pages: dict[str, str] = toml("phrases")["pages"]
        return {"page": next(page for word, page in pages.items() if word in subject.casefold())}
    if kind in {"demo_request", "trial"}:
        return {"product": rng.choice(["Observe", "Observe Enterprise", "Lineage"])}
    if kind == "form":
        return {"form": subject.removeprefix("Form: ").removeprefix("Contact form: "), "product": "Observe"}
    return {}
