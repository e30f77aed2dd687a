"""Everything on the page of one handoff, gathered in a fixed number of queries."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.db.models.fields.json import KT
from django.http import Http404

from handoffs import crm_writing, timeline, wording
from handoffs.access import rep_of, verbs_of, visible_to
from handoffs.links import crm_link
from handoffs.models import Account, Delivery, Handoff, ReturnReason, State
from handoffs.pipeline import UNDO
from handoffs.timeline import Line, head, last_remark, sentences
from handoffs.views import actions, brief
from handoffs.views.chips import chip
from handoffs.views.ladder import Track, track
from handoffs.views.queue import Ring, person, present_clock, ring, with_clocks
from handoffs.views.verbs.gap_lines import lines_of
from handoffs.views.verbs.offers import offers
from handoffs.views.why import why
from handoffs.views.why_not import why_not
from handoffs.views.words import Reading, share, website
from routing.models import Assignment, Decision, SegmentCode, User
from routing.offices import holder_of
from sla.models import Clock, ClockKind, EscalationStep

LINES_MOST = 200
"""The latest audit lines of a long log; the admin has the others."""
STEPLESS = (State.REJECTED, State.WITHDRAWN)
"""States in which the owner has nothing to do."""
LINES_FIRST = 8
"""Audit lines that are shown before the rest is unfolded."""


def find(user: User, number: int) -> Handoff:
    """The handoff with that number, with all that its page needs; Http404 if the user may not see it."""
    handoff = _loaded(visible_to(user)).filter(pk=number).first()
    if handoff is None:
        raise Http404
    return handoff


def record(handoff: Handoff, user: User, reading: Reading, *, asked: str = "") -> dict[str, Any]:
    """The page's words. Without a package (a handoff just received) only what does not need one.

    `asked` is about whom or which rule the reader wants to know why not.
    """
    rep = rep_of(user)
    is_owner = rep is not None and handoff.owner_id == rep.pk
    clock = present_clock(handoff)
    decision = _decision(handoff)
    body = handoff.package.body if handoff.package else None
    timeline_length = head(handoff.stream).seq
    granted = verbs_of(user, handoff)
    deliveries = _deliveries(handoff)
    findings = next((each for each in reversed(deliveries) if crm_writing.is_findings(each)), None)
    offered = offers(handoff, granted, has_findings=findings is not None)
    gaps = lines_of(handoff, user, may_fill="fill_gap" in granted, reading=reading)
    audit = [_audit_line(line, reading) for line in reversed(sentences(handoff.stream, last=LINES_MOST))]
    return {
        "handoff": handoff,
        "is_owner": is_owner,
        "offers": offered,
        "undo": _undo(handoff, user, reading),
        "header": _header(handoff, is_owner=is_owner),
        "routing": _routing(handoff, clock, reading),
        "why": why(decision, reading) if decision else None,
        "why_not": why_not(decision, handoff.type_enum, reading, asked=asked) if decision else None,
        "by_hand": handoff.assignment is not None and decision is None,
        "steps": _steps(handoff, body, findings, reading) if handoff.owner and handoff.state not in STEPLESS else [],
        "actions": actions.actions(handoff, deliveries, _clock(handoff, ClockKind.FIRST_CONTACT), reading),
        "audit": audit,
        "audit_first": audit[:LINES_FIRST],
        "audit_rest": audit[LINES_FIRST:],
        "audit_cut": timeline_length - len(audit),
        "zone": reading.zone_name(),
        "notice": _notice(handoff, reading),
        "is_moving": handoff.state == State.RECEIVED and handoff.parked_at is None,
        "package": _package(handoff, body, reading) if body else None,
        "gaps_critical": [gap for gap in gaps if gap.is_critical],
        "gaps_lesser": [gap for gap in gaps if not gap.is_critical],
        **clock_card(handoff, reading, is_owner=is_owner),
    }


def clock_card(handoff: Handoff, reading: Reading, *, is_owner: bool) -> dict[str, Any]:
    """The clock card alone, for the page and for its refreshing; a chip where no first-contact clock counts."""
    clock = present_clock(handoff)
    shown: Track | None = None
    if clock is not None and clock.kind == ClockKind.FIRST_CONTACT and handoff.state != State.WITHDRAWN:
        holders = _holders(handoff, clock, reading)
        shown = track(handoff, clock, reading, is_owner=is_owner, holders=holders)
    return {
        "handoff": handoff,
        "track": shown,
        "chip": chip(handoff, clock, reading),
        "given_before": _given_before(handoff, reading),
    }


def _given_before(handoff: Handoff, reading: Reading) -> str:
    """Whose it was first and how long the customer has waited since; empty where it was nobody else's.

    A new owner's clock starts afresh, and what the customer has waited does not.
    """
    held = handoff.assignment
    if held is None or held.number == 1 or handoff.state == State.WITHDRAWN:
        return ""
    before = Assignment.objects.filter(handoff_uuid=handoff.uuid, number__lt=held.number).select_related("rep")
    others = [assignment for assignment in before.order_by("number") if assignment.rep_id != held.rep_id]
    if not others or handoff.assigned_at is None:
        return ""
    first, last = others[0], others[-1]
    then = f", then to {wording.name(last.rep.name)}" if last.rep_id != first.rep_id else ""
    waits, until = ("waited", handoff.contacted_at) if handoff.contacted_at else ("waiting", reading.now)
    waited = wording.span(until - handoff.assigned_at)
    given = f"First given to {wording.name(first.rep.name)} {reading.time(first.assigned_at)}{then}"
    return f"{given}; {waits} {waited} in all."


def _loaded(handoffs: QuerySet[Handoff]) -> QuerySet[Handoff]:
    return (
        handoffs.select_related(
            "account",
            "deal",
            "package",
            "from_rep__team",
            "from_team__manager",
            "owner__team",
            "team",
            "to_team",
            "assignment__decision",
        )
        .defer("account__custom", "account__metadata", "deal__metadata", "package__context")
        .prefetch_related(with_clocks())
    )


def _deliveries(handoff: Handoff) -> list[Delivery]:
    """Those of the present assignment and from before there was one, oldest first, without their texts."""
    number = handoff.assignment.number if handoff.assignment else 0
    told = handoff.deliveries.exclude(purpose__in=Delivery.SILENT)
    named = told.annotate(about=KT("payload__about"))
    return list(named.filter(assignment_number__in={0, number}).defer("payload").order_by("id"))


def _decision(handoff: Handoff) -> Decision | None:
    """What gave the handoff to its owner, None if a person did; without an owner, why nobody has it."""
    if handoff.assignment is not None:
        return handoff.assignment.decision
    return Decision.objects.filter(handoff_uuid=handoff.uuid).first()


def _holders(handoff: Handoff, clock: Clock, reading: Reading) -> dict[str, str]:
    """Who holds the roles of the clock's ladder for the owner; while it runs, else nobody needs to know."""
    if clock.state == Clock.State.STOPPED:
        return {}
    alerts = (step for step in clock.ladder if step["action"] == EscalationStep.Action.ALERT_ROLE)
    roles = {step["role"] or handoff.type_enum.escalation_role for step in alerts}
    found = {role: holder_of(role, near=handoff.owner, at=reading.now) for role in roles}
    return {role: holder.name for role, holder in found.items() if holder}


def _clock(handoff: Handoff, kind: ClockKind) -> Clock | None:
    clocks = handoff.assignment.clocks.all() if handoff.assignment else ()
    return next((clock for clock in clocks if clock.kind == kind), None)


def _header(handoff: Handoff, *, is_owner: bool) -> dict[str, Any]:
    account, deal = handoff.account, handoff.deal
    size = wording.counted(account.employee_count, "person", "people") if account.employee_count else ""
    worth = wording.money(deal.amount, deal.currency) if deal and deal.amount is not None else ""
    return {
        "worth": worth,
        "company": ", ".join(filter(None, (account.industry, size))),
        "place": ", ".join(filter(None, (account.city, account.country))),
        "domain": account.domain,
        "website": website(account.domain),
        "owner": "you" if is_owner else str(handoff.owner) if handoff.owner else "nobody yet",
        "type": f"{handoff.type_enum.short}, {handoff.get_handoff_type_display().split(' (')[0]}",
        "segment": dict(SegmentCode.choices).get(handoff.segment or account.tier, handoff.segment),
        "ring": _ring(handoff),
    }


def _ring(handoff: Handoff) -> Ring | None:
    return ring(handoff.completeness, is_flagged=handoff.is_flagged)


def _routing(handoff: Handoff, clock: Clock | None, reading: Reading) -> dict[str, Any]:
    sender, owner = handoff.from_rep, handoff.owner
    local = _account_zone(handoff.account)
    deadline = clock.deadline_at if clock else None
    there = Reading(local, deadline).time(deadline) if local and deadline else ""
    return {
        "sender": person(sender, handoff.from_team),
        "sender_team": (handoff.from_team or sender.team) if sender else "",
        "receiver": person(owner, handoff.team or handoff.to_team),
        "receiver_team": (handoff.team or owner.team) if owner else "",
        "promise": _promise(clock),
        "deadline": reading.moment(deadline) if deadline else "",
        "deadline_iso": deadline.isoformat() if deadline else "",
        "account_time": f"{there} at the account ({str(local).rpartition('/')[2].replace('_', ' ')})" if there else "",
    }


def _promise(clock: Clock | None) -> str:
    if clock is None:
        return "No clock runs"
    wanted = "to first contact" if clock.kind == ClockKind.FIRST_CONTACT else "to answer the return"
    return f"{wording.duration(clock.target_minutes)} {wanted}"


def _account_zone(account: Account) -> ZoneInfo | None:
    try:
        return ZoneInfo(account.time_zone) if account.time_zone else None
    except (KeyError, ValueError, OSError):
        return None


def _steps(
    handoff: Handoff, body: brief.Body | None, findings: Delivery | None, reading: Reading
) -> list[actions.Line]:
    primary = body["contacts"][0]["name"].split()[0] if body and body["contacts"] else "the customer"
    return actions.next_steps(
        handoff,
        _clock(handoff, ClockKind.FIRST_CONTACT),
        _clock(handoff, ClockKind.ACKNOWLEDGE),
        reading,
        contact=primary,
        deal=handoff.deal.crm_id if handoff.deal else "",
        findings=findings,
    )


def _audit_line(line: Line, reading: Reading) -> dict[str, str]:
    return {"time": reading.exact(line.at), "iso": line.at.isoformat(), "actor": line.actor, "text": line.text}


def _undo(handoff: Handoff, user: User, reading: Reading) -> str:
    """Until when the reader may still take their own acknowledgement back; empty when it is too late or not theirs."""
    at = handoff.acknowledged_at
    if handoff.state != State.ACKNOWLEDGED or at is None or reading.now >= at + UNDO:
        return ""
    last = timeline.last(handoff.stream, "acknowledged")
    return f"{reading.exact(at + UNDO)}" if last is not None and last.actor == f"user:{user.pk}" else ""


def _notice(handoff: Handoff, reading: Reading) -> dict[str, str] | None:
    """What stands in the way, before anything else: blocked, unassigned, parked, returned or withdrawn."""
    sender = handoff.from_rep.first_name if handoff.from_rep else "the sender"
    if handoff.parked_at:
        why_parked = f"{handoff.last_error} RevOps can start it again in the admin."
        what = "it could not be prepared" if handoff.assignment is None else "what was filled in could not be looked at"
        return {"tone": "bad", "icon": "stop", "title": f"Stopped: {what}", "text": why_parked}
    if handoff.state == State.RECEIVED:
        text = handoff.last_error and f"The last try failed and is repeated: {handoff.last_error}"
        return {
            "tone": "info",
            "icon": "clock",
            "title": "Being prepared",
            "text": text or "The package is compiled and an owner is found within seconds.",
        }
    if handoff.state == State.BLOCKED:
        looked = f" The CRM is looked at again by {reading.time(handoff.next_at)}." if handoff.next_at else ""
        text = f"Nobody has it yet. It goes on by itself when {sender} fills the gaps below.{looked}"
        return {"tone": "bad", "icon": "stop", "title": "Blocked: it cannot be handed over", "text": text}
    if handoff.state == State.UNASSIGNED and handoff.queue is not None:
        text = f"It waits in the queue of {wording.name(handoff.queue.name)}. Whoever of them takes it first has it."
        return {"tone": "info", "icon": "inbox", "title": "To take", "text": text}
    if handoff.state == State.UNASSIGNED:
        again = f"It is decided again {reading.time(handoff.next_at)}. " if handoff.next_at else ""
        text = f"{again}The reasons are under “Why nobody?”."
        return {"tone": "warn", "icon": "warn", "title": "Nobody can take it now", "text": text}
    if handoff.state == State.REJECTED:
        reason = str(dict(ReturnReason.choices).get(handoff.rejection_reason, "No reason given"))
        remark = last_remark(handoff.stream, "rejected")
        clock = present_clock(handoff)
        said = f"{reason}. {wording.sentence(remark)}" if remark else f"{reason}."
        text = f"{said} The clock for first contact is stopped; {_who_answers(handoff)} {_answer(clock, reading)}."
        return {"tone": "warn", "icon": "pause", "title": f"Returned to {sender}", "text": text}
    if handoff.state == State.WITHDRAWN:
        remark = wording.sentence(last_remark(handoff.stream, "withdrawn"))
        text = f"It ended without an outcome. {f'Reason given: {remark}' if remark else 'No reason was given.'}"
        return {"tone": "idle", "icon": "info", "title": "Withdrawn", "text": text}
    return None


def _who_answers(handoff: Handoff) -> str:
    """Who has to answer a return, by name: the sender, else the manager of the team it is from."""
    if handoff.from_rep is not None:
        return handoff.from_rep.first_name
    team = handoff.from_team
    if team is None:
        return "the sender"
    return f"{wording.name(team.manager.name)}, who manages {team.name}," if team.manager else team.name


def _answer(clock: Clock | None, reading: Reading) -> str:
    if clock is None:
        return "has to answer"
    is_over = reading.now >= clock.deadline_at
    return f"{'was' if is_over else 'has'} to answer by {reading.time(clock.deadline_at)}"


def _package(handoff: Handoff, body: brief.Body, reading: Reading) -> dict[str, Any]:
    complete = body["completeness"]
    meters = [
        {**part, "share": share(part["points"], part["of"]), "tone": _tone(part["points"], part["of"])}
        for part in complete["sections"]
    ]
    deal = brief.deal(body, reading)
    return {
        "summary": body["journey"]["summary"],
        "recommendations": body["recommendations"],
        "contacts": brief.contacts(body),
        "section_title": body["template"]["title"],
        "blocks": brief.blocks(body),
        "qualification": brief.qualification(body),
        "quotes": brief.quotes(body, reading),
        "touches": brief.touches(body, reading),
        "journey": brief.journey_facts(body, reading),
        "stale": complete["stale"],
        "meters": meters,
        "deal": deal,
        "deal_link": crm_link("deal", deal["id"]) if deal else "",
        "sources": brief.sources(body),
        "number": handoff.package.number if handoff.package else 0,
    }


def _tone(points: int, of: int) -> str:
    return "ok" if points * 10 >= of * 9 else "warn" if points * 10 >= of * 7 else "bad"
