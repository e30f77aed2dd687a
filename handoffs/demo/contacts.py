"""The people at the accounts: names of their country and script, titles in their language, and some defects."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from handoffs.demo.library import Firm, script, toml
from handoffs.models import Account, Contact

_LANGUAGES: Mapping[str, str] = {
    "NO": "no", "SE": "sv", "DK": "da", "FI": "fi", "DE": "de", "AT": "de", "CH": "de", "FR": "fr", "ES": "es",
    "IT": "it", "PL": "pl", "CZ": "cs", "NL": "nl", "PT": "pt", "JP": "ja", "HK": "zh", "MA": "fr",
}  # fmt: skip
_HOW_MANY: Mapping[str, tuple[int, int]] = {
    "enterprise": (4, 6),
    "mid_market": (3, 5),
    "smb": (2, 3),
    "partner": (2, 4),
}
LOCAL_TITLES = 0.65
_LETTERS = str.maketrans(
    {"ø": "o", "æ": "ae", "ł": "l", "đ": "d", "ß": "ss", "\u0131": "i", "'": "", " ": "-", "Ø": "o", "Ł": "l"}
)


@dataclass(slots=True)
class Names:
    """Hands out names, each once in the whole demo."""

    used: set[str]

    def take(self, country: str, rng: random.Random, *, around: set[str]) -> tuple[str, str, str]:
        """First name, last name and mailbox of somebody of that country; nobody of the names `around`, which grow."""
        rows = toml("names")["names"][country]
        for _ in range(200):
            first, last, mailbox = self._pick(rows, rng)
            if not {first, last, f"{first} {last}"} & (self.used | around):
                break
        self.used.add(f"{first} {last}")
        around |= {first, last}
        return first, last, mailbox

    @staticmethod
    def _pick(rows: list[list[str]], rng: random.Random) -> tuple[str, str, str]:
        row = rng.choice(rows)
        if len(row) == 3:
            return row[0], row[1], row[2]
        other = rng.choice([item for item in rows if len(item) == 2])
        return row[0], other[1], f"{mailbox(row[0])}.{mailbox(other[1])}"


def mailbox(name: str) -> str:
    """A name as it stands before the @: plain lower-case letters."""
    plain = unicodedata.normalize("NFKD", name.casefold().translate(_LETTERS))
    return "".join(letter for letter in plain if letter.isascii() and (letter.isalnum() or letter == "-"))


def invent(account: Account, firm: Firm, *, names: Names, rng: random.Random, now: datetime) -> list[Contact]:
    """The contacts of an account, unsaved, the primary one first; some have no phone, a dead address or a veto."""
    titles = toml("names")["titles"]
    local = titles.get(_LANGUAGES.get(firm.country, "en"), titles["en"])
    # The leading titles come first, so that every account has somebody who decides.
    ranked = [*local[:3], *rng.sample(local[3:], len(local) - 3)]
    english = [*titles["en"][:4], *rng.sample(titles["en"][4:], len(titles["en"]) - 4)]
    made: list[Contact] = []
    around: set[str] = set()
    for index in range(rng.randint(*_HOW_MANY[firm.tier])):
        first, last, box = names.take(firm.country, rng, around=around)
        title = (ranked if rng.random() < LOCAL_TITLES and index < len(ranked) else english)[index]
        made.append(
            Contact(
                account=account,
                first_name=first,
                last_name=last,
                title=title,
                email=f"{box}@{firm.domain}",
                email_bounced=index > 0 and rng.random() < 0.04,
                phone=_extension(firm.phone, index, rng) if rng.random() < (0.8 if index else 0.92) else "",
                is_primary=index == 0,
                do_not_contact=index > 0 and rng.random() < 0.03,
                time_zone=firm.zone if rng.random() < 0.7 else "",
                crm_created_at=account.crm_created_at,
                crm_updated_at=now - timedelta(days=rng.randint(1, 60), minutes=rng.randint(0, 600)),
            )
        )
    return made


def written(account: Account, key: str, *, now: datetime) -> list[Contact]:
    """The contacts of a hand-written account, unsaved, the primary one first."""
    return [
        Contact(
            account=account,
            first_name=first,
            last_name=last,
            title=title,
            email=f"{mailbox(first)}.{mailbox(last)}@{account.domain}",
            phone=phone,
            buying_role=role,
            is_primary=index == 0,
            time_zone=account.time_zone,
            crm_created_at=account.crm_created_at,
            crm_updated_at=now - timedelta(days=3 + index),
        )
        for index, (first, last, title, phone, role) in enumerate(script(key)["contacts"])
    ]


def _extension(phone: str, index: int, rng: random.Random) -> str:
    """A direct line beside the switchboard's: other last digits, the same blocks."""
    digits = f"{(int(phone[-2:]) + 7 * index + rng.randint(1, 6)) % 100:02d}"
    return phone[:-2] + digits
