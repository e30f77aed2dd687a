"""Versions of the rules for the permission matrix: one in each state in which something can be done to it."""

from handoffs import rule_versions
from handoffs.models import Approval
from routing.contents import contents_of
from routing.models import RuleSet, User
from tests import factories
from tests.factories import NOW


def versions(live: RuleSet, *, author: User) -> dict[str, str]:
    """Value of the world -> number of a version, the hash of the one that waits for signatures, and what is live."""
    draft, behind, waiting, signed = (_begun(live, what, author) for what in ("draft", "behind", "waiting", "signed"))
    RuleSet.objects.filter(pk=behind.pk).update(based_on=draft)
    before = _begun(live, "archived", author)
    RuleSet.objects.filter(pk=before.pk).update(content_hash=contents_of(before).hash)
    for version in (waiting, signed):
        rule_versions.submit(version, by=author, now=NOW)
    for version in (signed, before):
        version.refresh_from_db()
        for side in Approval.Side:
            factories.ApprovalFactory.create(
                subject_id=version.uuid, content_hash=version.content_hash, submission=version.submissions,
                author=author, side=side,
            )  # fmt: skip
    RuleSet.objects.filter(pk=before.pk).update(state=RuleSet.State.ARCHIVED, published_at=NOW)
    waiting.refresh_from_db()
    found = {"draft": draft, "behind": behind, "waiting": waiting, "signed": signed, "archived": before}
    numbers = {f"rules.{name}": str(version.number) for name, version in found.items()}
    return numbers | {"rules.hash": waiting.content_hash, "rules.live": str(live.number)}


def _begun(live: RuleSet, title: str, author: User) -> RuleSet:
    return rule_versions.begin(based_on=live, title=title, by=author, now=NOW)
