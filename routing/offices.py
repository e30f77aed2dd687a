"""Offices: who holds a role for somebody, and who stands in for the holder."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from routing.models import Delegation, Rep, Role, Team

CHAIN = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Offices:
    """All offices as they stand at one moment, read in three queries, for any number of questions."""

    held: Mapping[str, Mapping[int | None, Rep]]
    parents: Mapping[int, int | None]
    passed_on: Mapping[int, Sequence[Delegation]]

    @classmethod
    def at(cls, moment: datetime) -> Offices:
        """The offices at `moment` (UTC)."""
        held: defaultdict[str, dict[int | None, Rep]] = defaultdict(dict)
        for role in Role.objects.select_related("holder"):
            held[role.code][role.team_id] = role.holder
        in_force = Delegation.objects.filter(starts_at__lte=moment, ends_at__gt=moment, delegate__is_active=True)
        passed_on: defaultdict[int, list[Delegation]] = defaultdict(list)
        # Those for one role come before those for all.
        for delegation in in_force.select_related("delegate").order_by("-role", "starts_at"):
            passed_on[delegation.holder_id].append(delegation)
        return cls(held=held, parents=dict(Team.objects.values_list("pk", "parent_id")), passed_on=passed_on)

    def holder(self, code: str, *, near: Rep | None) -> Rep | None:
        """The person who answers for role `code`: the nearest up the team tree, else company-wide.

        A delegation passes it on, at most five times and never in a circle. None when nobody holds it.
        """
        held = self.held.get(code, {})
        team = near.team_id if near else None
        while team is not None and team not in held:
            team = self.parents.get(team)
        holder = held.get(team)
        return self._delegate(holder, code) if holder else None

    def _delegate(self, holder: Rep, code: str) -> Rep:
        seen = {holder.pk}
        for _ in range(CHAIN):
            found = (
                delegation.delegate
                for delegation in self.passed_on.get(holder.pk, ())
                if delegation.role in {"", code} and delegation.delegate_id not in seen
            )
            delegate = next(found, None)
            if delegate is None:
                break
            holder = delegate
            seen.add(holder.pk)
        return holder


def holder_of(code: str, *, near: Rep | None, at: datetime) -> Rep | None:
    """The person who answers for role `code` at `at` (UTC), as `Offices.holder` says; for one question alone."""
    return Offices.at(at).holder(code, near=near)
