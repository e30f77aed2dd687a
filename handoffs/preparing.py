"""Steps 1 to 3, outside any transaction: gather, compile, decide. Reads the world and the roster; writes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from handoffs import timeline
from handoffs.connectors import configured
from handoffs.context import Context, gather
from handoffs.failpoints import pass_point
from handoffs.models import Handoff, Package, TypeSetting
from handoffs.package import compile_package
from handoffs.routing_facts import People, facts_of
from handoffs.timeline import Entry, Head
from handoffs.wishes import Wishes, wishes_of
from routing.assign import Outcome
from routing.candidates import Draft
from routing.decide import decide
from routing.models import Assignment, Rep, SegmentCode, Team, Turn
from routing.reasons import Reason
from sla import clock
from sla.clock import Plan

WRONG_OWNER = "wrong_owner"


@dataclass(frozen=True, kw_only=True, slots=True)
class Prepared:
    """All that a handoff's one transaction needs to know beforehand. Blocked ones have no `draft` and no `plan`."""

    context: Context
    package: Package
    is_new_package: bool
    same_gaps: bool
    draft: Draft | None
    plan: Plan | None
    team: Team | None
    sender: Rep | None
    sender_team: Team | None
    number: int
    head: Head
    wishes: Wishes

    def save_package(self) -> Package:
        """Stores the snapshot, if it says something the last one did not."""
        return Package.objects.bulk_create([self.package])[0] if self.is_new_package else self.package

    def fields(self, handoff: Handoff) -> dict[str, Any]:
        """What the handoff's row learns from looking."""
        located = self.draft.match.located if self.draft else None
        segment = (located.segment if located else None) or ""
        tier = self.context.account.tier
        urgent = (segment or tier) == SegmentCode.ENTERPRISE
        return {
            "package": self.package,
            "completeness": self.package.score,
            "is_flagged": self.package.verdict == Package.Verdict.FLAGGED,
            "segment": segment,
            "territory": (located.territory if located else None) or "",
            "priority": Handoff.Priority.URGENT if urgent else Handoff.Priority.HIGH,
            "from_rep": self.sender,
            "from_team": self.sender_team,
            "team": self.team,
            "queue": self.draft.queue if self.draft else None,
            "failures": 0,
            "last_error": "",
            "parked_at": None,
        }

    def compiled(self) -> list[Entry]:
        """The log line of a new package."""
        if not self.is_new_package:
            return []
        facts = {
            "package": str(self.package.uuid),
            "score": self.package.score,
            "verdict": self.package.verdict,
            "missing": [gap["key"] for gap in self.package.body["completeness"]["missing"]],
        }
        return [Entry("compiled", facts)]

    def entries(self, outcome: Outcome | None) -> list[Entry]:
        """The log lines of this run."""
        first = self.compiled()
        if self.draft is None:
            return [*first, Entry("blocked", {"package": str(self.package.uuid)})]
        if self.draft.queue is not None:
            return [*first, Entry("queued", {"rule": self.draft.match.line.code, "pool": self.draft.queue.name})]
        if outcome is None or outcome.assignment is None:
            return [*first, Entry("unassigned", {"rule": self.draft.match.line.code})]
        assigned = Entry(
            "assigned",
            {
                "assignment": outcome.assignment.number,
                "rep": outcome.assignment.rep_id,
                "rule": self.draft.match.line.code,
                "rules": self.draft.match.rules.number,
                "decision": str(outcome.decision.uuid),
            },
        )
        return [*first, assigned, Entry("clock_started", {"policy": str(self.plan.policy.uuid) if self.plan else ""})]

    def refusals(self) -> list[str]:
        """Why each candidate was passed over, as sentences."""
        candidates = self.draft.candidates if self.draft else ()
        return [f"{c.rep.name} {c.reason.words}." for c in candidates if c.reason]


def prepare(handoff: Handoff, *, now: datetime) -> Prepared:
    """Looks at everything a run needs.

    Raises ConnectorError when the CRM fails, NoRulesError when no rules are live and NoPolicyError when the type has no
    live policy.
    """
    setting = TypeSetting.objects.filter(handoff_type=handoff.handoff_type).select_related("from_team").first()
    last = handoff.package
    context, package, is_new = look(handoff, last, setting=setting, now=now)
    pass_point("pipeline.compiled")
    people = People.named_in(context)
    sender = handoff.from_rep or people.sender(context, handoff.type_enum)
    own_team = sender.team if sender else None
    sender_team = handoff.from_team or own_team or (setting.from_team if setting else None)
    draft, plan, team = None, None, None
    held = list(
        Assignment.objects.filter(handoff_uuid=handoff.uuid)
        .order_by("number")
        .values_list("number", "rep_id", "release_reason")
    )
    if package.verdict != Package.Verdict.BLOCKED:
        left_out = {Assignment.Release.REASSIGNED.value}
        if handoff.rejection_reason == WRONG_OWNER:
            left_out.add(Assignment.Release.REJECTED.value)
        excluded = frozenset(rep for _, rep, reason in held if reason in left_out)
        facts = facts_of(context, handoff, people=people, sender=sender)
        draft = decide(facts, now=now, excluded=excluded)
        returned_by = _returned_by(handoff, held)
        if returned_by is not None:
            draft = _back_to(returned_by, draft, keeps_turn=_keeps_turn(handoff))
        team = draft.team
        policy = clock.policy_for(
            handoff_type=handoff.handoff_type,
            team_id=team.pk if team else None,
            segment=draft.match.located.segment or "",
        )
        plan = clock.plan(policy, first_contact_minutes=draft.match.line.target_minutes)
    return Prepared(
        context=context,
        package=package,
        is_new_package=is_new,
        same_gaps=last is not None and _gaps(last.body) == _gaps(package.body),
        draft=draft,
        plan=plan,
        team=team,
        sender=sender,
        sender_team=sender_team,
        number=max((number for number, _, _ in held), default=0) + 1,
        head=timeline.head(handoff.stream),
        wishes=wishes_of(_to_be_told(draft, team, sender)),
    )


def _to_be_told(draft: Draft | None, team: Team | None, sender: Rep | None) -> list[int | None]:
    """Ids of everybody whom the one transaction may have to tell, so that it need not ask how they want it."""
    asked = [draft.candidates, *draft.stand_ins.values()] if draft else []
    owners = [candidate.rep.pk for candidates in asked for candidate in candidates]
    return [*owners, team.manager_id if team else None, sender.pk if sender else None]


def _returned_by(handoff: Handoff, held: Sequence[tuple[int, int, str]]) -> int | None:
    """Who returned it and gets it back now that it was sent again; None when it was not, or was never theirs."""
    if not held or handoff.rejection_reason == WRONG_OWNER:
        return None
    _, rep, reason = held[-1]
    return rep if reason == Assignment.Release.REJECTED else None


def _keeps_turn(handoff: Handoff) -> bool:
    """Whether the last turn that was taken for it was not given back: the same handoff then costs no second one."""
    last = Turn.objects.filter(assignment__handoff_uuid=handoff.uuid).order_by("at", "id").last()
    return last is not None and last.kind == Turn.Kind.DEBIT


def _back_to(rep: int, draft: Draft, *, keeps_turn: bool) -> Draft:
    """The draft narrowed to that person, if they are one of those who can take it."""
    their = next((candidate.rep for candidate in draft.eligible if candidate.rep.pk == rep), None)
    if their is None or draft.direct is not None:
        return draft
    passed = Reason("returned_by_another", "was passed over: it goes back to who returned it")
    return replace(
        draft,
        direct=their if keeps_turn or draft.queue is not None else None,
        candidates=tuple(
            c if c.rep.pk == rep or c.is_ruled_out else replace(c, reason=passed, anyway=False)
            for c in draft.candidates
        ),
        held_until=None,
        stand_ins={},
    )


def look(
    handoff: Handoff, last: Package | None, *, setting: TypeSetting | None, now: datetime
) -> tuple[Context, Package, bool]:
    """Gathers and compiles; a package that says the same as the last one is the last one, and not new."""
    context = gather(
        crm=configured.crm(),
        lifecycle=configured.lifecycle(),
        account_id=handoff.account.crm_id,
        deal_id=handoff.deal.crm_id if handoff.deal else "",
        now=now,
    )
    pass_point("pipeline.gathered")
    body = compile_package(
        context,
        handoff_type=handoff.handoff_type,
        now=now,
        weights=(setting.field_weights or None) if setting else None,
        **({"stale_after_days": setting.stale_after_days} if setting else {}),
    )
    known = context.to_json()
    if last is not None and last.score == body["completeness"]["score"] and _told(last.context) == _told(known):
        return context, last, False
    package = Package(
        handoff=handoff,
        number=(last.number if last else 0) + 1,
        verdict=body["completeness"]["verdict"],
        score=body["completeness"]["score"],
        body=body,
        context=known,
        compiled_at=now,
    )
    return context, package, True


def _told(context: Mapping[str, Any]) -> dict[str, Any]:
    """What the CRM and the product said, whenever they were asked."""
    return {key: value for key, value in context.items() if key != "gathered_at"}


def _gaps(body: Mapping[str, Any]) -> list[str]:
    return sorted(gap["key"] for gap in body["completeness"]["missing"])
