"""An SDR qualified a deal: an account executive gets it, calls, meets, and takes it on."""

from datetime import UTC, datetime, timedelta

from handoffs import pipeline
from handoffs.models import Activity, Handoff, State
from handoffs.responding import response_of
from handoffs.response import render_markdown
from sla.models import Clock, ClockKind
from tests.factories import NOW, rich_account
from tests.stories.office import Office, headings, section


def test_a_qualified_deal_reaches_an_account_executive_and_is_converted(office: Office) -> None:
    # Dana, an SDR, marks her deal with an enterprise account in Oslo as qualified; the engine comes by.
    rich = rich_account("sql_to_ae", sender=office.person("dana"))
    office.sweep(at=NOW)

    # The turn is Ingrid's, and the whole context is there.
    handoff = office.handoff()
    assert handoff.state == State.ASSIGNED
    assert handoff.owner == office.person("ingrid")
    assert (handoff.from_rep, handoff.from_team) == (office.person("dana"), office.firm.teams["sdr"])
    assert handoff.team == office.firm.teams["ae_enterprise"]
    assert (handoff.segment, handoff.territory, handoff.priority) == ("enterprise", "emea-north", "urgent")
    assert (handoff.completeness, handoff.is_flagged) == (100, False)

    # The receipt says by which rule, and what the turn cost.
    assert handoff.assignment is not None
    assert handoff.assignment.decision is not None
    receipt = handoff.assignment.decision.receipt
    assert (receipt["rule"], receipt["rule_name"]) == ("R-110", "SQL, enterprise, EMEA North")
    taken = {key: receipt["ledger"][key] for key in ("seq", "before", "after", "weight")}
    assert taken == {"seq": 1, "before": 0, "after": 232_792_560, "weight": 1}
    looked_at = [(candidate["name"], candidate["code"]) for candidate in receipt["candidates"]]
    assert looked_at == [
        ("Ingrid Solheim", "eligible"),
        ("Freya Aldous", "eligible"),
        ("Mikael Strand", "eligible"),
    ]

    # Two hours for the first contact, one for the acknowledgement; the ladder is frozen into the clock.
    promise = Clock.objects.get(kind=ClockKind.FIRST_CONTACT)
    assert promise.deadline_at == datetime(2026, 11, 17, 12, 0, tzinfo=UTC)
    assert promise.at_risk_at == datetime(2026, 11, 17, 11, 24, tzinfo=UTC)
    assert [(rung["action"], rung["due_at"]) for rung in promise.ladder] == [
        ("notice_at_risk", "2026-11-17T11:24:00+00:00"),
        ("alert_owner", "2026-11-17T13:00:00+00:00"),
        ("alert_role", "2026-11-17T16:00:00+00:00"),
        ("reassign", "2026-11-18T12:00:00+00:00"),
    ]
    assert Clock.objects.get(kind=ClockKind.ACKNOWLEDGE).deadline_at == datetime(2026, 11, 17, 11, 0, tzinfo=UTC)

    # The CRM knows: the deal bears the four keys, and a note links the package.
    assert rich.deal is not None
    assert handoff.package is not None
    rich.deal.refresh_from_db()
    assert rich.deal.metadata["handoff_completed"] == "2026-11-17T10:00:00+00:00"
    assert rich.deal.metadata["handoff_type"] == "sql_to_ae"
    assert rich.deal.metadata["previous_owner"] == "U-DANA"
    assert rich.deal.metadata["handoff_package_id"] == str(handoff.package.uuid)
    assert rich.deal.metadata["framework"] == "BANT + MEDDIC", "what was there before stays"
    assert rich.deal.owner == office.person("dana"), "the owner is not written unless that is configured"
    note = Activity.objects.get(subject="Handoff: sql_to_ae")
    assert (note.kind, note.deal, note.owner) == ("note", rich.deal, office.person("ingrid"))
    assert f"https://handoffs.example/handoffs/{handoff.reference}/" in note.description

    # Slack announces it in the receiving team's channel, urgent for an enterprise, with a link to the deal.
    [alert] = office.posted()
    assert alert.to == "#ae-enterprise"
    assert alert.title == "New SQL Handoff: Halvorsen Marine Logistics"
    assert alert.words.startswith("<@U0INGRID> *Urgent.* Halvorsen Marine Logistics is an enterprise account")
    assert "*First contact by*\nTue 17 Nov 2026, 12:00 UTC" in alert.words
    assert alert.link == f"https://crm.example/deal/{rich.deal.crm_id}"
    assert alert.rings_for == ("@U0INGRID",)

    # The briefing goes out from the template, with the customer's seven variables.
    [mail] = office.mails()
    assert (mail["from"], mail["to"]) == ("revops@company.com", ["ingrid@fathomline.example"])
    assert mail["template"] == "tmpl_handoff_briefing"
    assert mail["variables"].keys() == {
        *("owner_name", "account_name", "handoff_type", "key_contacts"),
        *("summary", "recommended_approach", "sla_deadline"),
    }
    assert mail["variables"]["owner_name"] == "Ingrid"
    assert mail["variables"]["account_name"] == "Halvorsen Marine Logistics"
    assert mail["variables"]["sla_deadline"] == "Tue 17 Nov 2026, 12:00 UTC"
    assert mail["variables"]["recommended_approach"] == "Call Astrid Nygaard on +47 22 55 01 84 first."
    assert mail["variables"]["key_contacts"].splitlines()[0] == (
        "Astrid Nygaard - VP Data and Analytics - astrid.nygaard@halvorsen.example - +47 22 55 01 84 (primary)"
    )

    # Ingrid acknowledges after three minutes. That is no contact: her promise runs on.
    ingrid = office.actor("ingrid")
    pipeline.acknowledge(handoff, actor=ingrid, now=NOW + timedelta(minutes=3))
    promise.refresh_from_db()
    assert promise.state == Clock.State.RUNNING
    assert Clock.objects.get(kind=ClockKind.ACKNOWLEDGE).stopped_at == NOW + timedelta(minutes=3)

    # Dana hears of it when it can no longer be undone, and not before.
    office.sweep(at=NOW + timedelta(minutes=3, seconds=9))
    assert len(office.posted()) == 1
    office.sweep(at=NOW + timedelta(minutes=3, seconds=10))
    told = office.posted()[-1]
    assert (told.to, told.title) == ("U0DANA", "Acknowledged: Halvorsen Marine Logistics")

    # She calls half an hour after it came, and writes it down a minute later: the promise is met.
    called = NOW + timedelta(minutes=30)
    pipeline.log_contact(handoff, contacted_at=called, actor=ingrid, now=called + timedelta(minutes=1))
    promise.refresh_from_db()
    assert (promise.state, promise.stopped_at, promise.next_step_at) == (Clock.State.STOPPED, called, None)
    handoff.assignment.refresh_from_db()
    assert handoff.assignment.release_reason == "contacted", "it no longer counts as load"

    # A meeting, and the opportunity moves on.
    meeting = NOW + timedelta(days=2)
    pipeline.book_meeting(handoff, meeting_at=meeting, actor=ingrid, now=called + timedelta(minutes=20))
    pipeline.close(handoff, outcome=State.CONVERTED, actor=ingrid, now=NOW + timedelta(days=9))
    handoff.refresh_from_db()
    assert handoff.state == State.CONVERTED
    assert handoff.received_at == handoff.assigned_at == NOW
    assert handoff.acknowledged_at == NOW + timedelta(minutes=3)
    assert (handoff.contacted_at, handoff.meeting_at) == (called, meeting)
    assert handoff.closed_at == NOW + timedelta(days=9)

    # Nothing is left to do, and the log tells it all.
    office.sweep(at=NOW + timedelta(days=10))
    assert handoff.next_at is None
    assert office.log() == [
        "CRM: Handoff received: CRM change",
        "Engine: Package compiled, 100% complete",
        "Engine: Given to Ingrid Solheim by rule R-110, rules v1",
        "Engine: SLA clock started",
        "Outbox: CRM update: delivered by CRM",
        "Outbox: CRM note: delivered by CRM",
        "Outbox: Alert to the new owner: delivered by Slack",
        "Outbox: Briefing e-mail: delivered by E-mail",
        "Ingrid Solheim: Acknowledged",
        "Outbox: Acknowledged: delivered by Slack",
        "Ingrid Solheim: First contact made",
        "Ingrid Solheim: Meeting booked",
        "Ingrid Solheim: Converted",
    ]


def test_the_response_of_an_sql_has_the_headings_labels_and_steps_in_order(office: Office) -> None:
    rich_account("sql_to_ae", sender=office.person("dana"))
    office.sweep(at=NOW)
    response = render_markdown(response_of(office.handoff()))

    assert headings(response) == [
        "## Handoff Complete ✅",
        "### Routing",
        "### Account Summary",
        "### Key Contacts",
        "### Journey Highlights",
        "### Qualification Summary",
        "### Opportunity Details",
        "### BANT, MEDDIC and Next Steps Agreed",
        "### Recommended Approach",
        "### Actions Taken",
        "### Next Steps for Ingrid",
    ]
    lines = response.splitlines()
    assert lines[2:5] == [
        "**Type**: SDR → AE (SQL)",
        "**Account**: Halvorsen Marine Logistics",
        "**Date**: Tue 17 Nov 2026, 10:00 UTC",
    ]
    assert "| From | Dana Whitfield (SDR) |" in lines
    assert "| To | Ingrid Solheim (Enterprise AE) |" in lines
    assert "| SLA | 2 hours |" in lines
    assert "| Deadline | Tue 17 Nov 2026, 12:00 UTC (13:00 in Oslo) |" in lines
    assert "- **Value**: $240,000" in lines
    assert "- **Expected Close**: 25 Feb 2027" in lines
    assert section(response, "### Actions Taken") == [
        "- ✅ Handoff package compiled",
        "- ✅ CRM updated",
        "- ✅ Ingrid Solheim notified via Slack",
        "- ✅ Briefing email sent",
        "- ✅ SLA timer started",
    ]
    assert section(response, "### Next Steps for Ingrid")[:3] == [
        "1. Review full handoff package in CRM",
        "2. Contact Astrid within 2 hours",
        "3. Update opportunity with initial findings",
    ]


def test_a_second_sweep_over_the_same_deal_starts_nothing_new(office: Office) -> None:
    rich_account("sql_to_ae", sender=office.person("dana"))
    office.sweep(at=NOW)
    office.sweep(at=NOW + timedelta(minutes=30))
    assert Handoff.objects.count() == 1
    assert len(office.posted()) == len(office.mails()) == 1


def test_a_deal_that_is_qualified_again_after_the_first_handoff_ended_starts_a_second(office: Office) -> None:
    rich = rich_account("sql_to_ae", sender=office.person("dana"))
    office.sweep(at=NOW)
    first = office.handoff()
    pipeline.withdraw(first, reason="Marked by mistake", actor=office.actor("dana"), now=NOW + timedelta(minutes=5))
    assert rich.deal is not None
    rich.deal.qualified_at = NOW + timedelta(days=3)
    rich.deal.save()
    office.sweep(at=NOW + timedelta(days=3, minutes=1))
    second = Handoff.objects.exclude(pk=first.pk).get()
    assert second.state == State.ASSIGNED
    # Ingrid's turn was given back, so all are even again, and Freya has waited longer.
    assert second.owner == office.person("freya")
