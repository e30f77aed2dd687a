"""Policies, the clocks that run under them, and the ladder steps that were taken."""

from __future__ import annotations

import uuid
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from routing.models import Assignment, Calendar, HandoffType, RoleCode, Team

TEN_YEARS = 10 * 366 * 24 * 60


def minutes_field(name: str, **options: Any) -> models.PositiveIntegerField[Any, Any]:
    """Whole minutes from 1 to ten years."""
    return models.PositiveIntegerField(
        name,
        validators=[MinValueValidator(1), MaxValueValidator(TEN_YEARS)],
        **options,
    )


class ClockKind(models.TextChoices):
    """What a clock waits for."""

    FIRST_CONTACT = "first_contact", "First contact"
    ACKNOWLEDGE = "acknowledge", "Acknowledgement"
    RESUBMIT = "resubmit", "Resubmission"


class Policy(models.Model):
    """A version of the promise for a type, narrowed by team and segment; a version in use never changes."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        LIVE = "live", "Live"
        ARCHIVED = "archived", "Archived"

    class HoursOf(models.TextChoices):
        TEAM = "team", "The receiving team's"
        OWNER = "owner", "The owner's"
        ACCOUNT = "account", "The account's"
        NONE = "none", "None: plain hours"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    handoff_type = models.CharField(max_length=32, choices=HandoffType.choices)
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="+")
    segment = models.SlugField(max_length=32, blank=True, help_text="Segment code; blank means every segment")
    number = models.PositiveIntegerField("version", default=1)
    state = models.CharField(max_length=16, choices=State.choices, default=State.DRAFT)
    target_minutes = minutes_field("first contact within (minutes)")
    acknowledge_minutes = minutes_field("acknowledge within (minutes)")
    resubmit_minutes = minutes_field("resubmit within (minutes)", default=240)
    at_risk_percent = models.PositiveSmallIntegerField(
        default=70, validators=[MinValueValidator(1), MaxValueValidator(99)]
    )
    hours_of = models.CharField(
        "whose hours count",
        max_length=16,
        choices=HoursOf.choices,
        default=HoursOf.TEAM,
    )
    calendar = models.ForeignKey(
        Calendar,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Blank: plain hours, day and night",
    )

    class Meta:
        ordering = ("handoff_type", "team__name", "segment", "-number")
        verbose_name_plural = "policies"
        constraints = (
            models.UniqueConstraint(
                fields=("handoff_type", "team", "segment", "number"),
                name="policy_version_once",
            ),
            models.UniqueConstraint(
                fields=("handoff_type", "segment"),
                condition=models.Q(state="live", team__isnull=True),
                name="policy_one_live_any_team",
            ),
            models.UniqueConstraint(
                fields=("handoff_type", "segment", "team"),
                condition=models.Q(state="live"),
                name="policy_one_live_per_team",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    target_minutes__gte=1,
                    target_minutes__lte=TEN_YEARS,
                    acknowledge_minutes__gte=1,
                    resubmit_minutes__gte=1,
                    at_risk_percent__gte=1,
                    at_risk_percent__lte=99,
                ),
                name="policy_figures_make_sense",
            ),
        )

    def __str__(self) -> str:
        where = " · ".join(part for part in (self.team.name if self.team else "", self.segment) if part)
        return f"{self.get_handoff_type_display()}{' · ' + where if where else ''} v{self.number}"


class EscalationStep(models.Model):
    """One rung of a policy's ladder: what happens, and how long after the clock's deadline (at risk: before it)."""

    class Action(models.TextChoices):
        NOTICE_AT_RISK = "notice_at_risk", "Tell the owner it is at risk"
        ALERT_OWNER = "alert_owner", "Alert the owner"
        ALERT_ROLE = "alert_role", "Alert the escalation role"
        REASSIGN = "reassign", "Reassign"
        REMIND = "remind", "Remind"

    class Unit(models.TextChoices):
        ELAPSED = "elapsed", "Elapsed time"
        BUSINESS = "business", "Working time"

    policy = models.ForeignKey(Policy, models.CASCADE, related_name="steps")
    clock_kind = models.CharField(max_length=16, choices=ClockKind.choices, default=ClockKind.FIRST_CONTACT)
    position = models.PositiveSmallIntegerField()
    action = models.CharField(max_length=16, choices=Action.choices)
    after_minutes = models.PositiveIntegerField("minutes after the deadline", default=0)
    unit = models.CharField(max_length=16, choices=Unit.choices, default=Unit.ELAPSED)
    role = models.CharField(
        max_length=32,
        choices=RoleCode.choices,
        blank=True,
        help_text="Blank: the type's escalation role",
    )

    class Meta:
        ordering = ("policy", "clock_kind", "position")
        constraints = (
            models.UniqueConstraint(
                fields=("policy", "clock_kind", "position"),
                name="escalation_step_position_once",
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_action_display()} +{self.after_minutes} min"


class Clock(models.Model):
    """A promise being timed. Policy version, target, calendar and ladder are pinned when it starts.

    `handoff_uuid` names the handoff without a key upward. `ladder` lists the frozen steps as
    {"step": id, "action": word, "role": word, "due_at": instant}; `next_step_at` is the earliest one not yet taken.
    """

    class State(models.TextChoices):
        RUNNING = "running", "Running"
        PAUSED = "paused", "Paused"
        STOPPED = "stopped", "Stopped"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    assignment = models.ForeignKey(Assignment, models.PROTECT, related_name="clocks")
    handoff_uuid = models.UUIDField(db_index=True)
    kind = models.CharField(max_length=16, choices=ClockKind.choices)
    state = models.CharField(max_length=16, choices=State.choices, default=State.RUNNING)
    policy = models.ForeignKey(Policy, models.PROTECT, related_name="clocks")
    calendar = models.ForeignKey(Calendar, models.PROTECT, null=True, blank=True, related_name="+")
    calendar_version = models.PositiveIntegerField(null=True, blank=True)
    hours = models.JSONField(default=dict, help_text="The working hours as they were when the clock started")
    target_minutes = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    at_risk_at = models.DateTimeField()
    deadline_at = models.DateTimeField()
    stopped_at = models.DateTimeField(null=True, blank=True)
    ladder = models.JSONField(default=list)
    next_step_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ("started_at", "id")
        constraints = (
            models.UniqueConstraint(fields=("assignment", "kind"), name="clock_once_per_assignment_and_kind"),
            models.CheckConstraint(
                condition=models.Q(state="stopped", stopped_at__isnull=False, next_step_at__isnull=True)
                | (~models.Q(state="stopped") & models.Q(stopped_at__isnull=True)),
                name="clock_stopped_is_at_rest",
            ),
            models.CheckConstraint(
                condition=models.Q(deadline_at__gte=models.F("started_at")),
                name="clock_deadline_after_start",
            ),
        )
        indexes = (
            models.Index(
                fields=("next_step_at",),
                condition=models.Q(next_step_at__isnull=False),
                name="clock_next_step_due",
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} by {self.deadline_at:%d %b %Y %H:%M} UTC"


class ClockInterval(models.Model):
    """The ledger of a clock: spans in which it ran or was paused, half-open, in UTC; the open one has no end."""

    class Kind(models.TextChoices):
        RUNNING = "running", "Running"
        PAUSED = "paused", "Paused"

    clock = models.ForeignKey(Clock, models.CASCADE, related_name="intervals")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    reason = models.CharField(max_length=64, blank=True)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("clock", "starts_at", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("clock",),
                condition=models.Q(ends_at__isnull=True),
                name="clock_interval_one_open",
            ),
            models.CheckConstraint(
                condition=models.Q(ends_at__isnull=True) | models.Q(ends_at__gte=models.F("starts_at")),
                name="clock_interval_ends_after_start",
            ),
            models.CheckConstraint(
                condition=~models.Q(kind="paused") | ~models.Q(reason=""),
                name="clock_pause_has_a_reason",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} from {self.starts_at:%d %b %H:%M}"


class StepRun(models.Model):
    """A ladder step that was taken; the row is inserted by the claim, so a step runs once per clock."""

    class Outcome(models.TextChoices):
        DONE = "done", "Done"
        SUPERSEDED = "superseded", "Overtaken by a later step"

    clock = models.ForeignKey(Clock, models.PROTECT, related_name="step_runs")
    step = models.ForeignKey(EscalationStep, models.PROTECT, related_name="runs")
    due_at = models.DateTimeField()
    ran_at = models.DateTimeField()
    outcome = models.CharField(max_length=16, choices=Outcome.choices, default=Outcome.DONE)

    class Meta:
        ordering = ("clock", "due_at")
        constraints = (models.UniqueConstraint(fields=("clock", "step"), name="step_run_once_per_clock"),)
        indexes = (
            models.Index(fields=("step",), condition=models.Q(outcome="done"), name="step_run_taken"),  # for counting
        )

    def __str__(self) -> str:
        return f"{self.step} at {self.ran_at:%d %b %H:%M}"
