"""Gives an account its words: lines drawn without repetition, their slots filled from its trade and its people."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from handoffs.demo.library import Firm, phrases, trade
from handoffs.models import Contact

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
PRODUCTS = ("Observe", "Observe Enterprise", "Lineage", "Premium Support", "Alert Routing", "Quality Pages")
_SENTENCE_START = re.compile(r"(^\"?|\| \"?|[.!?] \"?|: \")([a-z])")


class Voice:
    """The words of one account. Decks are shuffled per account, so neighbours in a list read differently."""

    def __init__(self, firm: Firm, rng: random.Random) -> None:
        self.firm = firm
        self.rng = rng
        self.trade = trade(firm.trade)
        self._decks: dict[str, list[str]] = {}

    def draw(self, deck: str, source: Sequence[str]) -> str:
        """The next of `source`, shuffled; it starts over when all were drawn."""
        left = self._decks.get(deck)
        if not left:
            left = self._decks[deck] = self.rng.sample(list(source), len(source))
        return left.pop()

    def of_trade(self, kind: str) -> str:
        """A line of the trade: pains, needs, metrics, incidents, signals, criteria, outcomes."""
        return self.draw(f"trade:{kind}", self.trade[kind])

    def line(self, kind: str, contact: Contact | None = None, *, colleague: str = "a colleague") -> str:
        """A phrase of this kind with its slots filled."""
        return self.fill(self.draw(kind, phrases(kind)), contact, colleague=colleague)

    def activity(self, kind: str, contact: Contact | None, *, colleague: str = "a colleague") -> tuple[str, str]:
        """Subject and text of an activity."""
        subject, _, text = self.line(kind, contact, colleague=colleague).partition(" | ")
        return subject, text

    def fill(self, template: str, contact: Contact | None = None, *, colleague: str = "a colleague") -> str:
        """`template` with names and figures in place of its slots, sentences beginning with a capital."""
        feeds = self.rng.sample(self.trade["feeds"], 2)
        text = template.format(
            first=(contact.first_name or contact.last_name) if contact else "The team",
            feed=feeds[0],
            feed2=feeds[1],
            report=self.rng.choice(self.trade["reports"]),
            incident=self.draw("incident", self.trade["incidents"]) if "{incident}" in template else "",
            product=self.rng.choice(PRODUCTS[:3]),
            n=self.rng.randint(4, 19),
            m=self.rng.randint(24, 58),
            day=self.rng.choice(DAYS),
            owner=colleague,
        )
        return _SENTENCE_START.sub(lambda found: found.group(1) + found.group(2).upper(), text)

    def pain(self) -> str:
        """A pain of the trade that nobody here has named yet; empty when all are told."""
        deck = self._decks.setdefault("pains", self.rng.sample(self.trade["pains"], len(self.trade["pains"])))
        return deck.pop() if deck else ""
