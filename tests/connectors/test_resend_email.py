import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from handoffs.connectors.ports import ConnectorError
from handoffs.connectors.resend_email import ResendEmail, idempotency_key
from tests.connectors.hostile import HOSTILE

VARIABLES = {
    "owner_name": "Ingrid",
    "account_name": "Halvorsen Marine Logistics",
    "handoff_type": "sql_to_ae",
    "key_contacts": "Astrid Nygaard, VP Data\nHenrik Solli, CFO",
    "summary": "Halvorsen runs 61 vessels.",
    "recommended_approach": "Call Astrid Nygaard.",
    "sla_deadline": "Thu 19 Nov, 14:52 GMT",
}
TEMPORARY = {"permanent": False, "unknown": False}
UNKNOWN = {"permanent": False, "unknown": True}
PERMANENT = {"permanent": True, "unknown": False}


def send(
    *,
    key="ho/1/briefing",
    template_id="tmpl_handoff_briefing",
    to=("ingrid@fathomline.example",),
    links=None,
    **changed,
):
    return ResendEmail().send_template(
        template_id=template_id,
        sender="revops@company.com",
        to=list(to),
        variables=VARIABLES | changed,
        links=links or {},
        key=key,
    )


def refusal(**given):
    with pytest.raises(ConnectorError) as caught:
        send(**given)
    return caught.value


def outcome(error):
    return {"permanent": error.permanent, "unknown": error.unknown}


def test_a_briefing_goes_out_from_its_template_with_the_seven_variables(fake_resend):
    identity = send()
    [mail] = fake_resend.effects()
    assert mail["id"] == identity
    assert (mail["from"], mail["to"]) == ("revops@company.com", ["ingrid@fathomline.example"])
    assert (mail["template"], mail["variables"]) == ("tmpl_handoff_briefing", VARIABLES)
    assert fake_resend.rows()[0]["key"] == "ho/1/briefing"


LINKS = {"Acknowledge": "http://localhost:8000/a/12.1.7~x/", "Open": "http://localhost:8000/handoffs/HO-12/"}
LINES = "Acknowledge: http://localhost:8000/a/12.1.7~x/\nOpen: http://localhost:8000/handoffs/HO-12/"


def test_the_links_end_the_summary_and_the_variables_stay_seven(fake_resend, settings):
    settings.SITE_URL = "http://localhost:8000"
    send(links=LINKS)
    [mail] = fake_resend.effects()
    assert mail["variables"] == VARIABLES | {"summary": f"Halvorsen runs 61 vessels.\n\n{LINES}"}


def test_a_long_summary_is_cut_before_its_links_are(fake_resend, settings):
    settings.SITE_URL = "http://localhost:8000"
    send(links=LINKS, summary="vessel " * 400)
    [mail] = fake_resend.effects()
    assert len(mail["variables"]["summary"]) <= 2000
    assert mail["variables"]["summary"].endswith(f"…\n\n{LINES}")


def test_a_link_to_another_site_is_left_out(fake_resend, settings):
    settings.SITE_URL = "http://localhost:8000"
    send(links={"Acknowledge": "https://elsewhere.example/a/1/"})
    [mail] = fake_resend.effects()
    assert mail["variables"] == VARIABLES


def test_the_plain_mail_that_stands_in_has_its_links_as_links(fake_resend, settings):
    settings.SITE_URL = "http://localhost:8000"
    fake_resend.script(templates={"tmpl_handoff_briefing": None})
    send(links=LINKS)
    [mail] = fake_resend.effects()
    assert '<a href="http://localhost:8000/a/12.1.7~x/">Acknowledge</a>' in mail["html"]
    assert mail["text"].count("http://localhost:8000/a/12.1.7~x/") == 1


def test_the_same_key_again_sends_nothing_and_gives_the_same_id(fake_resend):
    assert send() == send()
    assert [row["outcome"] for row in fake_resend.rows()] == ["ok", "replayed"]
    assert len(fake_resend.effects()) == 1


@pytest.mark.parametrize("kind", ["timeout_after_effect", "malformed", "drop", "drip"])
def test_a_send_whose_answer_was_lost_takes_effect_once(fake_resend, short_timeout, kind):
    fake_resend.fault(kind, seconds=20, after_effect=True)
    assert outcome(refusal()) == UNKNOWN
    send()
    assert len(fake_resend.effects()) == 1


def test_twenty_threads_with_one_key_send_one_mail(fake_resend):
    def attempt(_):
        try:
            return send()
        except ConnectorError as error:
            return outcome(error)

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(attempt, range(20)))
    [mail] = fake_resend.effects()
    assert {answer for answer in answers if isinstance(answer, str)} == {mail["id"]}
    assert all(answer == TEMPORARY for answer in answers if isinstance(answer, dict))


def test_a_second_call_while_the_first_is_at_work_is_temporary(fake_resend):
    fake_resend.fault("slow", seconds=20)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(send)
        while fake_resend.open_faults():
            time.sleep(0.01)
        error = refusal()
        fake_resend.let_go()
        assert first.result() == fake_resend.effects()[0]["id"]
    assert outcome(error) == TEMPORARY
    assert str(error) == "Resend is still working on an earlier attempt to send this mail."
    assert len(fake_resend.effects()) == 1


def test_another_mail_under_a_used_key_is_refused_for_good(fake_resend):
    send()
    error = refusal(summary="Something else.")
    assert outcome(error) == PERMANENT
    assert "under this key" in str(error)
    assert len(fake_resend.effects()) == 1


def test_being_told_to_slow_down_carries_the_wait(fake_resend):
    fake_resend.fault("status", status=429, retry_after=2)
    error = refusal()
    assert (outcome(error), error.retry_after) == (TEMPORARY, 2.0)


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_failing_server_is_temporary(fake_resend, status):
    fake_resend.fault("status", status=status, times=1)
    assert outcome(refusal()) == TEMPORARY
    send()
    assert len(fake_resend.effects()) == 1


def test_silence_before_the_effect_is_unknown_and_the_next_try_sends(fake_resend, short_timeout):
    fake_resend.fault("timeout_before_effect", seconds=20)
    assert outcome(refusal()) == UNKNOWN
    send()
    assert len(fake_resend.effects()) == 1


def test_an_oversized_answer_is_unknown(fake_resend):
    fake_resend.fault("oversized")
    assert outcome(refusal()) == UNKNOWN


def test_a_redirect_is_refused_and_the_key_does_not_travel(fake_resend, fake_slack):
    fake_resend.fault("status", status=307, headers={"Location": f"{fake_slack.url}/api/chat.postMessage"})
    assert outcome(refusal()) == PERMANENT
    assert fake_slack.rows() == []


@pytest.mark.parametrize("api_key", ["wrong", "re_revoked"])
def test_a_refused_key_is_permanent_and_names_the_setting(fake_resend, settings, api_key):
    fake_resend.script(valid_keys=["re_test"])
    settings.RESEND_API_KEY = api_key
    error = refusal()
    assert outcome(error) == PERMANENT
    assert "RESEND_API_KEY" in str(error)
    assert api_key not in str(error)


def test_a_missing_key_is_said_before_anything_is_sent(fake_resend, settings):
    settings.RESEND_API_KEY = ""
    assert "RESEND_API_KEY is not set" in str(refusal())


@pytest.mark.parametrize("address", ["nobody", "", "a@b", "two@x.example, three@x.example"])
def test_a_bad_recipient_is_permanent_and_nothing_is_sent(fake_resend, address):
    assert outcome(refusal(to=[address])) == PERMANENT
    assert fake_resend.effects() == []


def test_without_its_template_the_same_content_goes_out_once_as_a_plain_mail(fake_resend):
    fake_resend.script(templates={"tmpl_handoff_briefing": None})
    identity = send()
    assert send() == identity
    [mail] = fake_resend.effects()
    assert identity == f"{mail['id']}/plain"
    assert [row["key"] for row in fake_resend.rows(took_effect=True)] == ["ho/1/briefing/plain"]
    assert mail["subject"] == "New handoff: sql_to_ae, Halvorsen Marine Logistics"
    assert "Key contacts:\nAstrid Nygaard, VP Data\nHenrik Solli, CFO" in mail["text"]
    assert "<strong>Summary</strong><br>Halvorsen runs 61 vessels." in mail["html"]


def test_a_template_that_wants_another_variable_is_replaced_by_a_plain_mail(fake_resend):
    fake_resend.script(templates={"tmpl_handoff_briefing": ["owner_name", "region"]})
    assert send().endswith("/plain")
    assert len(fake_resend.effects()) == 1


def test_a_plain_mail_that_fails_too_is_not_tried_a_third_way(fake_resend):
    fake_resend.script(templates={"tmpl_handoff_briefing": None})
    fake_resend.fault("status", status=500, match={"key": "/plain"})
    assert outcome(refusal()) == TEMPORARY
    assert len(fake_resend.rows()) == 2


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_becomes_no_markup_no_header_and_no_variable(fake_resend, text):
    send(account_name=text, summary=text)
    [mail] = fake_resend.effects()
    value = mail["variables"]["account_name"]
    assert "<" not in value
    assert ">" not in value
    assert "{{" not in value
    assert "\x00" not in value
    assert len(value) <= 2000


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text_in_the_plain_mail(fake_resend, text):
    fake_resend.script(templates={"tmpl_handoff_briefing": None})
    send(account_name=text, summary=text)
    [mail] = fake_resend.effects()
    assert "\n" not in mail["subject"]
    assert len(mail["subject"]) <= 200
    markup = mail["html"]
    for ours in (
        '<div style="font-family:Arial,sans-serif">',
        "</div>",
        "<p>",
        "</p>",
        "<strong>",
        "</strong>",
        "<br>",
    ):
        markup = markup.replace(ours, "")
    assert "<" not in markup


def test_line_breaks_in_sender_recipient_and_subject_do_not_reach_a_header(fake_resend):
    ResendEmail().send_plain(
        sender="Ops\r\nBcc: <revops@company.com>",
        to=["ingrid@fathomline.example\r\n"],
        subject="Gap list\r\nBcc: everyone@evil.example",
        text="Two things are missing.",
        html="",
        key="ho/1/gaps",
    )
    [mail] = fake_resend.effects()
    assert mail["subject"] == "Gap list Bcc: everyone@evil.example"
    assert mail["to"] == ["ingrid@fathomline.example"]
    assert "\n" not in mail["from"]


def test_ordinary_keys_are_kept_and_impossible_ones_stay_distinct_and_readable():
    assert idempotency_key("ho/1/briefing/email/a@b.example") == "ho/1/briefing/email/a@b.example"
    impossible = ["x" * 300, "x" * 299 + "y", "ho/1/\r\nX: y", "ho/1/\u00e5sa", "ho/1/\u00e4sa", "", "\ud800"]
    keys = [idempotency_key(key) for key in impossible]
    assert len(set(keys)) == len(impossible)
    assert all(1 <= len(key) <= 256 and key.isascii() and key.isprintable() for key in keys)
    assert keys[2].startswith("ho/1/__X:_y-")
