"""A customer could buy more: an account manager gets it, with the relationship as it is."""

from datetime import UTC, datetime, timedelta

from handoffs import pipeline
from handoffs.models import Activity, State
from handoffs.responding import response_of
from handoffs.response import render_markdown
from sla.models import Clock, ClockKind
from tests.factories import NOW, ActivityFactory, DealFactory, rich_account
from tests.stories.office import Office, headings, section


def test_an_expansion_signal_reaches_an_account_manager_and_an_opportunity_is_opened(office: Office) -> None:
    # Hannah's customer asked for 80 more pipelines.
    office.product_knows_astrid()
    rich = rich_account("expansion_to_sales", sender=office.person("hannah"))
    office.sweep(at=NOW)

    # Hannah owns the deal and the account, but she is the sender and does not sell: the turn is Lena's.
    handoff = office.handoff()
    assert (handoff.state, handoff.owner) == (State.ASSIGNED, office.person("lena"))
    assert (handoff.from_rep, handoff.from_team) == (office.person("hannah"), office.firm.teams["cs"])
    assert (handoff.team, handoff.deal) == (office.firm.teams["am"], rich.deal)
    assert (handoff.priority, handoff.completeness) == ("urgent", 100)

    # Eight hours for the first contact, four for the acknowledgement.
    promise = Clock.objects.get(kind=ClockKind.FIRST_CONTACT)
    assert promise.deadline_at == datetime(2026, 11, 17, 18, 0, tzinfo=UTC)
    assert promise.at_risk_at == datetime(2026, 11, 17, 15, 36, tzinfo=UTC)
    assert Clock.objects.get(kind=ClockKind.ACKNOWLEDGE).deadline_at == datetime(2026, 11, 17, 14, 0, tzinfo=UTC)

    # The CRM, the alert and the briefing.
    assert rich.deal is not None
    assert handoff.package is not None
    rich.deal.refresh_from_db()
    assert rich.deal.metadata["handoff_type"] == "expansion_to_sales"
    assert rich.deal.metadata["previous_owner"] == "U-HANNAH"
    assert Activity.objects.get(subject="Handoff: expansion_to_sales").owner == office.person("lena")
    [alert] = office.posted()
    assert (alert.to, alert.title) == ("#am", "New Expansion Handoff: Halvorsen Marine Logistics")
    assert "Asked for 80 more pipelines" in alert.words
    [mail] = office.mails()
    assert (mail["to"], mail["variables"]["owner_name"]) == (["lena@fathomline.example"], "Lena")

    # The response carries usage, signals, relationship and prices.
    response = render_markdown(response_of(handoff))
    assert headings(response) == [
        "## Handoff Complete ✅",
        "### Routing",
        "### Account Summary",
        "### Key Contacts",
        "### Journey Highlights",
        "### Qualification Summary",
        "### Opportunity Details",
        "### Current Usage, Expansion Signals, Relationship Context and Pricing History",
        "### Recommended Approach",
        "### Actions Taken",
        "### Next Steps for Lena",
    ]
    extra = section(response, headings(response)[7])
    assert any("21 of 25 seats in use" in line for line in extra)
    assert any("2025: $160,000, renewal without discount" in line for line in extra)
    assert section(response, "### Next Steps for Lena")[1] == "2. Contact Astrid within 8 hours"

    # Lena acknowledges and calls, but they do not want it now: lost.
    lena = office.actor("lena")
    pipeline.acknowledge(handoff, actor=lena, now=NOW + timedelta(hours=1))
    pipeline.log_contact(handoff, contacted_at=NOW + timedelta(hours=3), actor=lena, now=NOW + timedelta(hours=3))
    pipeline.close(handoff, outcome=State.LOST, reason="No budget this year", actor=lena, now=NOW + timedelta(days=4))
    handoff.refresh_from_db()
    assert (handoff.state, handoff.closed_at) == (State.LOST, NOW + timedelta(days=4))
    assert office.log()[-1] == "Lena Fischer: Closed as lost: No budget this year"


def test_two_signals_about_one_deal_within_the_cool_down_are_one_handoff(office: Office) -> None:
    rich = rich_account("expansion_to_sales", sender=office.person("hannah"))
    office.sweep(at=NOW)
    ActivityFactory.create(
        account=rich.account,
        deal=rich.deal,
        kind="expansion_signal",
        subject="New unit in Bergen",
        occurred_at=NOW + timedelta(days=1),
    )
    office.sweep(at=NOW + timedelta(days=1))
    assert rich.account.handoffs.count() == 1


def test_a_signal_about_another_open_deal_is_another_handoff(office: Office) -> None:
    rich = rich_account("expansion_to_sales", sender=office.person("hannah"))
    office.sweep(at=NOW)
    later = NOW + timedelta(days=1)
    other = DealFactory.create(account=rich.account, is_closed=False)
    ActivityFactory.create(account=rich.account, deal=other, kind="expansion_signal", occurred_at=later)
    office.sweep(at=later)
    assert rich.account.handoffs.count() == 2


def test_a_signal_of_somebody_who_is_no_customer_starts_nothing(office: Office) -> None:
    rich = rich_account("expansion_to_sales", sender=office.person("hannah"), is_customer=False)
    office.sweep(at=NOW)
    assert not rich.account.handoffs.filter(handoff_type="expansion_to_sales").exists()
