"""What is sent to whom: the messages of a handoff and their ways when a channel or an address is missing."""

from collections.abc import Iterable
from datetime import timedelta

import pytest
from pytest_django.fixtures import Settings

from handoffs import pipeline
from handoffs.models import Delivery, Handoff
from routing.models import Rep, Team
from tests.factories import NOW, Company, company
from tests.handoffs.given import LATER, assigned, blocked, unassigned

pytestmark = pytest.mark.django_db


@pytest.fixture
def firm(settings: Settings) -> Company:
    settings.SITE_URL = "https://handoffs.example"
    settings.CRM_RECORD_URL = "https://crm.example/{kind}/{crm_id}"
    settings.SLACK_REVOPS_CHANNEL = "#revops-alerts"
    settings.REVOPS_EMAIL = "revops@fathomline.example"
    return company()


def ways(rows: Iterable[Delivery]) -> list[tuple[str, str, str]]:
    return [(row.purpose, row.channel, row.recipient) for row in rows]


def the(handoff: Handoff, purpose: str) -> Delivery:
    return handoff.deliveries.get(purpose=purpose)


# On assignment.


def test_an_assignment_writes_the_crm_twice_and_tells_the_team_and_the_owner(firm: Company) -> None:
    handoff = assigned(firm)
    assert handoff.deal is not None
    assert ways(handoff.deliveries.order_by("id")) == [
        ("crm_update", "crm", handoff.deal.crm_id),
        ("crm_note", "crm", handoff.account.crm_id),
        ("alert", "slack", "#ae-enterprise"),
        ("briefing", "email", "ingrid@fathomline.example"),
    ]


def test_each_key_names_stream_assignment_purpose_channel_and_recipient(firm: Company) -> None:
    handoff = assigned(firm)
    assert the(handoff, "alert").key == f"handoff:{handoff.uuid}/1/alert/slack/#ae-enterprise"


def test_without_a_team_channel_the_alert_goes_to_the_owner(firm: Company) -> None:
    Team.objects.update(channel="")
    assert the(assigned(firm), "alert").recipient == "U0INGRID"


def test_without_any_slack_address_the_alert_goes_by_mail(firm: Company) -> None:
    Team.objects.update(channel="")
    Rep.objects.update(messaging_id="")
    handoff = assigned(firm)
    alert = the(handoff, "alert")
    assert (alert.channel, alert.recipient) == ("email", "ingrid@fathomline.example")
    assert handoff.deliveries.filter(channel="email").count() == 2, "alert and briefing are two mails with two keys"


def test_each_message_knows_the_other_ways_to_the_same_person(firm: Company) -> None:
    handoff = assigned(firm)
    assert the(handoff, "alert").payload["routes"] == {"email": "ingrid@fathomline.example", "slack": "U0INGRID"}
    assert the(handoff, "briefing").payload["routes"]["slack"] == "U0INGRID"


def test_an_owner_without_a_slack_address_is_briefed_in_the_teams_channel_if_mail_fails(firm: Company) -> None:
    Rep.objects.update(messaging_id="")
    assert the(assigned(firm), "briefing").payload["routes"]["slack"] == "#ae-enterprise"


def test_the_alert_is_urgent_for_an_enterprise_and_high_for_others(firm: Company) -> None:
    assert the(assigned(firm), "alert").payload["alert"]["priority"] == "urgent"
    smaller = assigned(firm, name="Aker Freight", employee_count=40, tier="smb")
    assert the(smaller, "alert").payload["alert"]["priority"] == "high"


def test_the_alert_links_the_deal_in_the_crm_or_without_one_the_handoff(firm: Company) -> None:
    with_deal = assigned(firm)
    assert with_deal.deal is not None
    assert the(with_deal, "alert").payload["alert"]["action_url"] == f"https://crm.example/deal/{with_deal.deal.crm_id}"
    without = assigned(firm, "mql_to_sales", name="Aker Freight")
    assert the(without, "alert").payload["alert"]["action_url"] == (
        f"https://handoffs.example/handoffs/{without.reference}/"
    )


def test_without_an_address_of_the_crm_the_alert_links_the_handoff(firm: Company, settings: Settings) -> None:
    settings.CRM_RECORD_URL = ""
    handoff = assigned(firm)
    assert the(handoff, "alert").payload["alert"]["action_url"].startswith("https://handoffs.example/handoffs/HO-")


def test_the_crm_gets_the_new_owner_only_if_that_is_configured(firm: Company, settings: Settings) -> None:
    assert the(assigned(firm), "crm_update").payload["owner"] == ""
    settings.CRM_WRITES_OWNER = True
    assert the(assigned(firm, name="Aker Freight"), "crm_update").payload["owner"] == "U-FREYA"


def test_the_previous_owner_is_the_senders_crm_id_their_name_or_their_team(firm: Company) -> None:
    assert the(assigned(firm), "crm_update").payload["metadata"]["previous_owner"] == "U-DANA"
    sent = assigned(firm, "mql_to_sales", name="Aker Freight", owner=None)
    assert the(sent, "crm_update").payload["metadata"]["previous_owner"] == "Marketing"


def test_without_a_deal_the_keys_go_on_the_account(firm: Company) -> None:
    handoff = assigned(firm, "mql_to_sales")
    update = the(handoff, "crm_update")
    assert (update.payload["object"], update.payload["id"]) == ("account", handoff.account.crm_id)
    assert the(handoff, "crm_note").payload["deal"] == ""


def test_the_deadline_is_told_on_the_owners_clock(firm: Company) -> None:
    Rep.objects.update(time_zone="Europe/Oslo")
    handoff = assigned(firm)
    assert the(handoff, "briefing").payload["variables"]["sla_deadline"] == "Tue 17 Nov 2026, 13:00 CET"
    assert ["First contact by", "Tue 17 Nov 2026, 13:00 CET"] in the(handoff, "alert").payload["alert"]["fields"]


def test_a_briefing_names_five_contacts_at_most(firm: Company) -> None:
    handoff = assigned(firm)
    assert len(the(handoff, "briefing").payload["variables"]["key_contacts"].splitlines()) == 5


# To the sender.


def test_a_gap_list_goes_to_the_sender(firm: Company) -> None:
    assert ways(blocked(firm).deliveries.all()) == [("gaps", "slack", "U0DANA")]


def test_a_sender_without_a_slack_address_hears_by_mail(firm: Company) -> None:
    Rep.objects.update(messaging_id="")
    assert ways(blocked(firm).deliveries.all()) == [("gaps", "email", "dana@fathomline.example")]


def test_without_any_slack_at_all_it_goes_by_mail_and_without_a_person_to_the_revops_list(
    firm: Company, settings: Settings
) -> None:
    Rep.objects.update(messaging_id="")
    Team.objects.update(channel="")
    settings.SLACK_REVOPS_CHANNEL = ""
    assert ways(blocked(firm).deliveries.all()) == [("gaps", "email", "dana@fathomline.example")]
    handoff = assigned(firm, "mql_to_sales", name="Aker Freight", owner=None)
    pipeline.acknowledge(handoff, actor="user:1", now=NOW)
    assert the(handoff, "acknowledged").recipient == "revops@fathomline.example"


def test_if_nobody_at_all_can_be_told_nothing_is_queued(firm: Company, settings: Settings) -> None:
    Team.objects.update(channel="")
    settings.SLACK_REVOPS_CHANNEL, settings.REVOPS_EMAIL = "", ""
    handoff = assigned(firm, "mql_to_sales", owner=None)
    pipeline.acknowledge(handoff, actor="user:1", now=NOW)
    assert not handoff.deliveries.filter(purpose="acknowledged").exists()


def test_a_return_carries_its_reason_and_comment_to_the_sender(firm: Company) -> None:
    handoff = assigned(firm)
    pipeline.reject(handoff, reason="wrong_owner", comment="Mikael knows them.", actor="user:1", now=LATER)
    notice = the(handoff, "notice")
    assert (notice.recipient, notice.next_at) == ("U0DANA", LATER)
    assert notice.payload["alert"]["body"] == "Reason: wrong owner or territory. Mikael knows them."


def test_an_acknowledgement_waits_until_it_can_no_longer_be_undone(firm: Company) -> None:
    handoff = assigned(firm)
    pipeline.acknowledge(handoff, actor="user:1", now=LATER)
    assert the(handoff, "acknowledged").next_at == LATER + timedelta(seconds=10)


# To the manager.


def test_nobody_available_is_told_to_the_manager_of_the_receiving_team(firm: Company) -> None:
    assert ways(unassigned(firm).deliveries.all()) == [("unassigned", "slack", "U0ELENA")]


def test_a_team_without_a_manager_hears_in_its_channel_and_without_one_revops_does(firm: Company) -> None:
    Team.objects.update(manager=None)
    assert ways(unassigned(firm).deliveries.all()) == [("unassigned", "slack", "#ae-enterprise")]
    Team.objects.update(channel="")
    handoff = pipeline.run(_another(firm), now=NOW, actor="engine")
    assert ways(handoff.deliveries.all()) == [("unassigned", "slack", "#revops-alerts")]


def _another(firm: Company) -> Handoff:
    first = Handoff.objects.get()
    pipeline.withdraw(first, reason="by mistake", actor="user:1", now=NOW)
    again, _ = pipeline.receive(
        handoff_type=first.type_enum,
        account=first.account,
        deal=first.deal,
        origin=Handoff.Origin.API,
        now=NOW,
        actor="user:1",
    )
    return again
