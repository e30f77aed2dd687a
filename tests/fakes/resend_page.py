"""The pages of Resend's stand-in: the mails, newest first, and each as its reader would see it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from tests.fakes.exchange import Call, Page
from tests.fakes.html import STYLE, Markup, document, el, join, lines, link
from tests.fakes.ledger import Row

PER_PAGE = 50

# A mail is a stranger's HTML: no scripts, nothing loaded, an origin of its own.
MAIL_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"

# The briefing's variables that have a place of their own; the others follow under their names.
PLACED = ("owner_name", "account_name", "handoff_type", "sla_deadline")
HEADINGS = {"summary": "Brief", "recommended_approach": "Recommended approach", "key_contacts": "Key contacts"}


def page(call: Call, *, mails: list[Row]) -> Page | None:
    """The page at this path, if there is one: "/", "/mails/<n>", its "/html", and the style sheet."""
    match call.path.strip("/").split("/"):
        case ["style.css"]:
            return Page(content=STYLE, kind="text/css; charset=utf-8")
        case [""]:
            return _list(mails, first=_number(call.query.get("from", "")))
        case ["mails", number]:
            row = _found(mails, number)
            return _mail(row) if row else _missing()
        case ["mails", number, "html"]:
            row = _found(mails, number)
            return Page(content=row["effect"]["html"].encode(), policy=MAIL_POLICY) if row else _missing()
    return None


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 9 else 0


def _found(mails: list[Row], number: str) -> Row | None:
    return next((row for row in mails if row["n"] == _number(number)), None)


def _missing() -> Page:
    body = join(el("h1", "No such mail"), el("p", el("a", "All mails", href="/"), class_="sub"))
    return Page(content=document(title="No such mail", system="Resend", body=body), status=404)


def _list(mails: list[Row], *, first: int) -> Page:
    newest_first = mails[::-1]
    shown = newest_first[first : first + PER_PAGE]
    count = "1 mail, newest first" if len(mails) == 1 else f"{len(mails):,} mails, newest first"
    body = join(
        el("h1", "Sent through Resend"),
        el("p", count, class_="sub"),
        el("ul", *(el("li", _line(row)) for row in shown), class_="mails")
        if shown
        else el("p", "No mail has been sent yet. Run a handoff and reload this page.", class_="empty"),
        _pager(first, total=len(mails)),
    )
    return Page(content=document(title="Mails", system="Resend", body=body))


def _pager(first: int, *, total: int) -> Markup | None:
    newer = el("a", "Newer", href=f"/?from={max(first - PER_PAGE, 0)}") if first else el("span")
    older = el("a", "Older", href=f"/?from={first + PER_PAGE}") if first + PER_PAGE < total else el("span")
    return el("p", newer, older, class_="pager") if total > PER_PAGE else None


def _line(row: Row) -> Markup:
    mail = row["effect"]
    meta = el("span", el("span", ", ".join(mail["to"]), class_="grow"), _time(mail), class_="meta")
    return el("a", meta, el("span", mail["subject"], class_="subject"), href=f"/mails/{row['n']}")


def _time(mail: dict[str, Any]) -> Markup:
    sent = datetime.fromisoformat(mail["created_at"]).astimezone(UTC)
    return el("time", f"{sent:%d %b %Y, %H:%M:%S} UTC", datetime=sent.isoformat())


def _mail(row: Row) -> Page:
    mail = row["effect"]
    facts: list[tuple[str, str | Markup]] = [
        ("From", mail["from"]),
        ("To", ", ".join(mail["to"])),
        ("Sent", _time(mail)),
        ("Sent under", row["key"] or "no key"),
        *([("Template", mail["template"])] if "template" in mail else []),
    ]
    body = join(
        el("p", el("a", "All mails", href="/"), class_="sub"),
        el("h1", mail["subject"]),
        el("dl", *(piece for name, value in facts for piece in (el("dt", name), el("dd", value)))),
        _briefing(mail["variables"]) if "variables" in mail else _written(row),
    )
    return Page(content=document(title=mail["subject"], system="Resend", body=body))


def _briefing(variables: dict[str, str]) -> Markup:
    """The template, as somebody at Resend would have designed it."""
    owner, account = variables.get("owner_name", ""), variables.get("account_name", "")
    about = f"{variables.get('handoff_type', '')} handoff" + (f" for {owner}" if owner else "")
    deadline = variables.get("sla_deadline", "")
    rest = [name for name in (*HEADINGS, *variables) if name in variables and name not in PLACED]
    return el(
        "article",
        el("p", about.strip(), class_="k"),
        el("h2", account or "A mail without an account", class_="account"),
        el("p", el("strong", f"First contact by {deadline}"), class_="due") if deadline else None,
        *(_part(name, variables[name]) for name in dict.fromkeys(rest)),
        class_="card mail",
    )


def _part(name: str, value: str) -> Markup:
    heading = HEADINGS.get(name, name.replace("_", " ").capitalize())
    return join(el("h2", heading), el("p", *_linked(value)))


def _linked(text: str) -> list[Markup]:
    """Text with its line breaks, and addresses to click as a mail program shows them."""
    pieces = re.split(r"(https?://[^\s<>]+)", text)
    return [link(piece, piece) if number % 2 else lines(piece) for number, piece in enumerate(pieces)]


def _written(row: Row) -> Markup:
    mail = row["effect"]
    text = el("pre", mail["text"])
    if not mail["html"]:
        return el("article", text, class_="card mail")
    frame = el("iframe", src=f"/mails/{row['n']}/html", sandbox="", title="The mail as HTML")
    return join(frame, el("details", el("summary", "The same mail as text"), text))
