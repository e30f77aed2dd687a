"""Handoffs as a test wants them to begin with, brought there by the pipeline itself."""

from datetime import datetime, timedelta
from typing import Any

from handoffs import pipeline
from handoffs.models import Handoff, State
from routing.models import HandoffType
from tests.factories import NOW, Company, rich_account

SENDERS = {"mql_to_sales": "mara", "sql_to_ae": "dana", "closed_to_cs": "oskar", "expansion_to_sales": "hannah"}
LATER = NOW + timedelta(minutes=30)


def received(firm: Company, handoff_type: str = "sql_to_ae", *, now: datetime = NOW, **account: Any) -> Handoff:
    """A handoff of an account about which everything is known."""
    rich = rich_account(handoff_type, sender=firm.reps[SENDERS[handoff_type]], now=now, **account)
    handoff, _ = pipeline.receive(
        handoff_type=HandoffType(handoff_type),
        account=rich.account,
        deal=rich.deal,
        origin=Handoff.Origin.API,
        now=now,
        actor="user:1",
    )
    return handoff


def assigned(firm: Company, handoff_type: str = "sql_to_ae", *, now: datetime = NOW, **account: Any) -> Handoff:
    """The same, run: an SQL goes to Ingrid, then Freya, then Mikael."""
    handoff = pipeline.run(received(firm, handoff_type, now=now, **account), now=now, actor="engine")
    assert handoff.state == State.ASSIGNED, handoff.last_error
    return handoff


def blocked(firm: Company) -> Handoff:
    """One whose account has nobody who can be reached."""
    handoff = received(firm)
    handoff.account.contacts.all().delete()
    return pipeline.run(handoff, now=NOW, actor="engine")


def unassigned(firm: Company) -> Handoff:
    """One for a pool whose members have all left."""
    firm.pools["ae_enterprise"].memberships.update(is_active=False)
    return pipeline.run(received(firm), now=NOW, actor="engine")


def in_state(firm: Company, state: State) -> Handoff:
    """A handoff that was brought to the state by the verbs that lead there."""
    if state == State.RECEIVED:
        return received(firm)
    if state == State.BLOCKED:
        return blocked(firm)
    if state == State.UNASSIGNED:
        return unassigned(firm)
    handoff = assigned(firm)
    if state in {State.CONTACTED, State.MEETING_BOOKED, State.CONVERTED, State.LOST}:
        pipeline.log_contact(handoff, contacted_at=LATER, actor="user:1", now=LATER)
    if state == State.ACKNOWLEDGED:
        pipeline.acknowledge(handoff, actor="user:1", now=LATER)
    elif state == State.MEETING_BOOKED:
        pipeline.book_meeting(handoff, meeting_at=LATER, actor="user:1", now=LATER)
    elif state in {State.CONVERTED, State.LOST}:
        pipeline.close(handoff, outcome=state, actor="user:1", now=LATER)
    elif state == State.REJECTED:
        pipeline.reject(handoff, reason="incomplete", actor="user:1", now=LATER)
    elif state == State.WITHDRAWN:
        pipeline.withdraw(handoff, reason="by mistake", actor="user:1", now=LATER)
    return Handoff.objects.get(pk=handoff.pk)
