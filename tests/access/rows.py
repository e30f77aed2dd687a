"""How the permission matrix is written: one row per address, and what each person is answered there."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from tests.access.personas import EVERYBODY, NOBODY, SEES, STAFF, STRANGERS, Persona, Who

READS = ("GET", "HEAD")
WRITES = ("POST", "PUT", "PATCH", "DELETE")
METHODS = (*READS, *WRITES, "OPTIONS")


class Answer(StrEnum):
    """What comes back, by class."""

    YES = "yes"
    """Let in: a page, an answer, a redirect onwards; or what was sent was looked at (400, 409, 422)."""
    SIGN_IN = "sign in"
    """401, or a redirect to a sign-in page."""
    FORBIDDEN = "403"
    MISSING = "404"
    METHOD = "405"


class Kind(StrEnum):
    """Where an address belongs; it decides how a refusal looks."""

    OPEN = "Open to everybody"
    PAGE = "Pages"
    HANDOFF = "Pages of one handoff"
    API = "API"
    ADMIN = "Admin"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One address. A method that `let` does not name is answered with 405."""

    route: str
    kind: Kind
    let: Mapping[str, Who]
    """Method -> who is let in; HEAD goes with GET."""
    hidden_from: Who = NOBODY
    """For whom there is nothing at the address: 404."""
    refused_with: Answer | None = None
    """The one refusal of an address that asks for no session."""
    note: str = ""
    on: str = "assigned"
    """Which of the world's handoffs the address speaks of."""
    fill: Mapping[str, str] = field(default_factory=dict)
    """Parameter of the route -> the world's value for it, where the parameter's own name does not say it."""
    query: str = ""
    body: Mapping[str, str] | None = None
    """What a write sends; "{colleague}" is the world's value of that name. Whoever is let in must change something."""
    group: str = ""
    """Under which heading the document puts it, if not under its kind's."""

    def answer(self, persona: Persona, method: str) -> Answer:
        """What the persona must be answered."""
        asked = "GET" if method == "HEAD" else method
        allowed = self.let.get(asked)
        if self.kind == Kind.API and persona in STRANGERS and persona not in self.everybody_let_in:
            return Answer.SIGN_IN  # the API asks who is there before anything else
        if self.kind == Kind.ADMIN and asked in {"GET", "POST"} and persona not in STAFF:
            return Answer.SIGN_IN if persona in STRANGERS else Answer.FORBIDDEN  # and so does the admin
        if allowed is None:
            return Answer.METHOD
        if persona in allowed:
            return Answer.YES
        if self.refused_with is not None:
            return self.refused_with
        if persona in STRANGERS and self.kind != Kind.OPEN:
            return Answer.SIGN_IN
        return Answer.MISSING if persona in self.hidden_from else Answer.FORBIDDEN

    @property
    def everybody_let_in(self) -> Who:
        """Who is let in by any method."""
        return frozenset().union(*self.let.values())


def open_to_all(route: str, *methods: str, **more: Any) -> Row:
    """An address without a guard."""
    return Row(route=route, kind=Kind.OPEN, let=dict.fromkeys(methods, EVERYBODY), **more)


def hidden(route: str, *methods: str, **more: Any) -> Row:
    """An address for machines with a secret of their own; for people it does not exist, signed in or not."""
    let = dict.fromkeys(methods, NOBODY)
    return Row(route=route, kind=Kind.OPEN, let=let, hidden_from=EVERYBODY, **more)


def page(route: str, *, hidden_from: Who = NOBODY, **let_or_more: Any) -> Row:
    """A page; strangers are sent to sign in, others refused with 403, or 404 if it is hidden from them."""
    let, more = _split(let_or_more)
    return Row(route=route, kind=Kind.PAGE, let=let, hidden_from=hidden_from, **more)


def of_handoff(route: str, **let_or_more: Any) -> Row:
    """A page of one handoff, which does not exist for those who do not see the handoff."""
    let, more = _split(let_or_more)
    return Row(
        route=f"handoffs/<reference:number>/{route}", kind=Kind.HANDOFF, let=let, hidden_from=EVERYBODY - SEES, **more
    )


def api(route: str, *, under: str = "api/v1/", hidden_from: Who = NOBODY, **let_or_more: Any) -> Row:
    """A route of the API; strangers are answered 401."""
    let, more = _split(let_or_more)
    return Row(route=f"{under}{route}", kind=Kind.API, let=let, hidden_from=hidden_from, **more)


def api_of_handoff(route: str, **let_or_more: Any) -> Row:
    """A route of the API about one handoff."""
    return api(f"handoffs/<str:handoff>/{route}", hidden_from=EVERYBODY - SEES, **let_or_more)


def admin(route: str, *, hidden_from: Who = NOBODY, **let_or_more: Any) -> Row:
    """An address of the admin; strangers are sent to sign in, and who is no staff is answered 403."""
    let, more = _split(let_or_more)
    return Row(route=f"admin/{route}", kind=Kind.ADMIN, let=let, hidden_from=hidden_from, **more)


def _split(given: Mapping[str, Any]) -> tuple[dict[str, Who], dict[str, Any]]:
    return (
        {key: value for key, value in given.items() if key in METHODS},
        {key: value for key, value in given.items() if key not in METHODS},
    )


# --- Addresses of routes --------------------------------------------------------------------------

_PARAMETER = re.compile(r"(?<!\?P)<(?:\w+:)?(\w+)>")
_GROUP = re.compile(r"\((?:\?P<(\w+)>)?(?:[^()\\]|\\.|\((?:[^()])*\))*\)\??")


def address(row: Row, value: Callable[[str], str]) -> str:
    """The row's route with every parameter filled in; `value` is asked by the parameter's name, or its place ("0")."""
    places = iter(range(9))

    def fill(name: str | None) -> str:
        key = name or str(next(places))
        return value(row.fill.get(key, key))

    route = _PARAMETER.sub(lambda found: fill(found[1]), row.route)
    if "(" in route or "^" in route:
        route = _GROUP.sub(lambda found: fill(found[1]), route)
        route = route.replace("^", "").replace("$", "").replace("\\", "")
    return f"/{route}{row.query}"
