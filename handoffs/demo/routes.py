"""Who takes turns for what: the pools of the demo company, its territories, and its live rules."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from handoffs import rule_versions, shipped
from handoffs.demo.people import AMERICAS, APAC, EMEA_NORTH, EMEA_SOUTH, REGIONS, UK_IRELAND
from handoffs.shipped import PoolRule
from routing import edits, joining
from routing.contents import contents_of
from routing.models import Function, HandoffType, Membership, Pool, Rep, Rule, RuleSet, Team, User

ACTOR = "demo"

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
        (code, f"SQL, enterprise, {REGIONS[place][0]}", pool, conditions, target)
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


def write_pools(teams: Mapping[str, Team], reps: Mapping[str, Rep], *, since: datetime) -> dict[str, Pool]:
    """The pools with their members, who join at `since`."""
    made = {}
    for code, (name, team, function, members) in _POOLS.items():
        pool = made[code] = Pool.objects.create(code=code, name=name, team=teams[team], function=function)
        for position, (key, weight) in enumerate(members):
            membership = Membership.objects.create(pool=pool, rep=reps[key], weight=weight, position=position)
            joining.join(membership, now=since, actor=ACTOR)
    return made


def propose_rules(live: RuleSet, *, author: User, signer: User, now: datetime) -> RuleSet:
    """A second version that waits for the signature of sales leadership: partners are contacted sooner."""
    begun, changed, submitted = (now - timedelta(hours=hours) for hours in (26, 25, 3))
    draft = rule_versions.begin(based_on=live, title="Partners within two hours", by=author, now=begun)
    partner = Rule.objects.get(rule_set=draft, code="R-104")
    partner.target_minutes = 120
    partner.save()
    smaller = Rule.objects.get(rule_set=draft, code="R-210")
    smaller.strategy = Rule.Strategy.ROUND_ROBIN
    smaller.save()
    changes = edits.of_version(contents_of(live), contents_of(draft))
    rule_versions.edited(draft, what=changes, by=author, now=changed)
    draft = rule_versions.submit(draft, by=author, now=submitted)
    signed = now - timedelta(hours=2)
    rule_versions.sign(draft, seen_hash=draft.content_hash, by=signer, now=signed, signed_at=signed)
    return draft


def write_rules(pools: Mapping[str, Pool], *, owner: Rep, author: User, since: datetime) -> RuleSet:
    """Version 1 of the rules, live from `since`."""
    return shipped.first_rules(
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
        territories={code: (name, {"country": list(lands)}) for code, (name, lands) in REGIONS.items()},
        catch_all_pool=pools["revops-queue"],
        catch_all_owner=owner,
        author=author,
    )
