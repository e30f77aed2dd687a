"""A handoff is the same whichever door it came through: API, page, command or admin."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from handoffs import pipeline
from handoffs.models import Account, Deal, Delivery, Event, Handoff
from routing.models import Assignment, Turn
from sla.models import Clock
from tests.admin.pages import save
from tests.api.conftest import As
from tests.factories import NOW, Company, rich_account

SQL = "sql_to_ae"


def signed_in(firm: Company, key: str, **fields: Any) -> Client:
    user = firm.user(key)
    for name, value in fields.items():
        setattr(user, name, value)
    user.save()
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def by_api(call: As, firm: Company, account: Account, deal: Deal) -> None:
    answer = call("ben").post("handoffs/", {"type": SQL, "account": account.crm_id, "deal": deal.crm_id})
    assert answer.status_code == 201, answer.content


def by_command(call: As, firm: Company, account: Account, deal: Deal) -> None:
    call_command("run_handoff", type=SQL, account=account.crm_id, deal=deal.crm_id)


def by_admin(call: As, firm: Company, account: Account, deal: Deal) -> None:
    client = signed_in(firm, "ben", is_staff=True, is_superuser=True)
    answer = save(client, Handoff, handoff_type=SQL, account=account.pk, deal=deal.pk)
    assert answer.status_code == 302


def by_page(call: As, firm: Company, account: Account, deal: Deal) -> None:
    asked = {"account": account.crm_id, "handoff_type": SQL, "deal": deal.crm_id}
    answer = signed_in(firm, "ben").post("/handoffs/new/", asked)
    assert answer.status_code == 302, answer.content.decode()


Door = Callable[[As, Company, Account, Deal], None]
DOORS: dict[str, Door] = {"api": by_api, "page": by_page, "command": by_command, "admin": by_admin}


def told_of(handoff: Handoff) -> dict[str, Any]:
    """All that the engine made of it, without what names the row or the door."""
    assignment = handoff.assignment
    assert assignment is not None
    turn = Turn.objects.get(assignment=assignment)
    return {
        "handoff": [
            getattr(handoff, name)
            for name in (
                *("handoff_type", "state", "owner", "team", "from_rep", "from_team", "to_team", "segment"),
                *("territory", "priority", "completeness", "is_flagged", "received_at", "assigned_at", "due_at"),
            )
        ],
        "assignment": (
            assignment.number,
            assignment.pool,
            assignment.decision.rule,
            assignment.decision.outcome,
            turn.units,
        ),
        "clocks": sorted(
            Clock.objects.filter(assignment=assignment).values_list(
                "kind", "state", "target_minutes", "started_at", "at_risk_at", "deadline_at"
            )
        ),
        "outbox": sorted(
            (purpose, channel, "its own record" if channel == Delivery.Channel.CRM else recipient)
            for purpose, channel, recipient in Delivery.objects.filter(handoff=handoff).values_list(
                "purpose", "channel", "recipient"
            )
        ),
        "log": list(Event.objects.filter(stream=handoff.stream).order_by("seq").values_list("verb", flat=True)),
        "package": handoff.package.body["completeness"],
    }


@pytest.mark.usefixtures("clock")
def test_a_handoff_is_the_same_through_every_door(call: As, firm: Company, settings: Any) -> None:
    settings.AXES_ENABLED = False
    firm.pools["ae_enterprise"].memberships.exclude(rep=firm.reps["ingrid"]).update(is_active=False)
    made: dict[str, dict[str, Any]] = {}
    for door, start in DOORS.items():
        rich = rich_account(SQL, sender=firm.reps["dana"], now=NOW, name="Halvorsen")
        start(call, firm, rich.account, rich.deal)
        handoff = Handoff.objects.get(account=rich.account)
        assert handoff.origin == door
        made[door] = told_of(pipeline.run(handoff, now=NOW, actor="engine"))

    assert Assignment.objects.count() == len(DOORS)
    first = made["api"]
    assert first["handoff"][1:3] == ["assigned", firm.reps["ingrid"]]
    assert first["log"][0] == "received"
    for door, result in made.items():
        for part, told in result.items():
            assert told == first[part], (door, part)


def test_a_verb_does_the_same_by_api_and_by_page(call: As, firm: Company, settings: Any) -> None:
    settings.AXES_ENABLED = False
    firm.pools["ae_enterprise"].memberships.exclude(rep=firm.reps["ingrid"]).update(is_active=False)
    made = []
    page = signed_in(firm, "ingrid")
    for door in ("api", "page"):
        rich = rich_account(SQL, sender=firm.reps["dana"], now=NOW, name="Halvorsen")
        by_api(call, firm, rich.account, rich.deal)
        handoff = pipeline.run(Handoff.objects.get(account=rich.account), now=NOW, actor="engine")
        if door == "api":
            answer = call("ingrid").post(f"handoffs/{handoff.uuid}/acknowledge/", {"version": handoff.version})
            assert answer.status_code == 200
        else:
            answer = page.post(f"/handoffs/{handoff.reference}/acknowledge/", {"version": handoff.version})
            assert answer.status_code == 302
        handoff.refresh_from_db()
        line = Event.objects.filter(stream=handoff.stream).latest("seq")
        made.append((told_of(handoff), handoff.acknowledged_at, handoff.version, line.verb, line.actor, line.facts))
    assert made[0][1:] == made[1][1:]
    for part, told in made[0][0].items():
        assert told == made[1][0][part], part
