"""What machines ask, and what strangers get to know by asking it."""

import json
import os
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.test.utils import CaptureQueriesContext
from prometheus_client.parser import text_string_to_metric_families
from pytest_django.fixtures import Settings

from handoffs import outbox
from handoffs.models import Delivery, Handoff
from handoffs.now import now, real_now
from tests.factories import Company
from tests.fakes.fixtures import Fake
from tests.handoffs import given
from tests.test_settings import manage

TOKEN = {"Authorization": "Bearer hunter2-long"}


def probe(path: str, **settings: str) -> tuple[int, str]:
    """Ask a process of its own, started with these settings."""
    code = (
        "from django.test import Client\n"
        f"answer = Client(headers={{'host': '10.1.2.3:8000'}}).get('{path}')\n"
        "print(answer.status_code, answer.content.decode().strip())"
    )
    said = manage("shell", "-v", "0", "-c", code, SECRET_KEY="x" * 50, **settings)
    status, _, body = said.stdout.strip().partition(" ")
    assert status, said.stderr
    return int(status), body


def numbers(answer: Any) -> dict[str, float]:
    """Every sample as `name{value,value}`, by label name, -> value."""
    families = text_string_to_metric_families(answer.content.decode())
    samples = [sample for family in families for sample in family.samples]
    return {f"{sample.name}{{{','.join(sample.labels.values())}}}": sample.value for sample in samples}


def test_it_is_alive_without_a_database(tmp_path) -> None:
    away = {"DATABASE_URL": "postgres://u:hush@127.0.0.1:9/x", "HANDOFFS_DATA_DIR": str(tmp_path)}
    assert probe("/healthz", **away) == (200, "ok")


def test_it_is_not_ready_without_a_database_and_says_no_more_than_that(tmp_path) -> None:
    away = {"DATABASE_URL": "postgres://u:hush@127.0.0.1:9/x", "HANDOFFS_DATA_DIR": str(tmp_path)}
    status, body = probe("/readyz", REDIS_URL="redis://:hush@127.0.0.1:9/0", **away)
    assert status == 503
    assert json.loads(body) == {
        "ready": False,
        "parts": {"database": "away", "schema": "unknown", "broker": "away"},
    }


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probes_pass_under_any_host_name_and_without_https(path: str, tmp_path) -> None:
    strict = {"SITE_URL": "https://handoffs.example", "STATIC_MANIFEST": "false", "HANDOFFS_DATA_DIR": str(tmp_path)}
    status, _ = probe(path, **strict)
    assert status == (200 if path == "/healthz" else 503), "the fresh SQLite file has no tables yet"
    status, _ = probe("/accounts/login/", **strict)
    assert status == 400, "while pages refuse a foreign host name"


@pytest.mark.sqlite
@pytest.mark.django_db(transaction=True)
def test_it_is_ready_when_all_parts_answer(settings: Settings) -> None:
    settings.CELERY_BROKER_URL = os.environ["REDIS_URL"]
    answer = Client().get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"ready": True, "parts": {"database": "ok", "schema": "ok", "broker": "ok"}}
    assert "no-store" in answer.headers["Cache-Control"]
    assert not answer.cookies


@pytest.mark.django_db(transaction=True)
def test_without_a_broker_it_is_ready_since_the_engine_needs_none(settings: Settings) -> None:
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:9/0"
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()["parts"]["broker"]) == (200, "away")


@pytest.mark.sqlite
@pytest.mark.django_db(transaction=True)
def test_with_a_migration_missing_it_is_not_ready() -> None:
    recorder = MigrationRecorder(connection)
    app, name = next(key for key in recorder.applied_migrations() if key[0] == "handoffs")
    recorder.record_unapplied(app, name)
    try:
        answer = Client().get("/readyz")
        assert (answer.status_code, answer.json()["parts"]["schema"]) == (503, "behind")
    finally:
        recorder.record_applied(app, name)


def test_probes_are_only_read(db: None) -> None:
    for path in ("/healthz", "/readyz"):
        assert Client().post(path).status_code == 405
        assert Client().head("/healthz").status_code == 200


def test_there_are_no_metrics_unless_they_are_asked_for(firm: Company) -> None:
    assert Client().get("/metrics").status_code == 404
    assert Client().get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


def test_metrics_are_for_who_has_the_token(firm: Company, settings: Settings) -> None:
    settings.METRICS_TOKEN = "hunter2-long"
    assert Client().get("/metrics", headers=TOKEN).status_code == 200
    for wrong in ("", "Bearer hunter2", "Bearer hunter2-longer", "hunter2-long", "Bearer pässword"):
        answer = Client().get("/metrics", headers={"Authorization": wrong})
        assert answer.status_code == 401, wrong
        assert b"handoffs_live" not in answer.content


def test_metrics_are_for_the_networks_that_are_named(firm: Company, settings: Settings) -> None:
    settings.METRICS_NETWORKS = [ip_network("127.0.0.0/8")]
    assert Client().get("/metrics").status_code == 200
    assert Client(REMOTE_ADDR="10.0.0.1").get("/metrics").status_code == 401
    assert Client(REMOTE_ADDR="").get("/metrics").status_code == 401
    forged = Client(REMOTE_ADDR="10.0.0.1").get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"})
    assert forged.status_code == 401, "only a proxy of ours is believed"
    settings.CLIENT_IP = "config.middleware.client_ip"
    proxied = Client(REMOTE_ADDR="127.0.0.1").get("/metrics", headers={"X-Forwarded-For": "127.0.0.1, 10.0.0.1"})
    assert proxied.status_code == 401, "and then the proxy's word counts, not its own address"


def test_where_only_networks_are_named_an_empty_token_opens_nothing(firm: Company, settings: Settings) -> None:
    settings.METRICS_NETWORKS = [ip_network("192.0.2.0/24")]
    for empty in ("Bearer ", "Bearer", "bearer "):
        answer = Client().get("/metrics", headers={"Authorization": empty})
        assert answer.status_code == 401, empty
        assert b"handoffs_live" not in answer.content


@pytest.mark.sqlite
def test_the_figures_are_those_of_the_rows(firm: Company, settings: Settings, clock: time_machine.Traveller) -> None:
    settings.METRICS_TOKEN = "hunter2-long"
    given.assigned(firm)
    given.received(firm, "mql_to_sales")
    Delivery.objects.filter(channel="email").update(state="parked", next_at=None)
    clock.shift(timedelta(minutes=90))

    found = numbers(Client().get("/metrics", headers=TOKEN))

    assert found["handoffs_live{assigned,sql_to_ae}"] == 1
    assert found["handoffs_live{received,mql_to_sales}"] == 1
    assert found["handoffs_live{blocked,sql_to_ae}"] == 0
    assert found["handoffs_due{}"] == 1
    assert found["handoffs_due_oldest_seconds{}"] == 5400
    assert found["handoffs_timers{first_contact}"] == 1
    assert found["handoffs_timers{resubmit}"] == 0
    queued = Delivery.objects.filter(channel="slack", state="queued").count()
    assert found["handoffs_outbox{slack,queued}"] == queued > 0
    assert found["handoffs_outbox{email,queued}"] == 0
    assert found["handoffs_outbox{email,parked}"] == Delivery.objects.filter(state="parked").count() > 0
    assert found["handoffs_outbox_oldest_seconds{slack}"] == 5400
    assert found["handoffs_outbox_failing{slack}"] == 0
    assert found["handoffs_escalations_total{alert_owner}"] == 0


def test_failures_and_what_was_given_up_on_show(
    firm: Company, settings: Settings, fake_slack: Fake, clock: time_machine.Traveller
) -> None:
    settings.METRICS_TOKEN = "hunter2-long"
    fake_slack.fault("status", status=503)
    handoff = given.assigned(firm)
    slack = Delivery.objects.filter(channel="slack").first()
    Delivery.objects.exclude(pk=slack.pk).delete()
    outbox.deliver_due(now=now(), clock=real_now, limit=1)
    Handoff.objects.filter(pk=handoff.pk).update(parked_at=now())

    found = numbers(Client().get("/metrics", headers=TOKEN))

    assert found["handoffs_outbox_failing{slack}"] == 1
    assert found["handoffs_parked{sql_to_ae}"] == 1


@pytest.mark.sqlite
def test_a_scrape_costs_as_many_queries_for_many_as_for_none(firm: Company, settings: Settings) -> None:
    settings.METRICS_TOKEN = "hunter2-long"
    with CaptureQueriesContext(connection) as none:
        Client().get("/metrics", headers=TOKEN)
    for kind in ("sql_to_ae", "mql_to_sales", "closed_to_cs"):
        given.assigned(firm, kind)
    with CaptureQueriesContext(connection) as some:
        Client().get("/metrics", headers=TOKEN)
    assert len(none) == len(some) <= 11


def test_metrics_name_nobody(firm: Company, settings: Settings) -> None:
    settings.METRICS_TOKEN = "hunter2-long"
    handoff = given.assigned(firm)
    said = Client().get("/metrics", headers=TOKEN).content.decode()
    assert handoff.owner.name not in said
    assert handoff.account.name not in said
    assert "@" not in said
