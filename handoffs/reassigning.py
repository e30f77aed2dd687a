"""Who takes a handoff that its owner left lying: decided from the stored package, without anybody who had it before.

After three hops, or when nobody else can take it, it goes to the receiving team's manager, so that every handoff ends
with a named person. `takers` are those whom a manager may choose from.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from handoffs import giving, states
from handoffs.context import Context
from handoffs.models import Handoff, Package
from handoffs.routing_facts import People, facts_of
from routing import caps, standing
from routing.assign import assign
from routing.availability import Ask, why_not, with_availability
from routing.candidates import Draft
from routing.decide import decide
from routing.facts import Facts
from routing.matcher import NoRulesError
from routing.models import Assignment, Rep, Team
from sla import clock
from sla.clock import Plan
from sla.models import EscalationStep, StepRun

MOST_HOPS = 3
OFF_WORK = frozenset({"outside_hours", "holiday"})


class TakenMeanwhileError(Exception):
    """Whoever could take it a moment ago no longer can; nothing was kept, and it is decided again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Heir:
    """Who it goes to: one of a `draft` under its `plan`, a named `person`, nobody before `opens_at`, or nobody else.

    A person who merely covers gets it within their limits; a manager whatever they have.
    """

    draft: Draft | None = None
    plan: Plan | None = None
    person: Rep | None = None
    is_cover: bool = False
    opens_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Taker:
    """Somebody a handoff could be given to by hand: how many they have open, and why a rule would pass them over."""

    rep: Rep
    load: int
    reason: str


def takers(handoff: Handoff, *, now: datetime) -> list[Taker]:
    """Everybody active in the receiving role, and the receiving team's manager, except the owner.

    Those of the handoff's own team come first, in a team those who could take it now, the least loaded first, and its
    manager last.
    """
    held = frozenset(Assignment.objects.filter(handoff_uuid=handoff.uuid).values_list("rep_id", flat=True))
    team = _team_of(handoff)
    reps = list(with_availability(Rep.objects.filter(can_take(handoff), is_active=True), now=now))
    caps.share(reps, pool=None, now=now)
    ask = Ask(now=now, excluded=held, segment=handoff.segment or None)
    found = [
        Taker(rep=rep, load=getattr(rep, "load", 0), reason=reason.words if reason else "")
        for rep in reps
        if rep.pk != handoff.owner_id
        for reason in (why_not(rep, ask),)
    ]
    first, roles = team.pk if team else None, handoff.type_enum.receiving_functions

    def place(taker: Taker) -> tuple[bool, str, bool, bool, int, str]:
        rep = taker.rep
        return (
            rep.team_id != first,
            rep.team.name,
            rep.function not in roles,
            bool(taker.reason),
            taker.load,
            rep.name,
        )

    return sorted(found, key=place)


def can_take(handoff: Handoff) -> Q:
    """Those on the roster to whom a handoff may be given: the receiving role, and the receiving team's manager."""
    team = _team_of(handoff)
    can = Q(function__in=handoff.type_enum.receiving_functions)
    return can | Q(pk=team.manager_id) if team is not None and team.manager_id is not None else can


def check_taker(handoff: Handoff, to: Rep) -> None:
    """Raises a RefusedError with a sentence unless the handoff may be given to `to`."""
    if not to.is_active:
        raise states.RefusedError(f"{to} has left the roster. Choose somebody else.")
    if not Rep.objects.filter(can_take(handoff), pk=to.pk).exists():
        raise states.BadValueError(
            f"{to} does not take over {handoff.get_handoff_type_display()} handoffs. Choose somebody in the receiving "
            "role, or the manager of the receiving team."
        )


def find(handoff: Handoff, package: Package, *, now: datetime) -> Heir:
    """Decides outside any transaction, by the live rules. Raises NoPolicyError when the type has no live policy."""
    if _hops(handoff) >= MOST_HOPS:
        return _manager(handoff)
    held = frozenset(Assignment.objects.filter(handoff_uuid=handoff.uuid).values_list("rep_id", flat=True))
    return find_without(held, handoff, package, now=now)


def facts_then(handoff: Handoff, package: Package) -> Facts:
    """What was known when the package was compiled, with the owners that the CRM named and who they are today."""
    context = Context.from_json(package.context)
    return facts_of(context, handoff, people=People.named_in(context), sender=handoff.from_rep)


def find_without(excluded: frozenset[int], handoff: Handoff, package: Package, *, now: datetime) -> Heir:
    """As `find`, without these people (ids of Rep) and whatever the number of hops."""
    try:
        draft = decide(facts_then(handoff, package), now=now, excluded=excluded)
    except NoRulesError:
        return _manager(handoff)
    if draft.queue is not None:
        return _manager(handoff)  # it lay with somebody already: it is not put where it may lie again
    if not draft.can_be_given:
        opening = _opening(draft)
        return Heir(opens_at=opening) if opening is not None else _manager(handoff)
    team = draft.team
    segment = draft.match.located.segment or ""
    policy = clock.policy_for(handoff_type=handoff.handoff_type, team_id=team.pk if team else None, segment=segment)
    return Heir(draft=draft, plan=clock.plan(policy, first_contact_minutes=draft.match.line.target_minutes))


def hand_on(row: Handoff, package: Package, heir: Heir, *, now: datetime, actor: str) -> Rep | None:
    """Gives a locked handoff to the heir and returns who that is; None when it stays where it is.

    Raises TakenMeanwhileError when the turn went elsewhere, or the cover can no longer take it, since it was decided.
    """
    if heir.draft is None or heir.plan is None:
        if heir.person is not None:
            if heir.is_cover:
                standing.lock_one(heir.person, pool=None)
                if standing.out_by_now(heir.person, pool=None, now=now) is not None:
                    raise TakenMeanwhileError
            giving.give_to(row, heir.person, now=now)
        return heir.person
    number = giving.next_number(row)
    giving.release(row, Assignment.Release.REASSIGNED, at=now, now=now)
    outcome = assign(heir.draft, handoff_uuid=row.uuid, number=number, now=now, actor=actor)
    if outcome.assignment is None:
        raise TakenMeanwhileError
    giving.pass_on(row, outcome.assignment, package, heir.plan, now=now)
    return outcome.assignment.rep


def _team_of(handoff: Handoff) -> Team | None:
    """The team that it is with, or goes to."""
    return handoff.team or (handoff.owner.team if handoff.owner else handoff.to_team)


def _hops(handoff: Handoff) -> int:
    """How often the ladder has moved it to somebody else already."""
    return StepRun.objects.filter(
        clock__handoff_uuid=handoff.uuid, step__action=EscalationStep.Action.REASSIGN, outcome=StepRun.Outcome.DONE
    ).count()


def _manager(handoff: Handoff) -> Heir:
    """The receiving team's manager, unless they have it already or have left."""
    manager = handoff.team.manager if handoff.team else None
    is_other = manager is not None and manager.is_active and manager.pk != handoff.owner_id
    return Heir(person=manager if is_other else None)


def _opening(draft: Draft) -> datetime | None:
    """When the first of those who are merely off work comes back; None when nobody is."""
    reasons = [candidate.reason for candidate in draft.candidates if candidate.reason]
    return min((reason.until for reason in reasons if reason.code in OFF_WORK and reason.until), default=None)
