"""Writes the roster of the demo company: teams, people, hours, absences and offices; pools and rules with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.db.models import Model

from handoffs import shipped
from handoffs.demo import people as cast
from handoffs.demo import routes
from handoffs.demo.library import toml
from routing.models import (
    Absence,
    Calendar,
    Delegation,
    HandoffType,
    Holiday,
    Membership,
    Pod,
    Pool,
    Rep,
    Role,
    RoleCode,
    RuleSet,
    Team,
    User,
)

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri")
ACTOR = "demo"
KEPT: tuple[type[Model], ...] = (Calendar, Team, Rep, Role, Absence, Delegation, Pool, Membership)
"""What the admin keeps the history of."""


@dataclass(frozen=True)
class Roster:
    """Everybody and everything the history needs, by short key."""

    reps: dict[str, Rep]
    teams: dict[str, Team]
    pools: dict[str, Pool]
    users: dict[str, User]
    rule_set: RuleSet

    @cached_property
    def by_id(self) -> dict[int, Rep]:
        """People by primary key."""
        return {rep.pk: rep for rep in self.reps.values()}

    def actor(self, rep: Rep) -> str:
        """How the log names what this person does."""
        return f"user:{rep.user_id}" if rep.user_id else "crm"


_SENDERS: Mapping[str, str] = {
    HandoffType.MQL_TO_SALES: "marketing",
    HandoffType.SQL_TO_AE: "sdr",
    HandoffType.CLOSED_TO_CS: "ae-commercial",
    HandoffType.EXPANSION_TO_SALES: "cs",
}

# Who is away: person, kind, from and until in days from now, cover, note. Halves are parts of a day.
_ABSENCES: tuple[tuple[str, str, float, float, str, str], ...] = (
    ("priya", Absence.Kind.HOLIDAY, -2.5, 3, "freya", "Back on Monday"),
    ("freya", Absence.Kind.TRAINING, -0.066, 0.1, "ingrid", "Negotiation training, half a day"),
    ("oskar", Absence.Kind.SICK, -0.4, 1.2, "freya", ""),
    ("meera", Absence.Kind.PARENTAL, -20, 70, "hiroshi", "Parental leave"),
    ("matteo", Absence.Kind.SICK, -31, -27, "anneke", ""),
    ("kofi", Absence.Kind.HOLIDAY, -48, -38, "dana", ""),
    ("ingrid", Absence.Kind.HOLIDAY, -60, -52, "freya", "Autumn break"),
    ("yusuf", Absence.Kind.HOLIDAY, -40, -31, "hannah", ""),
    ("grace", Absence.Kind.SICK, -16, -13.5, "daniel", ""),
    ("lena", Absence.Kind.TRAINING, 6, 6.4, "kofi", "Product training"),
    ("paolo", Absence.Kind.HOLIDAY, 10, 20, "finn", ""),
    ("tyler", Absence.Kind.OTHER, -72, -70.5, "", "Moving house"),
)


def write(*, now: datetime, since: datetime) -> Roster:
    """Creates the roster and the rules, live from `since`; absences lie around `now`. Both UTC."""
    calendars = _calendars(now)
    teams = _teams()
    shipped.install(senders={kind: teams[code] for kind, code in _SENDERS.items()})
    users = _users(since)
    reps = _reps(teams, calendars, users, now=now)
    _offices(teams, reps, now=now)
    _absences(reps, now=now)
    pools = routes.write_pools(teams, reps, since=since)
    rule_set = routes.write_rules(pools, owner=reps["ben"], author=users["ben"], since=since)
    routes.propose_rules(rule_set, author=users["rui"], signer=users["ben"], now=now)
    _first_history(since)
    return Roster(reps, teams, pools, users, rule_set)


def _calendars(now: datetime) -> dict[str, Calendar]:
    made = {}
    for key, row in toml("people")["calendars"].items():
        made[key] = Calendar.objects.create(
            name=row["name"],
            time_zone=row["zone"],
            country=row["country"],
            week={day: [list(block) for block in row["day"]] for day in WEEKDAYS},
        )
    newyears = [date(year, 1, 1) for year in (now.year, now.year + 1)]
    christmas = [date(now.year, 12, day) for day in (25, 26)]
    Holiday.objects.bulk_create(
        Holiday(calendar=calendar, day=day, name="New Year" if day.month == 1 else "Christmas")
        for calendar in made.values()
        for day in (*newyears, *christmas)
    )
    return made


def _teams() -> dict[str, Team]:
    made: dict[str, Team] = {}
    for code, row in toml("people")["teams"].items():
        made[code] = Team.objects.create(
            code=code, name=row["name"], channel=row["channel"], parent=made.get(row.get("parent", ""))
        )
    return made


def _users(since: datetime) -> dict[str, User]:
    """Everybody has an account; those who sign in share the one password, hashed once because that is slow."""
    usable, unusable = make_password(cast.PASSWORD), make_password(None)
    groups = {group.name: group for group in Group.objects.all()}
    roster = {key: (person.first, person.last, person.groups, person.zone) for key, person in cast.people().items()} | {
        key: (*row, "Europe/London") for key, row in cast.WITHOUT_ROSTER.items()
    }
    made = {
        key: User(
            email=cast.email_of(key),
            first_name=first,
            last_name=last,
            time_zone=zone,
            password=usable if key in cast.SIGN_INS else unusable,
            is_staff=key in cast.STAFF,
            is_superuser=key == "admin",
            date_joined=since,
        )
        for key, (first, last, _, zone) in roster.items()
    }
    User.objects.bulk_create(made.values())
    memberships = User.groups.through
    memberships.objects.bulk_create(
        memberships(user_id=made[key].pk, group_id=groups[name].pk)
        for key, (_, _, names, _) in roster.items()
        for name in names
    )
    return made


def _reps(
    teams: Mapping[str, Team], calendars: Mapping[str, Calendar], users: Mapping[str, User], *, now: datetime
) -> dict[str, Rep]:
    made = {
        key: Rep(
            user=users[key],
            crm_id=f"U-{number}",
            first_name=person.first,
            last_name=person.last,
            email=cast.email_of(key),
            messaging_id=f"U0{key.upper()}",
            team=teams[person.team],
            function=person.function,
            job_title=person.job,
            time_zone=person.zone,
            calendar=calendars.get(person.hours),
            segments=list(person.segments),
            territories=list(person.territories),
            skills=list(person.skills),
            load_cap=person.load_cap,
            day_cap=person.day_cap,
        )
        for number, (key, person) in enumerate(cast.people().items(), start=201)
    }
    # Nobody at all is left in the thinnest pool today: one on leave, one who asked for a pause.
    made["hiroshi"].paused_since = now - timedelta(hours=9)
    made["hiroshi"].paused_until = now + timedelta(days=2)
    Rep.objects.bulk_create(made.values())
    for key, person in cast.people().items():
        if person.cover:
            made[key].cover = made[person.cover]
    Rep.objects.bulk_update([rep for rep in made.values() if rep.cover], ["cover"])
    for code, row in toml("people")["teams"].items():
        teams[code].manager = made[row["manager"]]
    Team.objects.bulk_update(teams.values(), ["manager"])
    return made


def _offices(teams: Mapping[str, Team], reps: Mapping[str, Rep], *, now: datetime) -> None:
    Role.objects.bulk_create(
        Role(code=row["code"], team=teams.get(row.get("team", "")), holder=reps[row["holder"]])
        for row in toml("people")["roles"]
    )
    day = timedelta(days=1)
    Delegation.objects.create(
        holder=reps["tomas"], delegate=reps["elena"], starts_at=now - 2 * day, ends_at=now + 7 * day,
        role=RoleCode.SALES_MANAGER,
    )  # fmt: skip
    Delegation.objects.create(holder=reps["callum"], delegate=reps["isla"], starts_at=now + day, ends_at=now + 3 * day)
    pod = Pod.objects.create(code="nordic-enterprise", name="Nordic Enterprise")
    pod.members.set([reps[key] for key in ("dana", "ingrid", "hannah", "paolo")])


def _absences(reps: Mapping[str, Rep], *, now: datetime) -> None:
    Absence.objects.bulk_create(
        Absence(
            rep=reps[key],
            kind=kind,
            starts_at=now + timedelta(days=start),
            ends_at=(now + timedelta(days=end, hours=1)).replace(minute=0, second=0, microsecond=0),
            cover=reps.get(cover),
            note=note,
        )
        for key, kind, start, end, cover, note in _ABSENCES
    )


def _first_history(since: datetime) -> None:
    """A first line in the history of everything written here, as it stands, so that a later edit shows what it changed.

    Rows written in bulk have none, and those of rows that were touched again tell of half the roster.
    """
    for model in KEPT:
        history = model.history  # type: ignore[attr-defined]
        rows = list(model._default_manager.all())
        history.filter(id__in=[row.pk for row in rows]).delete()
        history.bulk_history_create(rows, default_date=since, default_change_reason="Demo company loaded")


def start_of(now: datetime, *, days: int) -> datetime:
    """Midnight UTC so many days before `now`."""
    return (now - timedelta(days=days)).astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
