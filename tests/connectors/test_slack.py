import pytest

from handoffs.connectors.ports import Alert, ConnectorError
from handoffs.connectors.slack import Slack
from tests.connectors.hostile import HOSTILE

ALERT = Alert(channel="#ent-emea-north", title="New SQL Handoff: Halvorsen", body="Call Astrid.", reference="HO-2418")
REPEAT = "May be a repeat"


def send(*, alert=ALERT, key="ho/1/alert", maybe_sent_before=False):
    return Slack().send_alert(alert, key=key, maybe_sent_before=maybe_sent_before)


def refusal(**given):
    with pytest.raises(ConnectorError) as caught:
        send(**given)
    return caught.value


def posts(fake):
    return fake.effects(path="chat.postMessage")


def outcome(error):
    return {"permanent": error.permanent, "unknown": error.unknown}


TEMPORARY = {"permanent": False, "unknown": False}
UNKNOWN = {"permanent": False, "unknown": True}
PERMANENT = {"permanent": True, "unknown": False}


def test_an_alert_is_posted_once_and_its_id_names_conversation_and_message(fake_slack):
    identity = send()
    [post] = posts(fake_slack)
    assert identity == f"{post['channel']['id']}/{post['ts']}"
    assert post["channel"]["name"] == "ent-emea-north"
    assert post["message"]["metadata"]["event_payload"] == {"delivery_key": "ho/1/alert", "reference": "HO-2418"}


def test_a_first_send_does_not_look_for_an_earlier_one(fake_slack):
    send()
    assert [row["path"] for row in fake_slack.rows()] == ["/api/chat.postMessage"]


@pytest.mark.parametrize("channel", ["#ent-emea-north", "U0INGRID"])
def test_a_send_whose_answer_was_lost_finds_its_message_and_posts_no_second(fake_slack, short_timeout, channel):
    alert = Alert(channel=channel, title="New handoff", body="Call.")
    fake_slack.fault("timeout_after_effect", seconds=20)
    assert outcome(refusal(alert=alert)) == UNKNOWN
    identity = send(alert=alert, maybe_sent_before=True)
    [post] = posts(fake_slack)
    assert identity == f"{post['channel']['id']}/{post['ts']}"


def test_a_send_that_never_arrived_is_posted_and_says_that_it_may_be_a_repeat(fake_slack, short_timeout):
    fake_slack.fault("timeout_before_effect", seconds=20)
    assert outcome(refusal()) == UNKNOWN
    send(maybe_sent_before=True)
    [post] = posts(fake_slack)
    assert REPEAT in str(post["message"]["blocks"])


def test_the_message_of_another_key_is_not_mistaken_for_ours(fake_slack):
    send(key="ho/1/alert")
    send(key="ho/2/alert", maybe_sent_before=True)
    assert len(posts(fake_slack)) == 2


def test_an_earlier_message_is_found_on_a_later_page_of_the_history(fake_slack):
    first = send(key="ho/1/alert")
    for number in range(40):
        send(key=f"ho/other/{number}")
    assert send(key="ho/1/alert", maybe_sent_before=True) == first


def test_looking_back_stops_after_three_hundred_messages(fake_slack):
    send(key="ho/1/alert")
    for number in range(300):
        send(key=f"ho/other/{number}")
    send(key="ho/1/alert", maybe_sent_before=True)
    assert len(fake_slack.rows(path="conversations.history")) == 20
    assert REPEAT in str(posts(fake_slack)[-1]["message"]["blocks"])


def test_where_history_may_not_be_read_the_alert_still_comes_marked(fake_slack):
    send()
    fake_slack.fault("status", status=200, body={"ok": False, "error": "missing_scope"}, match={"path": "list"})
    send(maybe_sent_before=True)
    assert [REPEAT in str(post["message"]["blocks"]) for post in posts(fake_slack)] == [False, True]


def test_a_search_that_fails_for_now_posts_nothing(fake_slack):
    fake_slack.fault("status", status=503, match={"path": "conversations.list"})
    assert not refusal(maybe_sent_before=True).permanent
    assert posts(fake_slack) == []


def test_being_told_to_slow_down_carries_the_wait(fake_slack):
    fake_slack.fault("status", status=429, retry_after=30)
    error = refusal()
    assert (outcome(error), error.retry_after) == (TEMPORARY, 30.0)
    assert posts(fake_slack) == []


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_failing_server_is_temporary_and_may_have_posted(fake_slack, status):
    fake_slack.fault("status", status=status, after_effect=True)
    assert outcome(refusal()) == UNKNOWN
    send(maybe_sent_before=True)
    assert len(posts(fake_slack)) == 1


@pytest.mark.parametrize("word", ["fatal_error", "internal_error"])
def test_an_error_after_which_slack_may_have_posted_is_unknown(fake_slack, word):
    fake_slack.fault("status", status=200, body={"ok": False, "error": word})
    assert outcome(refusal()) == UNKNOWN


def test_nothing_is_repeated_behind_the_outbox(fake_slack, short_timeout):
    for kind in ("drop", "malformed", "timeout_before_effect"):
        fake_slack.fault(kind, seconds=20)
        refusal(key=kind)
    assert len(fake_slack.rows()) == 3


@pytest.mark.parametrize("kind", ["malformed", "oversized", "drop"])
def test_an_answer_that_cannot_be_read_is_unknown(fake_slack, kind):
    fake_slack.fault(kind)
    assert outcome(refusal()) == UNKNOWN


def test_a_redirect_is_refused_and_the_token_does_not_travel(fake_slack, fake_resend):
    fake_slack.fault("status", status=302, headers={"Location": f"{fake_resend.url}/emails"})
    assert outcome(refusal()) == PERMANENT
    assert fake_resend.rows() == []


def test_an_unknown_channel_is_permanent_and_says_what_to_do(fake_slack):
    fake_slack.script(unknown_channels=["#gone"])
    error = refusal(alert=Alert(channel="#gone", title="New handoff", body=""))
    assert outcome(error) == PERMANENT
    assert str(error) == ("Slack does not let the app post to #gone (channel_not_found): create it or invite the app.")


@pytest.mark.parametrize("token", ["xoxb-revoked", "nonsense"])
def test_a_refused_token_is_permanent_and_names_the_setting(fake_slack, settings, token):
    fake_slack.script(revoked_tokens=["xoxb-revoked"])
    settings.SLACK_BOT_TOKEN = token
    error = refusal()
    assert outcome(error) == PERMANENT
    assert "SLACK_BOT_TOKEN" in str(error)
    assert token not in str(error)


def test_a_missing_token_is_said_before_anything_is_sent(fake_slack, settings):
    settings.SLACK_BOT_TOKEN = ""
    assert "SLACK_BOT_TOKEN is not set" in str(refusal())


def test_an_alert_without_a_channel_is_refused_with_its_name(fake_slack):
    error = refusal(alert=Alert(channel=" \n", title="New handoff: Halvorsen", body=""))
    assert outcome(error) == PERMANENT
    assert str(error) == "No Slack channel is set for New handoff: Halvorsen: give its team one."


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_taken_by_slack_word_for_word_and_rings_for_nobody(fake_slack, text):
    send(alert=Alert(channel="#x", title=text, body=text, reference=text, fields=((text, text),), lines=(text,)))
    [post] = posts(fake_slack)
    assert post["notified"] == []


def test_the_person_addressed_is_the_only_one_notified(fake_slack):
    send(alert=Alert(channel="#x", title="New handoff", body="<@U0OTHER> <!here>", mention="U0INGRID"))
    assert posts(fake_slack)[0]["notified"] == ["@U0INGRID"]
