"""Which rows of the local CRM start a handoff, when, and only once."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from handoffs import pipeline, triggers
from handoffs.models import Account, Activity, Deal, Handoff, TypeSetting
from routing.models import HandoffType
from tests.factories import (
    NOW,
    AccountFactory,
    ActivityFactory,
    Company,
    DealFactory,
    UsageStageFactory,
)

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def start(*, at: datetime = NOW) -> list[tuple[str, str]]:
    """Account and type of the handoffs that one look starts."""
    known = set(Handoff.objects.values_list("pk", flat=True))
    count = triggers.start_due(now=at)
    new = Handoff.objects.exclude(pk__in=known).order_by("pk")
    assert count == len(new)
    return [(handoff.account.name, handoff.handoff_type) for handoff in new]


def settings_of(handoff_type: str, **changes: Any) -> None:
    TypeSetting.objects.filter(handoff_type=handoff_type).update(**changes)


def lead(**fields: Any) -> Account:
    made: Account = AccountFactory.create(**{"name": "Lead", "score": 80, **fields})
    return made


def deal(**fields: Any) -> Deal:
    made: Deal = DealFactory.create(**{"account": AccountFactory.create(name="Prospect"), **fields})
    return made


def won(**fields: Any) -> Deal:
    return deal(**{"is_won": True, "is_closed": True, "closed_at": NOW, **fields})


def signal(**fields: Any) -> Activity:
    customer = fields.pop("account", None) or AccountFactory.create(name="Customer", is_customer=True)
    made: Activity = ActivityFactory.create(
        **{"account": customer, "kind": "expansion_signal", "occurred_at": NOW, **fields}
    )
    return made


def end(handoff: Handoff, *, at: datetime = NOW) -> None:
    pipeline.withdraw(handoff, reason="by mistake", actor="user:1", now=at)


# Marketing to sales.


def test_a_score_of_exactly_the_threshold_is_enough(firm: Company) -> None:
    lead(name="Below", score=64)
    lead(name="At", score=65)
    lead(name="Above", score=66)
    lead(name="Unscored", score=None)
    assert sorted(start()) == [("Above", "mql_to_sales"), ("At", "mql_to_sales")]


def test_the_threshold_is_data(firm: Company) -> None:
    lead(score=50)
    assert start() == []
    settings_of("mql_to_sales", score_threshold=50)
    assert start() == [("Lead", "mql_to_sales")]


def test_without_a_threshold_no_score_starts_anything(firm: Company) -> None:
    lead(score=100)
    settings_of("mql_to_sales", score_threshold=None)
    assert start() == []


def test_the_newest_stage_of_use_counts_and_an_older_one_does_not(firm: Company) -> None:
    growing, fading = lead(name="Growing", score=None), lead(name="Fading", score=None)
    UsageStageFactory.create(account=growing, stage="new", as_of=NOW - 9 * DAY)
    UsageStageFactory.create(account=growing, stage="activated", as_of=NOW - DAY)
    UsageStageFactory.create(account=fading, stage="adopted", as_of=NOW - 9 * DAY)
    UsageStageFactory.create(account=fading, stage="dormant", as_of=NOW - DAY)
    assert start() == [("Growing", "mql_to_sales")]


def test_which_stages_of_use_count_is_data(firm: Company) -> None:
    UsageStageFactory.create(account=lead(score=None), stage="activated")
    settings_of("mql_to_sales", usage_stages=["power"])
    assert start() == []
    settings_of("mql_to_sales", usage_stages=["power", "activated"])
    assert start() == [("Lead", "mql_to_sales")]


def test_a_customer_is_no_lead_and_neither_is_an_account_with_an_open_deal(firm: Company) -> None:
    lead(name="Customer", is_customer=True)
    deal(account=lead(name="In sales"))
    deal(account=lead(name="Lost long ago"), is_closed=True)
    assert start() == [("Lost long ago", "mql_to_sales")]


def test_an_account_rests_for_the_cool_down_and_may_then_come_again(firm: Company) -> None:
    lead()
    settings_of("mql_to_sales", cooldown_days=30)
    assert len(start()) == 1
    end(Handoff.objects.get())
    assert start(at=NOW + 30 * DAY - timedelta(seconds=1)) == []
    assert start(at=NOW + 30 * DAY) == [("Lead", "mql_to_sales")]


def test_the_cool_down_of_one_type_is_none_of_another(firm: Company) -> None:
    account = lead()
    assert len(start()) == 1
    won(account=account)
    assert start() == [("Lead", "closed_to_cs")]


# SDR to account executive.


def test_a_deal_starts_once_for_each_time_it_is_qualified(firm: Company) -> None:
    row = deal(qualified_at=NOW)
    assert start() == [("Prospect", "sql_to_ae")]
    assert start(at=NOW + timedelta(minutes=1)) == []
    end(Handoff.objects.get())
    assert start(at=NOW + timedelta(minutes=2)) == [], "the same qualification has led to one"

    row.qualified_at = NOW + 3 * DAY
    row.save()
    assert start(at=NOW + 3 * DAY) == [("Prospect", "sql_to_ae")]


def test_a_deal_qualified_again_while_its_handoff_is_open_is_the_same_handoff_for_ever(firm: Company) -> None:
    row = deal(qualified_at=NOW)
    assert len(start()) == 1
    row.qualified_at = NOW + timedelta(hours=1)
    row.save()
    assert start(at=NOW + timedelta(hours=1)) == []

    # It was one trigger, so it is none after the customer was contacted either; the next qualification is.
    Handoff.objects.update(
        state="lost", contacted_at=NOW + timedelta(hours=2), closed_at=NOW + timedelta(hours=9), next_at=None
    )
    assert start(at=NOW + DAY) == []
    row.qualified_at = NOW + timedelta(hours=3)
    row.save()
    assert len(start(at=NOW + DAY)) == 1


def test_a_qualification_in_the_future_waits_and_one_of_a_closed_deal_is_over(firm: Company) -> None:
    deal(qualified_at=NOW + timedelta(hours=1))
    deal(qualified_at=NOW, is_closed=True)
    deal(qualified_at=None)
    assert start() == []
    assert len(start(at=NOW + timedelta(hours=1))) == 1


def test_two_deals_of_one_account_are_two_handoffs(firm: Company) -> None:
    account = AccountFactory.create(name="Prospect")
    deal(account=account, qualified_at=NOW)
    deal(account=account, qualified_at=NOW)
    assert len(start()) == 2


# Closed won.


def test_a_won_deal_starts_and_a_lost_one_does_not(firm: Company) -> None:
    won()
    deal(is_closed=True, closed_at=NOW)
    assert start() == [("Prospect", "closed_to_cs")]
    assert start(at=NOW + DAY) == []


@pytest.mark.parametrize("moment", ["qualified_at", "closed_at"])
def test_what_was_settled_more_than_thirty_days_ago_was_settled_before_we_came(firm: Company, moment: str) -> None:
    long_ago, lately = NOW - 30 * DAY, NOW - 30 * DAY + timedelta(seconds=1)
    for at in (long_ago, lately):
        row = won(closed_at=at) if moment == "closed_at" else deal(qualified_at=at)
        row.account.name = f"{at:%S}"
        row.account.save()
    assert [name for name, _ in start()] == ["01"]


# Expansion.


def test_a_signal_of_a_customer_starts_and_takes_its_open_deal_along(firm: Company) -> None:
    customer = AccountFactory.create(name="Customer", is_customer=True)
    open_deal = deal(account=customer)
    signal(account=customer, deal=open_deal)
    assert start() == [("Customer", "expansion_to_sales")]
    assert Handoff.objects.get().deal == open_deal


def test_a_closed_deal_is_left_behind(firm: Company) -> None:
    customer = AccountFactory.create(name="Customer", is_customer=True)
    signal(account=customer, deal=deal(account=customer, is_closed=True))
    start()
    assert Handoff.objects.get().deal is None


def test_only_signals_of_customers_of_the_last_thirty_days_count(firm: Company) -> None:
    signal(account=AccountFactory.create())
    signal(kind="call")
    signal(occurred_at=NOW - 30 * DAY)
    signal(occurred_at=NOW + timedelta(minutes=1))
    assert start() == []
    assert len(start(at=NOW + timedelta(minutes=1))) == 1


def test_several_signals_of_a_customer_are_one_handoff(firm: Company) -> None:
    customer = AccountFactory.create(name="Customer", is_customer=True)
    signal(account=customer)
    signal(account=customer)
    assert start() == [("Customer", "expansion_to_sales")]
    assert start(at=NOW + DAY) == []


def test_a_signal_leads_to_one_handoff_even_without_a_cool_down(firm: Company) -> None:
    signal()
    settings_of("expansion_to_sales", cooldown_days=0)
    assert len(start()) == 1
    end(Handoff.objects.get())
    assert start(at=NOW + timedelta(minutes=1)) == []


# All of them.


def test_a_type_that_is_switched_off_starts_nothing_by_itself(firm: Company) -> None:
    lead()
    deal(qualified_at=NOW)
    won()
    signal()
    TypeSetting.objects.update(is_enabled=False)
    assert start() == []
    TypeSetting.objects.filter(handoff_type="closed_to_cs").update(is_enabled=True)
    assert start() == [("Prospect", "closed_to_cs")]


def test_what_a_person_started_is_not_started_again(firm: Company) -> None:
    row = deal(qualified_at=NOW - timedelta(minutes=5))
    pipeline.receive(
        handoff_type=HandoffType.SQL_TO_AE,
        account=row.account,
        deal=row,
        origin=Handoff.Origin.PAGE,
        now=NOW,
        actor="user:1",
    )
    assert start() == []


def test_the_row_that_started_it_is_named_in_the_key(firm: Company) -> None:
    row = deal(qualified_at=NOW)
    start()
    handoff = Handoff.objects.get()
    assert handoff.trigger_key == f"crm:sql_to_ae:{row.crm_id}:2026-11-17T10:00:00"
    assert (handoff.origin, handoff.deal, handoff.next_at) == ("crm", row, NOW)


def test_a_full_batch_leaves_the_rest_to_the_next_look(firm: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(triggers, "BATCH", 2)
    for _ in range(5):
        deal(qualified_at=NOW)
    assert [len(start()) for _ in range(4)] == [2, 2, 1, 0]
