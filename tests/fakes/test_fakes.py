"""The stand-ins themselves: what counts must be true before anything is counted from it."""

import json
import subprocess
import sys

import httpx
import pytest

from tests.connectors.hostile import HOSTILE
from tests.fakes.fixtures import ROOT, running
from tests.fakes.html import el, link
from tests.fakes.ledger import Ledger
from tests.fakes.slack_page import mrkdwn

MAIL = {"from": "revops@company.com", "to": ["a@b.example"], "subject": "Hello", "text": "Hi"}


def send_mail(fake, *, key="k1", **changed):
    headers = {"authorization": "Bearer re_test", "idempotency-key": key}
    return fake.client.post("/emails", json=MAIL | changed, headers=headers)


def call_slack(fake, method, **body):
    answer = fake.client.post(f"/api/{method}", json=body, headers={"authorization": "Bearer xoxb-test"})
    return answer.json()


def test_a_ledger_survives_its_process_and_loses_only_a_line_that_was_cut_short(tmp_path):
    path = tmp_path / "x.jsonl"
    first = Ledger(path)
    first.append({"path": "/a"})
    first.append({"path": "/b"})
    first._file.close()
    with open(path, "ab") as out:
        out.write(b'{"n": 3, "path": "/c')
    again = Ledger(path)
    assert [row["path"] for row in again.rows] == ["/a", "/b"]
    assert again.append({"path": "/d"})["n"] == 3
    assert [json.loads(line)["path"] for line in path.read_text().splitlines()] == ["/a", "/b", "/d"]


def test_an_effect_that_was_answered_for_survives_a_kill(tmp_path):
    with running("resend", data=tmp_path) as fake:
        identity = send_mail(fake).json()["id"]
        fake.process.kill()
        fake.process.wait()
    with running("resend", data=tmp_path) as fake:
        assert send_mail(fake).json()["id"] == identity
        mail = fake.client.get(f"/emails/{identity}", headers={"authorization": "Bearer re_test"}).json()
        assert (mail["subject"], mail["last_event"]) == ("Hello", "delivered")
        assert len(fake.effects()) == 1


def test_slack_keeps_its_channels_messages_and_order_across_a_restart(tmp_path):
    with running("slack", data=tmp_path) as fake:
        channel = call_slack(fake, "chat.postMessage", channel="#x", text="one")["channel"]
    with running("slack", data=tmp_path) as fake:
        call_slack(fake, "chat.postMessage", channel="#x", text="two")
        history = call_slack(fake, "conversations.history", channel=channel)
        assert [message["text"] for message in history["messages"]] == ["two", "one"]


def test_a_script_survives_a_restart_and_ends_with_a_reset(tmp_path):
    with running("slack", data=tmp_path) as fake:
        fake.script(unknown_channels=["#gone"])
    with running("slack", data=tmp_path) as fake:
        assert call_slack(fake, "chat.postMessage", channel="#gone", text="x")["error"] == "channel_not_found"
        fake.reset()
        assert call_slack(fake, "chat.postMessage", channel="#gone", text="x")["ok"]


def test_two_processes_never_write_one_ledger(tmp_path):
    with running("slack", data=tmp_path):
        command = [sys.executable, "-m", "tests.fakes.slack", "--data", str(tmp_path)]
        second = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=20, check=False)
    assert second.returncode == 2
    assert "is being written by another process" in second.stderr
    assert "Traceback" not in second.stderr


def test_a_taken_port_is_a_sentence(fake_slack, tmp_path):
    port = fake_slack.url.rpartition(":")[2]
    command = [sys.executable, "-m", "tests.fakes.slack", "--data", str(tmp_path), "--port", port]
    second = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=20, check=False)
    assert second.returncode == 2
    assert second.stderr == f"Port {port} cannot be opened (Address already in use); choose another with --port.\n"


def test_term_stops_a_stand_in_even_while_it_holds_a_connection(tmp_path):
    with running("resend", data=tmp_path) as fake:
        fake.fault("timeout_after_effect", seconds=60)
        with pytest.raises(httpx.ReadTimeout):
            fake.client.post("/emails", json=MAIL, headers={"authorization": "Bearer re_1"}, timeout=0.3)
        fake.process.terminate()
        assert fake.process.wait(timeout=3) == 0


def test_every_call_is_a_row_that_says_what_it_asked_and_whether_it_took_effect(fake_resend):
    send_mail(fake_resend)
    send_mail(fake_resend)
    send_mail(fake_resend, key="k2", to=["nobody"])
    fake_resend.fault("status", status=500)
    send_mail(fake_resend, key="k3")
    found = [(row["key"], row["status"], row["outcome"], row["took_effect"]) for row in fake_resend.rows()]
    assert found == [
        ("k1", 200, "ok", True),
        ("k1", 200, "replayed", False),
        ("k2", 422, "validation_error", False),
        ("k3", 500, "fault", False),
    ]
    assert fake_resend.rows()[0]["body"] == MAIL
    assert "re_test" not in json.dumps(fake_resend.rows())


def test_a_fault_strikes_as_often_as_ordered_and_only_what_it_was_ordered_for(fake_resend):
    fake_resend.fault("status", status=503, times=2, match={"key": "k1", "method": "POST", "path": "/emails"})
    statuses = [send_mail(fake_resend, key=key).status_code for key in ("k2", "k1", "k1", "k1")]
    assert statuses == [200, 503, 503, 200]


def test_a_fault_can_match_an_item_of_the_body_and_be_withdrawn(fake_resend):
    fake_resend.fault("status", status=500, times=None, match={"subject": "Bad"})
    assert [send_mail(fake_resend, key="a", subject=subject).status_code for subject in ("Bad", "Good")] == [500, 200]
    fake_resend.clear_faults()
    assert send_mail(fake_resend, key="b", subject="Bad").status_code == 200


def test_an_order_that_makes_no_sense_is_refused_with_the_kinds_there_are(fake_resend):
    answer = fake_resend.client.post("/_faults", json={"kind": "explode"})
    assert answer.status_code == 400
    assert "timeout_after_effect" in answer.json()["error"]


def test_orders_from_a_page_of_another_site_are_refused(fake_resend):
    answer = fake_resend.client.post("/_reset", content="{}", headers={"content-type": "text/plain"})
    assert answer.status_code == 415


def test_resend_forgets_a_key_after_its_time(fake_resend):
    send_mail(fake_resend)
    fake_resend.script(key_hours=0)
    send_mail(fake_resend)
    assert len(fake_resend.effects()) == 2


def test_slack_refuses_what_slack_refuses(fake_slack):
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}
    header = {"type": "header", "text": {"type": "mrkdwn", "text": "x"}}
    for wrong in ([section], [header], [{"type": "marquee"}], [section] * 51):
        assert call_slack(fake_slack, "chat.postMessage", channel="#x", blocks=wrong)["error"] == "invalid_blocks"
    assert call_slack(fake_slack, "chat.postMessage", channel="#x")["error"] == "no_text"
    assert call_slack(fake_slack, "chat.nothing")["error"] == "unknown_method"
    assert call_slack(fake_slack, "conversations.history", channel="#x")["error"] == "channel_not_found"
    assert fake_slack.effects() == []


def test_a_message_can_be_updated_and_its_metadata_is_shown_only_on_request(fake_slack):
    metadata = {"event_type": "e", "event_payload": {"delivery_key": "k"}}
    posted = call_slack(fake_slack, "chat.postMessage", channel="#x", text="one", metadata=metadata)
    where = {"channel": posted["channel"], "ts": posted["ts"]}
    assert call_slack(fake_slack, "chat.update", **where, text="two")["ok"]
    [plain] = call_slack(fake_slack, "conversations.history", channel=posted["channel"])["messages"]
    assert (plain["text"], "metadata" in plain) == ("two", False)
    asked = {"channel": posted["channel"], "include_all_metadata": True}
    assert call_slack(fake_slack, "conversations.history", **asked)["messages"][0]["metadata"] == metadata
    wrong = call_slack(fake_slack, "chat.update", channel=posted["channel"], ts="1.0", text="x")
    assert wrong["error"] == "message_not_found"


def test_who_a_message_rings_for_is_in_the_ledger(fake_slack):
    call_slack(
        fake_slack, "chat.postMessage", channel="#x", text="<!channel> <@U0A> &lt;!here&gt; <https://x.example|x>"
    )
    assert fake_slack.effects()[0]["notified"] == ["!channel", "@U0A"]


@pytest.mark.parametrize("text", HOSTILE)
def test_the_pages_show_hostile_text_and_run_none_of_it(fake_slack, fake_resend, text):
    text = text.encode("utf-8", "replace").decode()
    call_slack(fake_slack, "chat.postMessage", channel="#x", text=text or "-")
    send_mail(fake_resend, subject=(text.strip() or "-").replace("\r\n", " "), text=text or "-", html=text)
    number = fake_resend.rows(took_effect=True)[0]["n"]
    for page in (fake_slack.get("/"), fake_resend.get("/"), fake_resend.get(f"/mails/{number}")):
        assert page.status_code == 200
        assert "<script" not in page.text
        assert "<img" not in page.text
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert "script-src" not in page.headers["content-security-policy"]
        assert "stand-in" in page.text


def test_the_html_of_a_mail_is_shown_only_in_a_sandbox(fake_resend):
    send_mail(fake_resend, html="<script>alert(1)</script>")
    number = fake_resend.rows()[0]["n"]
    page = fake_resend.get(f"/mails/{number}")
    assert f'<iframe src="/mails/{number}/html" sandbox=""' in page.text
    inside = fake_resend.get(f"/mails/{number}/html")
    assert inside.headers["content-security-policy"].startswith("sandbox; default-src 'none'")


def test_a_mail_that_is_not_there_is_a_404_with_a_way_back(fake_resend):
    page = fake_resend.get("/mails/99999")
    assert page.status_code == 404
    assert '<a href="/">All mails</a>' in page.text


def test_markup_is_only_what_an_element_made():
    assert el("p", "<b>", title='"x"') == '<p title="&quot;x&quot;">&lt;b&gt;</p>'
    assert link("javascript:alert(1)", "x") == "<span>x</span>"
    assert mrkdwn("*a* <https://x.example/?a=1&amp;b=2|words> <javascript:x|y> &lt;i&gt;") == (
        '<strong>a</strong> <a href="https://x.example/?a=1&amp;b=2" rel="noopener noreferrer">words</a> '
        "<span>y</span> &lt;i&gt;"
    )


def test_health_says_which_system_it_stands_in_for(fake_slack, fake_resend, fake_lifecycle):
    for fake in (fake_slack, fake_resend, fake_lifecycle):
        assert fake.get("/healthz").json() == {"ok": True, "system": fake.name}
