"""The API against its own description: whatever is sent, it answers as described, and never fails.

HANDOFFS_API_EXAMPLES says how many requests are made up for each operation and HANDOFFS_API_SEED which; both are told.
"""

import os
import zlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import hypothesis
import pytest
import schemathesis
import time_machine
from django.contrib.auth.models import Group
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from django.test import override_settings
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck
from knox.crypto import hash_token
from knox.models import AuthToken
from schemathesis.config import SchemathesisConfig

from config.wsgi import application
from handoffs import pipeline
from handoffs.api.examples import REQUESTS
from handoffs.models import Account, Handoff, State
from routing import compiling
from routing.models import Membership, Pool, Rep
from tests.factories import NOW, company
from tests.handoffs.given import in_state

EXAMPLES = int(os.environ.get("HANDOFFS_API_EXAMPLES", "10"))
SEED = int(os.environ.get("HANDOFFS_API_SEED", "20261120"))
LONGEST_NAME = 64
TOKEN = "hnd_" + "7" * 60
"""Known before there is a world, since requests are made up before."""
CHECKS = {
    # 422 names what is not in the database, which no description can tell beforehand.
    "positive_data_acceptance": {"expected-statuses": ["2xx", "401", "403", "404", "409", "422"]},
    "not_a_server_error": {"expected-statuses": ["2xx", "4xx"]},
}

pytestmark = pytest.mark.django_db

DESCRIPTION = SchemaGenerator().get_schema(request=None, public=True)
for path in DESCRIPTION["paths"].values():
    for operation in path.values():
        # A cursor is signed: none that is made up is any good, and the rest would never be looked at.
        operation["parameters"] = [each for each in operation.get("parameters", ()) if each["name"] != "cursor"]
CONFIG = {
    "checks": CHECKS,
    # JSON can say NUL and JSON Schema cannot forbid it; what is answered is tested by itself.
    "generation": {"allow-x00": False},
}
api = schemathesis.openapi.from_dict(DESCRIPTION, config=SchemathesisConfig.from_dict(CONFIG))
api.app = application
SUCCEED = [
    (path, method, described["operationId"])
    for path, methods in DESCRIPTION["paths"].items()
    for method, described in methods.items()
]
BEGIN_IN = {
    "book_meeting": State.CONTACTED,
    "close_handoff": State.CONTACTED,
    "resubmit": State.REJECTED,
    "fill_gap": State.RECEIVED,
    "take": State.UNASSIGNED,
    "retry": State.UNASSIGNED,
}
"""In which state an operation can succeed; the others can where somebody has just got the handoff."""
in_the: dict[State, Handoff] = {}
"""The handoff in each state: filled by `world`."""
ids: dict[str, str] = {}
"""Somebody who may take a handoff: filled by `world`."""
there: dict[str, list[str]] = {}
"""What is really there, by the parameter or field that may name it: filled by `world`."""
told: list[bool] = []
"""Whether this process has said what it does."""


def _real(name: str, made_up: Any) -> Any:
    """Most made-up names become those of real rows, the same one each time; some stay as they are.

    So do those that no row could have: they are made up to be refused.
    """
    if not isinstance(made_up, str) or not 0 < len(made_up) <= LONGEST_NAME:
        return made_up
    choices = there.get(name, [])
    place = zlib.crc32(made_up.encode("utf-8", "surrogatepass")) % (len(choices) + 2)
    return choices[place] if place < len(choices) else made_up


@api.auth()
class Elena:
    """Calls with her token; where a made-up request goes without one, so does this."""

    def get(self, case: Any, context: Any) -> str:
        return TOKEN

    def set(self, case: Any, data: str, context: Any) -> None:
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {data}"}


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """It says that it reads compressed answers and does not."""
    case.headers = {**(case.headers or {}), "Accept-Encoding": "identity"}


@api.hook
def map_path_parameters(context: Any, path_parameters: dict[str, Any] | None) -> Any:
    return path_parameters and {name: _real(name, value) for name, value in path_parameters.items()}


@api.hook
def map_body(context: Any, body: Any) -> Any:
    return {name: _real(name, value) for name, value in body.items()} if isinstance(body, dict) else body


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """A firm with a handoff in every state, and the token of Elena, who manages its teams and is RevOps as well."""
    # They would close the connection that holds the transaction.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    compiling.compiled.cache_clear()
    with (
        django_db_blocker.unblock(),
        time_machine.travel(NOW + timedelta(hours=1), tick=False),
        override_settings(API_CALLS_PER_MINUTE=1_000_000),
        transaction.atomic(),
    ):
        firm = company()
        last = State.UNASSIGNED  # it takes away those who would own the others
        in_the.update((state, in_state(firm, state)) for state in sorted(State, key=lambda state: state == last))
        handoffs = list(in_the.values())
        firm.pools["ae_enterprise"].memberships.update(is_active=True)
        elena = firm.user("elena")
        elena.groups.add(Group.objects.get(name="revops"))
        there.update(
            handoff=[str(handoff.uuid) for handoff in handoffs] + [handoff.reference for handoff in handoffs],
            account=[account.crm_id for account in Account.objects.order_by("pk")],
            deal=[handoff.deal.crm_id for handoff in handoffs if handoff.deal],
            to=[str(uuid) for uuid in Rep.objects.order_by("pk").values_list("uuid", flat=True)],
            rep=[str(firm.reps["ingrid"].uuid)],
            key=["qualification.budget", "qualification.score", "contacts.reachable"],
            from_team=["sdr"],
            to_team=["ae_general"],
        )
        ids.update(rep=str(firm.reps["freya"].uuid))
        AuthToken.objects.bulk_create([AuthToken(user=elena, digest=hash_token(TOKEN), token_key=TOKEN[:15])])
        yield
        transaction.set_rollback(True)
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.parametrize(("path", "method", "name"), SUCCEED, ids=[name for *_, name in SUCCEED])
def test_every_operation_succeeds_with_its_own_example(world: None, path: str, method: str, name: str) -> None:
    """Else the made-up requests below might all have been refused, and shown nothing."""
    handoff = in_the[BEGIN_IN.get(name, State.ASSIGNED)]
    named = {
        "handoff": handoff.reference,
        "account": str(handoff.account.uuid),
        "rep": ids["rep"],
        "key": "qualification.budget",
    }
    before = transaction.savepoint()
    try:
        if name == "undo_acknowledge":
            _succeeds("/api/v1/handoffs/{handoff}/acknowledge/", "post", named, {})
        if name == "take":
            _queue_for_elena(handoff)
        if name == "fill_gap":
            _look_without_budget(handoff)
        _succeeds(path, method, named, _example(name, handoff))
    finally:
        transaction.savepoint_rollback(before)


def _queue_for_elena(handoff: Handoff) -> None:
    pool = Pool.objects.get(code="ae_enterprise")
    Membership.objects.create(pool=pool, rep=Rep.objects.get(user__email__startswith="elena@"))
    Handoff.objects.filter(pk=handoff.pk).update(queue=pool)


def _look_without_budget(handoff: Handoff) -> None:
    for row in (handoff.deal, handoff.account):
        assert row is not None
        del row.metadata["budget_confirmed"]
        row.save()
    pipeline.run(handoff, now=NOW + timedelta(hours=1), actor="engine")


def _example(name: str, handoff: Handoff) -> dict[str, Any] | None:
    """The body of the documented example, with ids, the version and the moment of this world."""
    if name not in REQUESTS:
        return None
    deal = handoff.deal.crm_id if handoff.deal else None
    real = {
        "account": handoff.account.crm_id,
        "deal": deal,
        "to": ids["rep"],
        "contacted_at": f"{NOW + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}",
    }
    body = {key: real.get(key, value) for key, value in REQUESTS[name].items() if key != "version"}
    return body | ({"version": handoff.version} if "version" in REQUESTS[name] and name != "undo_acknowledge" else {})


def _succeeds(path: str, method: str, named: dict[str, str], body: dict[str, Any] | None) -> None:
    operation = api[path][method.upper()]
    parts = {key: value for key, value in named.items() if f"{{{key}}}" in path}
    sent: dict[str, Any] = {} if body is None else {"body": body, "media_type": "application/json"}
    case = operation.Case(path_parameters=parts, headers={"Authorization": f"Bearer {TOKEN}"}, **sent)
    answer = case.call_and_validate()
    assert 200 <= answer.status_code < 300, answer.text


@api.parametrize()
@hypothesis.seed(SEED)
@hypothesis.settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
def test_every_answer_is_one_that_is_described(
    case: Any, world: None, record_property: Callable[[str, object], None]
) -> None:
    if not told:
        told.append(True)
        record_property("counted", f"seed {SEED}, {EXAMPLES} requests made up for each operation of the API")
    before = transaction.savepoint()
    try:
        case.call_and_validate()
    finally:
        transaction.savepoint_rollback(before)
