"""The pulse: what has changed since the inbox was drawn, for a page that asks every 30 seconds.

The page sends what it shows and gets back what differs. Chips and counts are swapped where they are; rows are never
moved, added or taken away: instead a line offers to refresh.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from django.http import HttpRequest, HttpResponse

from handoffs import wording
from handoffs.access import visible_to
from handoffs.models import Handoff
from handoffs.now import now
from handoffs.views import asked as questions
from handoffs.views import chips, inbox, queue, tabs
from handoffs.views.chips import Chip
from handoffs.views.page import PageRequest, methods, page, reading_of, signed_in
from handoffs.views.words import Reading

MARK = re.compile(r"([1-9][0-9]{0,17}):([a-z]{1,12})-([a-z]{1,8})-([0-9]{1,9})-([0-9a-f]{1,4})")
UNCHANGED = 204


@dataclass(frozen=True, slots=True)
class Mark:
    """What the page shows of one row: its group and tone, the version it was drawn from, and the sum of its words."""

    group: str
    tone: str
    version: str
    words: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Fresh:
    """One row as it is now, against what the page shows of it."""

    handoff: Handoff
    chip: Chip
    mark: str
    shown: Mark

    @property
    def has_changed(self) -> bool:
        """Whether its chip reads differently."""
        return self.mark != f"{self.shown.group}-{self.shown.tone}-{self.shown.version}-{self.shown.words}"

    @property
    def is_worse(self) -> bool:
        """Whether it has come to be at risk or breached."""
        return (self.chip.group, self.chip.tone) != (self.shown.group, self.shown.tone) and (
            self.chip.group == chips.BREACHED or self.chip.tone == "warn"
        )

    @property
    def is_out_of_place(self) -> bool:
        """Whether the row belongs elsewhere or shows more than its chip wrongly."""
        return self.chip.group != self.shown.group or str(self.handoff.version) != self.shown.version


@methods("GET", "HEAD")
@signed_in
def pulse(request: HttpRequest) -> HttpResponse:
    """What changed for a page of the same address; 204 when nothing did.

    `marks` lists what it shows as "number:mark" with commas, `figures` is the sum of its counts, and `stale` says
    what it already offers to refresh for.
    """
    user = cast(PageRequest, request).user
    reading = reading_of(user, now())
    reader = tabs.reader_of(user)
    asked, _ = questions.read(request.GET, reader, offers_people=False)
    view = inbox.view_of(asked, reader, reading)
    headline = inbox.headline(reader, tabs.counts(reader, now=reading.now), asked, view, reading)
    shown = _shown(request.GET.get("marks", ""))
    wanted = queue.page_of(inbox.narrowed(reader, asked, view, reading), view, page=asked.page)
    fresh = _fresh(shown, reader, reading)
    changed = [each for each in fresh if each.has_changed]
    stale, already = _stale(list(shown), wanted, fresh), request.GET.get("stale", "")
    if not changed and (headline["figures"], stale) == (request.GET.get("figures"), already):
        return HttpResponse(status=UNCHANGED)
    said = _said(changed, stale if stale != already else "")
    context = {"changed": changed, "stale": stale, "said": said, "query": asked.query()}
    return page(request, "handoffs/_pulse.html", headline | context)


def _fresh(shown: Mapping[int, Mark], reader: tabs.Reader, reading: Reading) -> list[Fresh]:
    """The shown rows that the reader may still see, as they are now."""
    allowed = set(visible_to(reader.user).filter(pk__in=shown).values_list("pk", flat=True))
    found = []
    for handoff in queue.loaded([number for number in shown if number in allowed]):
        chip = queue.chip_of(handoff, reader.rep, reading)
        found.append(Fresh(handoff=handoff, chip=chip, mark=queue.mark(handoff, chip), shown=shown[handoff.pk]))
    return found


def _shown(marks: str) -> dict[int, Mark]:
    """What the page says it shows, in its order; what is no mark is left out."""
    found = (MARK.fullmatch(part) for part in marks.split(",")[: queue.PAGE_SIZE])
    return {int(each[1]): Mark(*each.groups()[1:]) for each in found if each}


def _stale(shown: list[int], wanted: list[int], fresh: list[Fresh]) -> str:
    """Why the list is worth drawing again, in a sentence; empty when it is as it would be drawn."""
    arrived = len(set(wanted) - set(shown))
    if arrived and set(shown) <= set(wanted):
        return "1 new handoff has arrived." if arrived == 1 else f"{arrived} new handoffs have arrived."
    group = {each.handoff.pk: queue.PLACES[each.chip.group] for each in fresh}
    in_order = sorted((number for number in wanted if number in group), key=group.__getitem__)
    if shown != in_order or any(each.is_out_of_place for each in fresh):
        return "Order changed."
    return ""


def _said(changed: list[Fresh], stale: str) -> str:
    """At most one sentence for those who hear the page, and only when something came to a head."""
    worse = [each for each in changed if each.is_worse]
    if len(worse) > 1:
        return f"{len(worse)} handoffs are now at risk or breached."
    if worse:
        [one] = worse
        return f"{wording.name(one.handoff.account.name)}: {one.chip.label.lower()}, {one.chip.words}."
    return stale
