"""Who may look at the versions of the rules, keep them and sign them; `access` knows the same of handoffs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

from django.contrib.auth.models import AnonymousUser
from django.db.models import F, Q

from handoffs.access import groups_of, keeps_the_machine, rep_of, sees_all
from handoffs.models import Approval
from routing.models import Delegation, Role, RoleCode, User

SIGNS: Mapping[Approval.Side, tuple[str, tuple[RoleCode, ...]]] = {
    Approval.Side.REVOPS: ("revops", (RoleCode.REVOPS_DIRECTOR, RoleCode.REVOPS_MANAGER)),
    Approval.Side.LEADERSHIP: ("leadership", (RoleCode.CRO, RoleCode.SALES_MANAGER)),
}
"""Side -> the group and the offices that sign for it."""


RULE_ACTS: Mapping[str, frozenset[str]] = {
    "begin": frozenset({"keeps"}),
    "submit": frozenset({"keeps"}),
    "take_back": frozenset({"keeps"}),
    "rebase": frozenset({"keeps"}),
    "sign": frozenset({"signs"}),
    "ask_for_changes": frozenset({"signs"}),
    "publish": frozenset({"keeps", "signs"}),
    "go_back": frozenset({"keeps", "signs"}),
}
"""What is done to a version of the rules -> by whom: who keeps the machine, who signs for a side."""


def sees_rules(user: User | AnonymousUser, *, at: datetime) -> bool:
    """Whether the user may look at the versions of the rules: those who see all handoffs, and those who sign."""
    return sees_all(user) or bool(signs_for(user, at=at))


def keeps_rules(user: User | AnonymousUser) -> bool:
    """Whether the user may begin, submit, rebase and take back versions of the rules: RevOps and superusers."""
    return isinstance(user, User) and user.is_active and keeps_the_machine(user)


def may_with_rules(user: User | AnonymousUser, act: str, *, at: datetime) -> bool:
    """Whether the user may do `act` to versions of the rules, whatever their state: see `RULE_ACTS`."""
    needed = RULE_ACTS[act]
    return ("keeps" in needed and keeps_rules(user)) or ("signs" in needed and bool(signs_for(user, at=at)))


def signs_for(user: User | AnonymousUser, *, at: datetime) -> dict[Approval.Side, str]:
    """The sides for which the user may sign at `at` (UTC), each with the office that gives the right, if one does.

    Holders of an office sign, whom they have delegated it to, and the group of the side. Being superuser does not help.
    """
    if not isinstance(user, User) or not user.is_active:
        return {}
    groups, offices = groups_of(user), _offices_of(user, at)
    found = {}
    for side, (group, codes) in SIGNS.items():
        held = [code for code in codes if code in offices]
        if held or group in groups:
            found[side] = str(held[0]) if held else ""
    return found


def _offices_of(user: User, at: datetime) -> set[str]:
    rep = rep_of(user)
    if rep is None or not rep.is_active:
        return set()
    given = Q(holder__delegations_given__delegate=rep, holder__delegations_given__starts_at__lte=at)
    given &= Q(holder__delegations_given__ends_at__gt=at)
    given &= Q(holder__delegations_given__role="") | Q(holder__delegations_given__role=F("code"))
    return set(Role.objects.filter(Q(holder=rep) | given).values_list("code", flat=True))


def signers(*, at: datetime) -> dict[User, frozenset[Approval.Side]]:
    """Everybody who may sign at `at` (UTC), with the sides they stand on: `signs_for`, asked of all in four queries."""
    groups = {group: side for side, (group, _codes) in SIGNS.items()}
    offices = {str(code): side for side, (_group, codes) in SIGNS.items() for code in codes}
    lasting = Q(starts_at__lte=at, ends_at__gt=at, holder__roles_held__code__in=offices)
    addressed = Q(role="") | Q(role=F("holder__roles_held__code"))
    held = Role.objects.filter(code__in=offices, holder__is_active=True).values_list("holder__user", "code")
    given = Delegation.objects.filter(lasting, addressed, delegate__is_active=True)
    found: dict[int | None, set[Approval.Side]] = defaultdict(set)
    for user, name in User.objects.filter(groups__name__in=groups).values_list("pk", "groups__name"):
        found[user].add(groups[name])
    for user, code in (*held, *given.values_list("delegate__user", "holder__roles_held__code")):
        found[user].add(offices[code])
    people = User.objects.filter(pk__in=[pk for pk in found if pk], is_active=True).select_related("rep").order_by("pk")
    return {user: frozenset(found[user.pk]) for user in people}
