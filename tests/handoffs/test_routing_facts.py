"""What routing is told: the facts of an account, its owners by their right to receive, and the sender."""

from typing import Any

import pytest

from handoffs.connectors.embedded_crm import EmbeddedCrm
from handoffs.context import Context, gather
from handoffs.models import Handoff
from handoffs.routing_facts import People, facts_of
from routing.facts import Facts
from routing.models import Function, Rep
from tests.factories import NOW, AccountFactory, DealFactory, HandoffFactory, RepFactory, TeamFactory

pytestmark = pytest.mark.django_db


def rep(function: str = Function.AE, **fields: Any) -> Rep:
    made: Rep = RepFactory.create(function=function, **fields)
    return made


def told(handoff: Handoff, *, sender: Rep | None = None) -> tuple[Facts, Rep | None]:
    """The facts as a run would state them, and the sender it would find."""
    context: Context = gather(
        crm=EmbeddedCrm(),
        lifecycle=None,
        account_id=handoff.account.crm_id,
        deal_id=handoff.deal.crm_id if handoff.deal else "",
        now=NOW,
    )
    people = People.named_in(context)
    found = sender or people.sender(context, handoff.type_enum)
    return facts_of(context, handoff, people=people, sender=found), found


def handoff_of(handoff_type: str = "sql_to_ae", *, deal: dict[str, Any] | None = None, **account: Any) -> Handoff:
    row = AccountFactory.create(**account)
    made: Handoff = HandoffFactory.create(
        handoff_type=handoff_type,
        account=row,
        deal=DealFactory.create(account=row, **deal) if deal is not None else None,
    )
    return made


def facts(*args: Any, **account: Any) -> Facts:
    return told(handoff_of(*args, **account))[0]


# Plain facts.


def test_words_countries_and_codes_are_told_in_one_spelling() -> None:
    found = facts(
        tier="mid_market", country="NO", region="EMEA North", postal_code="01 50", industry=" Transport-ation "
    )
    assert (found.tier, found.country, found.region) == ("mid_market", "NO", "emea_north")
    assert (found.postal_code, found.industry) == ("0150", "transport_ation")


def test_what_is_not_known_is_none() -> None:
    found = facts(domain="", country="", employee_count=None)
    assert {found.tier, found.country, found.region, found.postal_code, found.industry} == {None}
    assert {found.employee_count, found.source, found.score, found.usage_stage, found.pod} == {None}
    assert found.products == frozenset()


def test_the_deals_metadata_comes_before_the_accounts() -> None:
    found = facts(
        deal={"metadata": {"source": "Trade Fair", "products": ["Observe Enterprise", "Lineage"]}},
        metadata={"source": "webinar", "qualification_score": "71"},
    )
    assert (found.source, found.score) == ("trade_fair", 71)
    assert found.products == {"observe_enterprise", "lineage"}


def test_products_may_be_one_text_with_commas() -> None:
    assert facts(metadata={"products": "Observe, Lineage,"}).products == {"observe", "lineage"}


def test_the_score_is_the_qualification_score_else_the_lead_score() -> None:
    assert facts(metadata={"qualification_score": "high"}, score=40).score == 40
    assert facts(metadata={"qualification_score": True}, score=40).score == 40


@pytest.mark.parametrize(
    ("said", "score"),
    [(81.6, 81), (89.999, 89), ("85.5", 85), (" 71 % ", 71), ("", 40), ("nan", 40), ("-inf", 40), ([70], 40)],
)
def test_a_score_is_rounded_down_and_what_is_no_number_is_not_known(said: object, score: int) -> None:
    assert facts(metadata={"qualification_score": said}, score=40).score == score


def test_the_pod_and_custom_attributes_are_text() -> None:
    found = facts(pod="fjord", custom={"plan": "gold", "seats": 25, "empty": ""})
    assert found.pod == "fjord"
    assert found.custom == {"plan": "gold", "seats": "25", "pod": "fjord"}


def test_a_team_that_was_asked_for_is_told_by_its_code() -> None:
    handoff = handoff_of()
    handoff.to_team = TeamFactory.create(code="ae-north")
    assert told(handoff)[0].to_team == "ae-north"


# Owners.


def test_each_kind_of_owner_is_told_under_its_strategy() -> None:
    named, of_deal, of_account, of_parent = (rep() for _ in range(4))
    found = facts(
        deal={"owner": of_deal},
        named_owner=named,
        owner=of_account,
        parent=AccountFactory.create(owner=of_parent),
    )
    assert found.owners == {
        "named_rep": named.pk,
        "open_deal_owner": of_deal.pk,
        "account_owner": of_account.pk,
        "parent_account_owner": of_parent.pk,
    }


def test_the_owner_of_a_closed_deal_is_not_told() -> None:
    assert facts(deal={"owner": rep(), "is_closed": True}).owners == {}


@pytest.mark.parametrize(
    ("handoff_type", "receiving"),
    [
        ("mql_to_sales", {Function.SDR, Function.AE}),
        ("sql_to_ae", {Function.AE}),
        ("closed_to_cs", {Function.CSM}),
        ("expansion_to_sales", {Function.AM, Function.AE}),
    ],
)
def test_an_owner_counts_only_in_a_function_that_receives_the_type(handoff_type: str, receiving: set[str]) -> None:
    for function in Function.values:
        owner = rep(function)
        owners = facts(handoff_type, named_owner=owner).owners
        assert owners == ({"named_rep": owner.pk} if function in receiving else {}), function


def test_an_owner_who_left_is_told_and_one_who_is_unknown_here_is_not() -> None:
    left = rep(is_active=False)
    assert facts(named_owner=left).owners == {"named_rep": left.pk}
    assert facts(named_owner=rep(crm_id=None)).owners == {}


def test_somebody_who_left_sends_nothing() -> None:
    assert told(handoff_of(owner=rep(Function.SDR, is_active=False)))[1] is None


def test_the_sender_is_never_an_owner() -> None:
    sender, other = rep(), rep()
    handoff = handoff_of(named_owner=sender, owner=other)
    found, _ = told(handoff, sender=sender)
    assert found.owners == {"account_owner": other.pk}
    assert found.sender == sender.pk


# The sender.


def test_the_sender_is_the_owner_of_the_deal_before_the_owner_of_the_account() -> None:
    of_deal, of_account = rep(Function.SDR), rep(Function.SDR)
    assert told(handoff_of(deal={"owner": of_deal}, owner=of_account))[1] == of_deal
    assert told(handoff_of(deal={}, owner=of_account))[1] == of_account


def test_an_owner_on_the_sending_side_comes_before_any_other() -> None:
    leader, sdr = rep(Function.LEADER), rep(Function.SDR)
    assert told(handoff_of(deal={"owner": leader}, owner=sdr))[1] == sdr
    assert told(handoff_of(deal={"owner": leader}))[1] == leader


def test_who_receives_the_type_is_not_its_sender() -> None:
    seller = rep(Function.AE)
    found, sender = told(handoff_of(deal={"owner": seller}))
    assert sender is None
    assert found.owners == {"open_deal_owner": seller.pk}
