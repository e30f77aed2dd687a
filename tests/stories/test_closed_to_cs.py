"""A deal was won: a customer success manager gets it, with what was promised."""

from datetime import UTC, datetime, timedelta

from handoffs import pipeline
from handoffs.models import Activity, State
from handoffs.responding import response_of
from handoffs.response import render_json, render_markdown
from sla.models import Clock, ClockKind
from tests.factories import NOW, rich_account
from tests.stories.office import Office, headings, section


def test_a_won_deal_reaches_a_customer_success_manager_and_the_kickoff_is_held(office: Office) -> None:
    # Oskar's deal is nearly won; nothing happens before it is.
    office.product_knows_astrid()
    rich = rich_account("closed_to_cs", sender=office.person("oskar"))
    assert rich.deal is not None
    rich.deal.is_won, rich.deal.is_closed, rich.deal.closed_at = False, False, None
    rich.deal.save()
    office.sweep(at=NOW)
    assert not rich.deal.handoffs.exists()

    # It is won, and Hannah has the first turn in customer success.
    rich.deal.is_won, rich.deal.is_closed, rich.deal.closed_at = True, True, NOW
    rich.deal.save()
    office.sweep(at=NOW)
    handoff = office.handoff()
    assert (handoff.state, handoff.owner) == (State.ASSIGNED, office.person("hannah"))
    assert (handoff.from_rep, handoff.from_team) == (office.person("oskar"), office.firm.teams["ae_general"])
    assert (handoff.team, handoff.priority, handoff.completeness) == (office.firm.teams["cs"], "urgent", 100)

    # A day for the first contact; a CS manager is who hears of it when that is missed.
    promise = Clock.objects.get(kind=ClockKind.FIRST_CONTACT)
    assert promise.deadline_at == datetime(2026, 11, 18, 10, 0, tzinfo=UTC)
    assert promise.at_risk_at == datetime(2026, 11, 18, 2, 48, tzinfo=UTC)
    assert handoff.type_enum.escalation_role == "cs_manager"

    # The CRM, the alert and the briefing.
    assert handoff.package is not None
    rich.deal.refresh_from_db()
    assert rich.deal.metadata["handoff_type"] == "closed_to_cs"
    assert rich.deal.metadata["previous_owner"] == "U-OSKAR"
    assert rich.deal.metadata["handoff_package_id"] == str(handoff.package.uuid)
    assert Activity.objects.get(subject="Handoff: closed_to_cs").deal == rich.deal
    [alert] = office.posted()
    assert (alert.to, alert.title) == ("#cs", "New Closed won Handoff: Halvorsen Marine Logistics")
    [mail] = office.mails()
    assert mail["to"] == ["hannah@fathomline.example"]
    assert mail["variables"]["handoff_type"] == "Sales → Customer Success (Closed Won)"
    assert mail["variables"]["recommended_approach"].endswith("to agree a date for the kickoff.")

    # What was promised travels with it, and the response speaks of a deal with a close date.
    response = render_markdown(response_of(handoff))
    assert headings(response) == [
        "## Handoff Complete ✅",
        "### Routing",
        "### Account Summary",
        "### Key Contacts",
        "### Journey Highlights",
        "### Qualification Summary",
        "### Deal Details",
        "### Implementation Scope, Success Criteria, Stakeholder Map and Promised Outcomes",
        "### Recommended Approach",
        "### Actions Taken",
        "### Next Steps for Hannah",
    ]
    assert section(response, "### Deal Details") == [
        "- **Value**: $240,000",
        "- **Products**: Observe Enterprise, Lineage",
        "- **Close Date**: 17 Nov 2026",
    ]
    assert "Lineage for the shipper reports in the first month" in response
    assert section(response, "### Next Steps for Hannah")[1] == "2. Contact Astrid within 24 hours"
    as_json = render_json(response_of(handoff))
    assert (as_json["assigned_owner"], as_json["briefing_sent"]) == ("Hannah Brandt", True)
    assert as_json["sla_deadline"] == "2026-11-18T10:00:00+00:00"
    assert as_json["handoff_complete"] == response

    # Hannah acknowledges, writes the next morning, holds the kickoff: converted.
    hannah, morning = office.actor("hannah"), NOW + timedelta(hours=22)
    pipeline.acknowledge(handoff, actor=hannah, now=NOW + timedelta(hours=2))
    pipeline.log_contact(handoff, contacted_at=morning, actor=hannah, now=morning)
    kickoff = NOW + timedelta(days=6)
    pipeline.book_meeting(handoff, meeting_at=kickoff, actor=hannah, now=morning + timedelta(minutes=5))
    pipeline.close(handoff, outcome=State.CONVERTED, actor=hannah, now=kickoff + timedelta(hours=1))
    handoff.refresh_from_db()
    promise.refresh_from_db()
    assert (handoff.state, handoff.meeting_at) == (State.CONVERTED, kickoff)
    assert promise.stopped_at == morning < promise.deadline_at


def test_a_deal_won_long_before_the_product_came_is_left_in_peace(office: Office) -> None:
    rich = rich_account("closed_to_cs", sender=office.person("oskar"))
    office.sweep(at=NOW + timedelta(days=30))
    assert not rich.account.handoffs.exists()
