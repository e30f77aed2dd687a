"""What a reader asks of the inbox: tab, search text, filters and page, out of an address and back into it."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Self
from urllib.parse import urlencode

from django.db.models import Q
from django.http import QueryDict

from handoffs.models import Account, Contact, Deal, Standing, State
from handoffs.views.tabs import TITLES, Reader
from routing.models import HandoffType, Rep, SegmentCode

SEARCH_LIMIT = 100
LAST_PAGE = 20
"""Lists go no further: what lies beyond is found by searching and filtering, at the same cost for any number."""

CLOCKS = {
    "breached": "Breached",
    "at_risk": "At risk",
    "on_track": "On track",
    "waiting": "Waiting",
    "contacted": "Contacted",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Filter:
    """One choice: its name in the address, its label, what may be chosen, and what is."""

    name: str
    label: str
    options: tuple[tuple[str, str], ...]
    value: str = ""
    cleared: str = ""

    @property
    def chosen(self) -> str:
        """The words of what is chosen, if anything."""
        return dict(self.options).get(self.value, "")


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What one address asks for. `view` is empty when it names no tab; `refused` says which parts were left out."""

    view: str = ""
    q: str = ""
    chosen: Mapping[str, str] = field(default_factory=dict)
    page: int = 1
    refused: tuple[str, ...] = ()

    def query(self, **changes: str | int) -> str:
        """The query string of the same question with `changes`, which may also name filters; an empty value clears."""
        parts = {"view": self.view, "q": self.q, **self.chosen, "page": self.page, **changes}
        return urlencode({name: value for name, value in parts.items() if value and (name, value) != ("page", 1)})

    def without_filters(self) -> Self:
        """The same tab and search text."""
        return replace(self, chosen={}, page=1)

    @property
    def is_narrowed(self) -> bool:
        """Whether anything but the tab narrows the list."""
        return bool(self.q or self.chosen)


def read(data: QueryDict, reader: Reader, *, offers_people: bool = True) -> tuple[Asked, list[Filter]]:
    """The question in the parameters of an address, and the filters the reader may choose from; one query at most.

    Without `offers_people` nobody is among the choices but whom the address names: the page has the others already.

    What cannot be understood is left out, with a sentence in `refused`.
    """
    named = None if offers_people else _numbers(data.get("owner", ""), data.get("sender", ""))
    chosen, refused, offered = {}, [], filters(reader, among=named)
    for each in offered:
        value = _clean(data.get(each.name, ""))
        if value in dict(each.options):
            chosen[each.name] = value
        elif value:
            refused.append(f"“{value[:40]}” is not a choice of {each.label.lower()}, so that filter was left out.")
    view = _clean(data.get("view", ""))
    if view and view not in TITLES:
        refused.append(f"There is no view “{view[:40]}”, so your usual one is shown.")
    number = data.get("page", "1")
    asked = Asked(
        view=view if view in TITLES else "",
        q=_clean(data.get("q", ""))[:SEARCH_LIMIT],
        chosen=chosen,
        page=min(max(int(number), 1), LAST_PAGE) if re.fullmatch("[0-9]{1,6}", number) else 1,
        refused=tuple(refused),
    )
    shown = [
        replace(each, value=chosen.get(each.name, ""), cleared=asked.query(page=1, **{each.name: ""}))
        for each in offered
    ]
    return asked, shown


def filters(reader: Reader, *, among: Collection[int] | None = None) -> list[Filter]:
    """What the reader may narrow lists by; people only for those who see other people's work, `among` these ids."""
    found = [
        Filter(name="type", label="Type", options=tuple((each.value, each.short) for each in HandoffType)),
        Filter(name="segment", label="Segment", options=tuple(SegmentCode.choices)),
        Filter(name="clock", label="Clock", options=tuple(CLOCKS.items())),
        Filter(name="gaps", label="Gaps", options=(("1", "With gaps"),)),
    ]
    if reader.sees_others:
        seen = Rep.objects.filter(is_active=True)
        if among is not None:
            seen = seen.filter(pk__in=among)  # no query for nobody
        people = seen if reader.sees_all else seen.filter(team__in=reader.teams)
        named = tuple((str(pk), f"{first} {last}".strip()) for pk, first, last in people.values_list(*NAMES))
        found.append(Filter(name="owner", label="Owner", options=named))
        if reader.sees_all:
            found.append(Filter(name="sender", label="Sender", options=named))
    return found


def _numbers(*values: str) -> set[int]:
    return {int(value) for value in values if re.fullmatch("[0-9]{1,9}", value)}


NAMES = ("pk", "first_name", "last_name")


def condition(asked: Asked, *, now: datetime) -> Q:
    """What search text and filters leave of a list at `now` (UTC)."""
    found = _matches(asked.q) if asked.q else Q()
    for name, value in asked.chosen.items():
        found &= _filter(name, value, now)
    return found


def _filter(name: str, value: str, now: datetime) -> Q:
    running = Q(standing=Standing.RUNNING)
    match name:
        case "type":
            return Q(handoff_type=value)
        case "segment":
            return Q(segment=value) | Q(segment="", account__tier=value)
        case "gaps":
            return Q(is_flagged=True) | Q(state=State.BLOCKED)
        case "owner":
            return Q(owner_id=int(value))
        case "sender":
            return Q(from_rep_id=int(value))
    return {
        "breached": running & Q(due_at__lte=now),
        "at_risk": running & Q(at_risk_at__lte=now, due_at__gt=now),
        "on_track": running & Q(at_risk_at__gt=now),
        "waiting": Q(standing=Standing.WAITING),
        "contacted": Q(standing=Standing.FOLLOWED),
    }[value]


def _matches(q: str) -> Q:
    """A number names a handoff; other text is looked for in accounts, their contacts, and deals.

    Each kind is searched by itself: joined, no index would help.
    """
    number = re.fullmatch(r"(?:ho-?)?([0-9]{1,18})", q, flags=re.IGNORECASE)
    if number:
        return Q(pk=int(number[1])) | Q(deal__in=Deal.objects.filter(crm_id__icontains=q).values("pk"))
    people = Contact.objects.all()
    for word in q.split()[:5]:
        people = people.filter(Q(first_name__icontains=word) | Q(last_name__icontains=word) | Q(email__icontains=word))
    accounts = Account.objects.filter(Q(name__icontains=q) | Q(domain__icontains=q) | Q(crm_id__iexact=q))
    deals = Deal.objects.filter(Q(name__icontains=q) | Q(crm_id__iexact=q))
    of_account = Q(account__in=accounts.values("pk")) | Q(account__in=people.values("account"))
    return of_account | Q(deal__in=deals.values("pk"))


def _clean(text: str) -> str:
    """Without NUL, which the database refuses, and without spare space."""
    return " ".join(text.replace("\0", "").split())
