"""What an installation starts with: groups, policies, ladders, triggers and the order of the first rules.

Everything is created once and then belongs to the people who run it: a second `install` adds what is missing
and never changes what somebody edited.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db import transaction

from handoffs.models import TypeSetting
from routing.models import HandoffType, Pool, Rep, Rule, RuleSet, Segment, SegmentCode, Team, Territory, User
from routing.publish import content_hash
from sla.models import ClockKind, EscalationStep, Policy

REP, MANAGER, REVOPS, LEADERSHIP, AUDITOR = GROUPS = ("rep", "manager", "revops", "leadership", "auditor")

FIRST_CONTACT_MINUTES: Mapping[str, int] = {
    HandoffType.MQL_TO_SALES: 4 * 60,
    HandoffType.SQL_TO_AE: 2 * 60,
    HandoffType.CLOSED_TO_CS: 24 * 60,
    HandoffType.EXPANSION_TO_SALES: 8 * 60,
}
MQL_SCORE_THRESHOLD = 65
PQL_USAGE_STAGES = ("activated", "adopted", "power")
CATCH_ALL_MINUTES = 4 * 60

# Clock, action, minutes after the deadline; the notice at risk comes before it, at the policy's share.
LADDER: tuple[tuple[str, str, int], ...] = (
    (ClockKind.FIRST_CONTACT, EscalationStep.Action.NOTICE_AT_RISK, 0),
    (ClockKind.FIRST_CONTACT, EscalationStep.Action.ALERT_OWNER, 60),
    (ClockKind.FIRST_CONTACT, EscalationStep.Action.ALERT_ROLE, 4 * 60),
    (ClockKind.FIRST_CONTACT, EscalationStep.Action.REASSIGN, 24 * 60),
    (ClockKind.ACKNOWLEDGE, EscalationStep.Action.REMIND, 0),
)

# (code, name, from, below); partners follow the account's tier whatever its size.
SEGMENTS: tuple[tuple[str, str, int | None, int | None], ...] = (
    (SegmentCode.ENTERPRISE, "Enterprise", 1000, None),
    (SegmentCode.MID_MARKET, "Mid-market", 100, 1000),
    (SegmentCode.SMB, "SMB", 0, 100),
    (SegmentCode.PARTNER, "Partner", None, None),
)

OWNER_RULES: tuple[tuple[str, str, str], ...] = (
    ("R-010", "Named account", Rule.Strategy.NAMED_REP),
    ("R-020", "Owner of the open deal", Rule.Strategy.OPEN_DEAL_OWNER),
    ("R-030", "Account owner", Rule.Strategy.ACCOUNT_OWNER),
    ("R-040", "Owner of the parent account", Rule.Strategy.PARENT_ACCOUNT_OWNER),
)

_EVERYTHING = ("view", "add", "change", "delete")
# What RevOps may do in admin, per app and model; models not listed are for looking only.
_REVOPS_EDITS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "routing": dict.fromkeys(
        (
            *(
                "team",
                "rep",
                "absence",
                "role",
                "delegation",
                "calendar",
                "holiday",
                "pool",
                "membership",
                "pod",
                "check",
            ),
            *("ruleset", "rule", "segment", "territory"),
        ),
        _EVERYTHING,
    ),
    "sla": dict.fromkeys(("policy", "escalationstep"), _EVERYTHING),
    "handoffs": {
        **dict.fromkeys(
            ("account", "contact", "deal", "activity", "note", "contentengagement", "usagestage"),
            ("view", "add", "change"),
        ),
        "typesetting": ("view", "change"),
        "handoff": ("view", "add", "change"),
        "delivery": ("view", "change"),
    },
    # A sign-in that wrong passwords have closed is opened by deleting what was counted.
    "axes": {"accessattempt": ("view", "delete"), "accesslog": (), "accessfailurelog": ()},
}
# What an auditor looks at besides: who may sign in and did, which tokens there are, and what was changed in the admin.
_AUDITED = frozenset({"auth", "axes", "admin", "knox"})


@dataclass(frozen=True, kw_only=True, slots=True)
class PoolRule:
    """A rule that gives a pool its turns; `conditions` as `routing.conditions` reads them."""

    code: str
    name: str
    pool: Pool
    conditions: Mapping[str, Any] = field(default_factory=dict)
    strategy: str = Rule.Strategy.ROUND_ROBIN
    when_unavailable: str = Rule.WhenUnavailable.SKIP
    target_minutes: int | None = None


@transaction.atomic
def install(*, senders: Mapping[str, Team] | None = None) -> None:
    """Creates what is missing of the groups, one live policy with its ladder per type, and the type settings.

    `senders` names the team that a type comes from when the CRM knows no owner.
    """
    _install_groups()
    for handoff_type in HandoffType.values:
        _install_policy(handoff_type)
        _install_type_setting(handoff_type, sender=(senders or {}).get(handoff_type))


@transaction.atomic
def first_rules(
    *,
    now: datetime,
    pool_rules: Sequence[PoolRule],
    territories: Mapping[str, tuple[str, Mapping[str, Any]]],
    catch_all_pool: Pool,
    catch_all_owner: Rep,
    author: User | None = None,
) -> RuleSet:
    """Version 1 of the rules in the shipped order, live from `now` (UTC); the oldest version if there is one.

    The order is named account, owner of the open deal, account owner, owner of the parent account, the given
    pool rules (the narrower first), catch-all. `territories` maps a code to its name and conditions.
    """
    existing = RuleSet.objects.order_by("number").first()
    if existing is not None:
        return existing
    rule_set = RuleSet.objects.create(
        number=1, state=RuleSet.State.DRAFT, title="Shipped rules", author=author, created_at=now
    )
    Segment.objects.bulk_create(_segments(rule_set))
    Territory.objects.bulk_create(
        Territory(rule_set=rule_set, code=code, name=name, conditions=dict(conditions))
        for code, (name, conditions) in territories.items()
    )
    Rule.objects.bulk_create(
        _rules(rule_set, pool_rules=pool_rules, catch_all_pool=catch_all_pool, owner=catch_all_owner)
    )
    # Live only once it is whole: the database lets nobody add to a live version.
    rule_set.state, rule_set.published_at, rule_set.content_hash = RuleSet.State.LIVE, now, content_hash(rule_set)
    rule_set.save(update_fields=["state", "published_at", "content_hash"])
    return rule_set


def _segments(rule_set: RuleSet) -> Iterator[Segment]:
    for code, name, at_least, below in SEGMENTS:
        yield Segment(
            rule_set=rule_set,
            code=code,
            name=name,
            employees_from=at_least,
            employees_below=below,
            by_tier=code == SegmentCode.PARTNER,
        )


def _rules(rule_set: RuleSet, *, pool_rules: Sequence[PoolRule], catch_all_pool: Pool, owner: Rep) -> Iterator[Rule]:
    positions = count(1)
    for code, name, strategy in OWNER_RULES:
        yield Rule(
            rule_set=rule_set,
            position=next(positions),
            code=code,
            name=name,
            strategy=strategy,
            when_unavailable=Rule.WhenUnavailable.COVER,
            owner=owner,
        )
    for given in pool_rules:
        yield Rule(
            rule_set=rule_set,
            position=next(positions),
            code=given.code,
            name=given.name,
            conditions=dict(given.conditions),
            strategy=given.strategy,
            pool=given.pool,
            when_unavailable=given.when_unavailable,
            target_minutes=given.target_minutes,
            owner=owner,
        )
    yield Rule(
        rule_set=rule_set,
        position=next(positions),
        code="R-999",
        name="Catch-all",
        strategy=Rule.Strategy.ROUND_ROBIN,
        pool=catch_all_pool,
        target_minutes=CATCH_ALL_MINUTES,
        is_catch_all=True,
        owner=owner,
    )


def _install_policy(handoff_type: str) -> None:
    if Policy.objects.filter(handoff_type=handoff_type, team=None, segment="").exists():
        return
    target = FIRST_CONTACT_MINUTES[handoff_type]
    policy = Policy.objects.create(
        handoff_type=handoff_type,
        state=Policy.State.LIVE,
        target_minutes=target,
        acknowledge_minutes=target // 2,
    )
    EscalationStep.objects.bulk_create(
        EscalationStep(policy=policy, clock_kind=kind, position=position, action=action, after_minutes=minutes)
        for position, (kind, action, minutes) in enumerate(LADDER, start=1)
    )


def _install_type_setting(handoff_type: str, *, sender: Team | None) -> None:
    is_mql = handoff_type == HandoffType.MQL_TO_SALES
    TypeSetting.objects.get_or_create(
        handoff_type=handoff_type,
        defaults={
            "score_threshold": MQL_SCORE_THRESHOLD if is_mql else None,
            "usage_stages": list(PQL_USAGE_STAGES) if is_mql else [],
            "from_team": sender,
        },
    )


def _install_groups() -> None:
    apps = _AUDITED | _REVOPS_EDITS.keys()
    permissions = Permission.objects.filter(content_type__app_label__in=apps).select_related("content_type")
    for name in GROUPS:
        group, created = Group.objects.get_or_create(name=name)
        if created and name == REVOPS:
            group.permissions.set(item for item in permissions if _revops_may(item))
        if created and name == AUDITOR:
            group.permissions.set(item for item in permissions if item.codename.startswith("view_"))


def _revops_may(permission: Permission) -> bool:
    verb, _, model = permission.codename.partition("_")
    edits = _REVOPS_EDITS.get(permission.content_type.app_label)
    if edits is None:
        return False
    return verb in edits.get(model, ("view",))
