"""`manage.py install`: what an installation starts with, created once and then the people's own."""

from io import StringIO

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from django_celery_beat.models import PeriodicTask

from handoffs.models import TypeSetting
from routing.models import HandoffType
from sla.models import EscalationStep, Policy

pytestmark = pytest.mark.django_db


def install() -> str:
    out = StringIO()
    call_command("install", stdout=out)
    return out.getvalue()


def test_an_installation_has_groups_policies_ladders_settings_and_a_schedule() -> None:
    assert install() == "Groups, policies, type settings and schedule are in place.\n"
    assert set(Group.objects.values_list("name", flat=True)) == {"rep", "manager", "revops", "leadership", "auditor"}
    policies = Policy.objects.filter(state="live", team=None, segment="", at_risk_percent=70, calendar=None)
    targets = policies.values_list("handoff_type", "target_minutes", "acknowledge_minutes", "resubmit_minutes")
    assert set(targets) == {
        ("mql_to_sales", 240, 120, 240),
        ("sql_to_ae", 120, 60, 240),
        ("closed_to_cs", 1440, 720, 240),
        ("expansion_to_sales", 480, 240, 240),
    }
    assert set(TypeSetting.objects.values_list("handoff_type", flat=True)) == set(HandoffType.values)
    tasks = PeriodicTask.objects.exclude(task="celery.backend_cleanup").values_list("task", flat=True)
    assert set(tasks) == {"handoffs.sweep", "handoffs.deliver", "handoffs.start_triggers"}


def test_the_shipped_ladder_is_the_customers() -> None:
    install()
    policy = Policy.objects.get(handoff_type="sql_to_ae")
    steps = policy.steps.order_by("position").values_list("clock_kind", "action", "after_minutes", "unit", "role")
    assert list(steps) == [
        ("first_contact", "notice_at_risk", 0, "elapsed", ""),
        ("first_contact", "alert_owner", 60, "elapsed", ""),
        ("first_contact", "alert_role", 240, "elapsed", ""),
        ("first_contact", "reassign", 1440, "elapsed", ""),
        ("acknowledge", "remind", 0, "elapsed", ""),
    ]


def test_the_escalation_role_of_each_type_is_the_customers() -> None:
    assert {each.value: str(each.escalation_role) for each in HandoffType} == {
        "mql_to_sales": "marketing_manager",
        "sql_to_ae": "sales_manager",
        "closed_to_cs": "cs_manager",
        "expansion_to_sales": "revops_manager",
    }


def test_a_second_installation_keeps_what_people_changed_and_adds_what_is_gone() -> None:
    install()
    Policy.objects.filter(handoff_type="sql_to_ae").update(target_minutes=45)
    TypeSetting.objects.filter(handoff_type="mql_to_sales").update(score_threshold=90)
    PeriodicTask.objects.filter(task="handoffs.sweep").update(enabled=False)
    revops = Group.objects.get(name="revops")
    revops.permissions.clear()
    Policy.objects.get(handoff_type="closed_to_cs").delete()
    install()
    assert Policy.objects.get(handoff_type="sql_to_ae").target_minutes == 45
    assert TypeSetting.objects.get(handoff_type="mql_to_sales").score_threshold == 90
    assert not PeriodicTask.objects.get(task="handoffs.sweep").enabled
    assert revops.permissions.count() == 0
    assert Policy.objects.get(handoff_type="closed_to_cs").target_minutes == 1440
    assert (Policy.objects.count(), EscalationStep.objects.count()) == (4, 20)
