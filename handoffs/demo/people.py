"""The people of Fathomline, the invented company of the demo, and which of them sign in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from handoffs.demo.library import toml
from handoffs.shipped import AUDITOR, REP

DOMAIN = "fathomline.example"
PASSWORD = "fathomline-demo"  # noqa: S105 - printed for whoever starts the demo, and opens nothing else

EMEA_NORTH, EMEA_SOUTH, UK_IRELAND, AMERICAS, APAC = (
    "emea-north",
    "emea-central-south",
    "uk-ireland",
    "north-america",
    "apac",
)
REGIONS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    EMEA_NORTH: ("EMEA North", ("NO", "SE", "DK", "FI", "IS", "EE")),
    EMEA_SOUTH: ("EMEA Central/South", ("DE", "AT", "CH", "FR", "ES", "IT", "PT", "NL", "BE", "PL", "CZ", "MA")),
    UK_IRELAND: ("UK & Ireland", ("GB", "IE")),
    AMERICAS: ("North America", ("US", "CA")),
    APAC: ("APAC", ("JP", "SG", "HK", "MY", "AU", "NZ")),
}
"""Code of a territory: its name and countries."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """Somebody on the roster. `hours` names a calendar of people.toml; empty means on call, day and night."""

    first: str
    last: str
    team: str
    function: str
    job: str
    zone: str = "Europe/London"
    hours: str = ""
    groups: tuple[str, ...] = (REP,)
    territories: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    skills: tuple[str, ...] = ("en",)
    load_cap: int | None = None
    day_cap: int | None = None
    cover: str = ""


WITHOUT_ROSTER: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "ilse": ("Ilse", "Brouwer", (AUDITOR,)),
    "admin": ("Site", "Administrator", ()),
}
"""People who sign in and take no handoffs: first name, last name, groups."""

STAFF = frozenset({"ben", "noor", "ilse", "admin"})
"""Who may open the admin."""

SIGN_INS: Mapping[str, str] = {
    "ingrid": "Account executive: an inbox with every state of the clock",
    "hannah": "Customer success: won deals to take over, expansions she sent",
    "dana": "Sales development: leads to take, the SQLs she sent, one returned",
    "elena": "Sales manager: everything of her team",
    "ben": "RevOps: all handoffs, rules, and routing and SLAs in the admin",
    "rui": "RevOps: signs the rules that Ben drafts; a version of hers waits for sales leadership",
    "gwen": "Chief revenue officer: all handoffs, and rules to sign",
    "ilse": "Auditor: sees all, changes nothing",
    "admin": "Superuser: everything",
}
"""Who has a password, and what they find."""


def people() -> dict[str, Person]:
    """Everybody on the roster, by short key."""
    rows: Mapping[str, Mapping[str, object]] = toml("people")["people"]
    return {
        key: Person(**{name: tuple(value) if isinstance(value, list) else value for name, value in row.items()})  # type: ignore[arg-type]
        for key, row in rows.items()
    }


def email_of(key: str) -> str:
    """The address somebody signs in with."""
    return f"{key}@{DOMAIN}"


def name_of(key: str) -> str:
    """First and last name of anybody who signs in."""
    if key in WITHOUT_ROSTER:
        return " ".join(WITHOUT_ROSTER[key][:2])
    person = people()[key]
    return f"{person.first} {person.last}"


def table() -> str:
    """The people who sign in, as an aligned table: name, e-mail, password, what they find."""
    rows = [("Name", "E-mail", "Password", "What they find")]
    rows += [(name_of(key), email_of(key), PASSWORD, words) for key, words in SIGN_INS.items()]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3]]) for row in rows
    )
