"""Who gets into the admin, and what they may do there."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django_celery_beat.models import PeriodicTask

from handoffs.models import Delivery, Handoff
from routing.models import Rep, RuleSet
from tests import factories
from tests.admin.pages import act, address, complaints, fields_of, save
from tests.admin.worlds import MAKERS, parked, signed_in

pytestmark = pytest.mark.django_db

OURS = [model for model in MAKERS if model._meta.app_label in {"routing", "sla", "handoffs"}]


@pytest.fixture
def auditor() -> Client:
    return signed_in(group="auditor")


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_an_auditor_looks_at_everything_and_changes_nothing(model: type, auditor: Client):
    row = MAKERS[model]()
    before = list(model._default_manager.values())  # type: ignore[attr-defined]
    assert auditor.get(address(model, "changelist")).status_code == 200
    shown = auditor.get(address(row, "change"))
    assert shown.status_code == 200
    assert 'name="_save"' not in shown.content.decode()
    assert auditor.get(address(model, "add")).status_code == 403
    assert auditor.post(address(model, "add"), {}).status_code == 403
    assert auditor.post(address(row, "change"), {"name": "x"}).status_code == 403
    assert auditor.post(address(row, "delete"), {"post": "yes"}).status_code == 403
    assert act(auditor, model, "delete_selected", row) == []
    assert list(model._default_manager.values()) == before  # type: ignore[attr-defined]


def test_an_auditor_runs_no_action(auditor: Client):
    delivery, handoff = parked(), factories.HandoffFactory.create(next_at=None)
    assert act(auditor, Delivery, "retry", delivery) == []
    assert act(auditor, Handoff, "run_again", handoff) == []
    for row, button in ((delivery, "retry_this"), (handoff, "run_this_again")):
        where = address(row, "change").replace("change/", f"{button}/")
        assert auditor.post(where, {"_form_submitted": "True"}).status_code == 403
        assert button not in auditor.get(address(row, "change")).content.decode()
    delivery.refresh_from_db()
    handoff.refresh_from_db()
    assert (delivery.state, handoff.next_at) == (Delivery.State.PARKED, None)


@pytest.mark.parametrize("group", ["rep", "manager", "leadership", "revops", "auditor"])
def test_whoever_is_not_staff_is_told_that_the_admin_is_not_theirs(group: str):
    client = signed_in(group=group, is_staff=False)
    for name in ("index", "login", "routing_rep_changelist", "handoffs_handoff_changelist"):
        assert client.get(reverse(f"admin:{name}")).status_code == 403


def test_strangers_come_in_by_the_product_s_own_sign_in_page_and_back():
    where = reverse("admin:routing_rep_changelist")
    assert Client().get(where)["Location"] == f"/accounts/login/?next={where}"
    assert Client().get(reverse("admin:login"))["Location"] == "/accounts/login/?next=/admin/"


def test_signing_out_of_the_admin_ends_the_session():
    client = signed_in(group="revops")
    assert client.get(reverse("admin:logout")).status_code == 405
    assert client.post(reverse("admin:logout")).status_code == 302
    assert "_auth_user_id" not in client.session


def test_a_rep_who_was_made_staff_by_mistake_still_finds_every_door_shut():
    client = signed_in(group="rep")
    for model in admin.site._registry:
        assert client.get(address(model, "changelist")).status_code == 403, model


def test_revops_edits_the_roster_and_drafts_and_retries():
    client = signed_in(group="revops")
    rep, draft, delivery = factories.RepFactory.create(), factories.RuleSetFactory.create(), parked()
    response = save(client, rep, job_title="Team lead")
    assert response.status_code == 302, complaints(response)
    assert Rep.objects.get(pk=rep.pk).job_title == "Team lead"
    assert save(client, draft, title="Nordics").status_code == 302
    assert RuleSet.objects.get().title == "Nordics"
    act(client, Delivery, "retry", delivery)
    assert Delivery.objects.get().state == Delivery.State.QUEUED


def test_the_sidebar_shows_only_what_somebody_may_look_at(auditor: Client):
    assert "Back to Handoffs" in auditor.get(reverse("admin:index")).content.decode()
    titles = [group.get("title") for group in auditor.get(reverse("admin:index")).context["sidebar_navigation"]]
    assert titles == [None, "Work", "Routing", "People", "SLA", "CRM", "System"]
    rep = signed_in(group="rep")
    assert len(rep.get(reverse("admin:index")).context["sidebar_navigation"]) == 1


def test_whoever_may_only_look_at_the_schedule_starts_no_task(auditor: Client):
    task = MAKERS[PeriodicTask]()
    assert auditor.get(address(task, "changelist")).status_code == 403
    auditor.user.user_permissions.add(Permission.objects.get(codename="view_periodictask"))  # type: ignore[attr-defined]
    assert auditor.get(address(task, "changelist")).status_code == 200
    act(auditor, PeriodicTask, "disable_tasks", task)
    assert PeriodicTask.objects.get().enabled
    act(signed_in(), PeriodicTask, "disable_tasks", task)
    assert not PeriodicTask.objects.get().enabled


def test_only_the_admin_has_the_wider_content_policy(auditor: Client):
    inside = auditor.get(reverse("admin:index"))["Content-Security-Policy"]
    outside = auditor.get("/accounts/login/")["Content-Security-Policy"]
    assert "'unsafe-eval'" in inside
    assert "unsafe" not in outside


def test_the_chosen_theme_holds_in_the_admin_too(auditor: Client):
    auditor.cookies["theme"] = "dark"
    assert 'class="dark"' in auditor.get(reverse("admin:index")).content.decode()


def test_the_forms_carry_a_token_and_a_post_without_it_is_refused():
    client = signed_in()
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(client.user)  # type: ignore[attr-defined]
    rep = factories.RepFactory.create()
    assert strict.post(address(rep, "change"), fields_of(strict.get(address(rep, "change")))).status_code == 403
