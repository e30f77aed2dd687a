import time

import pytest

from handoffs.connectors import http
from handoffs.connectors.http import Answer, Door, retry_after
from handoffs.connectors.ports import ConnectorError
from tests.servers import free_port

pytestmark = pytest.mark.usefixtures("short_timeout")


def ask(fake, *, path="/users/u1/segment", method="GET", headers=None):
    door = Door(system="Elsewhere", base_url=fake.url, setting="ELSEWHERE_URL")
    return door.request(method=method, url=fake.url + path, headers=headers)


def refusal(fake, **asked):
    with pytest.raises(ConnectorError) as caught:
        ask(fake, **asked)
    return caught.value


def test_an_answer_comes_back_whatever_its_status(fake_lifecycle):
    answer = ask(fake_lifecycle)
    assert answer.status == 401
    assert answer.json_object() == {"error": "unauthorized"}


def test_nothing_listening_is_temporary_and_certainly_not_done(settings):
    settings.CONNECTOR_TIMEOUT = 1
    url = f"http://127.0.0.1:{free_port()}"
    door = Door(system="Elsewhere", base_url=url, setting="ELSEWHERE_URL")
    with pytest.raises(ConnectorError) as caught:
        door.request(method="POST", url=url + "/x", content=b"{}")
    assert (caught.value.permanent, caught.value.unknown) == (False, False)
    assert str(caught.value) == (
        "Elsewhere could not be reached at 127.0.0.1 ([Errno 111] Connection refused); nothing was sent."
    )


def test_silence_after_sending_is_unknown(fake_lifecycle):
    fake_lifecycle.fault("timeout_before_effect", seconds=20)
    error = refusal(fake_lifecycle)
    assert (error.permanent, error.unknown) == (False, True)
    assert str(error) == "Elsewhere did not answer within 1 seconds; it may have done what was asked."


def test_a_connection_closed_without_an_answer_is_unknown(fake_lifecycle):
    fake_lifecycle.fault("drop")
    error = refusal(fake_lifecycle)
    assert (error.permanent, error.unknown) == (False, True)
    assert str(error) == "Elsewhere broke the connection before it had answered; it may have done what was asked."


def test_a_server_that_drips_bytes_is_cut_off_at_the_deadline(fake_lifecycle):
    fake_lifecycle.fault("drip", seconds=8)  # A byte every third of a second: no single read takes long.
    began = time.monotonic()
    error = refusal(fake_lifecycle)
    assert time.monotonic() - began < 3
    assert error.unknown
    assert "did not answer within" in str(error)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_refused_and_never_followed(fake_lifecycle, status):
    fake_lifecycle.fault("status", status=status, headers={"Location": f"{fake_lifecycle.url}/users/u2/segment"})
    error = refusal(fake_lifecycle, headers={"authorization": "Bearer lc_secret"})
    assert error.permanent
    assert "ELSEWHERE_URL" in str(error)
    assert [row["path"] for row in fake_lifecycle.rows()] == ["/users/u1/segment"]


def test_an_answer_of_more_than_a_megabyte_is_not_read(fake_lifecycle):
    fake_lifecycle.fault("oversized")
    error = refusal(fake_lifecycle)
    assert (error.permanent, error.unknown) == (False, True)
    assert "more than 1,000,000 bytes" in str(error)


def test_a_compressed_answer_is_not_unpacked(fake_lifecycle):
    fake_lifecycle.fault("status", status=200, body={}, headers={"Content-Encoding": "gzip"})
    assert "compressed" in str(refusal(fake_lifecycle))


def test_broken_json_is_unknown(fake_lifecycle):
    fake_lifecycle.fault("malformed")
    with pytest.raises(ConnectorError) as caught:
        ask(fake_lifecycle).json_object()
    assert (caught.value.permanent, caught.value.unknown) == (False, True)


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://127.0.0.1:1/users",
        "https://127.0.0.1/users",
        "http://user@127.0.0.1/",
        "file:///etc/passwd",
        "//127.0.0.1/",
        "",
    ],
)
def test_the_door_opens_only_to_the_configured_address(fake_lifecycle, url):
    door = Door(system="Elsewhere", base_url=fake_lifecycle.url, setting="ELSEWHERE_URL")
    with pytest.raises(ConnectorError) as caught:
        door.request(method="GET", url=url)
    assert caught.value.permanent
    assert fake_lifecycle.rows() == []


@pytest.mark.parametrize("base", ["http://api.example/", "ftp://api.example/", "", "https://me@api.example/"])
def test_an_address_without_tls_is_refused_unless_it_is_this_machine(base):
    with pytest.raises(ConnectorError, match="ELSEWHERE_URL is no https address") as caught:
        Door(system="Elsewhere", base_url=base, setting="ELSEWHERE_URL")
    assert caught.value.permanent


def test_a_line_break_in_a_header_is_refused_before_anything_leaves(fake_lifecycle):
    error = refusal(fake_lifecycle, headers={"x-name": "Ann\r\nAuthorization: Bearer lc_stolen"})
    assert error.permanent
    assert fake_lifecycle.rows() == []


def test_proxies_of_the_environment_are_not_used(fake_lifecycle, monkeypatch):
    nowhere = f"http://127.0.0.1:{free_port()}"
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, nowhere)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    http._client.cache_clear()
    assert ask(fake_lifecycle).status == 401


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after": "999999"}, 3600.0),
        ({"retry-after": "inf"}, 3600.0),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": ""}, None),
        ({}, None),
        ({"retry-after": "Fri, 20 Nov 2026 10:00:30 GMT", "date": "Fri, 20 Nov 2026 10:00:00 GMT"}, 30.0),
        ({"retry-after": "Fri, 20 Nov 2026 10:00:30 GMT"}, None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(headers, seconds):
    assert retry_after(headers) == seconds


@pytest.mark.parametrize(
    ("status", "permanent", "wait"),
    [(429, False, 5.0), (503, False, 5.0), (500, False, 5.0), (408, False, 5.0), (401, True, None), (404, True, None)],
)
def test_a_failing_status_says_whether_asking_again_can_help(status, permanent, wait):
    answer = Answer(system="Elsewhere", status=status, headers={"retry-after": "5"}, body=b"")
    with pytest.raises(ConnectorError) as caught:
        answer.refuse_failure(credentials="ELSEWHERE_TOKEN")
    assert (caught.value.permanent, caught.value.retry_after) == (permanent, wait)


def test_a_refused_credential_names_the_setting():
    answer = Answer(system="Elsewhere", status=401, headers={}, body=b"")
    with pytest.raises(ConnectorError, match="ELSEWHERE_TOKEN"):
        answer.refuse_failure(credentials="ELSEWHERE_TOKEN")
