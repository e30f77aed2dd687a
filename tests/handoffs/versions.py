"""Ways to bring a version of the rules about, for the tests of versions."""

from typing import Any

import pytest

from handoffs import rule_signatures, rule_versions, timeline
from routing.models import RuleSet, User
from routing.version_locks import VersionError
from tests.factories import NOW, Company


def change(version: RuleSet, code: str, **columns: Any) -> None:
    rule = version.rules.get(code=code)
    for name, value in columns.items():
        setattr(rule, name, value)
    rule.save()


def submit(version: RuleSet, by: User) -> RuleSet:
    return rule_versions.submit(version, by=by, now=NOW)


def sign(version: RuleSet, *people: User) -> RuleSet:
    version.refresh_from_db()
    for user in people:
        rule_versions.sign(version, seen_hash=version.content_hash, by=user, now=NOW, signed_at=NOW)
    return version


def signed(firm: Company, version: RuleSet, author: User) -> RuleSet:
    return sign(submit(version, author), firm.user("ben"), firm.user("clara"))


def refusal(work: Any, **arguments: Any) -> str:
    with pytest.raises(VersionError) as refused:
        work(**arguments)
    return str(refused.value)


def told(version: RuleSet) -> list[str]:
    return [line.text for line in timeline.sentences(rule_signatures.stream_of(version))]


def state(version: RuleSet) -> str:
    return RuleSet.objects.get(pk=version.pk).state
