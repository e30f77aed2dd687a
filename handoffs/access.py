"""Who may see and do what: the only place that knows.

Reps see what they own, owned or sent, and what waits in the queue of a pool of theirs; managers what their team tree
owns or sent; RevOps, auditors, leadership and superusers see all. What one may not see does not exist: doors answer
404. What one may see but not do is refused with 403.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, OuterRef, Q, QuerySet

from handoffs.models import Account, Deal, Handoff, State
from routing.models import Assignment, Function, HandoffType, Rep, Team, User

if TYPE_CHECKING:
    from collections.abc import Iterable

SEES_ALL = frozenset({"revops", "auditor", "leadership"})
LEAVES = (Assignment.Release.REASSIGNED, Assignment.Release.REJECTED)
"""After these a handoff may belong to somebody else; after any other it stays with whoever had it."""
STARTS = frozenset({"rep", "manager"})


class Side(StrEnum):
    """Where somebody stands towards one handoff."""

    OWNER = "owner"
    """Owns it, or manages a team above the owner."""
    MANAGER = "manager"
    """Manages a team above the owner or, while nobody owns it, above the team it goes to."""
    SENDER = "sender"
    """Sent it, or manages a team above whoever did."""
    MEMBER = "member"
    """Is in the pool in whose queue it waits."""
    REVOPS = "revops"
    """Keeps the machine: RevOps and superusers."""


_OWNER = frozenset({Side.OWNER})
_SENDER = frozenset({Side.SENDER, Side.REVOPS})
RIGHTS: Mapping[str, frozenset[Side]] = {
    "acknowledge": _OWNER,
    "undo_acknowledge": _OWNER,
    "log_contact": _OWNER,
    "book_meeting": _OWNER,
    "reject": _OWNER,
    "close": _OWNER,
    "resubmit": _SENDER,
    "withdraw": _SENDER,
    "fill_gap": _OWNER | _SENDER,
    "take": frozenset({Side.MEMBER}),
    "reassign": frozenset({Side.MANAGER, Side.REVOPS}),
    "retry": frozenset({Side.REVOPS}),
}
"""Who may do each verb of the pipeline; auditors and leadership, who see all, do none."""


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
    if sees_all(user):
        return Handoff.objects.all()
    rep = rep_of(user)
    if rep is None:
        return Handoff.objects.none()
    teams = managed_teams(rep)
    held = Assignment.objects.filter(release_reason__in=LEAVES)
    mine = Q(owner=rep) | Q(from_rep=rep)
    if rep.pool_ids:
        mine |= Q(queue__in=rep.pool_ids, state=State.UNASSIGNED)
    if teams:
        mine |= Q(team__in=teams) | Q(from_team__in=teams) | Q(owner__team__in=teams)
        mine |= Q(from_rep__team__in=teams) | Q(to_team__in=teams)
        held = held.filter(Q(rep=rep) | Q(rep__team__in=teams))
    else:
        held = held.filter(rep=rep)
    # A list of its own, found once, and not a question about each handoff.
    return Handoff.objects.filter(mine | Q(uuid__in=held.values("handoff_uuid")))


def own_of(user: User | AnonymousUser) -> QuerySet[Handoff]:
    """What the user owns or sent: the part of `visible_to` that is found without asking who held what before."""
    if not isinstance(user, User) or not user.is_active:
        return Handoff.objects.none()
    rep = rep_of(user)
    return Handoff.objects.filter(Q(owner=rep) | Q(from_rep=rep)) if rep is not None else Handoff.objects.none()


def sees_all(user: User | AnonymousUser) -> bool:
    """Whether no handoff is hidden from the user."""
    return isinstance(user, User) and user.is_active and (user.is_superuser or bool(groups_of(user) & SEES_ALL))


def managed_teams(rep: Rep) -> set[int]:
    """Ids of the teams the rep manages, with everything below them."""
    managed = set(Team.objects.filter(manager=rep).values_list("id", flat=True))
    return _with_descendants(managed) if managed else set()


def sides(user: User | AnonymousUser, handoff: Handoff) -> frozenset[Side]:
    """Where the user stands towards the handoff; two queries at most."""
    if not isinstance(user, User) or not user.is_active:
        return frozenset()
    found = {Side.REVOPS} if keeps_the_machine(user) else set()
    rep = rep_of(user)
    if rep is None or not rep.is_active:
        return frozenset(found)
    teams = managed_teams(rep)
    owner, sender = handoff.owner, handoff.from_rep
    if owner is not None and (owner.pk == rep.pk or owner.team_id in teams):
        found.add(Side.OWNER)
    in_charge = {owner.team_id} if owner is not None else {handoff.team_id, handoff.to_team_id}
    if teams & in_charge:
        found.add(Side.MANAGER)
    if handoff.queue_id is not None and handoff.state == State.UNASSIGNED and handoff.queue_id in rep.pool_ids:
        found.add(Side.MEMBER)
    from_team = sender.team_id if sender is not None else handoff.from_team_id
    if (sender is not None and sender.pk == rep.pk) or from_team in teams:
        found.add(Side.SENDER)
    return frozenset(found)


def may(user: User | AnonymousUser, verb: str, handoff: Handoff) -> bool:
    """Whether the user may do the pipeline's `verb` to the handoff, whatever its state."""
    return bool(sides(user, handoff) & RIGHTS[verb])


def verbs_of(user: User | AnonymousUser, handoff: Handoff) -> frozenset[str]:
    """The verbs the user may do to the handoff, whatever its state."""
    standing = sides(user, handoff)
    return frozenset(verb for verb, needed in RIGHTS.items() if standing & needed)


def may_start(user: User | AnonymousUser) -> bool:
    """Whether the user may start a handoff by hand: reps and managers on the roster, and RevOps."""
    if not isinstance(user, User) or not user.is_active:
        return False
    if keeps_the_machine(user):
        return True
    rep = rep_of(user)
    return rep is not None and rep.is_active and bool(groups_of(user) & STARTS)


def may_start_from(user: User, team: Team) -> bool:
    """Whether somebody who may start handoffs may name `team` as the sender: RevOps any, others what they answer for.

    That is their own team, and for a manager every team of their tree.
    """
    if keeps_the_machine(user):
        return True
    rep = rep_of(user)
    return rep is not None and (team.pk == rep.team_id or team.pk in managed_teams(rep))


def may_choose_team(user: User) -> bool:
    """Whether the user may say which team a handoff goes to, in place of the rules: RevOps alone."""
    return user.is_active and keeps_the_machine(user)


def kinds_of(user: User) -> list[HandoffType]:
    """The kinds that somebody who may start handoffs hands over: their function's; for managers and RevOps, all."""
    rep = rep_of(user)
    if rep is None or rep.function in {Function.LEADER, Function.REVOPS}:
        return list(HandoffType)
    return [kind for kind in HandoffType if rep.function in kind.sending_functions]


def sender_of(user: User, team: Team | None = None) -> Rep | None:
    """Who a handoff is from that the user starts in the name of `team`, or their own: themselves.

    Nobody yet, so whom the CRM names, where RevOps starts it or a manager for another team.
    """
    rep = rep_of(user)
    is_another = rep is not None and team is not None and team.pk != rep.team_id
    return None if rep is None or rep.function == Function.REVOPS or is_another else rep


def accounts_visible_to(user: User | AnonymousUser) -> QuerySet[Account]:
    """The accounts the user may open or start a handoff for.

    Those who see all handoffs see all accounts; others those that nobody owns, that they or their team tree own (the
    account or a deal of it), and those of handoffs they see.
    """
    if not isinstance(user, User) or not user.is_active:
        return Account.objects.none()
    if sees_all(user):
        return Account.objects.all()
    rep = rep_of(user)
    if rep is None:
        return Account.objects.none()
    teams = managed_teams(rep)
    deals = Deal.objects.filter(account=OuterRef("pk")).filter(Q(owner=rep) | Q(owner__team__in=teams))
    theirs = Q(owner__isnull=True) | Q(owner=rep) | Q(named_owner=rep) | Q(owner__team__in=teams)
    handed = visible_to(user).filter(account=OuterRef("pk"))
    return Account.objects.filter(theirs | Q(Exists(deals)) | Q(Exists(handed)))


def roster_visible_to(user: User | AnonymousUser) -> QuerySet[Rep]:
    """The colleagues whom the user may look up: all of them, for whoever has a place in the company."""
    if sees_all(user) or (isinstance(user, User) and user.is_active and (rep_of(user) is not None)):
        return Rep.objects.all()
    return Rep.objects.none()


def keeps_the_machine(user: User) -> bool:
    """Whether the user may do what RevOps does to handoffs and rules: RevOps and superusers."""
    return user.is_superuser or "revops" in groups_of(user)


def _with_descendants(roots: Iterable[int]) -> set[int]:
    parents = dict(Team.objects.values_list("id", "parent_id"))
    found = set(roots)
    grown = True
    while grown:
        below = {team for team, parent in parents.items() if parent in found} - found
        found |= below
        grown = bool(below)
    return found
