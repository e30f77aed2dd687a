"""Who decides: the buying role of a contact, the primary contact, and who can be reached at all.

An explicit role in the CRM wins. Otherwise the title decides: it is folded to plain lower-case letters and
compared with the phrases below, rows in order, first match wins. In a phrase `*` stands for the rest of a
word; phrases in scripts without spaces match anywhere in the title.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from handoffs.buying_titles import TITLES
from handoffs.connectors.ports import ContactRecord

ECONOMIC_BUYER = "economic_buyer"
CHAMPION = "champion"
TECHNICAL_EVALUATOR = "technical_evaluator"
END_USER = "end_user"
LEGAL_PROCUREMENT = "legal_procurement"
INFLUENCER = "influencer"
UNKNOWN = "unknown"

ROLES: Mapping[str, str] = {
    ECONOMIC_BUYER: "Economic buyer",
    CHAMPION: "Champion",
    TECHNICAL_EVALUATOR: "Technical evaluator",
    END_USER: "End user",
    LEGAL_PROCUREMENT: "Legal/procurement",
    INFLUENCER: "Influencer",
    UNKNOWN: "Unknown",
}
"""Every role with its label, the highest first."""

_RANK = {role: place for place, role in enumerate(ROLES)}

_EXPLICIT: Mapping[str, str] = {
    **{role: role for role in ROLES if role != UNKNOWN},
    "budget_holder": ECONOMIC_BUYER,
    "decision_maker": ECONOMIC_BUYER,
    "economic_decision_maker": ECONOMIC_BUYER,
    "executive_sponsor": ECONOMIC_BUYER,
    "evaluator": TECHNICAL_EVALUATOR,
    "technical_buyer": TECHNICAL_EVALUATOR,
    "technical_decision_maker": TECHNICAL_EVALUATOR,
    "business_user": END_USER,
    "user": END_USER,
    "gatekeeper": LEGAL_PROCUREMENT,
    "legal": LEGAL_PROCUREMENT,
    "legal_and_compliance": LEGAL_PROCUREMENT,
    "procurement": LEGAL_PROCUREMENT,
    "blocker": INFLUENCER,
    "coach": CHAMPION,
}
"""The words CRMs use for a role, in lower case with underscores."""

_LETTERS = str.maketrans({"ø": "o", "æ": "ae", "å": "a", "ł": "l", "đ": "d", "œ": "oe"})
_EMAIL = re.compile(r"[^@\s<>\"',;()]+@[^@\s<>\"',;()]+\.[^@\s<>\"',;().]{2,}")
_PHONE_DIGITS = 6


def role_of_title(title: str) -> str:
    """The buying role a job title suggests, in any of the languages known; `unknown` when it says nothing."""
    folded = _fold(title)
    return next((role for role, pattern in _patterns() if pattern.search(folded)), UNKNOWN)


def explicit_role(contact: ContactRecord) -> str:
    """The role the CRM states, in our words; empty when it states none or one that says nothing ("other").

    Of several, separated by semicolons, the highest counts.
    """
    words = (_fold(word).replace(" ", "_") for word in contact.buying_role.split(";"))
    return min((_EXPLICIT[word] for word in words if word in _EXPLICIT), key=_RANK.__getitem__, default="")


def buying_role(contact: ContactRecord) -> str:
    """One of ROLES: the CRM's explicit role, else what the title suggests."""
    return explicit_role(contact) or role_of_title(contact.title)


def rank(role: str) -> int:
    """The place of a role in ROLES: 0 is the highest."""
    return _RANK[role]


def has_valid_email(contact: ContactRecord) -> bool:
    """Whether there is a well-formed e-mail address that has not bounced."""
    return not contact.email_bounced and _EMAIL.fullmatch(contact.email.strip()) is not None


def has_phone(contact: ContactRecord) -> bool:
    """Whether there is something to dial: "n/a" is not."""
    return sum(character.isdigit() for character in contact.phone) >= _PHONE_DIGITS


def can_be_reached(contact: ContactRecord) -> bool:
    """Whether somebody may and can write to or call this contact."""
    return not contact.do_not_contact and (has_valid_email(contact) or has_phone(contact))


def primary_contact(contacts: Sequence[ContactRecord]) -> ContactRecord | None:
    """The contact the CRM flags as primary, else the highest buying role that can be reached, else none.

    Among several flagged ones the highest role counts; ties go to the first.
    """
    flagged = [contact for contact in contacts if contact.is_primary]
    return _highest(flagged) or first_to_reach(contacts)


def first_to_reach(contacts: Sequence[ContactRecord]) -> ContactRecord | None:
    """Whom to contact first: the flagged primary if reachable, else the highest role that is, else none."""
    reachable = [contact for contact in contacts if can_be_reached(contact)]
    return _highest(contact for contact in reachable if contact.is_primary) or _highest(reachable)


def _highest(contacts: Iterable[ContactRecord]) -> ContactRecord | None:
    return min(contacts, key=lambda contact: _RANK[buying_role(contact)], default=None)


def _fold(text: str) -> str:
    letters = unicodedata.normalize("NFKC", text).casefold().translate(_LETTERS)
    plain = "".join(c for c in unicodedata.normalize("NFD", letters) if not unicodedata.combining(c))
    # Kana lose their voicing marks with the accents, in titles and phrases alike.
    return " ".join(re.split(r"[\W_]+", plain)).strip()


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple(
        (
            role,
            re.compile("|".join(_expression(phrase) for text in by_language.values() for phrase in text.split(","))),
        )
        for role, by_language in TITLES
    )


def _expression(phrase: str) -> str:
    if not phrase.isascii():
        return re.escape(_fold(phrase))
    return r"(?<!\w)" + " ".join(phrase.split()).replace("*", r"\w*") + r"(?!\w)"
