"""The transition table, and the refusals that name the present state."""

from __future__ import annotations

from collections.abc import Mapping

from handoffs.models import Handoff, State

S = State
MOVES: Mapping[str, tuple[frozenset[State], frozenset[State]]] = {
    "run": (
        frozenset({S.RECEIVED, S.BLOCKED, S.UNASSIGNED}),
        frozenset({S.BLOCKED, S.UNASSIGNED, S.ASSIGNED}),
    ),
    "acknowledge": (frozenset({S.ASSIGNED}), frozenset({S.ACKNOWLEDGED})),
    "undo_acknowledge": (frozenset({S.ACKNOWLEDGED}), frozenset({S.ASSIGNED})),
    "log_contact": (frozenset({S.ASSIGNED, S.ACKNOWLEDGED}), frozenset({S.CONTACTED})),
    "add_findings": (frozenset({S.CONTACTED, S.MEETING_BOOKED}), frozenset({S.CONTACTED, S.MEETING_BOOKED})),
    "book_meeting": (frozenset({S.CONTACTED}), frozenset({S.MEETING_BOOKED})),
    "reject": (frozenset({S.ASSIGNED, S.ACKNOWLEDGED}), frozenset({S.REJECTED})),
    "resubmit": (frozenset({S.REJECTED}), frozenset({S.RECEIVED})),
    "reassign": (frozenset({S.ASSIGNED, S.ACKNOWLEDGED, S.UNASSIGNED}), frozenset({S.ASSIGNED})),
    "take": (frozenset({S.UNASSIGNED}), frozenset({S.ASSIGNED})),
    "close": (frozenset({S.CONTACTED, S.MEETING_BOOKED}), frozenset({S.CONVERTED, S.LOST})),
    "withdraw": (
        frozenset({S.RECEIVED, S.BLOCKED, S.UNASSIGNED, S.ASSIGNED, S.ACKNOWLEDGED, S.REJECTED}),
        frozenset({S.WITHDRAWN}),
    ),
}

_DOING = {
    "run": "routed",
    "acknowledge": "acknowledged",
    "undo_acknowledge": "un-acknowledged",
    "log_contact": "marked as contacted",
    "add_findings": "given findings",
    "book_meeting": "given a meeting",
    "reject": "returned to the sender",
    "resubmit": "resubmitted",
    "reassign": "reassigned",
    "take": "taken",
    "close": "closed",
    "withdraw": "withdrawn",
}


class RefusedError(Exception):
    """The change was not made; the message is a sentence for people."""


class IllegalMoveError(RefusedError):
    """The handoff is in a state from which this cannot be done."""


class StaleVersionError(RefusedError):
    """Somebody changed the handoff since the caller last read it."""


class MovedOnError(RefusedError):
    """The handoff has another owner than the one the caller read, or was told of."""


class BadValueError(RefusedError):
    """A value the caller gave cannot be, such as a contact time in the future."""


def whose(handoff: Handoff) -> str:
    """Whom it has moved on to, to follow its number in a refusal."""
    return f"is now owned by {handoff.owner}" if handoff.owner else "has no owner at the moment"


def check(handoff: Handoff, verb: str, to: State) -> None:
    """Raises IllegalMoveError unless `verb` may take the handoff from its present state to `to`."""
    sources, targets = MOVES[verb]
    if handoff.state in sources and to in targets:
        return
    now_is = State(handoff.state).label.lower()
    raise IllegalMoveError(
        f"{handoff.reference} is {now_is}, so it cannot be {_DOING[verb]}. Look at it again to see where it stands."
    )


def check_version(handoff: Handoff, version: int | None) -> None:
    """Raises StaleVersionError if the caller decided on an older `version`; None means the caller did not look."""
    if version is not None and version != handoff.version:
        now_is = State(handoff.state).label.lower()
        raise StaleVersionError(
            f"{handoff.reference} has changed since you opened it and is now {now_is}. Nothing was done: look again."
        )
