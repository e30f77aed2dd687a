import pytest

from handoffs.connectors.ports import Alert
from handoffs.connectors.slack_blocks import escaped, message
from tests.connectors.hostile import HOSTILE
from tests.fakes.slack_checks import faults_of, notified


@pytest.fixture(autouse=True)
def hosts(settings):
    settings.SITE_URL = "https://handoffs.acme.example"
    settings.CRM_RECORD_URL = ""


def alert(**changed):
    given = {
        "channel": "#ent-emea-north",
        "title": "New SQL Handoff: Halvorsen Marine Logistics",
        "body": "Call Astrid Nygaard by 14:52 GMT.",
        "priority": "urgent",
        "action_url": "https://handoffs.acme.example/handoffs/HO-2418/",
        "reference": "HO-2418",
        "mention": "U0INGRID",
        "fields": (("From", "Dana Whitfield, SDR"), ("To", "Ingrid Solheim, AE")),
        "lines": ("2 critical gaps: decision process unknown.",),
        "footer": "If missed: you 15:52",
    }
    return Alert(**given | changed)


def test_an_alert_becomes_a_header_a_lead_facts_lines_a_button_and_a_footer():
    written = message(alert(), key="ho/1/alert", repeat=False)
    assert [block["type"] for block in written["blocks"]] == [
        "header",
        "section",
        "section",
        "section",
        "actions",
        "context",
    ]
    assert written["blocks"][0]["text"]["text"] == "New SQL Handoff: Halvorsen Marine Logistics"
    assert written["blocks"][1]["text"]["text"] == "<@U0INGRID> *Urgent.* Call Astrid Nygaard by 14:52 GMT."
    assert [field["text"] for field in written["blocks"][2]["fields"]] == [
        "*From*\nDana Whitfield, SDR",
        "*To*\nIngrid Solheim, AE",
    ]
    assert written["blocks"][3]["text"]["text"] == "2 critical gaps: decision process unknown."
    button = written["blocks"][4]["elements"][0]
    assert (button["text"]["text"], button["url"]) == (
        "Open package",
        "https://handoffs.acme.example/handoffs/HO-2418/",
    )
    assert written["blocks"][5]["elements"][0]["text"] == "HO-2418 \N{MIDDLE DOT} If missed: you 15:52"
    assert written["text"] == "New SQL Handoff: Halvorsen Marine Logistics. Call Astrid Nygaard by 14:52 GMT."


def test_the_delivery_key_and_the_reference_travel_as_metadata():
    assert message(alert(), key="ho/1/alert", repeat=False)["metadata"] == {
        "event_type": "handoff_alert",
        "event_payload": {"delivery_key": "ho/1/alert", "reference": "HO-2418"},
    }


def test_only_a_repeat_says_that_it_may_be_one():
    notices = [
        [
            block["elements"][0]["text"]
            for block in message(alert(), key="k", repeat=repeat)["blocks"]
            if block["type"] == "context" and "May be a repeat" in block["elements"][0]["text"]
        ]
        for repeat in (False, True)
    ]
    assert [len(found) for found in notices] == [0, 1]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_anywhere_is_taken_by_slack_and_rings_for_nobody(text):
    written = message(
        alert(
            title=text,
            body=text,
            reference=text,
            mention=text,
            footer=text,
            action_url=text,
            fields=((text, text),) * 30,
            lines=(text,) * 30,
        ),
        key="k",
        repeat=True,
    )
    assert faults_of(written["blocks"]) == []
    assert notified(written) == []
    assert notified({"text": written["text"]}) == []
    assert "\x00" not in str(written)
    assert not any(block["type"] == "actions" for block in written["blocks"])


def test_mrkdwn_escapes_what_slack_reads_and_replaces_what_it_formats():
    assert escaped("<!here> a & b", limit=100) == "&lt;!here&gt; a &amp; b"
    assert escaped("*a* ~b~ `c`", limit=100) == "\u2217a\u2217 \u223cb\u223c \u02cbc\u02cb"
    assert escaped("_a_ first_last@x.example", limit=100) == "\u02cda\u02cd first_last@x.example"


@pytest.mark.parametrize("limit", [2, 3, 5, 6, 7, 10, 49, 50])
def test_a_cut_never_leaves_half_an_entity_and_keeps_to_the_limit(limit):
    text = escaped("<&>" * 40, limit=limit)
    assert len(text) <= limit
    assert text.endswith("\N{HORIZONTAL ELLIPSIS}")
    assert text[:-1].replace("&lt;", "").replace("&gt;", "").replace("&amp;", "") == ""


def test_a_mention_that_is_no_slack_id_is_left_out():
    written = message(alert(mention="U0INGRID> <!channel"), key="k", repeat=False)
    assert notified(written) == []


def test_a_link_to_a_stranger_gets_no_button():
    written = message(alert(action_url="https://evil.example/"), key="k", repeat=False)
    assert "evil" not in str(written)


def test_an_alert_of_nothing_but_a_title_is_still_a_message():
    bare = Alert(channel="#x", title="New handoff", body="")
    assert faults_of(message(bare, key="k", repeat=False)["blocks"]) == []
