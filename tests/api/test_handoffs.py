"""Listing and reading handoffs."""

from datetime import timedelta
from uuid import UUID

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from handoffs import pipeline
from handoffs.models import Delivery, Event, Handoff, State
from routing.models import HandoffType
from tests.api.calling import problem
from tests.api.conftest import As
from tests.factories import NOW, Company
from tests.handoffs.given import assigned, blocked, received

PARTS = ("", "package/", "response/", "events/")


@pytest.mark.parametrize(
    ("people", "sees_it"),
    [
        (("ingrid", "dana", "elena", "ben", "clara", "auditor", "superuser"), True),
        (("freya", "hannah", "carsten", "nobody"), False),
    ],
)
def test_a_handoff_and_its_documents_are_read_by_those_it_concerns(
    call: As, ingrids: Handoff, people: tuple[str, ...], sees_it: bool
) -> None:
    for caller in map(call, people):
        for part in PARTS:
            for named in (ingrids.uuid, ingrids.reference, ingrids.reference.lower()):
                answer = caller.get(f"handoffs/{named}/{part}")
                assert answer.status_code == (200 if sees_it else 404), (caller.user, part)
                assert sees_it or "Halvorsen" not in answer.content.decode()
        assert (ingrids.reference in str(caller.get("handoffs/").json())) is sees_it


def test_who_is_not_signed_in_reads_nothing(call: As, ingrids: Handoff) -> None:
    for path in (*(f"handoffs/{ingrids.uuid}/{part}" for part in PARTS), "handoffs/", "accounts/", "reps/"):
        answer = call("anonymous").get(path)
        problem(answer, 401, "unauthenticated")
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_name_that_is_none_is_not_found(call: As, firm: Company) -> None:
    for named in ("HO-0", "HO-99999999999999999999", "HO-१", "2418", "x", "%00", "..", f"{UUID(int=0)}"):
        problem(call("ben").get(f"handoffs/{named}/"), 404, "not-found")


def test_money_is_text_with_its_currency_and_times_are_utc(call: As, ingrids: Handoff) -> None:
    body = call("ingrid").get(f"handoffs/{ingrids.reference}/").json()

    assert body["deal"]["amount"] == {"amount": "240000.00", "currency": "USD"}
    assert body["received_at"] == "2026-11-17T10:00:00Z"
    assert body["owner"]["name"] == "Ingrid Solheim"
    first, acknowledge = body["clocks"]
    assert (first["kind"], first["target_minutes"], first["deadline_at"]) == (
        "first_contact",
        120,
        "2026-11-17T12:00:00Z",
    )
    assert acknowledge["kind"] == "acknowledge"


def test_the_package_is_the_stored_snapshot_and_nothing_else(call: As, ingrids: Handoff) -> None:
    answer = call("ingrid").get(f"handoffs/{ingrids.reference}/package/")

    assert answer.json() == ingrids.package.body
    assert answer.headers["Package-Version"] == "1"
    assert call("ingrid").get(f"handoffs/{ingrids.reference}/package/", {"number": 1}).json() == ingrids.package.body
    problem(call("ingrid").get(f"handoffs/{ingrids.reference}/package/", {"number": 2}), 404)
    problem(call("ingrid").get(f"handoffs/{ingrids.reference}/package/", {"number": "x"}), 400)


def test_before_the_first_look_there_is_no_package_and_no_response(call: As, firm: Company) -> None:
    fresh = received(firm)
    problem(call("ben").get(f"handoffs/{fresh.reference}/package/"), 404)
    problem(call("ben").get(f"handoffs/{fresh.reference}/response/"), 409)


def test_the_response_is_json_or_markdown_as_asked(call: As, ingrids: Handoff) -> None:
    path = f"handoffs/{ingrids.reference}/response/"
    as_json = call("ingrid").get(path)
    as_text = call("ingrid").get(path, Accept="text/markdown")

    assert as_json.json()["handoff_complete"] == as_text.content.decode()
    assert as_text.headers["Content-Type"] == "text/markdown; charset=utf-8"
    assert as_text.content.decode().startswith("## Handoff Complete")
    problem(call("ingrid").get(path, Accept="image/png"), 406, "not-acceptable")
    problem(call("hannah").get(path, Accept="text/markdown"), 404)


def test_the_log_tells_ids_words_and_sentences(call: As, ingrids: Handoff) -> None:
    pipeline.acknowledge(ingrids, actor=f"user:{call('ingrid').user.pk}", now=NOW)
    lines = call("dana").get(f"handoffs/{ingrids.reference}/events/").json()["results"]

    assert [line["id"] for line in lines] == list(range(1, len(lines) + 1))
    assert lines[0]["text"] == "Handoff received: API"
    assert lines[-1] == {
        "id": len(lines),
        "at": "2026-11-17T10:00:00Z",
        "verb": "acknowledged",
        "actor": "Ingrid Solheim",
        "text": "Acknowledged",
    }


# Lists.


def found(caller: object, **query: object) -> set[str]:
    answer = caller.get("handoffs/", query)  # type: ignore[attr-defined]
    assert answer.status_code == 200, answer.content
    return {row["reference"] for row in answer.json()["results"]}


def test_a_list_is_narrowed_by_each_filter(call: As, firm: Company, clock: time_machine.Traveller) -> None:
    sql = assigned(firm, name="First")
    stuck = blocked(firm)
    mql = assigned(firm, "mql_to_sales", now=NOW + timedelta(hours=1), name="Second")
    pipeline.log_contact(mql, contacted_at=NOW + timedelta(hours=1), actor="user:1", now=NOW + timedelta(hours=1))
    clock.move_to(NOW + timedelta(hours=1, minutes=30))
    ben, one, two, three = call("ben"), sql.reference, stuck.reference, mql.reference

    everything = {one, two, three}
    assert found(ben) == everything
    assert found(ben, type="mql_to_sales") == {three}
    assert found(ben, type=["mql_to_sales", "sql_to_ae"]) == {one, two, three}
    assert found(ben, state=["blocked", "contacted"]) == {two, three}
    assert found(ben, open="true") == {one, two}
    assert found(ben, open="false") == {three}
    assert found(ben, owner=firm.reps["ingrid"].uuid) == {one}
    assert found(ben, owner="me") == set()
    assert found(call("ingrid"), owner="me") == {one}
    assert found(ben, team="ae_enterprise") == {one}
    assert found(ben, segment="enterprise", type="sql_to_ae", state="assigned") == {one}
    assert found(ben, account=stuck.account.crm_id) == {two}
    assert found(ben, received_from="2026-11-17T10:30:00Z") == {three}
    assert found(ben, received_to="2026-11-17T12:30:00+02:00") == {one, two}
    assert found(ben, received_from="0001-01-01T00:00:00+14:00", received_to="9999-12-31T23:59:59-14:00") == everything
    assert found(ben, risk="at_risk") == {one}
    assert found(ben, risk="breached") == set()
    clock.shift(timedelta(hours=1))
    assert found(ben, risk="at_risk") == set()
    assert found(ben, risk="breached") == {one}


WRONG = (
    ({"stat": "assigned"}, "stat"),
    ({"state": "asigned"}, "state"),
    ({"owner": "ingrid"}, "owner"),
    ({"open": "1"}, "open"),
    ({"received_from": "2026-11-17T10:00:00"}, "received_from"),
    ({"limit": "0"}, "limit"),
    ({"limit": "201"}, "limit"),
    ({"limit": "9" * 5000}, "limit"),
    ({"ordering": "owner"}, "ordering"),
    ({"cursor": "x"}, "cursor"),
    ({"team": "a\0b"}, "team"),
    ({"received_to": ""}, "received_to"),
    ({"limit": ["1", "2"]}, "limit"),
    ({"ordering": ["received_at", "-received_at"]}, "ordering"),
    ({"open": ["true", "false"]}, "open"),
    ({"owner": "{7be0c0a4-0e0b-4f2b-9f1c-6fb1a6a2c902}"}, "owner"),
)


def test_a_parameter_that_is_wrong_is_told_and_not_ignored(call: As, firm: Company) -> None:
    ben = call("ben")
    for query, parameter in WRONG:
        document = problem(ben.get("handoffs/", query), 400, "invalid")
        assert [each["parameter"] for each in document["errors"]] == [parameter]


def test_an_address_that_takes_no_parameter_says_so(call: As, ingrids: Handoff) -> None:
    elena, account = call("elena"), ingrids.account
    there = f"handoffs/{ingrids.reference}/"
    for path, query in (
        (there, {"x": "1"}),
        (f"{there}events/", {"limit": "1"}),
        (f"{there}response/", {"format": "md"}),
        (f"{there}package/", {"number": ["1", "2"]}),
        (f"accounts/{account.uuid}/", {"x": ""}),
        (f"reps/{ingrids.owner.uuid}/", {"zz": "1"}),
    ):
        document = problem(elena.get(path, query), 400, "invalid")
        assert [each["parameter"] for each in document["errors"]] == list(query), path
    problem(elena.post(f"{there}acknowledge/?x=1"), 400, "invalid")
    assert Handoff.objects.get().state == State.ASSIGNED


def test_a_plus_that_became_a_space_is_explained(call: As, firm: Company) -> None:
    document = problem(call("ben").get("/api/v1/handoffs/?received_to=2026-11-17T12:30:00+02:00"), 400)
    assert "write it as %2B" in document["errors"][0]["detail"]


@pytest.mark.parametrize("ordering", ["-received_at", "received_at", "deadline_at"])
def test_pages_follow_on_without_a_gap_or_a_repeat(call: As, firm: Company, ordering: str) -> None:
    made = [assigned(firm, now=NOW + timedelta(minutes=n // 2)).reference for n in range(5)]
    made.append(received(firm).reference)  # without a deadline, and at the same moment as others
    ben = call("ben")
    whole = [row["reference"] for row in ben.get("handoffs/", {"ordering": ordering}).json()["results"]]
    assert sorted(whole) == sorted(made)
    answer = ben.get("handoffs/", {"ordering": ordering, "limit": 2}).json()
    seen = [row["reference"] for row in answer["results"]]
    while answer["next"]:
        answer = ben.get(answer["next"].removeprefix("http://testserver")).json()
        seen += [row["reference"] for row in answer["results"]]
    assert seen == whole
    if ordering == "deadline_at":
        assert seen[-1] == made[-1], "what has no deadline comes last"


def test_a_cursor_of_another_order_or_of_nobodys_making_is_refused(call: As, firm: Company) -> None:
    for _ in range(2):
        received(firm)
    address = call("ben").get("handoffs/", {"limit": 1}).json()["next"].removeprefix("http://testserver")
    problem(call("ben").get(f"{address}&ordering=received_at"), 400)
    problem(call("ben").get(f"{address}x"), 400)


def test_a_list_asks_the_database_as_often_for_one_row_as_for_many(call: As, firm: Company) -> None:
    ben = call("ben")

    def asked() -> int:
        with CaptureQueriesContext(connection) as captured:
            ben.get("handoffs/")
        return len(captured)

    assigned(firm)
    one = asked()
    for handoff_type in HandoffType.values:
        assigned(firm, handoff_type)
        assigned(firm, handoff_type)
    assert asked() == one


def test_reading_changes_nothing(call: As, ingrids: Handoff) -> None:
    before = (Handoff.objects.get().version, Event.objects.count(), Delivery.objects.count())
    for part in ("", "package/", "response/", "events/"):
        call("ingrid").get(f"handoffs/{ingrids.reference}/{part}")
    call("ingrid").get("handoffs/")
    assert (Handoff.objects.get().version, Event.objects.count(), Delivery.objects.count()) == before
    assert Handoff.objects.get().state == State.ASSIGNED
