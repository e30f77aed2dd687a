"""The outside world fails: other ways are tried, nothing is lost, and what cannot be helped is shown."""

from datetime import timedelta

from handoffs import outbox
from handoffs.models import Delivery, State
from handoffs.responding import response_of
from handoffs.response import render_markdown
from tests.factories import NOW, rich_account
from tests.stories.office import Office, section


def alert_of(office: Office) -> Delivery:
    """The alert in the team's channel."""
    return Delivery.objects.get(purpose="alert", channel="slack")


def test_while_slack_is_down_the_owner_hears_by_mail_and_the_channel_later(office: Office) -> None:
    office.slack.fault("status", status=503, times=None)
    rich_account("sql_to_ae", sender=office.person("dana"))
    office.sweep(at=NOW)

    # The briefing is out; the alert failed once and is tried again after five seconds, then after thirty.
    handoff = office.handoff()
    assert (handoff.state, len(office.mails())) == (State.ASSIGNED, 1)
    assert (alert_of(office).failures, alert_of(office).next_at) == (1, NOW + timedelta(seconds=5))
    assert "Slack cannot do it now (HTTP 503)" in alert_of(office).last_error
    response = render_markdown(response_of(handoff))
    assert "- ⏳ Ingrid Solheim notified via Slack: queued" in section(response, "### Actions Taken")
    office.sweep(at=NOW + timedelta(seconds=5))
    assert alert_of(office).next_at == NOW + timedelta(seconds=35)
    assert len(office.mails()) == 1

    # The third failure opens another way: the same alert goes to Ingrid by mail.
    office.sweep(at=NOW + timedelta(seconds=35))
    mail = office.mails()[-1]
    assert mail["to"] == ["ingrid@fathomline.example"]
    assert mail["subject"] == "New SQL Handoff: Halvorsen Marine Logistics"
    response = render_markdown(response_of(handoff))
    assert "- ✅ Ingrid Solheim notified via E-mail" in section(response, "### Actions Taken")

    # The channel is tried further, ever more slowly, and hears of it when Slack is back.
    assert alert_of(office).next_at == NOW + timedelta(minutes=5, seconds=35)
    office.sweep(at=NOW + timedelta(minutes=6))
    assert alert_of(office).next_at == NOW + timedelta(minutes=21)
    office.slack.clear_faults()
    office.sweep(at=NOW + timedelta(minutes=21))
    assert alert_of(office).state == Delivery.State.DELIVERED
    [posted] = office.posted()
    assert "May be a repeat" in posted.words, "an attempt got no answer, so it says so"
    assert len(office.mails()) == 2, "nothing was mailed twice"


def test_a_channel_that_is_gone_parks_the_alert_until_somebody_mends_it(office: Office) -> None:
    office.slack.script(unknown_channels=["#ae-enterprise"])
    rich_account("sql_to_ae", sender=office.person("dana"))
    office.sweep(at=NOW)

    # Asking again would not help: it is parked at once, with the way out, and the owner hears by mail.
    alert = alert_of(office)
    assert (alert.state, alert.attempt, alert.next_at) == (Delivery.State.PARKED, 1, None)
    assert alert.last_error == (
        "Slack does not let the app post to #ae-enterprise (channel_not_found): create it or invite the app."
    )
    assert office.mails()[-1]["subject"] == "New SQL Handoff: Halvorsen Marine Logistics"
    assert "Outbox: Alert to the new owner: parked after failing by Slack" in office.log()

    # Hours later it is still parked; Ben mends the channel and presses Retry.
    office.sweep(at=NOW + timedelta(hours=3))
    assert alert_of(office).state == Delivery.State.PARKED
    office.slack.script(unknown_channels=[])
    outbox.retry(alert, actor=office.actor("ben"), now=NOW + timedelta(hours=3))
    office.sweep(at=NOW + timedelta(hours=3))
    assert alert_of(office).state == Delivery.State.DELIVERED
    assert office.posted()[-1].to == "#ae-enterprise"
    assert "Ben Akerman: Alert to the new owner: put back in the queue by hand, by Slack" in office.log()


def test_with_slack_and_mail_down_nothing_is_lost_and_all_of_it_is_delivered_once(office: Office) -> None:
    office.slack.fault("status", status=500, times=None)
    office.resend.fault("status", status=500, times=None)
    rich_account("sql_to_ae", sender=office.person("dana"))
    for minute in range(0, 60, 5):
        office.sweep(at=NOW + timedelta(minutes=minute))
    assert (office.posted(), office.mails()) == ([], [])
    office.slack.clear_faults()
    office.resend.clear_faults()
    for minute in range(60, 180, 5):
        office.sweep(at=NOW + timedelta(minutes=minute))
    assert set(office.deliveries().values()) == {"delivered"}
    mailed = [(mail["to"][0], mail.get("template") or mail["subject"]) for mail in office.mails()]
    assert sorted(mailed) == [
        ("ingrid@fathomline.example", "New SQL Handoff: Halvorsen Marine Logistics"),
        ("ingrid@fathomline.example", "tmpl_handoff_briefing"),
        # The other ways had failed as well, so that RevOps was the last to turn to.
        ("revops@fathomline.example", "New SQL Handoff: Halvorsen Marine Logistics"),
        ("revops@fathomline.example", "New SQL Handoff: Halvorsen Marine Logistics"),
    ]
    # The alert for the channel, and the one that stood in for the briefing, to Ingrid herself.
    announced = [message.to for message in office.posted() if message.title.startswith("New SQL")]
    assert sorted(announced) == ["#ae-enterprise", "U0INGRID"]


def test_without_the_product_usage_system_the_handoff_goes_on(office: Office) -> None:
    office.lifecycle.fault("status", status=503, times=None)
    rich_account("mql_to_sales", sender=office.person("mara"))
    office.sweep(at=NOW)
    handoff = office.handoff()
    assert (handoff.state, handoff.owner) == (State.ASSIGNED, office.person("dana"))
    assert handoff.package is not None
    [[source, sentence]] = handoff.package.context["problems"]
    assert source == "lifecycle"
    assert sentence.startswith("Product usage is left out: The lifecycle system")

    # Usage is marked as a default, and a default is still missing.
    body = handoff.package.body
    assert body["journey"]["productUsage"] == "unknown"
    assert body["provenance"]["journey.productUsage"]["default"] is True
    assert "journey.productUsage" in [gap["key"] for gap in body["completeness"]["missing"]]
    assert handoff.completeness is not None
    assert handoff.completeness < 100


def test_without_the_template_the_same_briefing_goes_out_plain(office: Office) -> None:
    office.resend.script(templates={"tmpl_handoff_briefing": None})
    rich_account("sql_to_ae", sender=office.person("dana"))
    office.sweep(at=NOW)
    [mail] = office.mails()
    assert (mail["to"], mail["from"]) == (["ingrid@fathomline.example"], "revops@company.com")
    assert "Call Astrid Nygaard on +47 22 55 01 84 first." in mail["text"]
    briefing = Delivery.objects.get(purpose="briefing")
    assert briefing.state == Delivery.State.DELIVERED
    assert briefing.provider_id.endswith("/plain"), "the record says that the template could not be used"
