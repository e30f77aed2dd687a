from datetime import UTC, datetime

import pytest

from handoffs.connectors.lifecycle_http import LifecycleHttp
from handoffs.connectors.ports import ConnectorError

SEGMENT = {
    "stage": "activated",
    "as_of": "2026-11-19T14:00:00+01:00",
    "active_users": 3,
    "seats": 10,
    "metrics": {"pipelines": 41},
    "history": [{"stage": "trial", "since": "2026-11-01T00:00:00Z"}],
}


def refusal(user="u1"):
    with pytest.raises(ConnectorError) as caught:
        LifecycleHttp().get_segment(user)
    return caught.value


def test_a_segment_comes_with_its_history_in_utc(fake_lifecycle):
    fake_lifecycle.script(users={"u1": SEGMENT})
    found = LifecycleHttp().get_segment("u1")
    assert found is not None
    assert (found.stage, found.active_users, found.seats, found.metrics) == ("activated", 3, 10, {"pipelines": 41})
    assert found.as_of == datetime(2026, 11, 19, 13, tzinfo=UTC)
    assert found.as_of.tzinfo is UTC
    assert found.history == (("trial", datetime(2026, 11, 1, tzinfo=UTC)),)


def test_history_is_left_out_on_request(fake_lifecycle):
    fake_lifecycle.script(users={"u1": SEGMENT})
    found = LifecycleHttp().get_segment("u1", include_history=False)
    assert found is not None
    assert found.history == ()


def test_a_user_nobody_knows_has_no_segment(fake_lifecycle):
    assert LifecycleHttp().get_segment("u1") is None


@pytest.mark.parametrize("user", ["../admin", "a/b?c=d#e", "\u00e5sa ", "<script>"])
def test_an_odd_id_stays_one_part_of_the_path(fake_lifecycle, user):
    fake_lifecycle.script(users={user: SEGMENT})
    assert LifecycleHttp().get_segment(user) is not None


@pytest.mark.parametrize("user", ["", ".", ".."])
def test_an_id_that_is_none_is_not_asked_about(fake_lifecycle, user):
    assert LifecycleHttp().get_segment(user) is None
    assert fake_lifecycle.rows() == []


@pytest.mark.parametrize(
    "broken",
    [
        {"stage": "trial"},
        {**SEGMENT, "as_of": "2026-11-19T14:00:00"},
        {**SEGMENT, "as_of": 7},
        {**SEGMENT, "active_users": "many"},
        {**SEGMENT, "history": ["trial"]},
        {**SEGMENT, "metrics": [1]},
    ],
)
def test_an_answer_in_another_shape_is_refused_for_good(fake_lifecycle, broken):
    fake_lifecycle.script(users={"u1": broken})
    error = refusal()
    assert error.permanent
    assert "u1" in str(error)


def test_a_refused_token_names_the_setting(fake_lifecycle, settings):
    settings.LIFECYCLE_TOKEN = "wrong"
    assert "LIFECYCLE_TOKEN" in str(refusal())


def test_without_an_address_the_sentence_names_the_setting(settings):
    settings.LIFECYCLE_URL = ""
    assert "LIFECYCLE_URL" in str(refusal())


def test_a_failing_server_is_temporary_and_carries_the_wait(fake_lifecycle):
    fake_lifecycle.fault("status", status=503, retry_after=9)
    error = refusal()
    assert (error.permanent, error.retry_after) == (False, 9.0)
