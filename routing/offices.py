"""Offices: who holds a role for somebody, and who stands in for the holder."""

from __future__ import annotations

from datetime import datetime

from routing.models import Delegation, Rep, Role, Team

CHAIN = 5


def holder_of(code: str, *, near: Rep | None, at: datetime) -> Rep | None:
    """The person who answers for role `code` at `at` (UTC): the nearest up the team tree, else company-wide.

    A delegation that is in force passes it on, at most five times and never in a circle. None when nobody holds it.
    """
    held = {role.team_id: role.holder for role in Role.objects.filter(code=code).select_related("holder")}
    parents = dict(Team.objects.values_list("pk", "parent_id")) if near else {}
    team = near.team_id if near else None
    while team is not None and team not in held:
        team = parents.get(team)
    holder = held.get(team)
    return delegate_of(holder, code, at) if holder else None


def delegate_of(holder: Rep, code: str, at: datetime) -> Rep:
    """Who stands in for `holder` in role `code` at `at`; the holder, when nobody does."""
    seen = {holder.pk}
    for _ in range(CHAIN):
        passed_on = (
            Delegation.objects.filter(
                holder=holder, role__in=("", code), starts_at__lte=at, ends_at__gt=at, delegate__is_active=True
            )
            .exclude(delegate__in=seen)
            .select_related("delegate")
            .order_by("-role", "starts_at")
            .first()
        )
        if passed_on is None:
            break
        holder = passed_on.delegate
        seen.add(holder.pk)
    return holder
