"""Handoff, the row everything turns on; Package, the snapshot its receiver reads."""

from __future__ import annotations

import uuid

from django.core.validators import MaxValueValidator
from django.db import models

from handoffs.models.crm import Account, Deal
from routing.models import Assignment, HandoffType, Pool, Rep, Team


class State(models.TextChoices):
    """The life of a handoff; legal moves are in `handoffs.states`."""

    RECEIVED = "received", "Received"
    BLOCKED = "blocked", "Blocked"
    UNASSIGNED = "unassigned", "Unassigned"
    ASSIGNED = "assigned", "Assigned"
    ACKNOWLEDGED = "acknowledged", "Acknowledged"
    REJECTED = "rejected", "Returned to sender"
    CONTACTED = "contacted", "Contacted"
    MEETING_BOOKED = "meeting_booked", "Meeting booked"
    CONVERTED = "converted", "Converted"
    LOST = "lost", "Lost"
    WITHDRAWN = "withdrawn", "Withdrawn"


class ReturnReason(models.TextChoices):
    """Why a handoff goes back to its sender."""

    INCOMPLETE = "incomplete", "Qualification is incomplete"
    WRONG_OWNER = "wrong_owner", "Wrong owner or territory"
    DUPLICATE = "duplicate", "Duplicate of another handoff"
    NOT_A_FIT = "not_a_fit", "Not a fit"
    OTHER = "other", "Another reason"


OPEN_STATES = (
    State.RECEIVED,
    State.BLOCKED,
    State.UNASSIGNED,
    State.ASSIGNED,
    State.ACKNOWLEDGED,
    State.REJECTED,
)
"""Until first contact or an end: while in one of these, the same trigger is the same handoff."""


class Standing(models.IntegerChoices):
    """What a handoff waits for, as lists sort by it."""

    RUNNING = 0, "First contact"
    WAITING = 1, "Somebody else, or an owner"
    FOLLOWED = 2, "Meeting or outcome"
    ENDED = 3, "Nothing"


IN_ORDER = ("standing", "due_at", "-received_at", "-id")
"""The order of open handoffs in every list; the partial indexes of `Handoff` are in it."""
_IS_OPEN = models.Q(standing__lt=Standing.ENDED)


class Handoff(models.Model):
    """A customer on the way from one team to the next.

    Work columns: `next_at` (business time) is when the engine shall look at it, `alarm_at` when to tell that nobody has
    it, `lease_until` (real time) until when a worker has it, `attempt` the fence: a result counts only while the
    attempt is still ours. `version` rises with every change and guards stale writes. `trigger_key` is the caller's own
    key, kept for ever; `dedupe_key` names type, account and deal and is unique while the handoff is open.

    For lists over many rows: `standing` follows `state` in the database, and `due_at` and `at_risk_at` repeat the
    deadline of the present first-contact clock and its at-risk instant (UTC) while that clock runs.
    """

    class Origin(models.TextChoices):
        CRM = "crm", "CRM change"
        API = "api", "API"
        COMMAND = "command", "Command line"
        ADMIN = "admin", "Admin"
        PAGE = "page", "Page"
        IMPORT = "import", "Import"

    class Priority(models.TextChoices):
        URGENT = "urgent", "Urgent"
        HIGH = "high", "High"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    handoff_type = models.CharField("type", max_length=32, choices=HandoffType.choices)
    state = models.CharField(max_length=16, choices=State.choices, default=State.RECEIVED)
    version = models.PositiveIntegerField(default=1)
    origin = models.CharField(max_length=16, choices=Origin.choices)
    trigger_key = models.CharField(max_length=200, unique=True, null=True, blank=True)
    dedupe_key = models.CharField(max_length=200)

    account = models.ForeignKey(Account, models.PROTECT, related_name="handoffs")
    deal = models.ForeignKey(Deal, models.PROTECT, null=True, blank=True, related_name="handoffs")
    from_team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="handoffs_sent")
    from_rep = models.ForeignKey(Rep, models.PROTECT, null=True, blank=True, related_name="handoffs_sent")
    to_team = models.ForeignKey(
        Team,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Asked for by the caller",
    )
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="handoffs")
    queue = models.ForeignKey(
        Pool,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="While nobody has it: the pool whose members may take it",
    )
    owner = models.ForeignKey(Rep, models.PROTECT, null=True, blank=True, related_name="handoffs_owned")
    assignment = models.OneToOneField(Assignment, models.PROTECT, null=True, blank=True, related_name="+")
    package = models.OneToOneField("Package", models.PROTECT, null=True, blank=True, related_name="+")
    segment = models.CharField(max_length=32, blank=True)
    territory = models.CharField(max_length=64, blank=True)
    priority = models.CharField(max_length=8, choices=Priority.choices, default=Priority.HIGH)
    completeness = models.PositiveSmallIntegerField(null=True, blank=True, validators=[MaxValueValidator(100)])
    is_flagged = models.BooleanField(default=False)

    received_at = models.DateTimeField()
    unassigned_since = models.DateTimeField(null=True, blank=True)
    alarm_at = models.DateTimeField("alarm if nobody has it", null=True, blank=True)
    assigned_at = models.DateTimeField("first assigned", null=True, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    contacted_at = models.DateTimeField("first contact", null=True, blank=True)
    meeting_at = models.DateTimeField("meeting starts", null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    rejection_reason = models.CharField(max_length=32, blank=True)
    due_at = models.DateTimeField("first contact due", null=True, blank=True)
    at_risk_at = models.DateTimeField(null=True, blank=True)
    standing = models.GeneratedField(
        expression=models.Case(
            models.When(state__in=(State.ASSIGNED, State.ACKNOWLEDGED), then=models.Value(Standing.RUNNING)),
            models.When(state__in=OPEN_STATES, then=models.Value(Standing.WAITING)),
            models.When(state__in=(State.CONTACTED, State.MEETING_BOOKED), then=models.Value(Standing.FOLLOWED)),
            default=models.Value(Standing.ENDED),
        ),
        output_field=models.SmallIntegerField(),
        db_persist=True,
    )

    next_at = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    attempt = models.PositiveIntegerField(default=0)
    failures = models.PositiveSmallIntegerField(default=0)
    parked_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ("-received_at", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=("dedupe_key",),
                condition=models.Q(state__in=OPEN_STATES),
                name="handoff_one_open_per_trigger",
            ),
            models.CheckConstraint(
                condition=~models.Q(
                    state__in=(
                        State.ASSIGNED,
                        State.ACKNOWLEDGED,
                        State.CONTACTED,
                        State.MEETING_BOOKED,
                    )
                )
                | models.Q(
                    owner__isnull=False,
                    assignment__isnull=False,
                    assigned_at__isnull=False,
                ),
                name="handoff_assigned_has_an_owner",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=(State.CONVERTED, State.LOST, State.WITHDRAWN))
                | models.Q(
                    closed_at__isnull=False,
                    next_at__isnull=True,
                ),
                name="handoff_closed_is_at_rest",
            ),
        )
        indexes = (
            models.Index(
                fields=("next_at",),
                condition=models.Q(next_at__isnull=False),
                name="handoff_due",
            ),
            models.Index(fields=("alarm_at",), condition=models.Q(alarm_at__isnull=False), name="handoff_alarm_due"),
            models.Index(fields=("owner", "state")),
            models.Index(fields=("state", "-received_at")),
            models.Index(fields=("account", "handoff_type", "-received_at")),
            models.Index(fields=IN_ORDER, condition=_IS_OPEN, name="handoff_open"),
            models.Index(fields=("owner", *IN_ORDER), condition=_IS_OPEN, name="handoff_open_of_owner"),
            models.Index(fields=("from_rep", *IN_ORDER), condition=_IS_OPEN, name="handoff_open_of_sender"),
            models.Index(fields=("team", *IN_ORDER), condition=_IS_OPEN, name="handoff_open_of_team"),
            models.Index(
                fields=("-closed_at", "-id"), condition=models.Q(standing=Standing.ENDED), name="handoff_ended"
            ),
        )

    def __str__(self) -> str:
        return f"{self.reference} {self.account}"

    @property
    def reference(self) -> str:
        """The short number people say: HO-2418."""
        return f"HO-{self.pk}"

    @property
    def type_enum(self) -> HandoffType:
        return HandoffType(self.handoff_type)

    @property
    def stream(self) -> str:
        """The name of its log."""
        return f"handoff:{self.uuid}"


class Package(models.Model):
    """The compiled package: an immutable snapshot, one row per version, with the context it was compiled from."""

    class Verdict(models.TextChoices):
        COMPLETE = "complete", "Complete"
        FLAGGED = "flagged", "Flagged"
        BLOCKED = "blocked", "Blocked"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    handoff = models.ForeignKey(Handoff, models.PROTECT, related_name="packages")
    number = models.PositiveIntegerField("version")
    verdict = models.CharField(max_length=16, choices=Verdict.choices)
    score = models.PositiveSmallIntegerField(validators=[MaxValueValidator(100)])
    body = models.JSONField()
    context = models.JSONField()
    compiled_at = models.DateTimeField()

    class Meta:
        ordering = ("handoff", "-number")
        constraints = (
            models.UniqueConstraint(fields=("handoff", "number"), name="package_numbered_once"),
            models.CheckConstraint(condition=models.Q(score__lte=100), name="package_score_0_to_100"),
        )

    def __str__(self) -> str:
        return f"Package v{self.number} of {self.handoff_id}"


class TypeSetting(models.Model):
    """What RevOps may set for a type: its trigger and the weights of the completeness score."""

    handoff_type = models.CharField("type", max_length=32, choices=HandoffType.choices, unique=True)
    is_enabled = models.BooleanField("starts by itself", default=True)
    score_threshold = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        help_text="MQL: a lead score of at least this starts a handoff",
    )
    usage_stages = models.JSONField(
        default=list,
        blank=True,
        help_text="PQL: reaching one of these product stages starts a handoff",
    )
    cooldown_days = models.PositiveSmallIntegerField(
        default=90,
        help_text="Days before the same account may start this type again by itself",
    )
    from_team = models.ForeignKey(
        Team,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="Sender when the CRM names no owner",
    )
    field_weights = models.JSONField(
        default=dict,
        blank=True,
        help_text="Weight per package field; blank uses the shipped weights",
    )
    stale_after_days = models.PositiveSmallIntegerField(default=180)

    class Meta:
        ordering = ("handoff_type",)

    def __str__(self) -> str:
        return self.get_handoff_type_display()
