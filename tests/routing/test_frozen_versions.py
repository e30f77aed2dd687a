"""What is no draft cannot be changed: not by the models, not past them, and on neither database."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import F

from routing.append_only import maintenance
from routing.models import FrozenVersionError, Rule, RuleSet, Segment, Territory
from tests.factories import NOW, RepFactory, RuleFactory, RuleSetFactory, SegmentFactory, TerritoryFactory, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]

TABLES = ["routing_rule", "routing_territory", "routing_segment", "routing_ruleset"]
PARTS = [Rule, Territory, Segment]
STATES = ["in_approval", "live", "archived"]


def version_in(state: str) -> RuleSet:
    """A version with one part of each kind, in that state."""
    version: RuleSet = RuleSetFactory.create(title="As signed")
    RuleFactory.create(rule_set=version)
    TerritoryFactory.create(rule_set=version)
    SegmentFactory.create(rule_set=version)
    RuleSet.objects.filter(pk=version.pk).update(state=state, published_at=None if state == "in_approval" else NOW)
    version.refresh_from_db()
    return version


def refused(work: Callable[[], Any]) -> None:
    with pytest.raises(DatabaseError, match="frozen"), transaction.atomic():
        work()


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("model", PARTS)
def test_a_part_of_what_is_no_draft_is_neither_saved_nor_deleted(model: Any, state: str):
    version = version_in(state)
    part = model.objects.get(rule_set=version)
    part.name = "Sneaked in"
    with pytest.raises(FrozenVersionError, match=f"Rules v{version.number} are .*, so nothing in them changes"):
        part.save()
    with pytest.raises(FrozenVersionError):
        part.delete()
    with pytest.raises(FrozenVersionError):
        model(rule_set=version, code="new", name="Sneaked in").save()
    assert model.objects.get(rule_set=version).name != "Sneaked in"


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("model", PARTS)
def test_the_database_refuses_what_passes_by_the_models(model: Any, state: str):
    version = version_in(state)
    refused(lambda: model.objects.filter(rule_set=version).update(name="Sneaked in"))
    refused(lambda: model.objects.filter(rule_set=version).delete())
    refused(lambda: model.objects.bulk_create([model(rule_set=version, code="new", name="Sneaked in", **_more(model))]))
    draft = RuleSetFactory.create()
    refused(lambda: model.objects.filter(rule_set=version).update(rule_set=draft))
    assert model.objects.get(rule_set=version).name != "Sneaked in"


def _more(model: Any) -> dict[str, Any]:
    return {"position": 7, "strategy": "account_owner"} if model is Rule else {}


@pytest.mark.parametrize("model", PARTS)
def test_a_part_of_a_draft_cannot_be_moved_into_a_live_version(model: Any):
    live, draft = version_in("live"), version_in("in_approval")
    RuleSet.objects.filter(pk=draft.pk).update(state="draft")
    refused(lambda: model.objects.filter(rule_set=draft).update(rule_set=live, code="new"))


@pytest.mark.parametrize("state", ["live", "archived"])
def test_a_version_that_was_ever_live_keeps_its_row(state: str):
    version = version_in(state)
    rows = RuleSet.objects.filter(pk=version.pk)
    refused(lambda: rows.update(title="Sneaked in"))
    refused(lambda: rows.update(state="draft", published_at=None))
    refused(lambda: rows.update(author=UserFactory.create()))
    refused(lambda: rows.update(submissions=F("submissions") + 1))
    refused(lambda: rows._raw_delete("default"))  # past the models, which refuse by themselves
    with pytest.raises(FrozenVersionError):
        version.delete()
    assert rows.get().title == "As signed"


def test_a_live_version_whose_author_has_left_gets_no_other():
    version = version_in("live")
    assert version.author is None
    refused(lambda: RuleSet.objects.filter(pk=version.pk).update(author=UserFactory.create()))


@pytest.mark.parametrize("table", TABLES)
def test_no_table_of_versions_is_emptied_at_one_blow(table: str):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no TRUNCATE.")
    version = version_in("live")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        refused(lambda: cursor.execute(f"TRUNCATE {table} CASCADE"))
    assert version.rules.exists()
    with maintenance(), connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {table} CASCADE")


def test_a_live_version_can_be_archived_and_never_comes_back_by_itself():
    version = version_in("live")
    RuleSet.objects.filter(pk=version.pk).update(state="archived")
    refused(lambda: RuleSet.objects.filter(pk=version.pk).update(state="live"))


def test_a_draft_is_edited_and_deleted_with_its_parts():
    version = version_in("in_approval")
    RuleSet.objects.filter(pk=version.pk).update(state="draft")
    version.refresh_from_db()
    rule = version.rules.get()
    rule.name = "Renamed"
    rule.save()
    version.delete()
    assert not Rule.objects.exists()
    assert not Segment.objects.exists()


def test_the_author_of_a_live_version_may_leave_the_company():
    author = UserFactory.create()
    version = version_in("in_approval")
    RuleSet.objects.filter(pk=version.pk).update(author=author, edited_by=author)
    RuleSet.objects.filter(pk=version.pk).update(state="live", published_at=NOW)
    author.delete()
    version.refresh_from_db()
    assert (version.author, version.edited_by, version.title) == (None, None, "As signed")


def test_maintenance_lets_through():
    version = version_in("live")
    with maintenance():
        Rule.objects.filter(rule_set=version).update(owner=RepFactory.create())
    refused(lambda: Rule.objects.filter(rule_set=version).update(owner=None))


def test_the_triggers_are_there_after_all_migrations():
    """SQLite copies a table to alter it, and its triggers do not come along: the next migration would drop them."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT tgname FROM pg_trigger "
                "WHERE tgrelid = ANY(%s::regclass[]) AND tgenabled = 'O' AND NOT tgisinternal",
                [TABLES],
            )
            expected = {f"{table}_{name}" for table in TABLES for name in ("frozen", "truncate")}
        else:
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE '%%_frozen_%%'")
            verbs = dict.fromkeys(TABLES[:3], ("insert", "update", "delete")) | {TABLES[3]: ("update", "delete")}
            expected = {f"{table}_frozen_{verb}" for table, of in verbs.items() for verb in of}
        assert {name for (name,) in cursor.fetchall()} == expected
