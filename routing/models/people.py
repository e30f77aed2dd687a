"""People: who signs in, who takes handoffs, who is away, who holds an office."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower
from django.utils.functional import cached_property
from simple_history.models import HistoricalRecords

from routing.models.bounds import MOST_AT_ONCE, at_most, refuse_far_span, validate_time_zone
from routing.models.hours import Calendar
from routing.models.types import Function, RoleCode


class UserManager(BaseUserManager["User"]):
    """Accounts are found by e-mail, whatever its case."""

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        if not email:
            raise ValueError("A user needs an e-mail address: people sign in with it.")
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, **{**fields, "is_staff": True, "is_superuser": True})


class User(AbstractUser):
    """Somebody who signs in, by e-mail. What they may see follows from groups and from their `rep`."""

    username = None  # type: ignore[assignment]
    email = models.EmailField("e-mail", max_length=254, unique=True)
    time_zone = models.CharField(max_length=64, default="UTC", validators=[validate_time_zone])

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = UserManager()  # type: ignore[assignment,misc]

    class Meta:
        constraints = (models.UniqueConstraint(Lower("email"), name="user_email_unique"),)

    def __str__(self) -> str:
        return self.get_full_name() or self.email

    def clean(self) -> None:
        super().clean()
        self.email = self.email.lower()

    @cached_property
    def group_names(self) -> frozenset[str]:
        """The names of the user's groups, read once."""
        return frozenset(self.groups.values_list("name", flat=True))


_CAP = at_most(MOST_AT_ONCE, "handoffs; blank means no limit")


class Caps(models.Model):
    """How much work may be given; blank means unlimited, 0 means none. The tightest of person, team and pool binds."""

    load_cap = models.PositiveIntegerField("open handoffs at most", null=True, blank=True, validators=[_CAP])
    hour_cap = models.PositiveIntegerField("new per hour at most", null=True, blank=True, validators=[_CAP])
    day_cap = models.PositiveIntegerField("new per day at most", null=True, blank=True, validators=[_CAP])
    week_cap = models.PositiveIntegerField("new per week at most", null=True, blank=True, validators=[_CAP])

    class Meta:
        abstract = True

    @property
    def has_caps(self) -> bool:
        """Whether any of the caps is set."""
        return any(cap is not None for cap in (self.load_cap, self.hour_cap, self.day_cap, self.week_cap))


class Team(Caps):
    """A node of the org tree. Its manager is told when nobody can take a handoff."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    code = models.SlugField(max_length=64, unique=True)
    name = models.CharField(max_length=120, unique=True)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    manager = models.ForeignKey("Rep", models.SET_NULL, null=True, blank=True, related_name="teams_managed")
    calendar = models.ForeignKey(Calendar, models.PROTECT, null=True, blank=True, related_name="+")
    channel = models.CharField(
        "alert channel",
        max_length=80,
        blank=True,
        help_text="Where new handoffs are announced, e.g. #ent-emea",
    )
    history = HistoricalRecords()

    class Meta:
        ordering = ("name",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(parent__isnull=True) | ~models.Q(parent=models.F("id")),
                name="team_not_its_own_parent",
            ),
        )

    def __str__(self) -> str:
        return self.name


class Rep(Caps):
    """A person on the roster: takes handoffs, sends them, or is alerted about them. May be known from the CRM alone."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.OneToOneField(User, models.SET_NULL, null=True, blank=True, related_name="rep")
    crm_id = models.CharField("CRM owner id", max_length=64, unique=True, null=True, blank=True)
    first_name = models.CharField(max_length=80)
    last_name = models.CharField(max_length=80, blank=True)
    email = models.EmailField("e-mail", max_length=254)
    messaging_id = models.CharField("Slack member id", max_length=64, blank=True)
    team = models.ForeignKey(Team, models.PROTECT, related_name="members")
    function = models.CharField(max_length=16, choices=Function.choices)
    job_title = models.CharField(max_length=120, blank=True)
    time_zone = models.CharField(max_length=64, default="UTC", validators=[validate_time_zone])
    calendar = models.ForeignKey(
        Calendar,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Blank: the team's, else always open",
    )
    segments = models.JSONField(default=list, blank=True, help_text="Segment codes served; empty means all")
    territories = models.JSONField(default=list, blank=True, help_text="Territory codes covered; empty means all")
    skills = models.JSONField(default=list, blank=True, help_text="Languages and products, e.g. de, lineage")
    is_active = models.BooleanField(default=True)
    paused_since = models.DateTimeField(null=True, blank=True)
    paused_until = models.DateTimeField(null=True, blank=True, help_text="Blank while paused: until resumed")
    cover = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="covers_for")
    history = HistoricalRecords()

    class Meta:
        ordering = ("first_name", "last_name")
        constraints = (
            models.UniqueConstraint(Lower("email"), name="rep_email_unique"),
            models.CheckConstraint(
                condition=models.Q(cover__isnull=True) | ~models.Q(cover=models.F("id")),
                name="rep_not_own_cover",
            ),
            models.CheckConstraint(
                condition=models.Q(paused_until__isnull=True) | models.Q(paused_since__isnull=False),
                name="rep_pause_has_a_start",
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def initials(self) -> str:
        return (self.first_name[:1] + self.last_name[:1]).upper()

    def clean(self) -> None:
        """Refuses a new cover over whom a chain of covers leads back to the person.

        Two who cover each other are no danger to whoever decides, so that a ring which stands is in nobody's way.
        """
        super().clean()
        if Rep.objects.filter(pk=self.pk, cover=self.cover_id).exists():
            return
        seen: set[int] = set()
        current = self.cover
        while current is not None and current.pk not in seen and current.pk != self.pk:
            seen.add(current.pk)
            current = current.cover
        if seen and current is not None and current.pk == self.pk and self.pk is not None:
            raise ValidationError({"cover": _ring(self, self.cover)})

    @cached_property
    def pool_ids(self) -> frozenset[int]:
        """Ids of the pools in whose turns the person takes part, read once."""
        mine = self.memberships.filter(is_active=True, pool__is_active=True)
        return frozenset(mine.values_list("pool_id", flat=True))

    def is_paused(self, at: datetime) -> bool:
        """Whether the person asked for no new work at `at` (aware UTC)."""
        if self.paused_since is None or self.paused_since > at:
            return False
        return self.paused_until is None or at < self.paused_until


def _ring(rep: Rep, cover: Rep | None) -> str:
    return (
        f"{cover} is covered by {rep}, directly or over others, so nobody would be left. "
        "Choose somebody outside that ring."
    )


class Absence(models.Model):
    """A span in which a person takes no new work, part of a day or many. Instants are UTC, the end is not included.

    Once it has begun, what the person had not acknowledged yet goes to somebody else: `look_at` is when to look at that
    next, from the first look on, and `handed_over_at` when all of it was done.
    """

    class Kind(models.TextChoices):
        HOLIDAY = "holiday", "Holiday"
        SICK = "sick", "Sick"
        PARENTAL = "parental", "Parental leave"
        TRAINING = "training", "Training"
        OTHER = "other", "Other"

    rep = models.ForeignKey(Rep, models.CASCADE, related_name="absences")
    kind = models.CharField(max_length=16, choices=Kind.choices, default=Kind.HOLIDAY)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    cover = models.ForeignKey(Rep, models.SET_NULL, null=True, blank=True, related_name="+")
    note = models.CharField(max_length=200, blank=True)
    uid = models.CharField(max_length=255, blank=True, editable=False, help_text="The entry of an imported calendar")
    look_at = models.DateTimeField(null=True, blank=True, editable=False)
    handed_over_at = models.DateTimeField(null=True, blank=True, editable=False)
    history = HistoricalRecords(excluded_fields=["look_at", "handed_over_at"])

    class Meta:
        ordering = ("starts_at",)
        constraints = (
            models.UniqueConstraint(fields=("rep", "uid"), condition=~models.Q(uid=""), name="absence_imported_once"),
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")),
                name="absence_ends_after_start",
                violation_error_message="The absence ends before it starts. Set the end after the start.",
            ),
        )
        indexes = (models.Index(fields=("rep", "ends_at")),)

    def __str__(self) -> str:
        return f"{self.rep} away {self.starts_at:%d %b %Y}"

    def clean(self) -> None:
        """Refuses a span that cannot be meant, and a new cover who is away in it too and, over others who are, covered
        by this very person.
        """
        super().clean()
        refuse_far_span(self.starts_at, self.ends_at)
        known = (self.cover_id, self.rep_id, self.starts_at, self.ends_at)
        if None in known or self.cover_id is None or self.cover_id == self.rep_id:
            return  # Covering for oneself is told by whoever asks for the field.
        as_it_was = Absence.objects.filter(
            pk=self.pk, cover=self.cover_id, rep=self.rep_id, starts_at=self.starts_at, ends_at=self.ends_at
        )
        if as_it_was.exists():
            return
        asked: set[int] = {self.cover_id}
        found = asked
        while found and self.rep_id not in asked:
            at_once = Absence.objects.filter(rep__in=found, starts_at__lt=self.ends_at, ends_at__gt=self.starts_at)
            covers = at_once.exclude(pk=self.pk).values_list("cover_id", "rep__cover_id")
            found = {following for cover, standing in covers if (following := cover or standing)} - asked
            asked = asked | found
        if self.rep_id in asked:
            raise ValidationError({"cover": _ring(self.rep, self.cover)})


class Role(models.Model):
    """An office and who holds it, for one team or (team blank) company-wide."""

    code = models.CharField(max_length=32, choices=RoleCode.choices)
    team = models.ForeignKey(Team, models.CASCADE, null=True, blank=True, related_name="roles")
    holder = models.ForeignKey(Rep, models.PROTECT, related_name="roles_held")
    history = HistoricalRecords()

    class Meta:
        ordering = ("code", "team__name")
        constraints = (
            models.UniqueConstraint(fields=("code", "team"), name="role_once_per_team"),
            models.UniqueConstraint(
                fields=("code",),
                condition=models.Q(team__isnull=True),
                name="role_once_company_wide",
            ),
        )

    def __str__(self) -> str:
        where = self.team.name if self.team else "company-wide"
        return f"{self.get_code_display()}, {where}"


class Delegation(models.Model):
    """While it lasts, what is addressed to `holder` in `role` (blank: any) goes to `delegate`."""

    holder = models.ForeignKey(Rep, models.CASCADE, related_name="delegations_given")
    delegate = models.ForeignKey(Rep, models.CASCADE, related_name="delegations_taken")
    role = models.CharField(max_length=32, choices=RoleCode.choices, blank=True)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    history = HistoricalRecords()

    class Meta:
        ordering = ("starts_at",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")),
                name="delegation_ends_after_start",
            ),
            models.CheckConstraint(
                condition=~models.Q(holder=models.F("delegate")),
                name="delegation_to_somebody_else",
                violation_error_message="Nobody can stand in for themselves. Choose another person.",
            ),
        )

    def __str__(self) -> str:
        return f"{self.holder} by {self.delegate}"

    def clean(self) -> None:
        """Refuses a span that cannot be meant."""
        super().clean()
        refuse_far_span(self.starts_at, self.ends_at)
