"""Versions of the rules, as people bring them about: begin, submit, sign, publish, rebase, go back.

`routing.publish` moves the version; here it is asked who signed what, and every act is one transaction with its line on
the stream `rule_set:<uuid>`. A version goes live under two signatures, one for RevOps and one for sales leadership, of
people who neither wrote nor edited it, on exactly what it says. All verbs raise `VersionError`, whose message is a
sentence for people; `now` is business time, `signed_at` real time, both aware UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from handoffs import rule_notices, timeline, wake
from handoffs.models import Approval
from handoffs.post import Post
from handoffs.rule_access import signs_for
from routing import drafts, publish, reports
from routing.models import RuleSet, User
from routing.version_locks import VersionError, lock, lock_live

SUBJECT = "rule_set"
Side, State = Approval.Side, RuleSet.State


def stream_of(rule_set: RuleSet) -> str:
    """Where the log keeps what happened to the version."""
    return f"{SUBJECT}:{rule_set.uuid}"


@transaction.atomic
def begin(*, based_on: RuleSet, title: str, by: User, now: datetime) -> RuleSet:
    """A new draft that says what `based_on` says."""
    draft = drafts.start_draft(based_on=based_on, title=title, author=by, now=now)
    _record(draft, "rules_begun", by=by, now=now, based_on=based_on.number)
    return draft


@transaction.atomic
def edited(rule_set: RuleSet, *, what: Sequence[str], by: User, now: datetime) -> None:
    """Says that a draft, which the caller holds and has changed, was edited; `what` are sentences about it."""
    drafts.mark_edited(rule_set, by=by, now=now)
    _record(rule_set, "rules_edited", by=by, now=now, what=" ".join(what))


def submit(rule_set: RuleSet, *, by: User, now: datetime, version: int | None = None) -> RuleSet:
    """Asks for the two signatures. `version` is the edit that the submitter looked at."""
    # Takes its time with many rules. Inside it is found again by what it read, as long as that is still so.
    reports.report(rule_set)
    return _submit(rule_set, by=by, now=now, version=version)


@transaction.atomic
def _submit(rule_set: RuleSet, *, by: User, now: datetime, version: int | None) -> RuleSet:
    _must_be_as_seen(rule_set, version=version, among=[State.DRAFT])
    row = publish.submit(rule_set, by=by)
    _record(row, rule_notices.SUBMITTED, by=by, now=now, hash=row.content_hash)
    _send(rule_notices.to_signers(row, stream=stream_of(row), by=by, now=now))
    return row


@transaction.atomic
def take_back(rule_set: RuleSet, *, by: User, now: datetime, version: int | None = None) -> RuleSet:
    """Back to a draft, without what was signed. `version` is the edit that was looked at."""
    _must_be_as_seen(rule_set, version=version, among=[State.IN_APPROVAL])
    row = publish.withdraw_submission(rule_set)
    _record(row, "rules_taken_back", by=by, now=now)
    rule_notices.done(row, now=now)
    return row


@transaction.atomic
def sign(rule_set: RuleSet, *, seen_hash: str, by: User, now: datetime, signed_at: datetime) -> Approval:
    """A signature on what the signer saw, for the side that they stand on and that nobody has signed for yet."""
    row = _held_in_approval(rule_set, seen_hash=seen_hash)
    side, role = _side_of(row, by, at=now)
    approval = _approval(row, side=side, role=role, verdict=Approval.Verdict.APPROVED, by=by, at=signed_at)
    _record(row, "rules_signed", by=by, now=now, side=side, hash=row.content_hash)
    is_signed = not _missing(row)
    rule_notices.done(row, now=now, by=None if is_signed else by)
    if is_signed:
        _send(rule_notices.signed(row, stream=stream_of(row), by=by, now=now))
    return approval


@transaction.atomic
def ask_for_changes(
    rule_set: RuleSet, *, comment: str, seen_hash: str, by: User, now: datetime, signed_at: datetime
) -> RuleSet:
    """The opposite of a signature: the version becomes a draft again, and its author reads why."""
    if not comment.strip():
        raise VersionError("Say in a sentence what should be changed.")
    row = _held_in_approval(rule_set, seen_hash=seen_hash)
    side, role = _side_of(row, by, at=now)
    verdict = Approval.Verdict.CHANGES
    _approval(row, side=side, role=role, verdict=verdict, by=by, at=signed_at, comment=comment.strip())
    draft = publish.withdraw_submission(row)
    _record(draft, "rules_changes_asked", by=by, now=now, side=side)
    rule_notices.done(draft, now=now)
    _send(rule_notices.sent_back(draft, stream=stream_of(draft), by=by, now=now))
    return draft


def make_live(rule_set: RuleSet, *, by: User, now: datetime, version: int | None = None) -> RuleSet:
    """Publishes a version that both sides have signed; from the commit on every decision is made by it.

    `version` is the edit that was looked at.
    """
    reports.report(rule_set)
    return _make_live(rule_set, by=by, now=now, version=version)


@transaction.atomic
def _make_live(rule_set: RuleSet, *, by: User, now: datetime, version: int | None) -> RuleSet:
    row = _must_be_as_seen(rule_set, version=version, among=[State.IN_APPROVAL])
    if row.state == State.IN_APPROVAL:
        _must_be_signed(row)
    live = RuleSet.objects.filter(state=State.LIVE).first()
    row = publish.publish(row, signed_hash=row.content_hash, now=now)
    _record_live(row, live, by=by, now=now)
    return row


@transaction.atomic
def rebase(
    rule_set: RuleSet,
    *,
    by: User,
    now: datetime,
    keep_mine: bool = False,
    version: int | None = None,
    live: int | None = None,
) -> RuleSet:
    """Brings a draft up to date with the live rules; raises ConflictError where both changed the same thing.

    `version` is the edit and `live` the number of the live rules that were looked at.
    """
    _must_be_as_seen(rule_set, version=version, among=[State.DRAFT, State.IN_APPROVAL], live=live)
    row = publish.rebase(rule_set, by=by, now=now, keep_mine=keep_mine)
    onto = row.based_on.number if row.based_on else 0
    _record(row, "rules_rebased", by=by, now=now, onto=onto)
    rule_notices.done(row, now=now)
    return row


@transaction.atomic
def go_back(version: RuleSet, *, by: User, now: datetime, live: int | None = None) -> RuleSet:
    """Republishes an archived version as a new one; `live` is the number of the live rules that were looked at.

    It says exactly what was live once, or what both sides signed, so nobody signs again; anything else takes the way of
    a draft.
    """
    row = _must_be_as_seen(version, live=live)
    if not was_sanctioned(row):
        raise VersionError(
            f"{row} were neither live nor signed, so they cannot go live at once. Submit them as a draft."
        )
    was_signed_before = was_signed(row.content_hash)
    before = RuleSet.objects.filter(state=State.LIVE).first()
    copy = publish.rollback(row, signed_hash=row.content_hash, by=by, now=now)
    verb = "rules_gone_back" if was_signed_before else "rules_live_again"
    _record(copy, verb, by=by, now=now, source=row.number, hash=copy.content_hash)
    _record_live(copy, before, by=by, now=now)
    return copy


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
        _side_of(rule_set, user, at=at)
    except VersionError as refusal:
        return str(refusal)
    return None


def why_behind(row: RuleSet) -> str:
    """Why a version has to be rebased before it is submitted, signed or published; empty if it need not."""
    live = RuleSet.objects.filter(state=State.LIVE).first()
    if live is None or row.based_on_id == live.pk:
        return ""
    based = f"v{row.based_on.number}" if row.based_on else "no version"
    return f"{row} are based on {based}, and v{live.number} is live now. Rebase them first; signatures are void then."


def why_not_publish(row: RuleSet) -> str:
    """Why a version in approval cannot go live yet, whatever its rules say; empty if it can."""
    missing = _missing(row)
    return why_behind(row) or (_unsigned(row, missing) if missing else "")


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


def _held_in_approval(rule_set: RuleSet, *, seen_hash: str) -> RuleSet:
    row = lock(rule_set)
    if row.state != State.IN_APPROVAL:
        raise VersionError(f"{row} are {row.now_is}, so there is nothing to sign. Look at them again.")
    if not seen_hash == row.content_hash == publish.content_hash(row):
        raise VersionError(f"{row} do not say any more what you saw. Look at them again before you sign.")
    return row


def _side_of(row: RuleSet, user: User, *, at: datetime) -> tuple[Approval.Side, str]:
    """The side to sign for, and the office. Whoever wrote or edited the version is refused, whoever they are."""
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


def _approval(
    row: RuleSet, *, side: Approval.Side, role: str, verdict: str, by: User, at: datetime, comment: str = ""
) -> Approval:
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


def _must_be_signed(row: RuleSet) -> None:
    missing = _missing(row)
    if missing:
        raise VersionError(_unsigned(row, missing))


def _unsigned(row: RuleSet, missing: Sequence[Approval.Side]) -> str:
    return f"{row} are not signed for {_and(missing)} yet, so they cannot go live. Ask for it."


def _missing(row: RuleSet) -> Sequence[Approval.Side]:
    return standing(row).missing


def _and(sides: Mapping[Approval.Side, object] | Sequence[Approval.Side]) -> str:
    return " and ".join(side.label for side in sides)


def _must_be_as_seen(
    rule_set: RuleSet, *, version: int | None = None, among: Sequence[RuleSet.State] = (), live: int | None = None
) -> RuleSet:
    """The version, held, if its edit and the live rules are those that somebody looked at; None: nobody looked.

    Edits count in the states `among`: in any other one the act itself says where the version stands.
    """
    row = lock(rule_set)
    if version is not None and version != row.version and row.state in among:
        editor = f" (last edited by {row.edited_by})" if row.edited_by else ""
        raise VersionError(f"{row} are not what you saw{editor}: they were changed since. Look at them again.")
    if live is not None:
        held = lock_live()
        if held is None or held.number != live:
            raise VersionError(f"{held or 'No rules'} are live by now, and v{live} were when you looked. Look again.")
    return row


def _send(post: Post) -> None:
    """What people are told of an act, in its transaction."""
    post.queue()
    wake.after_commit()


def _record(row: RuleSet, verb: str, *, by: User, now: datetime, **facts: object) -> None:
    timeline.record(stream_of(row), verb, actor=f"user:{by.pk}", now=now, **facts)


def _record_live(row: RuleSet, before: RuleSet | None, *, by: User, now: datetime) -> None:
    _record(row, "rules_published", by=by, now=now, replaced=before.number if before else 0, hash=row.content_hash)
    if before is not None:
        _record(before, "rules_archived", by=by, now=now, by_version=row.number)
