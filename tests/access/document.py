"""The permission matrix as a document for people."""

from collections.abc import Iterator
from pathlib import Path

from tests.access.admin_table import MODELS, Rows
from tests.access.matrix import MATRIX
from tests.access.personas import STAFF, STRANGERS, Persona, Who
from tests.access.rows import METHODS, Kind, Row

WHERE = Path(__file__).resolve().parents[2] / "docs" / "permissions.md"

_TOP = """\
# Who may do what

<!-- Written by `make permissions` from tests/access; a test holds it current. -->

Every address of the product, and how it answers whom. `make every-cell` asks all of them as every person by every
method ({cells:,} cells), and counts the rows each request writes: GET, HEAD and OPTIONS write nothing, and neither does
a request that is refused. `make test` leaves out what one guard refuses to all alike, and second looks at a page.

| answer | means |
|---|---|
| yes | let in; what is sent may still be refused for what it says (400, 422) or for the handoff's state (409) |
| sign in | 401, or the sign-in page |
| 403 | may see it, and may not do this |
| 404 | does not exist for this person |

A method that is not listed is answered with 405; HEAD goes with GET. All persons below look at the same handoff, which
went from the sender to the former owner and on to the owner.

| person | who that is |
|---|---|
{people}
"""
_WORDS = {
    Persona.ANONYMOUS: "nobody who signed in",
    Persona.INACTIVE: "somebody who has left, with a browser still open; answered as a stranger everywhere",
    Persona.OWNER: "a rep who owns the handoff",
    Persona.FORMER: "a rep of the same team who owned it before",
    Persona.COLLEAGUE: "a rep of the same team who was never concerned",
    Persona.SENDER: "the rep who handed it over",
    Persona.MANAGER: "manages the owner's team",
    Persona.SENDERS_MANAGER: "manages the sender's team alone",
    Persona.OTHER_MANAGER: "manages a third team",
    Persona.REVOPS: "keeps the machine",
    Persona.LEADERSHIP: "sees all, and approves",
    Persona.AUDITOR: "sees all, and changes nothing",
    Persona.SUPERUSER: "may do all that anybody may",
}
_COLUMNS = {"stranger": Persona.ANONYMOUS, **{str(one): one for one in Persona if one not in STRANGERS}}


def document() -> str:
    """The whole text of docs/permissions.md."""
    people = "\n".join(f"| {persona} | {words} |" for persona, words in _WORDS.items())
    parts = [_TOP.format(cells=len(MATRIX) * len(METHODS) * len(Persona), people=people)]
    for kind in (Kind.OPEN, Kind.PAGE, Kind.HANDOFF, Kind.API):
        parts += _section(str(kind), [row for row in MATRIX if row.kind == kind])
    parts += ["## Admin\n", _ADMIN]
    parts += ["\n".join(_models()) + "\n"]
    others = [row for row in MATRIX if row.kind == Kind.ADMIN and not row.group]
    parts += ["Its other addresses:\n", _table(others, {name: one for name, one in _COLUMNS.items() if one in STAFF})]
    return "\n".join(parts)


_ADMIN = """\
For staff: RevOps, auditors and superusers. Everybody else who signed in is answered 403. A handoff is never edited
here: its buttons and actions call the same verbs as the pages do, under the same rights.
"""


def _section(title: str, rows: list[Row]) -> Iterator[str]:
    if rows:
        yield f"## {title}\n"
        yield _table(rows, _COLUMNS)


def _table(rows: list[Row], columns: dict[str, Persona]) -> str:
    lines = [f"| address | method | {' | '.join(columns)} |", f"|---|---|{'---|' * len(columns)}"]
    for row in rows:
        shown = f"`/{row.route}`".replace("|", "\\|") + (f"<br>{row.note}" if row.note else "")
        lines += [
            f"| {shown} | {method} | {' | '.join(row.answer(one, method) for one in columns.values())} |"
            for method in METHODS
            if method in row.let
        ]
    return "\n".join(lines) + "\n"


def _models() -> Iterator[str]:
    yield "| rows | look | add | change | delete | besides |"
    yield "|---|---|---|---|---|---|"
    for rows in MODELS:
        yield (
            f"| `{rows.label}` | {_names(rows.looks)} | {_names(rows.adds)} | {_names(rows.changes)} "
            f"| {_names(rows.deletes)} | {_besides(rows)} |"
        )


def _names(who: Who) -> str:
    return ", ".join(one for one in Persona if one in who) or "nobody"


def _besides(rows: Rows) -> str:
    verbs: dict[str, Who] = {}
    for name, who in (*rows.actions, *((name, who) for name, who, _ in rows.buttons)):
        verbs[name.replace("_these", "").replace("_this", "").replace("_", " ")] = who
    parts = [f"{name}: {_names(who)}" for name, who in verbs.items()]
    parts += ["earlier versions, to look at"] if rows.history else []
    parts += ["CSV and XLSX, in and out"] if rows.sheets else []
    return "; ".join(parts)
