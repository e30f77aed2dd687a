"""Celery's doors: each task is one call. They only wake work that the database already holds."""

from __future__ import annotations

from celery import shared_task

from handoffs import engine, outbox, triggers
from handoffs.now import now, real_now


@shared_task(name="handoffs.sweep")
def sweep() -> None:
    """Everything due; poked after commits and by beat."""
    engine.sweep(now=now(), clock=real_now)


@shared_task(name="handoffs.deliver")
def deliver() -> None:
    """Due deliveries."""
    outbox.deliver_due(now=now(), clock=real_now, limit=engine.DELIVERIES_PER_PASS)


@shared_task(name="handoffs.start_triggers")
def start_triggers() -> None:
    """CRM rows that crossed their trigger."""
    triggers.start_due(now=now())
