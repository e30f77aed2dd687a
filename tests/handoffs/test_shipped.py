"""What an installation starts with, and that it is never taken back from those who changed it."""

import pytest
from django.contrib.auth.models import Group, Permission

from handoffs import shipped
from handoffs.models import TypeSetting
from routing.models import HandoffType, Rule, RuleSet
from sla.models import ClockKind, EscalationStep, Policy
from tests.factories import NOW, PoolFactory, RepFactory, TeamFactory

pytestmark = pytest.mark.django_db


def test_every_type_has_a_live_promise_with_its_ladder():
    shipped.install()
    minutes = {policy.handoff_type: policy.target_minutes for policy in Policy.objects.filter(state="live")}
    assert minutes == {"mql_to_sales": 240, "sql_to_ae": 120, "closed_to_cs": 1440, "expansion_to_sales": 480}
    for policy in Policy.objects.all():
        steps = policy.steps.filter(clock_kind=ClockKind.FIRST_CONTACT).order_by("position")
        assert list(steps.values_list("action", "after_minutes")) == [
            ("notice_at_risk", 0),
            ("alert_owner", 60),
            ("alert_role", 240),
            ("reassign", 1440),
        ]
        assert policy.at_risk_percent == 70
        assert policy.calendar is None


def test_a_second_install_changes_nothing_that_somebody_edited():
    marketing = TeamFactory.create()
    shipped.install(senders={HandoffType.MQL_TO_SALES: marketing})
    TypeSetting.objects.filter(handoff_type="mql_to_sales").update(score_threshold=80)
    Policy.objects.filter(handoff_type="sql_to_ae").update(target_minutes=90)
    Group.objects.get(name=shipped.REVOPS).permissions.clear()
    shipped.install()
    setting = TypeSetting.objects.get(handoff_type="mql_to_sales")
    assert (setting.score_threshold, setting.from_team) == (80, marketing)
    assert Policy.objects.get(handoff_type="sql_to_ae").target_minutes == 90
    assert not Group.objects.get(name=shipped.REVOPS).permissions.exists()
    assert EscalationStep.objects.count() == 4 * len(shipped.LADDER)


def test_revops_edits_the_roster_and_the_rules_and_auditors_only_look():
    shipped.install()
    revops = codes(shipped.REVOPS)
    assert {"change_pool", "add_rule", "delete_absence", "change_policy", "change_typesetting"} <= revops
    assert "view_event" in revops
    assert revops.isdisjoint({"change_user", "add_event", "change_turn", "change_decision", "delete_handoff"})
    assert all(code.startswith("view_") for code in codes(shipped.AUDITOR))
    assert codes(shipped.REP) == set()


def codes(group: str) -> set[str]:
    return set(Permission.objects.filter(group__name=group).values_list("codename", flat=True))


def test_the_first_rules_ask_the_owners_first_and_end_in_an_owned_catch_all():
    pool, owner = PoolFactory.create(), RepFactory.create()
    given = [shipped.PoolRule(code="R-100", name="Everything", pool=pool, conditions={"segment": ["smb"]})]
    rules = shipped.first_rules(
        now=NOW,
        pool_rules=given,
        territories={"north": ("North", {"country": ["NO"]})},
        catch_all_pool=pool,
        catch_all_owner=owner,
    )
    assert rules.state == RuleSet.State.LIVE
    assert list(rules.rules.order_by("position").values_list("strategy", flat=True)) == [
        "named_rep",
        "open_deal_owner",
        "account_owner",
        "parent_account_owner",
        "round_robin",
        "round_robin",
    ]
    last = rules.rules.latest("position")
    assert (last.is_catch_all, last.owner, last.target_minutes) == (True, owner, 240)
    for rule in Rule.objects.all():
        rule.full_clean()
    assert set(rules.segments.values_list("code", flat=True)) == {"enterprise", "mid_market", "smb", "partner"}


def test_rules_that_exist_are_left_alone():
    pool, owner = PoolFactory.create(), RepFactory.create()
    theirs = RuleSet.objects.create(number=7, created_at=NOW)
    found = shipped.first_rules(now=NOW, pool_rules=[], territories={}, catch_all_pool=pool, catch_all_owner=owner)
    assert found == theirs
    assert not Rule.objects.exists()
