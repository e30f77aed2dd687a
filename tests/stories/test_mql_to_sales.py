"""A lead reached the threshold: an SDR gets it, with what marketing knows."""

from datetime import UTC, datetime, timedelta

from handoffs import pipeline
from handoffs.models import Activity, State
from handoffs.responding import response_of
from handoffs.response import render_markdown
from sla.models import Clock, ClockKind
from tests.factories import NOW, UsageStageFactory, rich_account
from tests.stories.office import Office, headings, section


def test_a_lead_over_the_threshold_reaches_an_sdr_and_is_taken_on(office: Office) -> None:
    # A lead of Mara's campaign stands at 64 points, one below the threshold, and has never used the product.
    lead = rich_account("mql_to_sales", sender=office.person("mara"), score=64).account
    lead.usage_stages.all().delete()
    office.sweep(at=NOW)
    assert not lead.handoffs.exists()

    # A demo request later it stands at 65.
    office.product_knows_astrid()
    lead.score = 65
    lead.save()
    asked = NOW + timedelta(minutes=7)
    office.sweep(at=asked)

    # The first turn in the SDR pool is Dana's. There is no deal, so everything is about the account.
    handoff = office.handoff()
    assert (handoff.state, handoff.owner, handoff.deal) == (State.ASSIGNED, office.person("dana"), None)
    assert (handoff.from_rep, handoff.from_team) == (office.person("mara"), office.firm.teams["marketing"])
    assert (handoff.team, handoff.priority) == (office.firm.teams["sdr"], "urgent")
    assert (handoff.completeness, handoff.is_flagged) == (100, False)
    assert handoff.package is not None
    assert handoff.package.body["deal"] is None
    assert handoff.package.body["journey"]["productUsage"] == "adopted"

    # Four hours for the first contact, two for the acknowledgement.
    promise = Clock.objects.get(kind=ClockKind.FIRST_CONTACT)
    assert promise.deadline_at == datetime(2026, 11, 17, 14, 7, tzinfo=UTC)
    assert Clock.objects.get(kind=ClockKind.ACKNOWLEDGE).deadline_at == datetime(2026, 11, 17, 12, 7, tzinfo=UTC)

    # Without a deal the keys go on the account, and the alert links the handoff itself.
    lead.refresh_from_db()
    assert lead.metadata["handoff_completed"] == "2026-11-17T10:07:00+00:00"
    assert lead.metadata["handoff_type"] == "mql_to_sales"
    assert lead.metadata["previous_owner"] == "U-MARA"
    assert lead.metadata["handoff_package_id"] == str(handoff.package.uuid)
    assert Activity.objects.get(subject="Handoff: mql_to_sales").owner == office.person("dana")
    [alert] = office.posted()
    assert (alert.to, alert.title) == ("#sdr", "New MQL Handoff: Halvorsen Marine Logistics")
    assert alert.link == f"https://handoffs.example/handoffs/{handoff.reference}/"
    [mail] = office.mails()
    assert mail["to"] == ["dana@fathomline.example"]
    assert mail["variables"]["sla_deadline"] == "Tue 17 Nov 2026, 14:07 UTC"
    assert mail["variables"]["recommended_approach"] == (
        "Call Astrid Nygaard on +47 22 55 01 84 to answer the request of 11 Nov 2026: Demo request."
    )

    # The response says the same, in the order everybody knows.
    response = render_markdown(response_of(handoff))
    assert headings(response) == [
        "## Handoff Complete ✅",
        "### Routing",
        "### Account Summary",
        "### Key Contacts",
        "### Journey Highlights",
        "### Qualification Summary",
        "### Opportunity Details",
        "### Lead Context, Engagement History and Product Interest",
        "### Recommended Approach",
        "### Actions Taken",
        "### Next Steps for Dana",
    ]
    assert section(response, "### Opportunity Details") == [
        "- **Value**: No deal yet",
        "- **Products**: No deal yet",
        "- **Expected Close**: No deal yet",
    ]
    assert "- **Product Usage**: Adopted" in section(response, "### Journey Highlights")
    assert section(response, "### Next Steps for Dana")[1] == "2. Contact Astrid within 4 hours"

    # Dana acknowledges, calls within the hour, and takes it on as an opportunity of sales.
    dana = office.actor("dana")
    pipeline.acknowledge(handoff, actor=dana, now=asked + timedelta(minutes=10))
    pipeline.log_contact(
        handoff, contacted_at=asked + timedelta(minutes=50), actor=dana, now=asked + timedelta(hours=1)
    )
    pipeline.close(
        handoff, outcome=State.CONVERTED, reason="Accepted as SQL", actor=dana, now=asked + timedelta(days=1)
    )
    handoff.refresh_from_db()
    assert (handoff.state, handoff.meeting_at) == (State.CONVERTED, None)
    promise.refresh_from_db()
    assert promise.stopped_at == asked + timedelta(minutes=50)

    # The same score the next day is no new trigger: the account cools down first.
    office.sweep(at=asked + timedelta(days=2))
    assert lead.handoffs.count() == 1


def test_a_lead_that_begins_to_use_the_product_reaches_an_sdr_whatever_its_score(office: Office) -> None:
    lead = rich_account("mql_to_sales", sender=office.person("mara"), score=10).account
    lead.usage_stages.all().delete()
    UsageStageFactory.create(account=lead, stage="new", as_of=NOW - timedelta(days=2))
    office.sweep(at=NOW)
    assert not lead.handoffs.exists()

    UsageStageFactory.create(account=lead, stage="activated", as_of=NOW)
    office.sweep(at=NOW + timedelta(minutes=1))
    assert office.handoff().owner == office.person("dana")


def test_leads_take_turns_among_the_sdrs(office: Office) -> None:
    for name in ("Aker Freight", "Bodin Ports", "Corva Lines"):
        rich_account("mql_to_sales", name=name, domain=f"{name.split()[0].lower()}.example")
    office.sweep(at=NOW)
    owners = [str(row.owner) for row in office.every_handoff()]
    assert owners == ["Dana Whitfield", "Kofi Mensah", "Dana Whitfield"]
