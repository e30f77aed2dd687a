"""A version that goes live while somebody saves an edit of its draft."""

import threading

import pytest
from django.db import connection, transaction

from routing.models import Rule, RuleSet
from tests import factories
from tests.admin.pages import address, fields_of
from tests.admin.worlds import signed_in
from tests.factories import NOW

pytestmark = [pytest.mark.sqlite, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("way", ["the version itself", "one of its rules", "deleting a rule from the list"])
def test_an_edit_that_waits_for_a_publication_is_refused_once_it_is_through(way: str):
    boss, draft = signed_in(), factories.RuleSetFactory.create(title="As signed")
    rule = factories.RuleFactory.create(rule_set=draft, name="As signed")
    if way == "deleting a rule from the list":
        where = address(Rule, "changelist")
        filled = {"action": "delete_selected", "_selected_action": [rule.pk], "post": "yes"}
    else:
        edited = rule if way == "one of its rules" else draft
        where = address(edited, "change")
        filled = fields_of(boss.get(where)) | {"title": "Sneaked in", "name": "Sneaked in"}
    locked, answers = threading.Event(), []

    def publish() -> None:
        with transaction.atomic():
            row = RuleSet.objects.select_for_update().get(pk=draft.pk)
            locked.set()
            waiting.wait(timeout=1)  # The edit has no way to say that it waits for the lock; give it a moment.
            row.state, row.published_at = RuleSet.State.LIVE, NOW
            row.save()
        connection.close()

    waiting = threading.Event()
    publisher = threading.Thread(target=publish)
    publisher.start()
    assert locked.wait(timeout=10)
    answers.append(boss.post(where, filled).status_code)
    publisher.join()
    draft.refresh_from_db()
    rule.refresh_from_db()
    assert answers == [302 if way.startswith("deleting") else 403]
    assert (draft.state, draft.title, rule.name) == (RuleSet.State.LIVE, "As signed", "As signed")
