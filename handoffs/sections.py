"""The type's own section of the package: every item of its template with its value, read from the stored sources."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from handoffs import stored, wording
from handoffs.buying_roles import ROLES, UNKNOWN, buying_role
from handoffs.connectors.ports import ActivityRecord, ContactRecord
from handoffs.context import Context
from handoffs.stored import Stored
from handoffs.template_sources import TEMPLATES, TOUCHES, Item

LINES_PER_ITEM = 12
"""The newest lines kept of one source; a first line says how many older there are."""

SourceReader = Callable[[Context, str], Stored | None]
ItemReader = Callable[[Context], Stored | None]


def template_section(context: Context, *, handoff_type: str) -> tuple[dict[str, Any], dict[str, Stored]]:
    """The section `{"type", "title", "items"}` and, per item key, the stored value behind it.

    An item is `{"key", "label", "group", "value", "source"}`; its value is a list of lines, or None when unknown.
    Raises KeyError for an unknown type.
    """
    template = TEMPLATES[handoff_type]
    found = {item.key: _read(context, item) for item in template.items}
    items = [
        {
            "key": item.key,
            "label": item.label,
            "group": item.group,
            "value": known.value if (known := found[item.key]) else None,
            "source": known.source if known else None,
        }
        for item in template.items
    ]
    section = {"type": handoff_type, "title": template.title, "items": items}
    return section, {key: known for key, known in found.items() if known}


def _read(context: Context, item: Item) -> Stored | None:
    reader = _ITEM_READERS.get(item.key)
    if reader:
        return reader(context)
    read = (_SOURCE_READERS[source.kind](context, source.name or item.key) for source in item.sources)
    found = [known for known in read if known]
    if not item.combine:
        found = found[:1]
    lines = list(dict.fromkeys(line for known in found for line in known.value))
    if not lines:
        return None
    dates = [known.as_of for known in found if known.as_of]
    return Stored(lines, ", ".join(known.source for known in found), max(dates, default=None))


def _metadata(context: Context, name: str) -> Stored | None:
    known = stored.metadata(context, name)
    said = stored.lines(known.value) if known else []
    return Stored(said, known.source, known.as_of) if known and said else None


def _notes(context: Context, name: str) -> Stored | None:
    found = stored.notes(context, name)
    if not found:
        return None
    said = [
        f"{stored.quote(note.body)}{_signed(note.contact_name, note.author_name, note.occurred_at)}" for note in found
    ]
    return Stored(_latest(said), f"notes {', '.join(note.crm_id for note in found[-3:])}", stored.newest(found))


def _activities(context: Context, name: str) -> Stored | None:
    found = stored.activities(context, name)
    if not found:
        return None
    return Stored(_latest([_happened(act) for act in found]), f"{name} activities", stored.newest(found))


def _contacts(context: Context, name: str) -> Stored | None:
    """People by role: all of them for the stakeholder map, else those in the role of that name."""
    people = [(contact, buying_role(contact)) for contact in context.contacts]
    wanted = [(contact, role) for contact, role in people if name in (role, "stakeholder_map")]
    named = [_in_role(contact, role) for contact, role in wanted if role != UNKNOWN and contact.name]
    dates = [contact.updated_at for contact, _ in wanted if contact.updated_at]
    return Stored(named, "roles of the contacts", max(dates, default=None)) if named else None


def _usage(context: Context) -> Stored | None:
    usage = context.usage
    return Stored(stored.usage_lines(usage), "product usage", usage.as_of) if usage and usage.stage else None


def _content(context: Context) -> Stored | None:
    engaged = [
        f"{wording.day(piece.occurred_at)}: {stored.piece(piece)}{f', {who}' if (who := piece.contact_name) else ''}"
        for piece in context.content
    ]
    return Stored(_latest(engaged), "content engagement", stored.newest(context.content)) if engaged else None


def _lead_score(context: Context) -> Stored | None:
    known = stored.score(context)
    return Stored([f"{known.value} of 100"], known.source, known.as_of) if known else None


def _lead_source(context: Context) -> Stored | None:
    known = stored.metadata(context, "source")
    return Stored([wording.words(stored.text(known.value))], known.source, known.as_of) if known else None


def _known_for(context: Context) -> Stored | None:
    since = context.account.created_at
    if since is None:
        return None
    days = max((context.gathered_at - since).days, 0)
    return Stored([f"{wording.counted(days, 'day')}, since {wording.day(since)}"], "account created", since)


def _visits(context: Context) -> Stored | None:
    """Visits by page with their number, then the events attended."""
    visits, events = stored.activities(context, "web_visit"), stored.activities(context, "event")
    pages: dict[str, list[ActivityRecord]] = {}
    for visit in visits:
        pages.setdefault(str(visit.properties.get("page") or visit.subject), []).append(visit)
    ranked = sorted(pages.items(), key=lambda entry: -len(entry[1]))[:LINES_PER_ITEM]
    said = [
        f"{page}: {wording.counted(len(seen), 'visit')}, last {wording.day(seen[-1].occurred_at)}"
        for page, seen in ranked
    ]
    said += _latest([_happened(event) for event in events])
    if not said:
        return None
    kinds = [name for name, found in (("web_visit", visits), ("event", events)) if found]
    return Stored(said, f"{' and '.join(kinds)} activities", stored.newest([*visits, *events]))


def _last_touch(context: Context) -> Stored | None:
    touches = stored.activities(context, *TOUCHES)
    if not touches:
        return None
    last = touches[-1]
    return Stored([_happened(last)], f"activity {last.crm_id}", last.occurred_at)


def _products_asked_for(context: Context) -> Stored | None:
    kept = stored.metadata(context, "products")
    asked = [
        act
        for act in stored.activities(context, "demo_request", "trial", "form")
        if stored.is_known(act.properties.get("product"))
    ]
    products = stored.lines(kept.value) if kept else []
    products += [line for act in asked for line in stored.lines(act.properties["product"])]
    if not products:
        return None
    sources = [kept.source] if kept else []
    sources += [f"activities {', '.join(act.crm_id for act in asked[-3:])}"] if asked else []
    as_of = stored.newest(asked) or (kept.as_of if kept else None)
    return Stored(list(dict.fromkeys(products)), ", ".join(sources), as_of)


def _happened(act: ActivityRecord) -> str:
    value = act.properties.get("value")
    worth = f", worth {stored.text(value)}" if act.kind == "expansion_signal" and stored.is_known(value) else ""
    status = act.properties.get("status")
    state = f", {stored.text(status)}" if act.kind == "support_ticket" and stored.is_known(status) else ""
    who = f" ({act.contact_name})" if act.contact_name else ""
    return f"{wording.day(act.occurred_at)}: {act.subject or wording.words(act.kind)}{worth}{state}{who}"


def _latest(lines: list[str]) -> list[str]:
    hidden = len(lines) - LINES_PER_ITEM
    return lines if hidden <= 0 else [f"({hidden} older in the CRM)", *lines[-LINES_PER_ITEM:]]


def _signed(speaker: str, author: str, at: datetime) -> str:
    return f" ({', '.join(part for part in (speaker or author, wording.day(at)) if part)})"


def _in_role(contact: ContactRecord, role: str) -> str:
    title = f", {contact.title}" if contact.title else ""
    return f"{contact.name}{title}: {ROLES[role].lower()}"


_SOURCE_READERS: Mapping[str, SourceReader] = {
    "metadata": _metadata,
    "note": _notes,
    "activity": _activities,
    "contacts": _contacts,
    "usage": lambda context, _: _usage(context),
}
# Items that say more than a list of their sources would.
_ITEM_READERS: Mapping[str, ItemReader] = {
    "lead_source": _lead_source,
    "lead_score": _lead_score,
    "known_for": _known_for,
    "content": _content,
    "visits": _visits,
    "last_touch": _last_touch,
    "products_asked_for": _products_asked_for,
}
