"""A handoff of the demo before and while it happens."""

from __future__ import annotations

from dataclasses import dataclass

from handoffs.demo.books import Book
from handoffs.demo.fate import Fate
from handoffs.models import Deal, Handoff
from routing.models import HandoffType

MQL, SQL, WON, EXPANSION = (
    HandoffType.MQL_TO_SALES,
    HandoffType.SQL_TO_AE,
    HandoffType.CLOSED_TO_CS,
    HandoffType.EXPANSION_TO_SALES,
)


@dataclass(frozen=True, slots=True)
class Scene:
    """A handoff that stands open now: `used` is the share of its first-contact target that has passed."""

    firm: str
    kind: HandoffType
    used: float
    acknowledged: bool = False
    sender: str = ""
    named: str = ""
    blocked: bool = False
    returned: float = 0.0
    contacted: float = 0.0


@dataclass(frozen=True, slots=True)
class Case:
    """A handoff with all that its next steps need. `scene` marks one written by hand; one that `ends` leads nowhere."""

    book: Book
    kind: HandoffType
    fate: Fate
    deal: Deal | None = None
    handoff: Handoff | None = None
    scene: Scene | None = None
    ends: bool = False

    @property
    def row(self) -> Handoff:
        """The handoff, which exists once the case has begun."""
        if self.handoff is None:
            raise AssertionError("The case has not begun.")
        return self.handoff

    @property
    def stays_open(self) -> bool:
        """Whether nothing happens after the acknowledgement."""
        return self.scene is not None and not (self.scene.returned or self.scene.contacted)
