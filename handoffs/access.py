"""Who may see and do what: the only place that knows.

Reps see what they own, owned or sent; managers what their team tree owns or sent; RevOps, auditors, leadership and
superusers see all. What one may not see does not exist: doors answer 404.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, OuterRef, Q, QuerySet

from handoffs.models import Handoff
from routing.models import Assignment, Rep, Team, User

if TYPE_CHECKING:
    from collections.abc import Iterable

SEES_ALL = frozenset({"revops", "auditor", "leadership"})


def groups_of(user: User | AnonymousUser) -> frozenset[str]:
    """The names of the user's groups; empty for strangers and people who have left. One query per user object."""
    if not isinstance(user, User) or not user.is_active:
        return frozenset()
    return user.group_names


def rep_of(user: User | AnonymousUser) -> Rep | None:
    """The roster entry of the user, if there is one."""
    return getattr(user, "rep", None) if isinstance(user, User) else None


def visible_to(user: User | AnonymousUser) -> QuerySet[Handoff]:
    """Every handoff the user may see. All doors to handoffs start here."""
    if not isinstance(user, User) or not user.is_active:
        return Handoff.objects.none()
    if user.is_superuser or groups_of(user) & SEES_ALL:
        return Handoff.objects.all()
    rep = rep_of(user)
    if rep is None:
        return Handoff.objects.none()
    teams = managed_teams(rep)
    held = Assignment.objects.filter(handoff_uuid=OuterRef("uuid"))
    mine = Q(owner=rep) | Q(from_rep=rep) | Q(Exists(held.filter(rep=rep)))
    if teams:
        in_tree = {"rep__team__in": teams}
        mine |= (
            Q(team__in=teams) | Q(from_team__in=teams) | Q(owner__team__in=teams) | Q(Exists(held.filter(**in_tree)))
        )
    return Handoff.objects.filter(mine)


def managed_teams(rep: Rep) -> set[int]:
    """Ids of the teams the rep manages, with everything below them."""
    managed = set(Team.objects.filter(manager=rep).values_list("id", flat=True))
    return _with_descendants(managed) if managed else set()


def may_act(user: User | AnonymousUser, handoff: Handoff) -> bool:
    """Whether the user may acknowledge, log contact and so on: the owner, or a manager above the owner."""
    rep = rep_of(user)
    if rep is None or handoff.owner_id is None or not isinstance(user, User) or not user.is_active:
        return False
    if handoff.owner_id == rep.pk:
        return True
    owner = handoff.owner
    return owner is not None and owner.team_id in managed_teams(rep)


def _with_descendants(roots: Iterable[int]) -> set[int]:
    parents = dict(Team.objects.values_list("id", "parent_id"))
    found = set(roots)
    grown = True
    while grown:
        below = {team for team, parent in parents.items() if parent in found} - found
        found |= below
        grown = bool(below)
    return found
