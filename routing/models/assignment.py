"""Decision, the receipt of who was chosen and why; Assignment, the fact that somebody has it."""

from __future__ import annotations

import uuid

from django.db import models

from routing.models.people import Rep
from routing.models.pools import Pool
from routing.models.rules import Rule, RuleSet


class Decision(models.Model):
    """Why a handoff went where it went: facts, version, winning rule, every candidate with a reason, ledger before
    and after.
    """

    class Outcome(models.TextChoices):
        ASSIGNED = "assigned", "Assigned"
        HELD = "held", "Held until the next opening"
        NOBODY = "nobody", "Nobody could take it"
        QUEUED = "queued", "Waits in the pool's queue"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    handoff_uuid = models.UUIDField(db_index=True)
    rule_set = models.ForeignKey(RuleSet, models.PROTECT, related_name="decisions")
    rule = models.ForeignKey(Rule, models.PROTECT, null=True, blank=True, related_name="decisions")
    pool = models.ForeignKey(Pool, models.PROTECT, null=True, blank=True, related_name="decisions")
    chosen = models.ForeignKey(Rep, models.PROTECT, null=True, blank=True, related_name="+")
    outcome = models.CharField(max_length=16, choices=Outcome.choices)
    facts = models.JSONField()
    receipt = models.JSONField()
    decided_at = models.DateTimeField()

    class Meta:
        ordering = ("-decided_at", "-id")
        constraints = (
            models.CheckConstraint(
                condition=~models.Q(outcome="assigned") | models.Q(chosen__isnull=False),
                name="decision_assigned_names_a_person",
            ),
        )

    def __str__(self) -> str:
        return f"Decision {self.pk}"


class Assignment(models.Model):
    """Somebody holds a handoff. It counts as load until `released_at`; one at a time per handoff, numbered from 1."""

    class Release(models.TextChoices):
        CONTACTED = "contacted", "First contact made"
        REJECTED = "rejected", "Returned to the sender"
        WITHDRAWN = "withdrawn", "Withdrawn"
        REASSIGNED = "reassigned", "Reassigned"
        CLOSED = "closed", "Closed"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    handoff_uuid = models.UUIDField()
    number = models.PositiveIntegerField()
    rep = models.ForeignKey(Rep, models.PROTECT, related_name="assignments")
    pool = models.ForeignKey(Pool, models.PROTECT, null=True, blank=True, related_name="assignments", db_index=False)
    decision = models.ForeignKey(Decision, models.PROTECT, null=True, blank=True, related_name="assignments")
    assigned_at = models.DateTimeField()
    released_at = models.DateTimeField(null=True, blank=True)
    release_reason = models.CharField(max_length=16, choices=Release.choices, blank=True)

    class Meta:
        ordering = ("handoff_uuid", "number")
        constraints = (
            models.UniqueConstraint(fields=("handoff_uuid", "number"), name="assignment_numbered_once"),
            models.UniqueConstraint(
                fields=("handoff_uuid",),
                condition=models.Q(released_at__isnull=True),
                name="assignment_one_open",
            ),
            models.CheckConstraint(
                condition=models.Q(released_at__isnull=True, release_reason="")
                | (models.Q(released_at__isnull=False) & ~models.Q(release_reason="")),
                name="assignment_release_has_a_reason",
            ),
        )
        indexes = (
            models.Index(
                fields=("rep",),
                condition=models.Q(released_at__isnull=True),
                name="assignment_load",
            ),
            models.Index(fields=("rep", "assigned_at"), name="assignment_rate"),
            models.Index(
                fields=("pool",),
                condition=models.Q(released_at__isnull=True),
                name="assignment_pool_load",
            ),
            models.Index(fields=("pool", "assigned_at"), name="assignment_pool_rate"),
        )

    def __str__(self) -> str:
        return f"Assignment {self.number} to {self.rep}"
