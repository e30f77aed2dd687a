"""Lists of what routing and the promises wrote speak of handoffs by their number and of people by their name."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import Model
from django.urls import reverse
from django.utils.html import strip_tags

from handoffs.models import Handoff, State
from handoffs.now import advance, now
from routing.models import Assignment, Decision, Rep, Turn
from sla.models import Clock, StepRun
from tests import factories
from tests.admin.pages import address, save
from tests.admin.worlds import signed_in

pytestmark = pytest.mark.django_db


def traces(handoff: Handoff) -> list[Model]:
    """One row of every kind that names a handoff by uuid."""
    assignment = factories.AssignmentFactory.create(handoff_uuid=handoff.uuid)
    clock = factories.ClockFactory.create(assignment=assignment, handoff_uuid=handoff.uuid)
    step = factories.EscalationStepFactory.create(policy=clock.policy)
    return [
        assignment,
        clock,
        factories.DecisionFactory.create(handoff_uuid=handoff.uuid),
        factories.StepRunFactory.create(clock=clock, step=step),
    ]


@pytest.mark.parametrize("model", [Assignment, Clock, Decision, StepRun])
def test_a_row_names_its_handoff_by_number_and_is_found_by_it(model: type[Model]):
    mine, other = factories.HandoffFactory.create(), factories.HandoffFactory.create()
    row = next(row for row in traces(mine) if isinstance(row, model))
    traces(other)
    client = signed_in(group="auditor")
    link = f'href="{reverse("admin:handoffs_handoff_change", args=[mine.pk])}">{mine.reference}</a>'
    assert link in client.get(address(row, "change")).content.decode()
    found = client.get(address(model, "changelist"), {"q": mine.reference.lower()}).content.decode()
    assert link in found
    assert f">{other.reference}</a>" not in found


def test_a_turn_names_who_took_it_by_name():
    user = factories.UserFactory.create(first_name="Clara", last_name="Voss")
    turn = factories.TurnFactory.create(actor=f"user:{user.pk}")
    shown = signed_in(group="revops").get(address(Turn, "changelist")).content.decode()
    assert "Clara Voss" in shown
    assert turn.actor not in shown


def test_the_history_of_a_person_says_who_changed_what_in_words():
    client: Any = signed_in(group="revops")
    rep = factories.RepFactory.create(load_cap=8, is_active=True, territories=[])
    save(client, rep, load_cap="12", function="csm")
    for reader in (client, signed_in(group="auditor")):
        shown = reader.get(address(rep, "history")).content.decode()
        assert "Open handoffs at most: 8 → 12" in shown
        assert str(client.user) in shown
        assert "Added" in shown
    assert Rep.objects.get().load_cap == 12


@pytest.mark.parametrize("name", ["change", "delete", "history"])
def test_a_row_that_is_not_there_is_not_found(name: str):
    gone = factories.TeamFactory.create()
    where = address(gone, name)
    gone.delete()
    # The history of what was removed stays.
    assert signed_in().get(where).status_code == (200 if name == "history" else 404)


def test_open_gaps_have_a_tile_with_the_age_of_the_oldest_and_a_list_that_begins_with_it():
    for days, fields in ((1, {"is_flagged": True}), (5, {"state": State.BLOCKED, "next_at": None}), (9, {})):
        factories.HandoffFactory.create(received_at=now() - timedelta(days=days), **fields)
    client = signed_in(group="revops")
    words = " ".join(strip_tags(client.get(reverse("admin:index")).content.decode()).split())
    assert "2 have open gaps, the oldest for 5\xa0days".replace("\xa0", " ") in words
    listed = client.get(address(Handoff, "changelist"), {"stands": "gaps"}).context["cl"].result_list
    assert [(now() - handoff.received_at).days for handoff in listed] == [5, 1]


def test_who_is_away_is_told_by_the_demo_s_clock(settings: Any):
    settings.HANDOFFS_DEMO = True
    rep = factories.RepFactory.create(first_name="Robin")
    begins = now() + timedelta(days=2)
    factories.AbsenceFactory.create(rep=rep, starts_at=begins, ends_at=begins + timedelta(days=5))
    client = signed_in(group="revops")

    def away() -> list[Rep]:
        return list(client.get(address(Rep, "changelist"), {"today": "away"}).context["cl"].result_list)

    assert away() == []
    advance(timedelta(days=3))
    assert away() == [rep]
