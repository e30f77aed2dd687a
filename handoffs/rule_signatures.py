"""Signatures on versions of the rules: who signed what, who may, and what a version still waits for.

Two people sign, one for RevOps and one for sales leadership, who neither wrote nor edited the version; what they sign
is its content, by its hash, at one submission. `at` is business time, aware UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from handoffs.models import Approval
from handoffs.rule_access import signs_for
from routing import publish
from routing.models import RuleSet, User
from routing.version_locks import VersionError

SUBJECT = "rule_set"
Side, State = Approval.Side, RuleSet.State


def stream_of(rule_set: RuleSet) -> str:
    """Where the log keeps what happened to the version."""
    return f"{SUBJECT}:{rule_set.uuid}"


@dataclass(frozen=True, slots=True)
class Standing:
    """Who signed what a version says now, side by side, and what was answered to it before, newest first."""

    signed: Mapping[Approval.Side, Approval]
    missing: Sequence[Approval.Side]
    answers: Sequence[Approval]


def standing(rule_set: RuleSet) -> Standing:
    """Where the signatures of a version stand; one query."""
    answers = list(
        Approval.objects.filter(subject_kind=SUBJECT, subject_id=rule_set.uuid).select_related("approver", "author")
    )
    signed = {Side(one.side): one for one in answers if _counts(one, rule_set)}
    return Standing(signed, [side for side in Side if side not in signed], answers)


def waiting_for(user: User, *, at: datetime) -> QuerySet[RuleSet]:
    """The versions that this user can sign at `at`, as `why_not_sign` says of each."""
    live = RuleSet.objects.filter(state=State.LIVE)
    follows = Q(based_on__state=State.LIVE) | ~Q(Exists(live))
    waiting = RuleSet.objects.filter(follows, _unsigned_for(signs_for(user, at=at)), state=State.IN_APPROVAL)
    own = Q(author=user) | Q(editors=user) | Q(Exists(_signatures().filter(approver=user)))
    return waiting.exclude(own).order_by("-number")


def in_approval() -> list[tuple[int, bool]]:
    """The numbers of the versions in approval, the newest first, and whether both sides have signed; one query."""
    waiting = RuleSet.objects.filter(state=State.IN_APPROVAL).annotate(is_signed=~_unsigned_for(Approval.Side))
    return list(waiting.order_by("-number").values_list("number", "is_signed"))


def was_sanctioned(version: RuleSet) -> bool:
    """Whether a version may be live without being signed again: it was live once, or both sides signed what it says."""
    return version.published_at is not None or was_signed(version.content_hash)


def was_signed(content_hash: str) -> bool:
    """Whether both sides signed exactly this content at one time, under whichever number it had."""
    approved = Approval.objects.filter(
        subject_kind=SUBJECT, content_hash=content_hash, verdict=Approval.Verdict.APPROVED
    )
    times: dict[tuple[object, int], set[str]] = {}
    for subject, submission, side in approved.values_list("subject_id", "submission", "side"):
        times.setdefault((subject, submission), set()).add(side)
    return any(sides >= set(Side) for sides in times.values())


def why_not_sign(rule_set: RuleSet, user: User, *, at: datetime) -> str | None:
    """Why this user cannot sign the version, in a sentence; None if they can."""
    try:
        side_of(rule_set, user, at=at)
    except VersionError as refusal:
        return str(refusal)
    return None


def why_behind(row: RuleSet) -> str:
    """Why a version has to be rebased before it is submitted, signed or published; empty if it need not."""
    stale = publish.behind(row, RuleSet.objects.filter(state=State.LIVE).first())
    return f"{stale}; signatures are void then." if stale else ""


def why_not_publish(row: RuleSet) -> str:
    """Why a version in approval cannot go live yet, whatever its rules say; empty if it can."""
    missing = standing(row).missing
    return why_behind(row) or (_unsigned(row, missing) if missing else "")


def must_be_signed(row: RuleSet) -> None:
    """Raises VersionError if a side has not signed what the version says."""
    missing = standing(row).missing
    if missing:
        raise VersionError(_unsigned(row, missing))


def side_of(row: RuleSet, user: User, *, at: datetime) -> tuple[Approval.Side, str]:
    """The side to sign for, and the office. Whoever wrote or edited the version is refused, whoever they are.

    Raises VersionError with the reason.
    """
    sides = signs_for(user, at=at)
    if not sides:
        raise VersionError("Only RevOps and sales leadership sign rules. Ask somebody in one of these roles.")
    stale = why_behind(row)
    if stale:
        raise VersionError(stale)
    present = standing(row)
    if not present.missing:
        raise VersionError(f"Both sides have signed {row}. They can be published now.")
    if row.author_id == user.pk:
        raise VersionError(f"You wrote {row}, so somebody else signs them.")
    if row.editors.filter(pk=user.pk).exists():
        raise VersionError(f"You edited {row}, so somebody else signs them.")
    if any(one.approver_id == user.pk for one in present.signed.values()):
        raise VersionError(f"You have signed {row} already. The other side is for somebody else to sign.")
    for side, role in sides.items():
        if side in present.missing:
            return side, role
    raise VersionError(f"{row} are signed for {_and(sides)} already. Nothing is left for you to sign.")


def write(
    row: RuleSet, *, side: Approval.Side, role: str, verdict: str, by: User, at: datetime, comment: str = ""
) -> Approval:
    """A signature, or an answer, to the version as it was submitted. Raises VersionError without an author."""
    if row.author is None:
        raise VersionError(f"{row} have no author any more. Take them back, and submit them again in your name.")
    return Approval.objects.create(
        subject_kind=SUBJECT,
        subject_id=row.uuid,
        content_hash=row.content_hash,
        submission=row.submissions,
        author=row.author,
        approver=by,
        side=side,
        role=role,
        verdict=verdict,
        comment=comment,
        at=at,
    )


def _signatures() -> QuerySet[Approval]:
    """Those that count for the version of an outer query: `_counts`, asked of the database."""
    return Approval.objects.filter(
        subject_kind=SUBJECT,
        subject_id=OuterRef("uuid"),
        submission=OuterRef("submissions"),
        content_hash=OuterRef("content_hash"),
        verdict=Approval.Verdict.APPROVED,
    )


def _unsigned_for(sides: Iterable[Approval.Side]) -> Q:
    """That at least one of the sides has not signed; of no sides, never."""
    unsigned = Q(pk__in=[])
    for side in sides:
        unsigned |= ~Q(Exists(_signatures().filter(side=side)))
    return unsigned


def _counts(approval: Approval, row: RuleSet) -> bool:
    return (
        approval.verdict == Approval.Verdict.APPROVED
        and approval.content_hash == row.content_hash
        and approval.submission == row.submissions
    )


def _unsigned(row: RuleSet, missing: Sequence[Approval.Side]) -> str:
    return f"{row} are not signed for {_and(missing)} yet, so they cannot go live. Ask for it."


def _and(sides: Mapping[Approval.Side, object] | Sequence[Approval.Side]) -> str:
    return " and ".join(side.label for side in sides)
