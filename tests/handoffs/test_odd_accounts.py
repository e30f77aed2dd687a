"""Accounts as customers really have them: owners who were deleted, names in any script, texts without end."""

import pytest

from handoffs import pipeline
from handoffs.models import Account, Delivery, State
from routing.models import Decision, Function
from tests.factories import NOW, Company, RepFactory
from tests.handoffs.given import assigned, received

pytestmark = pytest.mark.django_db


def test_an_account_whose_owner_was_deleted_goes_by_the_next_rule(firm: Company) -> None:
    owner = RepFactory.create(first_name="Gone", function=Function.AE, team=firm.teams["ae_enterprise"])
    handoff = received(firm, owner=owner)
    assert Account.objects.get(pk=handoff.account_id).owner == owner
    owner.delete()
    handoff = pipeline.run(handoff, now=NOW, actor="engine")
    assert (handoff.state, handoff.owner) == (State.ASSIGNED, firm.reps["ingrid"])
    decision = Decision.objects.get(handoff_uuid=handoff.uuid)
    assert (decision.facts["owners"], decision.rule.strategy if decision.rule else "") == ({}, "round_robin")


@pytest.mark.parametrize("name", ["株式会社ノルウェー海運", "Пароходство «Север»", "شركة الشمال", "Åkerø & Sønner"])
def test_a_name_in_any_script_is_assigned_and_told_as_it_is_written(firm: Company, name: str) -> None:
    handoff = assigned(firm, name=name)
    told = Delivery.objects.filter(handoff=handoff, channel=Delivery.Channel.SLACK)
    assert any(name in str(delivery.payload).replace("&amp;", "&") for delivery in told)


def test_texts_without_end_are_cut_where_routing_reads_them_and_stop_nothing(firm: Company) -> None:
    endless = {"source": "長" * 10_000, "products": ["x" * 10_000], "qualification_score": "9" * 10_000}
    handoff = received(firm, metadata=endless)
    assert handoff.deal is not None
    handoff.deal.metadata = handoff.deal.metadata | endless
    handoff.deal.save()
    handoff = pipeline.run(handoff, now=NOW, actor="engine")
    assert handoff.state == State.ASSIGNED, handoff.last_error
    facts = Decision.objects.get(handoff_uuid=handoff.uuid).facts
    assert (facts["source"], facts["products"]) == ("長" * 200 + "…", ["x" * 200 + "…"])
