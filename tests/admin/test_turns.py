"""Pauses, and turns set by hand, from the admin."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from handoffs.now import now
from routing import turns
from routing.models import Membership, Rep, Turn
from tests import factories
from tests.admin.pages import act, address, complaints, save
from tests.admin.worlds import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss() -> Client:
    return signed_in()


def calibrate(client: Client, member: Membership, **typed: Any) -> Any:
    where = address(member, "change").replace("change/", "calibrate/")
    return client.post(where, {"_form_submitted": "True", **typed})


def test_turns_are_set_by_hand_with_a_reason_that_the_ledger_keeps(boss: Client):
    member = factories.MembershipFactory.create()
    response = calibrate(boss, member, turns="2.5", reason="Two pools became one")
    assert response.status_code == 302
    turn = Turn.objects.get()
    assert (turn.kind, turn.pointer_after, turn.reason) == ("calibrate", 5 * turns.UNIT // 2, "Two pools became one")
    assert turn.actor == f"user:{boss.user.pk}"  # type: ignore[attr-defined]


@pytest.mark.parametrize("typed", [{"turns": "2"}, {"turns": "", "reason": "x"}, {"turns": "1e9", "reason": "x"}])
def test_turns_are_not_set_without_a_number_and_a_reason(boss: Client, typed: dict[str, str]):
    member = factories.MembershipFactory.create()
    assert calibrate(boss, member, **typed).status_code == 200
    assert not Turn.objects.exists()


def test_looking_at_the_dialog_sets_nothing(boss: Client):
    member = factories.MembershipFactory.create()
    response = boss.get(address(member, "change").replace("change/", "calibrate/"))
    assert response.status_code == 200
    assert not Turn.objects.exists()


def test_the_dialog_in_a_tab_of_its_own_is_a_page_with_its_frame(boss: Client):
    member = factories.MembershipFactory.create()
    where = address(member, "change").replace("change/", "calibrate/")
    page = boss.get(where).content.decode()
    assert "</html>" in page
    assert 'class="admin-dialog-page"' in page
    assert page.count("Set this member&#x27;s turns by hand?") >= 1
    assert "</html>" not in boss.get(where, headers={"HX-Request": "true"}).content.decode()
    refused = boss.post(where, {"_form_submitted": "True", "turns": "2", "reason": ""}).content.decode()
    assert ("</html>" in refused, "Say in a sentence why." in refused) == (True, True)


def test_a_former_member_who_is_back_joins_level_with_the_others(boss: Client):
    former = factories.MembershipFactory.create(is_active=False)
    factories.MembershipFactory.create(pool=former.pool, pointer=4 * turns.UNIT)
    response = save(boss, former, is_active="on")
    assert response.status_code == 302, complaints(response)
    former.refresh_from_db()
    assert (former.is_active, former.pointer) == (True, 4 * turns.UNIT)
    assert Turn.objects.get().kind == "join"


def test_people_are_paused_and_resumed_from_the_list(boss: Client):
    rep, gone = factories.RepFactory.create(first_name="Mina"), factories.RepFactory.create(is_active=False)
    assert act(boss, Rep, "pause_60", rep, gone)[0].endswith("gets no new work for 60 minutes.")
    rep.refresh_from_db()
    assert rep.paused_since is not None
    assert rep.paused_until == rep.paused_since + timedelta(minutes=60)
    act(boss, Rep, "pause_until_resumed", rep)
    rep.refresh_from_db()
    assert rep.is_paused(now() + timedelta(days=9))
    assert act(boss, Rep, "resume", rep) == [f"{rep} is back in turn."]
    rep.refresh_from_db()
    assert rep.paused_since is None


def test_somebody_is_paused_and_resumed_from_their_own_page(boss: Client):
    rep = factories.RepFactory.create()
    where = address(rep, "change").replace("change/", "pause/")
    assert where in boss.get(address(rep, "change")).content.decode()
    said = boss.post(where, {"_form_submitted": "True", "how": "60"}, follow=True).content.decode()
    assert "gets no new work for 60 minutes." in said
    rep.refresh_from_db()
    assert rep.paused_since is not None
    assert rep.paused_until == rep.paused_since + timedelta(minutes=60)
    assert boss.post(where, {"_form_submitted": "True", "how": "7"}).status_code == 200
    boss.post(where, {"_form_submitted": "True", "how": "resume"})
    rep.refresh_from_db()
    assert rep.paused_since is None


def test_a_ring_of_covers_is_told_at_its_field(boss: Client):
    first = factories.RepFactory.create()
    second = factories.RepFactory.create(cover=first)
    found = complaints(save(boss, first, cover=second.pk))
    assert list(found) == ["cover"]
    assert "nobody would be left" in found["cover"][0]
