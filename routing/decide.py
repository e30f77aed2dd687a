"""Who may take it: the first matching rule of the live version, and a reason for every candidate.

Reads and reasons only. Everything that does not depend on the chosen person is settled here, outside any transaction;
`routing.assign` then chooses under the pool's lock.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from routing import caps, receipts, turns
from routing.availability import Ask, absence_at, next_free, on_leave, why_not, with_availability
from routing.candidates import Candidate, Draft, Skipped
from routing.compiling import live_rules
from routing.facts import Facts, skills_asked
from routing.matcher import OWNER_STRATEGIES, QUEUE, Match, NoRulesError
from routing.models import HandoffType, Membership, Pool, Rep, Rule
from routing.reasons import AT_CAP

RETRY_HELD = timedelta(minutes=5)
COVER_CHAIN = 5


class TeamNotServedError(NoRulesError):
    """No rule gives it to the team that was asked for; the message says what to do."""


def decide(facts: Facts, *, now: datetime, excluded: frozenset[int] = frozenset()) -> Draft:
    """The first matching rule of the live version and why each of its candidates may or may not take it now.

    With `facts.to_team`, only rules that give it to that team count. Reads the roster; writes nothing. Raises
    `routing.matcher.NoRulesError` when nothing is live, TeamNotServedError when no rule gives it to the team asked for.
    """
    rules = live_rules()
    match = rules.match(replace(facts, named=_receiving(rules.named, facts)))
    ask = Ask(now=now, excluded=excluded, segment=match.located.segment, skills=skills_asked(facts))
    skipped: list[Skipped] = []
    for line in match.onward():
        draft = _draft(replace(match, line=line), ask)
        if draft.skips:
            skipped.append(Skipped(line, draft.candidates))
        elif facts.to_team and (draft.team is None or draft.team.code != facts.to_team):
            skipped.append(Skipped(line, draft.candidates, is_other_team=True))
        else:
            return replace(draft, skipped=tuple(skipped))
    raise TeamNotServedError(
        f"No rule of v{match.rules.number} gives this handoff to the team {facts.to_team}. "
        "Leave the team out, or add a rule for it."
    )


def _receiving(named: frozenset[int], facts: Facts) -> frozenset[int]:
    """Those of the people named by rules who work in a receiving function now."""
    if not named:
        return named
    functions = HandoffType(facts.handoff_type).receiving_functions
    return frozenset(Rep.objects.filter(pk__in=named, function__in=functions).values_list("pk", flat=True))


def _draft(match: Match, ask: Ask) -> Draft:
    if match.line.strategy in OWNER_STRATEGIES:
        return _decide_owner(match, ask)
    if match.line.strategy == Rule.Strategy.POD:
        return _decide_pod(match, ask)
    return _decide_pool(match, ask)


def _decide_owner(match: Match, ask: Ask) -> Draft:
    """An owner rule: that person, or what the rule says when they are out.

    For somebody who has left there is nobody to wait for: one whom they named covers, else the next rule decides.
    """
    pool = Pool.objects.select_related("team").filter(pk=match.line.pool_id).first() if match.line.pool_id else None
    people = loaded([match.line.owner_in(match.located.facts) or 0], ask, pool=pool)
    if not people:
        # Deleted since the facts were read.
        return Draft(match, ask, (), pool=pool, skips=True)
    owner = people[0]
    first = Candidate(owner, why_not(owner, ask), on_leave=on_leave(owner, ask.now))
    is_gone = first.reason is not None and first.reason.code in {"inactive", "excluded"}
    unavailable = match.line.when_unavailable
    if first.reason is None:
        return Draft(match, ask, (first,), direct=owner, pool=pool)
    if unavailable == Rule.WhenUnavailable.ASSIGN_ANYWAY and not is_gone:
        return Draft(match, ask, (replace(first, anyway=True),), direct=owner, pool=pool)
    if unavailable == Rule.WhenUnavailable.SKIP:
        return Draft(match, ask, (first,), pool=pool, skips=True)
    draft = Draft(match, ask, (first,), pool=pool)
    if unavailable == Rule.WhenUnavailable.COVER:
        draft = _with_cover(draft, owner)
    if draft.direct is not None:
        return draft
    if is_gone:
        return replace(draft, skips=True)
    return replace(draft, held_until=retry_at([owner], draft.candidates, ask.now))


def _with_cover(draft: Draft, owner: Rep) -> Draft:
    """The draft with the first of the owner's covers who is free, and whoever of them was asked before."""
    candidates = list(draft.candidates)
    stand_ins = _stand_ins if owner.is_active else covers
    for stand_in, note in stand_ins(owner, draft.ask, draft.match.located.facts, pool=draft.pool):
        if stand_in.pk in {candidate.rep.pk for candidate in candidates}:
            continue
        away = on_leave(stand_in, draft.ask.now)
        candidates.append(Candidate(stand_in, why_not(stand_in, draft.ask), on_leave=away))
        if candidates[-1].reason is None:
            draft = replace(draft, direct=stand_in, notes=(note,), covered=owner)
            break
    return replace(draft, candidates=tuple(candidates))


def covers(owner: Rep, ask: Ask, facts: Facts, *, pool: Pool | None) -> Iterator[tuple[Rep, str]]:
    """The named covers in a receiving function, one after another and never twice, each with a note on why they.

    `owner` is from `loaded`.
    """
    functions = HandoffType(facts.handoff_type).receiving_functions
    seen, current = {owner.pk}, owner
    for _ in range(COVER_CHAIN):
        absence = absence_at(current, ask.now)
        next_id = (absence.cover_id if absence else None) or current.cover_id
        if next_id is None or next_id in seen:
            break
        seen.add(next_id)
        current, *_ = loaded([next_id], ask, pool=pool)
        if current.pk == facts.sender or current.function not in functions:
            continue
        yield current, f"{current.name} covers for {owner.name}"


def _stand_ins(owner: Rep, ask: Ask, facts: Facts, *, pool: Pool | None) -> Iterator[tuple[Rep, str]]:
    """The covers, and after them the team's manager."""
    asked = {owner.pk, facts.sender}
    for cover, note in covers(owner, ask, facts, pool=pool):
        asked.add(cover.pk)
        yield cover, note
    if owner.team.manager_id is not None and owner.team.manager_id not in asked:
        manager, *_ = loaded([owner.team.manager_id], ask, pool=pool)
        yield manager, f"{manager.name} manages {owner.name}'s team"


def loaded(rep_ids: Iterable[int], ask: Ask, *, pool: Pool | None) -> list[Rep]:
    """The people with all that `why_not` looks at, the limits they share included."""
    reps = list(with_availability(Rep.objects.filter(pk__in=rep_ids), now=ask.now))
    caps.share(reps, pool=pool, now=ask.now)
    return reps


def _decide_pod(match: Match, ask: Ask) -> Draft:
    """The account's pod: its members in the receiving functions, the least loaded first."""
    facts = match.located.facts
    functions = HandoffType(facts.handoff_type).receiving_functions
    members = Rep.objects.filter(pods__code=facts.pod, function__in=functions)
    members = members.exclude(pk=facts.sender) if facts.sender else members
    reps = loaded(members.values_list("pk", flat=True), ask, pool=None)
    reps.sort(key=lambda rep: (rep.load, rep.pk))  # type: ignore[attr-defined]
    candidates = tuple(Candidate(rep, why_not(rep, ask), on_leave=on_leave(rep, ask.now)) for rep in reps)
    if match.line.when_unavailable == Rule.WhenUnavailable.ASSIGN_ANYWAY:
        candidates = _anyway(candidates)
    free = next((candidate.rep for candidate in candidates if candidate.is_free), None)
    if free is not None:
        return Draft(match, ask, candidates, direct=free)
    draft = Draft(match, ask, candidates)
    first = next((candidate.rep for candidate in candidates if candidate.is_out), None)
    if match.line.when_unavailable == Rule.WhenUnavailable.COVER and first is not None:
        draft = _with_cover(draft, first)
    if draft.direct is not None:
        return draft
    if not candidates or match.line.when_unavailable == Rule.WhenUnavailable.SKIP:
        return replace(draft, skips=True)
    return replace(draft, held_until=retry_at(reps, draft.candidates, ask.now))


def _decide_pool(match: Match, ask: Ask) -> Draft:
    """A pool rule: the members who cover the territory, or the whole pool when none does."""
    pool = Pool.objects.select_related("team").get(pk=match.line.pool_id or 0)
    members = {
        member.rep_id: member for member in Membership.objects.filter(pool=pool, is_active=True) if pool.is_active
    }
    reps = loaded(members, ask, pool=pool)
    asked, notes = _covering(reps, pool, match.located.territory)
    candidates = tuple(
        Candidate(rep, why_not(rep, ask), members[rep.pk], on_leave=on_leave(rep, ask.now))
        for rep in sorted(asked, key=lambda rep: turns.order(members[rep.pk]))
    )
    if match.line.when_unavailable == Rule.WhenUnavailable.ASSIGN_ANYWAY:
        candidates = _anyway(candidates)
    draft = Draft(match, ask, candidates, pool=pool, notes=notes)
    if match.line.strategy == QUEUE:
        return draft
    if match.line.when_unavailable == Rule.WhenUnavailable.COVER:
        draft = replace(draft, stand_ins=_covers_of(draft, members, pool))
    waited_for = waits_for(draft)
    if waited_for is None:
        return draft
    return replace(draft, held_until=retry_at([one.rep for one in waited_for], waited_for, ask.now))


def waits_for(draft: Draft) -> tuple[Candidate, ...] | None:
    """The members of the pool whom it waits for: by a rule that says so, the one whose turn it is; else all of them,
    where nobody can take it. None when somebody can.
    """
    if draft.match.line.when_unavailable == Rule.WhenUnavailable.HOLD:
        places = {receipts.place_of(candidate): candidate for candidate in draft.candidates}
        first = receipts.on_turn(list(places), order=receipts.order_of(draft))
        if first is not None and first.is_out:
            return (places[first],)
    return None if draft.eligible or draft.stand_ins else draft.candidates


def _covers_of(draft: Draft, members: Mapping[int, Membership], pool: Pool) -> dict[int, tuple[Candidate, ...]]:
    """The covers of each member who is out, as far as the first who is free; nothing where none is."""
    ask, found = draft.ask, {}
    for candidate in draft.candidates:
        asked: list[Candidate] = []
        for rep, _ in covers(candidate.rep, ask, draft.match.located.facts, pool=pool) if candidate.is_out else ():
            asked.append(Candidate(rep, why_not(rep, ask), members.get(rep.pk), on_leave=on_leave(rep, ask.now)))
            if asked[-1].is_free:
                found[candidate.rep.pk] = tuple(asked)
                break
    return found


def _covering(reps: list[Rep], pool: Pool, territory: str | None) -> tuple[list[Rep], tuple[str, ...]]:
    """The members who cover the territory, those with none of their own everywhere; else all of them, with a note.

    Who has left the roster covers nothing, but is told of beside those who do.
    """
    covering = [rep for rep in reps if not rep.territories or territory in rep.territories]
    if not reps or any(rep.is_active for rep in covering):
        return covering, ()
    if territory:
        return reps, (f"nobody in {pool.name} covers {territory}, so the whole pool was asked",)
    return reps, (
        f"it lies in no territory and everybody in {pool.name} covers only some, so the whole pool was asked",
    )


def _anyway(candidates: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
    """With "assign anyway", hours and caps do not count when nobody else is left; leaving the roster does."""
    if any(c.is_free for c in candidates):
        return candidates
    return tuple(replace(c, anyway=not c.is_ruled_out) for c in candidates)


def retry_at(reps: Sequence[Rep], candidates: Sequence[Candidate], now: datetime) -> datetime:
    """When to decide afresh: at the first opening, or soon where the reason may lift at any time."""
    codes = {candidate.reason.code for candidate in candidates if candidate.reason}
    if not codes or codes & AT_CAP:
        return now + RETRY_HELD
    openings = [free for rep in reps if (free := next_free(rep, now)) is not None and free > now]
    return min(openings, default=now + RETRY_HELD)
