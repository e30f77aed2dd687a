"""Pools: who takes turns, and the ledger that keeps the turns fair."""

from __future__ import annotations

import uuid

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from simple_history.models import HistoricalRecords

from routing.models.bounds import MOST_PLACES, MOST_TURNS, at_most
from routing.models.people import Caps, Rep, Team
from routing.models.types import Function


class Pool(Caps):
    """People who take turns. Several rules may share a pool; its row is the lock of its ledger.

    `ledger_faults` is how many members' pointers were not the sum of their turns at `ledger_checked_at`.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    code = models.SlugField(max_length=64, unique=True)
    name = models.CharField(max_length=120, unique=True)
    team = models.ForeignKey(Team, models.PROTECT, related_name="pools", help_text="The receiving team")
    function = models.CharField("receiving function", max_length=16, choices=Function.choices)
    debits_owner_matches = models.BooleanField(
        default=False,
        help_text="Count a handoff that goes to the account's own owner as a turn",
    )
    return_allowance = models.PositiveSmallIntegerField(
        default=3,
        validators=[at_most(MOST_TURNS, "turns")],
        help_text="Turns a member coming back from leave may catch up",
    )
    is_active = models.BooleanField(default=True)
    ledger_checked_at = models.DateTimeField(null=True, blank=True, editable=False)
    ledger_faults = models.PositiveIntegerField(default=0, editable=False)
    history = HistoricalRecords(excluded_fields=["ledger_checked_at", "ledger_faults"])

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A person in a pool. `pointer` is in units of 232,792,560 / weight and always equals the sum of the ledger.

    `away_since` is when a turn was first given past them because they were on leave; null once they have returned.
    """

    pool = models.ForeignKey(Pool, models.CASCADE, related_name="memberships")
    rep = models.ForeignKey(Rep, models.PROTECT, related_name="memberships")
    weight = models.PositiveSmallIntegerField(default=1, validators=[MinValueValidator(1), MaxValueValidator(20)])
    position = models.PositiveIntegerField(
        default=0, validators=[at_most(MOST_PLACES, "places")], help_text="Breaks the last tie: lower goes first"
    )
    is_active = models.BooleanField(default=True)
    pointer = models.BigIntegerField(default=0, editable=False)
    last_debit_seq = models.BigIntegerField(default=0, editable=False)
    away_since = models.DateTimeField(null=True, blank=True, editable=False)
    history = HistoricalRecords(excluded_fields=["pointer", "last_debit_seq", "away_since"])

    class Meta:
        ordering = ("pool", "position", "id")
        constraints = (
            models.UniqueConstraint(fields=("pool", "rep"), name="membership_once_per_pool"),
            models.CheckConstraint(
                condition=models.Q(weight__gte=1, weight__lte=20),
                name="membership_weight_1_to_20",
                violation_error_message="A weight is a whole number from 1 to 20.",
            ),
        )

    def __str__(self) -> str:
        return f"{self.rep} in {self.pool}"


class Pod(models.Model):
    """A named cross-role group that owns accounts; a handoff goes to its member in the receiving function."""

    code = models.SlugField(max_length=64, unique=True)
    name = models.CharField(max_length=120, unique=True)
    members = models.ManyToManyField(Rep, related_name="pods")

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Turn(models.Model):
    """One line of a pool's fairness ledger; append-only. `units` is signed; `pointer_after` is the member's new sum."""

    class Kind(models.TextChoices):
        DEBIT = "debit", "Took a turn"
        CREDIT = "credit", "Turn given back"
        JOIN = "join", "Joined the pool"
        RETURN = "return", "Back from leave"
        CALIBRATE = "calibrate", "Set by hand"

    membership = models.ForeignKey(Membership, models.PROTECT, related_name="turns")
    pool = models.ForeignKey(Pool, models.PROTECT, related_name="turns")
    seq = models.BigIntegerField()
    kind = models.CharField(max_length=16, choices=Kind.choices)
    units = models.BigIntegerField()
    pointer_after = models.BigIntegerField()
    assignment = models.ForeignKey("Assignment", models.PROTECT, null=True, blank=True, related_name="turns")
    reason = models.CharField(max_length=200, blank=True)
    actor = models.CharField(max_length=64, blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ("pool", "seq")
        constraints = (
            models.UniqueConstraint(fields=("pool", "seq"), name="turn_numbered_once"),
            models.CheckConstraint(
                condition=~models.Q(kind="calibrate") | ~models.Q(reason=""),
                name="turn_calibration_has_a_reason",
            ),
        )
        indexes = (models.Index(fields=("membership", "seq")),)

    def __str__(self) -> str:
        return f"{self.pool} turn {self.seq}"
