"""Acknowledging from outside the pages: what must still hold when it comes, and what the log says of it."""

from __future__ import annotations

from dataclasses import dataclass

from handoffs.models import Event, Handoff
from handoffs.states import MovedOnError, RefusedError, whose


class UsedUpError(RefusedError):
    """This link or this press has done its work before."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Via:
    """A way in: `by` "link" or "slack", for assignment `number` alone, and good for one acknowledgement.

    `once` names the link or the press; the log remembers it, so that an acknowledgement that was taken back is not
    repeated by a scanner or a replay.
    """

    by: str
    number: int
    once: str

    @property
    def facts(self) -> dict[str, str | int]:
        """What the line of the log holds of it."""
        return {"via": self.by, "assignment": self.number, "once": self.once}

    def was_used(self, handoff: Handoff) -> bool:
        """Whether the log shows that it has acknowledged this handoff."""
        return Event.objects.filter(stream=handoff.stream, verb="acknowledged", facts__once=self.once).exists()

    def check(self, handoff: Handoff) -> None:
        """Raises MovedOnError or UsedUpError; on a locked row the answer holds until commit."""
        if handoff.assignment is None or handoff.assignment.number != self.number:
            raise MovedOnError(f"{handoff.reference} {whose(handoff)}, so there is nothing for you to acknowledge.")
        if self.was_used(handoff):
            raise UsedUpError(
                f"This has acknowledged {handoff.reference} before and works once. Sign in to acknowledge it again."
            )
