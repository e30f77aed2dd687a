"""Ninety days of the demo company: every handoff goes through the real pipeline, at the time it happened.

A heap of moments is worked off in order. A moment may begin a handoff, or let somebody do the next thing with one; what
lies after `now` stays undone, which is how open handoffs come to be.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from handoffs import advancing, pipeline
from handoffs.demo import fate as fates
from handoffs.demo.books import DAY, Book, add_activity
from handoffs.demo.cases import EXPANSION, MQL, SQL, WON, Case
from handoffs.demo.desk import Desk
from handoffs.demo.fate import Turn
from handoffs.demo.post import Post
from handoffs.demo.roster import Roster
from handoffs.demo.sales import Sales
from handoffs.models import Deal, Handoff, State
from handoffs.states import RefusedError
from routing.models import Function, HandoffType, Rep
from sla.models import Clock, ClockKind

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
Moment = Callable[[datetime], None]


class History:
    """The heap of moments and those who act in them."""

    def __init__(self, *, roster: Roster, desk: Desk, now: datetime, rng: random.Random) -> None:
        self.roster = roster
        self.desk = desk
        self.now = now
        self.rng = rng
        self.sales = Sales(roster=roster, desk=desk)
        self.post = Post(now=now)
        self._order = count()
        self._moments: list[tuple[datetime, int, Moment]] = []

    def plan(self, at: datetime, moment: Moment) -> None:
        """Something that will happen, unless that lies in the future."""
        if at <= self.now:
            heapq.heappush(self._moments, (at, next(self._order), moment))

    def play(self) -> None:
        """Works off every moment in order."""
        while self._moments:
            at, _, moment = heapq.heappop(self._moments)
            moment(at)
        self.post.close()

    def begin(self, case: Case, *, at: datetime) -> None:
        """Plans the trigger of a handoff."""
        self.plan(at, lambda moment: self._trigger(case, moment))

    def _trigger(self, case: Case, at: datetime) -> None:
        """The CRM row crosses its threshold, and a few seconds later the handoff is there."""
        if case.kind == MQL and case.book.account.is_customer:
            return  # They signed in the meantime; a customer is no lead.
        sender = self._introduce(case)
        if case.scene is not None and case.book.firm.path == "showcase":
            deal = self.sales.stage(case.book, case.deal, at=at)
        else:
            deal = self.sales.set_up(case.book, case.kind, case.deal, at=at, fate=case.fate)
        self.desk.advance(case.book.account, now=at)
        received = at + timedelta(seconds=self.rng.randint(1, 5))
        handoff, created = pipeline.receive(
            handoff_type=case.kind,
            account=case.book.account,
            deal=deal,
            origin=Handoff.Origin.CRM,
            now=received,
            actor="crm",
            trigger_key=f"crm:{case.kind}:{(deal or case.book.account).crm_id}:{at:%Y-%m-%dT%H:%M:%S}",
            from_rep=sender,
        )
        if created:
            self._run(replace(case, deal=deal, handoff=handoff), received)

    def _introduce(self, case: Case) -> Rep | None:
        """For a scene: gives the account its named person; the sender, if the scene has one."""
        if case.scene is None:
            return None
        reps = self.roster.reps
        if case.scene.named:
            case.book.account.named_owner = reps[case.scene.named]
            case.book.account.save(update_fields=["named_owner"])
        return reps.get(case.scene.sender)

    def _run(self, case: Case, at: datetime) -> None:
        # Nobody else is at work, so there is nothing to claim.
        advancing.advance(case.row, now=at, actor="engine")
        handoff = Handoff.objects.get(pk=case.row.pk)
        self.post.settle(handoff, at=at)
        case = replace(case, handoff=handoff)
        if handoff.state == State.BLOCKED and case.fate.is_blocked and case.scene is None:
            self.plan(at + self.rng.uniform(0.5, 30) * HOUR, lambda moment: self._fill(case, moment))
        elif handoff.state == State.UNASSIGNED and handoff.next_at is not None:
            self.plan(handoff.next_at, lambda moment: self._run(case, moment))
        elif handoff.state == State.ASSIGNED:
            self._follow(case, at)

    def _fill(self, case: Case, at: datetime) -> None:
        """The sender fills the gap that blocked it."""
        self.sales.fill_gap(case.book, case.kind, case.deal, at=at)
        self.desk.advance(case.book.account, now=at)
        row = pipeline.retry(case.row, actor=self._sender(case), now=at)
        self._run(replace(case, handoff=row, fate=replace(case.fate, is_blocked=False)), at + timedelta(seconds=4))

    def _follow(self, case: Case, at: datetime) -> None:
        """Plans what its owner does with an assigned handoff."""
        fate, target = case.fate, self._target(case.row)
        if fate.acknowledged is not None and fate.turn is not Turn.WITHDRAWN:
            self.plan(at + fate.acknowledged * target, lambda moment: self._acknowledge(case, moment))
        if case.stays_open:
            return
        what: Moment = {
            Turn.RETURNED: lambda moment: self._return(case, moment),
            Turn.WITHDRAWN: lambda moment: self._withdraw(case, moment, "The request was taken back."),
            Turn.REASSIGNED: lambda moment: self._reassign(case, moment),
        }.get(fate.turn, lambda moment: self._contact(case, moment))
        share = min(fate.contacted, 0.9) if fate.turn is Turn.RETURNED else fate.contacted
        self.plan(self._awake(case.book, at + share * target, latest=at + target), what)

    @staticmethod
    def _awake(book: Book, moment: datetime, *, latest: datetime) -> datetime:
        """The moment, or the account's next morning if nobody calls at that hour and it is before `latest`."""
        local = moment.astimezone(ZoneInfo(book.firm.zone))
        if 7 <= local.hour < 20:
            return moment
        morning = local.replace(hour=8, minute=book.rng.randint(5, 59)) + (DAY if local.hour >= 20 else 0 * DAY)
        morning = morning.astimezone(UTC)
        return morning if morning < latest else moment

    def _acknowledge(self, case: Case, at: datetime) -> None:
        handoff = case.row
        with suppress(RefusedError):
            pipeline.acknowledge(handoff, actor=self._owner(handoff), now=at, version=handoff.version)
            self.post.settle(handoff, at=at)

    def _contact(self, case: Case, at: datetime) -> None:
        handoff, logged = case.row, at + self.rng.randint(1, 14) * MINUTE
        owner = self._holder(handoff)
        with suppress(RefusedError):
            pipeline.log_contact(handoff, contacted_at=at, actor=self._owner(handoff), now=logged)
            if not case.ends:
                add_activity(case.book, self.desk, "call", at=at, deal=case.deal, owner=owner)
            self.sales.taken_over(case.book, case.kind, case.deal, by=owner, at=logged)
            if case.fate.meets:
                self.plan(logged + self.rng.uniform(0.02, 1.5) * DAY, lambda moment: self._meet(case, moment))
            self.plan(logged + self.rng.triangular(2, 18, 6) * DAY, lambda moment: self._close(case, moment))

    def _meet(self, case: Case, at: datetime) -> None:
        start = (at + self.rng.randint(1, 7) * DAY).replace(minute=self.rng.choice([0, 30]), second=0, microsecond=0)
        with suppress(RefusedError):
            pipeline.book_meeting(case.row, meeting_at=start, actor=self._owner(case.row), now=at)

    def _close(self, case: Case, at: datetime) -> None:
        outcome = State.CONVERTED if case.fate.converts else State.LOST
        with suppress(RefusedError):
            pipeline.close(case.row, outcome=outcome, actor=self._owner(case.row), now=at)
            self._go_on(case, at)

    def _go_on(self, case: Case, at: datetime) -> None:
        """One thing leads to another: a lead to a deal, a deal to a customer, a customer to more."""
        book, rng = case.book, self.rng
        if case.ends:
            return
        if not case.fate.converts:
            self.sales.lost(case.deal, at=at)
            return
        if case.kind == MQL:
            owner = self._holder(case.row)
            seller = owner if owner.function == Function.SDR else None
            opened = self.sales.new_deal(book, at=at, owner=seller)
            self.begin(self.case(book, SQL, deal=opened), at=at + rng.uniform(0.1, 3) * DAY)
        elif case.kind in {SQL, EXPANSION} and rng.random() < 0.6:
            self.begin(self.case(book, WON, deal=case.deal), at=at + rng.triangular(4, 30, 9) * DAY)
        elif case.kind == SQL:
            deal = case.deal
            self.plan(at + rng.uniform(6, 25) * DAY, lambda moment: self.sales.lost(deal, at=moment))
        elif case.kind == WON and rng.random() < 0.45:
            self.begin(self.case(book, EXPANSION), at=at + rng.uniform(5, 25) * DAY)

    def case(self, book: Book, kind: HandoffType, *, deal: Deal | None = None) -> Case:
        """A handoff to come, its fate drawn."""
        return Case(book, kind, fates.draw(self.rng, may_block=kind != MQL), deal)

    def _return(self, case: Case, at: datetime) -> None:
        """Back to the sender, who gives up on most and sends some again with the gap filled."""
        handoff = case.row
        reason, comment = fates.RETURNS[0] if case.scene else self.rng.choice(fates.RETURNS)
        pipeline.reject(handoff, reason=reason, comment=comment, actor=self._owner(handoff), now=at)
        self.post.settle(handoff, at=at)
        if case.scene is not None:
            return
        answer = at + self.rng.uniform(0.4, 3.6) * HOUR
        self.plan(answer, lambda moment: self._answer(case, moment, again=reason in {"incomplete", "wrong_owner"}))

    def _answer(self, case: Case, at: datetime, *, again: bool) -> None:
        self._withdraw(case, at, "Sent again with the gap filled." if again else "The owner is right.")
        if again:
            self.begin(replace(case, fate=fates.good(self.rng), handoff=None), at=at + 10 * MINUTE)

    def _withdraw(self, case: Case, at: datetime, reason: str) -> None:
        with suppress(RefusedError):
            pipeline.withdraw(case.row, reason=reason, actor=self._sender(case), now=at)
            self.post.settle(case.row, at=at)

    def _reassign(self, case: Case, at: datetime) -> None:
        handoff = Handoff.objects.select_related("assignment__pool", "owner__team__manager").get(pk=case.row.pk)
        pool = handoff.assignment.pool if handoff.assignment else None
        members = Rep.objects.filter(memberships__pool=pool).order_by("memberships__position") if pool else ()
        to = next((member for member in members if member.pk != handoff.owner_id), None)
        if to is None:
            self._contact(case, at)
            return
        manager = handoff.owner.team.manager if handoff.owner else None
        actor = self.roster.actor(manager) if manager else "engine"
        handoff = pipeline.reassign(handoff, to=to, reason="The owner is in a workshop all day.", actor=actor, now=at)
        self.post.settle(handoff, at=at)
        self._follow(replace(case, handoff=handoff, fate=replace(fates.good(self.rng), turn=Turn.ON_TIME)), at)

    def _target(self, handoff: Handoff) -> timedelta:
        clock = Clock.objects.get(assignment=handoff.assignment_id, kind=ClockKind.FIRST_CONTACT)
        return timedelta(minutes=clock.target_minutes)

    def _owner(self, handoff: Handoff) -> str:
        return self.roster.actor(self._holder(handoff))

    def _holder(self, handoff: Handoff) -> Rep:
        return self.roster.by_id[handoff.owner_id or 0]

    def _sender(self, case: Case) -> str:
        sender = self.roster.by_id.get(case.row.from_rep_id or 0)
        return self.roster.actor(sender) if sender else "crm"
