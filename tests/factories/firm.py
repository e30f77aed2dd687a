"""A small firm that a story starts from."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.core.cache import cache

from handoffs import shipped
from routing import compiling
from routing.models import (
    Calendar,
    Function,
    HandoffType,
    Pool,
    Rep,
    RoleCode,
    RuleSet,
    Team,
    User,
)
from sla.models import Policy
from tests.factories.once import made_once
from tests.factories.people import (
    NOW,
    AlwaysOpenFactory,
    MembershipFactory,
    PoolFactory,
    RepFactory,
    RoleFactory,
    TeamFactory,
    UserFactory,
)

# Code, then name and alert channel.
_TEAMS = {
    "marketing": ("Marketing", "#marketing"),
    "sdr": ("SDR", "#sdr"),
    "ae_enterprise": ("Enterprise AE", "#ae-enterprise"),
    "ae_general": ("General AE", "#ae-general"),
    "cs": ("Customer success", "#cs"),
    "am": ("Account management", "#am"),
    "revops": ("RevOps", "#revops"),
}
# Short key, then first name, last name, team, function and groups.
_PEOPLE = {
    "mara": ("Mara", "Keller", "marketing", Function.LEADER, ("manager",)),
    "dana": ("Dana", "Whitfield", "sdr", Function.SDR, ("rep",)),
    "kofi": ("Kofi", "Mensah", "sdr", Function.SDR, ("rep",)),
    "elena": ("Elena", "Petrova", "ae_enterprise", Function.LEADER, ("manager",)),
    "ingrid": ("Ingrid", "Solheim", "ae_enterprise", Function.AE, ("rep",)),
    "freya": ("Freya", "Aldous", "ae_enterprise", Function.AE, ("rep",)),
    "mikael": ("Mikael", "Strand", "ae_enterprise", Function.AE, ("rep",)),
    "oskar": ("Oskar", "Lind", "ae_general", Function.AE, ("rep",)),
    "priya": ("Priya", "Raman", "ae_general", Function.AE, ("rep",)),
    "carsten": ("Carsten", "Mohr", "cs", Function.LEADER, ("manager",)),
    "hannah": ("Hannah", "Brandt", "cs", Function.CSM, ("rep",)),
    "yusuf": ("Yusuf", "Demir", "cs", Function.CSM, ("rep",)),
    "lena": ("Lena", "Fischer", "am", Function.AM, ("rep",)),
    "tomas": ("Tomás", "Ibarra", "am", Function.AM, ("rep",)),
    "ben": ("Ben", "Akerman", "revops", Function.REVOPS, ("revops",)),
    "clara": ("Clara", "Voss", "revops", Function.LEADER, ("leadership",)),
}
_ROLES = {
    RoleCode.MARKETING_MANAGER: "mara",
    RoleCode.SALES_MANAGER: "elena",
    RoleCode.CS_MANAGER: "carsten",
    RoleCode.REVOPS_MANAGER: "ben",
    RoleCode.REVOPS_DIRECTOR: "ben",
    RoleCode.CRO: "clara",
}
_MANAGERS = {
    "marketing": "mara",
    "sdr": "elena",
    "ae_enterprise": "elena",
    "ae_general": "elena",
    "cs": "carsten",
    "am": "elena",
    "revops": "ben",
}
# Code of the pool and its team, then function and members in order.
_POOLS = {
    "sdr": (Function.SDR, ("dana", "kofi")),
    "ae_enterprise": (Function.AE, ("ingrid", "freya", "mikael")),
    "ae_general": (Function.AE, ("oskar", "priya")),
    "cs": (Function.CSM, ("hannah", "yusuf")),
    "am": (Function.AM, ("lena", "tomas")),
    "revops": (Function.REVOPS, ("ben",)),
}
_TERRITORIES: dict[str, tuple[str, dict[str, Any]]] = {
    "emea-north": ("EMEA North", {"country": ["NO", "SE", "DK", "FI"]}),
    "emea-central": ("EMEA Central", {"country": ["DE", "AT", "CH", "PL", "CZ"]}),
    "north-america": ("North America", {"country": ["US", "CA"]}),
}


@dataclass(frozen=True, kw_only=True)
class Company:
    """What `company()` made, by short key: `reps["ingrid"]`, `pools["ae_enterprise"]`."""

    teams: dict[str, Team]
    reps: dict[str, Rep]
    pools: dict[str, Pool]
    calendar: Calendar
    rule_set: RuleSet
    policies: dict[str, Policy] = field(default_factory=dict)

    def user(self, key: str) -> User:
        user = self.reps[key].user
        assert user is not None
        return user


def company(*, now: datetime = NOW, strategies: Mapping[str, str] | None = None) -> Company:
    """A firm open day and night with live rules; enterprise SQLs go to `ae_enterprise`.

    `strategies` has another than taking turns for the rules of a pool, by the pool's code.
    """
    chosen = dict(strategies or {})
    # The same ids come again in every test: what was kept for them in another one is forgotten.
    compiling.compiled.cache_clear()
    cache.clear()
    return made_once(("company", now, *sorted(chosen.items())), lambda: _company(now, chosen))


def _company(now: datetime, strategies: Mapping[str, str]) -> Company:
    calendar = AlwaysOpenFactory.create(name="Day and night")
    teams = {
        code: TeamFactory.create(code=code, name=name, channel=channel, calendar=calendar)
        for code, (name, channel) in _TEAMS.items()
    }
    # The groups come first: one that is made by a person has no permissions.
    shipped.install(senders=_senders(teams))
    reps = {key: _person(key, teams) for key in _PEOPLE}
    for code, key in _MANAGERS.items():
        teams[code].manager = reps[key]
        teams[code].save()
    for code, key in _ROLES.items():
        RoleFactory(code=code, holder=reps[key])
    pools = {}
    for code, (function, members) in _POOLS.items():
        pools[code] = PoolFactory.create(code=code, name=teams[code].name, team=teams[code], function=function)
        for position, key in enumerate(members):
            MembershipFactory(pool=pools[code], rep=reps[key], position=position)
    rule_set = shipped.first_rules(
        now=now - timedelta(days=120),
        pool_rules=[
            replace(rule, strategy=strategies.get(rule.pool.code, rule.strategy)) for rule in _pool_rules(pools)
        ],
        territories=_TERRITORIES,
        catch_all_pool=pools["revops"],
        catch_all_owner=reps["ben"],
    )
    policies = {policy.handoff_type: policy for policy in Policy.objects.all()}
    return Company(teams=teams, reps=reps, pools=pools, calendar=calendar, rule_set=rule_set, policies=policies)


def _person(key: str, teams: dict[str, Team]) -> Rep:
    first, last, team, function, groups = _PEOPLE[key]
    email = f"{key}@fathomline.example"
    user = UserFactory.create(email=email, first_name=first, last_name=last, groups=groups)
    return RepFactory.create(
        user=user,
        crm_id=f"U-{key.upper()}",
        first_name=first,
        last_name=last,
        email=email,
        messaging_id=f"U0{key.upper()}",
        team=teams[team],
        function=function,
    )


def _senders(teams: dict[str, Team]) -> dict[str, Team]:
    return {
        HandoffType.MQL_TO_SALES: teams["marketing"],
        HandoffType.SQL_TO_AE: teams["sdr"],
        HandoffType.CLOSED_TO_CS: teams["ae_general"],
        HandoffType.EXPANSION_TO_SALES: teams["cs"],
    }


def _pool_rules(pools: dict[str, Pool]) -> list[shipped.PoolRule]:
    def rule(code: str, name: str, pool: str, **conditions: list[str]) -> shipped.PoolRule:
        return shipped.PoolRule(code=code, name=name, pool=pools[pool], conditions=conditions)

    sql, enterprise = [HandoffType.SQL_TO_AE.value], ["enterprise"]
    smaller = ["mid_market", "smb", "partner"]
    known = [*enterprise, *smaller]
    return [
        rule(
            "R-110",
            "SQL, enterprise, EMEA North",
            "ae_enterprise",
            handoff_type=sql,
            segment=enterprise,
            territory=["emea-north"],
        ),
        rule("R-210", "SQL, enterprise", "ae_enterprise", handoff_type=sql, segment=enterprise),
        rule("R-220", "SQL, smaller and partner", "ae_general", handoff_type=sql, segment=smaller),
        rule("R-230", "MQL and PQL", "sdr", handoff_type=[HandoffType.MQL_TO_SALES.value], segment=known),
        rule("R-240", "Closed won", "cs", handoff_type=[HandoffType.CLOSED_TO_CS.value], segment=known),
        rule("R-250", "Expansion", "am", handoff_type=[HandoffType.EXPANSION_TO_SALES.value], segment=known),
    ]
