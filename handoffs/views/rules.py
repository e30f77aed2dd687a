"""Versions of the rules: what changes, what is wrong with them, who signed, and what can be done next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse

from handoffs import rule_signatures, timeline
from handoffs.models import Approval
from handoffs.now import now
from handoffs.rule_access import may_with_rules, sees_rules
from handoffs.views.errors import NothingThereError
from handoffs.views.page import PageRequest, View, methods, page, reading_of, signed_in
from handoffs.views.rule_acts import Act
from handoffs.views.rule_list import rule_list
from handoffs.views.rule_ways import ways, why_not
from handoffs.views.words import Reading, initials, tint, types_named
from routing import checks, reports
from routing.contents import contents_of
from routing.differences import Difference, differences
from routing.found import CHECK
from routing.models import Check, Rule, RuleSet, Segment, Territory, User
from routing.publish import BlockedError, ConflictError
from routing.soundness import Problem
from routing.version_locks import VersionError

PAGE_SIZE = 50
EDITED = "rules_edited"
SHOWN_LINES = 100
State = RuleSet.State
TONES = {State.DRAFT: "info", State.IN_APPROVAL: "warn", State.LIVE: "ok", State.ARCHIVED: "idle"}
WHO_SIGNS = {
    Approval.Side.REVOPS: "A RevOps manager or director, or somebody of RevOps",
    Approval.Side.LEADERSHIP: "The CRO, a sales manager, or somebody of leadership",
}
MODELS = {"rule": Rule, "territory": Territory, "segment": Segment}


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """A problem as the page shows it; `url` leads staff to where it is mended."""

    sentence: str
    is_blocking: bool
    url: str
    label: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Signature:
    """One side's place to sign: `approval` once somebody did."""

    side: str
    who: str
    initials: str
    tint: str
    note: str
    is_signed: bool


@methods("GET", "HEAD")
@signed_in
def versions(request: HttpRequest) -> HttpResponse:
    """All versions, the newest first."""
    asked = cast(PageRequest, request)
    _must_see(asked.user)
    rows = RuleSet.objects.select_related("based_on", "author", "edited_by").order_by("-number")
    shown = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    reading = reading_of(asked.user, now())
    live = RuleSet.objects.filter(state=State.LIVE).first()
    context = {
        "place": "rules",
        "shown": shown,
        "lines": [_line(row, reading) for row in shown.object_list],
        "live": live,
        "to_sign": list(rule_signatures.waiting_for(asked.user, at=reading.now)),
        "may_begin": live is not None and may_with_rules(asked.user, "begin", at=now()),
    }
    return page(request, "rules/versions.html", context)


@methods("GET", "HEAD")
@signed_in
def version(request: HttpRequest, number: int) -> HttpResponse:
    """One version."""
    asked = cast(PageRequest, request)
    row = _find(asked.user, number)
    return page(request, "rules/version.html", _shown(row, asked))


def act_page(act: Act) -> View:
    """The view of one act: GET asks, POST does it and leads to the version it concerns."""

    @methods("GET", "HEAD", "POST")
    @signed_in
    def view(request: HttpRequest, number: int) -> HttpResponse:
        asked = cast(PageRequest, request)
        row = _find(asked.user, number)
        if not may_with_rules(asked.user, act.name, at=now()):
            raise PermissionDenied
        form = act.form(request.POST if request.method == "POST" else None, initial=_seen(row), label_suffix="")
        said: VersionError | None = None
        if form.is_valid():
            try:
                done = act.do(row, asked.user, form.cleaned_data)
            except VersionError as refusal:
                said = refusal
                # With what it shows now: whoever sends it again has been told.
                row = RuleSet.objects.filter(pk=row.pk).first() or row
                form = act.form(_shown_again(request.POST, row), label_suffix="")
            else:
                messages.success(request, act.done.format(version=done))
                return redirect("rule_version", done.number)
        shown = _asked(act, row, form, said, asked.user)
        status = 409 if said or shown["is_barred"] else 422 if form.is_bound else 200
        return page(request, "rules/act.html", shown, status=status)

    view.__doc__ = act.title
    return view


def _seen(row: RuleSet) -> dict[str, Any]:
    """What the form of an act shows, and sends back: the edit, what was submitted, and the number that is live."""
    live = RuleSet.objects.filter(state=State.LIVE).values_list("number", flat=True).first()
    return {"seen_hash": row.content_hash, "seen_version": row.version, "seen_live": live}


def _shown_again(typed: QueryDict, row: RuleSet) -> QueryDict:
    again = typed.copy()
    for name, value in _seen(row).items():
        again[name] = "" if value is None else str(value)
    return again


def _must_see(user: User) -> None:
    if not sees_rules(user, at=now()):
        raise Http404


def _find(user: User, number: int) -> RuleSet:
    _must_see(user)
    rows = RuleSet.objects.select_related("based_on", "author", "edited_by")
    # Numbers beyond what a column holds are no versions either.
    row = rows.filter(number=number).first() if number < 2**31 else None
    if row is None:
        raise NothingThereError(f"There is no version {number} of the rules. Choose one of the list under “Rules”.")
    return row


def _line(row: RuleSet, reading: Reading) -> dict[str, Any]:
    at = row.published_at or row.edited_at or row.created_at
    return {
        "version": row,
        "tone": TONES[State(row.state)],
        "when": reading.time(at),
        "iso": at.isoformat(),
        "what": "Published" if row.published_at else "Edited" if row.edited_at else "Begun",
    }


def _shown(row: RuleSet, asked: PageRequest) -> dict[str, Any]:
    user, at = asked.user, now()
    reading = reading_of(user, at)
    is_open = row.state in {State.DRAFT, State.IN_APPROVAL}
    standing = rule_signatures.standing(row)
    events = timeline.sentences(rule_signatures.stream_of(row), last=SHOWN_LINES)
    line = _line(row, reading)
    found = list(_problems(reports.report(row) if is_open else [], row, user))
    is_blocked = any(one.is_blocking for one in found)
    answers = [one for one in standing.answers if is_open and one.verdict == Approval.Verdict.CHANGES]
    return {
        "place": "rules",
        **line,
        **rule_list(row, asked.GET),
        "offers": list(ways(row, user, is_blocked=is_blocked)),
        "is_blocked": is_blocked,
        "compared": _compared_with(row),
        "changes": _changes(row),
        "found": found,
        "is_open": is_open,
        "behind": rule_signatures.why_behind(row) if is_open else "",
        "edits_at": _edits_at(row, user),
        "signatures": [_signature(side, standing.signed.get(side), reading) for side in Approval.Side],
        "shows_signatures": row.state != State.DRAFT and (bool(standing.signed) or is_open),
        "answers": [(one, reading.time(one.at)) for one in answers],
        "why_not": _why_not(row, user),
        "events": list(_history(reversed(events), reading)),
    }


def _why_not(row: RuleSet, user: User) -> str:
    """Why somebody who signs cannot sign this one; empty if they can, or never sign."""
    if row.state != State.IN_APPROVAL or not may_with_rules(user, "sign", at=now()):
        return ""
    return rule_signatures.why_not_sign(row, user, at=now()) or ""


def _compared_with(row: RuleSet) -> RuleSet | None:
    """What the version is compared with: what it was made from, and for one to go back to, what is live."""
    if row.state == State.ARCHIVED:
        return RuleSet.objects.filter(state=State.LIVE).first()
    return row.based_on


def _changes(row: RuleSet) -> list[Difference]:
    before = _compared_with(row)
    return differences(contents_of(before), contents_of(row)) if before is not None else []


def _problems(found: Iterable[Problem], row: RuleSet, user: User) -> Iterable[Found]:
    found = list(found)
    ids: dict[tuple[str, str], int] = {}
    if user.is_staff and found:
        for kind, model in MODELS.items():
            manager: Any = model._default_manager
            ids |= {(kind, code): pk for code, pk in manager.filter(rule_set=row).values_list("code", "pk")}
        ids |= {(CHECK, name): pk for name, pk in Check.objects.values_list("name", "pk")}
    for problem in found:
        url, label = _way_out(problem, ids.get((problem.kind, problem.code)), row) if user.is_staff else ("", "")
        yield Found(sentence=types_named(problem.sentence), is_blocking=problem.blocking, url=url, label=label)


def _way_out(problem: Problem, pk: int | None, row: RuleSet) -> tuple[str, str]:
    """Where staff can do something about a problem, and what the button says."""
    if pk is not None:
        label = "Open the check" if problem.kind == CHECK else "Open"
        return reverse(f"admin:routing_{problem.kind}_change", args=[pk]), label
    if row.state != State.DRAFT:
        return "", ""
    kind = problem.kind if problem.kind in MODELS else "rule"
    tab = "territories" if kind == "territory" else f"{kind}s"
    return f"{reverse('admin:routing_ruleset_change', args=[row.pk])}#{tab}", f"Add a {kind}"


def _edits_at(row: RuleSet, user: User) -> str:
    return reverse("admin:routing_ruleset_change", args=[row.pk]) if user.is_staff else ""


def _history(events: Iterable[timeline.Line], reading: Reading) -> Iterator[dict[str, Any]]:
    """The lines of the log, the latest first; what one person edited in a row on one day is one line that unfolds."""

    def together(one: timeline.Line) -> object:
        return (one.actor, reading.local(one.at).date()) if one.verb == EDITED else (one.at, one.verb, one.text)

    for _, group in groupby(events, key=together):
        latest, *earlier = group
        folded = [(reading.time(one.at), one.text) for one in (latest, *earlier)] if earlier else []
        yield {"latest": latest, "at": reading.time(latest.at), "folded": folded}


def _signature(side: Approval.Side, approval: Approval | None, reading: Reading) -> Signature:
    if approval is None:
        return Signature(
            side=side.label,
            who="",
            initials="",
            tint="",
            note=f"{WHO_SIGNS[side]}, who did not edit it",
            is_signed=False,
        )
    name = str(approval.approver)
    office = approval.get_role_display() if approval.role else side.label
    return Signature(
        side=side.label,
        who=name,
        initials=initials(name),
        tint=tint(name),
        note=f"{office}, signed {reading.time(approval.at)}",
        is_signed=True,
    )


def _despite(row: RuleSet) -> Iterator[Problem]:
    """The saved checks that a version which was live before does not meet; they do not bar the way back to it."""
    for failure in checks.saved(row.pk):
        if failure.is_saved:
            sentence = f"{failure.sentence} Going back is possible all the same."
            yield Problem(CHECK, failure.check, "", sentence, blocking=False)


def _asked(act: Act, row: RuleSet, form: Any, said: VersionError | None, user: User) -> dict[str, Any]:
    problems = said.problems if isinstance(said, BlockedError) else ()
    barred = why_not(act, row, user)
    if act.name == "go_back" and not barred and not problems:
        problems = tuple(_despite(row))
    return {
        "place": "rules",
        "version": row,
        "act": act,
        "form": form,
        "is_barred": bool(barred),
        "refusal": str(said) if said else barred,
        "conflicts": said.conflicts if isinstance(said, ConflictError) else (),
        "found": list(_problems(problems, row, user)),
        "changes": _changes(row) if act.shows_changes else [],
        "compared": _compared_with(row) if act.shows_changes else None,
    }
