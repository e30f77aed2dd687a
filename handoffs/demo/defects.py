"""What is wrong on purpose: hostile text, a very long name, addresses that bounce, people who must not be contacted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from handoffs.demo.books import Book, add_note
from handoffs.demo.desk import Desk
from handoffs.models import Contact, Note

_HOSTILE_PEOPLE = (
    ("<b>Robin</b>", "<!channel> Tregenza", '=HYPERLINK("https://evil.example","Head of Charts")', "champion"),
    ("Morwenna", "*Penrose* _|_ [click](https://evil.example)", "CFO\r\nBcc: everybody@evil.example", ""),
)
_HOSTILE_NOTE = (
    "| Cells | and ``` fences\n# A heading\n<@U0INGRID> says <img src=x onerror=alert(1)> and {{ 7*7 }} and "
    "=cmd|' /C calc'!A0"
)
_LONG_NAME = (
    "Wolfeschlegelsteinhausenbergerdorff-Szczebrzeszyńska",
    "de la Santísima Trinidad Ruiz y Picasso-Featherstonehaugh",
)


def spoil(books: Mapping[str, Book], desk: Desk, *, now: datetime) -> None:
    """Puts the defects where somebody will meet them; the accounts themselves come from accounts.csv."""
    hostile = books["nullisland"]
    for contact, (first, last, title, role) in zip(hostile.contacts, _HOSTILE_PEOPLE, strict=False):
        contact.first_name, contact.last_name, contact.title, contact.buying_role = first, last, title, role
    Contact.objects.bulk_update(hostile.contacts, ["first_name", "last_name", "title", "buying_role"])
    add_note(
        hostile, desk, Note.Tag.PAIN_POINT, _HOSTILE_NOTE, at=now - timedelta(days=40), contact=hostile.contacts[0]
    )
    unplaced, unsized, unsorted = (books[key].account for key in ("arganier", "tuga", "pixelpress"))
    unplaced.country = unplaced.region = ""
    unsized.employee_count = None
    unsorted.industry = unsorted.domain = ""
    for account in (unplaced, unsized, unsorted):
        account.save(update_fields=["country", "region", "employee_count", "industry", "domain"])
    long = books["costamar"].contacts[-1]
    long.first_name, long.last_name = _LONG_NAME
    dead = books["quillmark"].contacts[0]
    dead.email_bounced, dead.phone = True, ""
    veto = books["thornbury"].contacts[1]
    veto.do_not_contact = True
    Contact.objects.bulk_update(
        [long, dead, veto], ["first_name", "last_name", "email_bounced", "phone", "do_not_contact"]
    )
