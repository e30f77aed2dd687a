"""Rows of the roster and the rules."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any, TypeVar

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from factory.declarations import LazyFunction, Sequence, SubFactory
from factory.django import DjangoModelFactory
from factory.helpers import post_generation

from routing.append_only import maintenance
from routing.models import (
    Absence,
    Calendar,
    Check,
    Delegation,
    Function,
    Holiday,
    Membership,
    Pod,
    Pool,
    Rep,
    Role,
    RoleCode,
    Rule,
    RuleSet,
    Segment,
    Team,
    Territory,
    User,
)

_Part = TypeVar("_Part", Segment, Territory, Rule)

NOW = datetime(2026, 11, 17, 10, 0, tzinfo=UTC)
"""A Tuesday morning."""
PASSWORD = "correct horse battery"


@cache
def _hashed() -> str:
    # Hashing is slow on purpose, so the one password of all test people is hashed once.
    return make_password(PASSWORD)


class UserFactory(DjangoModelFactory[User]):
    class Meta:
        model = User
        skip_postgeneration_save = True

    email = Sequence(lambda n: f"person{n}@fathomline.example")
    first_name = "Pat"
    last_name = Sequence(lambda n: f"Person{n}")
    password = LazyFunction(_hashed)

    @post_generation
    def groups(self, create: bool, names: Iterable[str] | None) -> None:
        if create and names:
            self.groups.set([Group.objects.get_or_create(name=name)[0] for name in names])


class CalendarFactory(DjangoModelFactory[Calendar]):
    class Meta:
        model = Calendar

    name = Sequence(lambda n: f"Calendar {n}")
    week = LazyFunction(lambda: {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")})


class AlwaysOpenFactory(CalendarFactory):
    always_open = True
    week = LazyFunction(dict)


class HolidayFactory(DjangoModelFactory[Holiday]):
    class Meta:
        model = Holiday

    calendar = SubFactory(CalendarFactory)
    day = Sequence(lambda n: date(2026, 1, 1) + timedelta(days=n))
    name = "Company day"


class TeamFactory(DjangoModelFactory[Team]):
    class Meta:
        model = Team

    code = Sequence(lambda n: f"team-{n}")
    name = Sequence(lambda n: f"Team {n}")


class RepFactory(DjangoModelFactory[Rep]):
    class Meta:
        model = Rep

    crm_id = Sequence(lambda n: f"U-{n}")
    first_name = "Robin"
    last_name = Sequence(lambda n: f"Rep{n}")
    email = Sequence(lambda n: f"rep{n}@fathomline.example")
    messaging_id = Sequence(lambda n: f"U0REP{n}")
    team = SubFactory(TeamFactory)
    function = Function.AE


class AbsenceFactory(DjangoModelFactory[Absence]):
    class Meta:
        model = Absence

    rep = SubFactory(RepFactory)
    starts_at = NOW - timedelta(days=1)
    ends_at = NOW + timedelta(days=5)


class RoleFactory(DjangoModelFactory[Role]):
    class Meta:
        model = Role

    code = RoleCode.SALES_MANAGER
    holder = SubFactory(RepFactory)


class DelegationFactory(DjangoModelFactory[Delegation]):
    class Meta:
        model = Delegation

    holder = SubFactory(RepFactory)
    delegate = SubFactory(RepFactory)
    starts_at = NOW - timedelta(days=1)
    ends_at = NOW + timedelta(days=5)


class PoolFactory(DjangoModelFactory[Pool]):
    class Meta:
        model = Pool

    code = Sequence(lambda n: f"pool-{n}")
    name = Sequence(lambda n: f"Pool {n}")
    team = SubFactory(TeamFactory)
    function = Function.AE


class MembershipFactory(DjangoModelFactory[Membership]):
    class Meta:
        model = Membership

    pool = SubFactory(PoolFactory)
    rep = SubFactory(RepFactory)
    position = Sequence(lambda n: n)


class PodFactory(DjangoModelFactory[Pod]):
    class Meta:
        model = Pod
        skip_postgeneration_save = True

    code = Sequence(lambda n: f"pod-{n}")
    name = Sequence(lambda n: f"Pod {n}")

    @post_generation
    def members(self, create: bool, people: Iterable[Rep] | None) -> None:
        if create and people:
            self.members.set(people)


class CheckFactory(DjangoModelFactory[Check]):
    class Meta:
        model = Check

    name = Sequence(lambda n: f"Check {n}")
    facts = LazyFunction(lambda: {"handoff_type": "sql_to_ae", "country": "NO"})
    rule_code = "R-1"
    created_at = NOW


class RuleSetFactory(DjangoModelFactory[RuleSet]):
    class Meta:
        model = RuleSet

    number = Sequence(lambda n: n + 100)
    created_at = NOW


class PartFactory(DjangoModelFactory[_Part]):
    """Parts of a version, also of one that is live already: a test may put its rules together piece by piece."""

    class Meta:
        abstract = True

    @classmethod
    def _create(cls, model_class: type[_Part], *_args: Any, **kwargs: Any) -> _Part:
        with maintenance():
            return model_class._default_manager.bulk_create([model_class(**kwargs)])[0]


class SegmentFactory(PartFactory[Segment]):
    class Meta:
        model = Segment

    rule_set = SubFactory(RuleSetFactory)
    code = Sequence(lambda n: f"segment-{n}")
    name = Sequence(lambda n: f"Segment {n}")


class TerritoryFactory(PartFactory[Territory]):
    class Meta:
        model = Territory

    rule_set = SubFactory(RuleSetFactory)
    code = Sequence(lambda n: f"territory-{n}")
    name = Sequence(lambda n: f"Territory {n}")
    conditions = LazyFunction(lambda: {"country": ["NO"]})


class RuleFactory(PartFactory[Rule]):
    class Meta:
        model = Rule

    rule_set = SubFactory(RuleSetFactory)
    position = Sequence(lambda n: n + 1)
    code = Sequence(lambda n: f"T-{n}")
    name = Sequence(lambda n: f"Rule {n}")
    strategy = Rule.Strategy.ROUND_ROBIN
    pool = SubFactory(PoolFactory)
