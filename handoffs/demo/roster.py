"""Writes the roster of the demo company: teams, people, hours, absences, pools, offices and the live rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group

from handoffs import shipped
from handoffs.demo import people as cast
from handoffs.demo.library import toml
from handoffs.demo.people import AMERICAS, APAC, EMEA_NORTH, EMEA_SOUTH, UK_IRELAND
from handoffs.shipped import PoolRule
from routing import turns
from routing.models import (
    Absence,
    Calendar,
    Delegation,
    Function,
    HandoffType,
    Holiday,
    Membership,
    Pod,
    Pool,
    Rep,
    Role,
    RoleCode,
    Rule,
    RuleSet,
    Team,
    User,
)

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri")
ACTOR = "demo"


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


# Code: name, team, receiving function, (person, weight) in order.
_POOLS: Mapping[str, tuple[str, str, str, tuple[tuple[str, int], ...]]] = {
    "sdr-emea": ("SDR EMEA", "sdr", Function.SDR, (("dana", 2), ("lena", 2), ("kofi", 1))),
    "sdr-americas": ("SDR Americas", "sdr", Function.SDR, (("marcus", 1), ("herrera", 1))),
    "sdr-apac": ("SDR APAC", "sdr", Function.SDR, (("aiko", 1), ("ravi", 1))),
    "ent-ae-emea-north": (
        "Ent AE EMEA North",
        "ae-ent-emea",
        Function.AE,
        (("priya", 1), ("mikael", 1), ("oskar", 1), ("ingrid", 1), ("freya", 1)),
    ),
    "ent-ae-emea-south": ("Ent AE EMEA South", "ae-ent-emea", Function.AE, (("matteo", 1), ("anneke", 1))),
    "ent-ae-uki": ("Ent AE UK & Ireland", "ae-ent-emea", Function.AE, (("freya", 1), ("priya", 1))),
    "ent-ae-americas": (
        "Ent AE Americas",
        "ae-ent-world",
        Function.AE,
        (("oyelaran", 2), ("grace", 2), ("daniel", 1)),
    ),
    "ent-ae-apac": ("Ent AE APAC", "ae-ent-world", Function.AE, (("hiroshi", 1), ("meera", 1))),
    "commercial-ae": (
        "Commercial AE",
        "ae-commercial",
        Function.AE,
        (("joana", 2), ("liam", 2), ("tyler", 3), ("chloe", 1)),
    ),
    "partner-ae": ("Partner managers", "partner", Function.AE, (("nadia", 1), ("kwame", 1))),
    "am": ("Account managers", "am", Function.AM, (("paolo", 2), ("derek", 2), ("meiling", 1), ("finn", 1))),
    "cs-enterprise": ("CS Enterprise", "cs", Function.CSM, (("hannah", 2), ("yusuf", 2), ("amara", 1))),
    "cs-scale": ("CS Scale", "cs", Function.CSM, (("isla", 3), ("rafael", 2), ("ken", 1))),
    "revops-queue": ("RevOps queue", "revops", Function.REVOPS, (("ben", 1), ("rui", 1))),
}

_SENDERS: Mapping[str, str] = {
    HandoffType.MQL_TO_SALES: "marketing",
    HandoffType.SQL_TO_AE: "sdr",
    HandoffType.CLOSED_TO_CS: "ae-commercial",
    HandoffType.EXPANSION_TO_SALES: "cs",
}

_MQL, _SQL = [HandoffType.MQL_TO_SALES.value], [HandoffType.SQL_TO_AE.value]
_WON, _EXPANSION = [HandoffType.CLOSED_TO_CS.value], [HandoffType.EXPANSION_TO_SALES.value]
_ENTERPRISE, _SMALLER, _PARTNER = ["enterprise"], ["mid_market", "smb"], ["partner"]
_EMEA = [EMEA_NORTH, EMEA_SOUTH, UK_IRELAND]

# Code, name, pool, conditions, own first-contact target in minutes.
_RULES: tuple[tuple[str, str, str, dict[str, Any], int | None], ...] = (
    ("R-101", "MQL and PQL, EMEA", "sdr-emea", {"handoff_type": _MQL, "territory": _EMEA}, None),
    ("R-102", "MQL and PQL, Americas", "sdr-americas", {"handoff_type": _MQL, "territory": [AMERICAS]}, None),
    ("R-103", "MQL and PQL, APAC", "sdr-apac", {"handoff_type": _MQL, "territory": [APAC]}, None),
    ("R-104", "SQL, partner", "partner-ae", {"handoff_type": _SQL, "segment": _PARTNER}, 240),
    *(
        (code, f"SQL, enterprise, {cast.REGIONS[place][0]}", pool, conditions, target)
        for code, place, pool, target in (
            ("R-105", EMEA_NORTH, "ent-ae-emea-north", None),
            ("R-106", EMEA_SOUTH, "ent-ae-emea-south", None),
            ("R-107", UK_IRELAND, "ent-ae-uki", None),
            ("R-108", AMERICAS, "ent-ae-americas", None),
            ("R-109", APAC, "ent-ae-apac", 180),
        )
        for conditions in ({"handoff_type": _SQL, "segment": _ENTERPRISE, "territory": [place]},)
    ),
    ("R-210", "SQL, mid-market and SMB", "commercial-ae", {"handoff_type": _SQL, "segment": _SMALLER}, None),
    ("R-220", "Closed won, enterprise", "cs-enterprise", {"handoff_type": _WON, "segment": _ENTERPRISE}, None),
    ("R-221", "Closed won, all others", "cs-scale", {"handoff_type": _WON, "segment": [*_SMALLER, *_PARTNER]}, None),
    ("R-230", "Expansion, partner", "partner-ae", {"handoff_type": _EXPANSION, "segment": _PARTNER}, None),
    (
        "R-231",
        "Expansion, enterprise and mid-market",
        "am",
        {"handoff_type": _EXPANSION, "segment": ["enterprise", "mid_market"]},
        None,
    ),
    ("R-232", "Expansion, SMB", "commercial-ae", {"handoff_type": _EXPANSION, "segment": ["smb"]}, None),
)

_STRATEGIES = {"R-210": Rule.Strategy.LEAST_LOADED}

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
    pools = _pools(teams, reps, since=since)
    rule_set = shipped.first_rules(
        now=since,
        pool_rules=[
            PoolRule(
                code=code,
                name=name,
                pool=pools[pool],
                conditions=conditions,
                strategy=_STRATEGIES.get(code, Rule.Strategy.ROUND_ROBIN),
                target_minutes=target,
            )
            for code, name, pool, conditions, target in _RULES
        ],
        territories={code: (name, {"country": list(lands)}) for code, (name, lands) in cast.REGIONS.items()},
        catch_all_pool=pools["revops-queue"],
        catch_all_owner=reps["ben"],
        author=users["ben"],
    )
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


def _pools(teams: Mapping[str, Team], reps: Mapping[str, Rep], *, since: datetime) -> dict[str, Pool]:
    made = {}
    for code, (name, team, function, members) in _POOLS.items():
        pool = made[code] = Pool.objects.create(code=code, name=name, team=teams[team], function=function)
        for position, (key, weight) in enumerate(members):
            membership = Membership.objects.create(pool=pool, rep=reps[key], weight=weight, position=position)
            turns.join(membership, now=since, actor=ACTOR)
    return made


def start_of(now: datetime, *, days: int) -> datetime:
    """Midnight UTC so many days before `now`."""
    return (now - timedelta(days=days)).astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
