"""Every page of the admin opens, and asks the database as often for one row as for twenty."""

from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from handoffs.models import Account, Delivery, Handoff, TypeSetting
from routing.models import Calendar, Pool, Rep, RuleSet, Team
from sla.models import Clock, Policy
from tests import factories
from tests.admin.worlds import MAKERS, signed_in

pytestmark = pytest.mark.django_db

REGISTERED = sorted(admin.site._registry, key=lambda model: model._meta.label)


def page(model: type[Model], name: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


def queries_of(client: Client, address: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        response = client.get(address)
    assert response.status_code == 200, f"{address} answered {response.status_code}"
    return len(captured)


@pytest.fixture
def boss() -> Client:
    return signed_in()


def test_every_model_of_the_product_is_in_the_admin():
    inlined = {inline.model for model_admin in admin.site._registry.values() for inline in model_admin.inlines}
    ours = [model for app in ("routing", "sla", "handoffs") for model in apps.get_app_config(app).get_models()]
    seen = {model for model in ours if model in admin.site._registry or model in inlined}
    assert {model._meta.label for model in ours} - {model._meta.label for model in seen} == {
        "handoffs.KeptAnswer",  # the API's memory of a day; nobody reads or edits it
        "handoffs.Preference",  # set by each person for themselves, on their own page
        "handoffs.Notice",  # read by whoever it was written to
        "handoffs.DemoClock",  # moved by the form on every page of a demo, and there alone
        *(model._meta.label for model in ours if model.__name__.startswith("Historical")),
    }


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model._meta.label)
def test_every_list_opens_and_asks_as_often_for_one_row_as_for_twenty(model: type[Model], boss: Client):
    make = MAKERS[model]
    make()
    queries_of(boss, page(model, "changelist"))  # content types and permissions are remembered from here on
    with_one = queries_of(boss, page(model, "changelist"))
    for _ in range(0 if model is TypeSetting else 19):
        make()
    assert queries_of(boss, page(model, "changelist")) <= with_one


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model._meta.label)
def test_every_row_opens_for_a_superuser(model: type[Model], boss: Client):
    row = MAKERS[model]()
    assert boss.get(page(model, "change", row.pk)).status_code == 200
    assert boss.get(page(model, "history", row.pk)).status_code == 200


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model._meta.label)
def test_every_form_for_a_new_row_opens_unless_rows_of_its_kind_are_never_added_by_hand(
    model: type[Model], boss: Client
):
    response = boss.get(page(model, "add"))
    request = response.wsgi_request
    assert response.status_code == (200 if admin.site._registry[model].has_add_permission(request) else 403)


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model._meta.label)
def test_every_list_can_be_searched_and_narrowed_by_our_filters(model: type[Model], boss: Client):
    MAKERS[model]()
    response = boss.get(page(model, "changelist"), {"q": "HO-1"})
    assert response.status_code == 200
    for spec in response.context["cl"].filter_specs:
        if isinstance(spec, SimpleListFilter):
            for value, _words in spec.lookup_choices:
                narrowed = boss.get(page(model, "changelist"), {spec.parameter_name: value})
                assert narrowed.status_code == 200, (spec.title, value)


MANY_CHILDREN: dict[type[Model], tuple[Callable[[], Any], Callable[[Any], Any]]] = {
    Pool: (factories.PoolFactory.create, lambda pool: factories.MembershipFactory.create(pool=pool)),
    Rep: (
        factories.RepFactory.create,
        lambda rep: factories.AbsenceFactory.create(rep=rep, cover=factories.RepFactory.create()),
    ),
    RuleSet: (
        factories.RuleSetFactory.create,
        lambda rules: (
            factories.RuleFactory.create(rule_set=rules, pool=factories.PoolFactory.create(), strategy="round_robin"),
            factories.TerritoryFactory.create(rule_set=rules),
            factories.SegmentFactory.create(rule_set=rules),
        ),
    ),
    Policy: (factories.PolicyFactory.create, lambda policy: factories.EscalationStepFactory.create(policy=policy)),
    Calendar: (factories.CalendarFactory.create, lambda calendar: factories.HolidayFactory.create(calendar=calendar)),
    Account: (
        factories.AccountFactory.create,
        lambda account: (
            factories.ContactFactory.create(account=account),
            factories.DealFactory.create(account=account, owner=factories.RepFactory.create()),
        ),
    ),
    Handoff: (
        factories.HandoffFactory.create,
        lambda handoff: (
            factories.DeliveryFactory.create(handoff=handoff),
            factories.PackageFactory.create(handoff=handoff, number=handoff.packages.count() + 1),
        ),
    ),
    Clock: (
        factories.ClockFactory.create,
        lambda clock: (
            factories.ClockIntervalFactory.create(clock=clock, ends_at=clock.deadline_at),
            factories.StepRunFactory.create(clock=clock, step__policy=clock.policy),
        ),
    ),
}


@pytest.mark.parametrize("model", MANY_CHILDREN, ids=lambda model: model._meta.label)
def test_a_row_with_twenty_children_asks_as_often_as_a_row_with_one(model: type[Model], boss: Client):
    make_parent, make_child = MANY_CHILDREN[model]
    parent = make_parent()
    make_child(parent)
    address = page(model, "change", parent.pk)
    queries_of(boss, address)
    with_one = queries_of(boss, address)
    for _ in range(19):
        make_child(parent)
    queries_of(boss, address)  # What is kept of a version is worked out anew.
    assert queries_of(boss, address) <= with_one


def test_a_team_shows_the_offices_held_for_it(boss: Client):
    role = factories.RoleFactory.create(team=factories.TeamFactory.create())
    assert role.holder.name in boss.get(page(Team, "change", role.team.pk)).content.decode()


def test_text_from_outside_is_escaped_in_lists_and_on_pages(boss: Client):
    hostile = "<script>alert(1)</script>"
    handoff = factories.HandoffFactory.create(account__name=hostile)
    delivery = factories.DeliveryFactory.create(handoff=handoff, payload={"title": hostile}, recipient=hostile)
    for address in (
        page(Handoff, "changelist"),
        page(Handoff, "change", handoff.pk),
        page(Delivery, "changelist"),
        page(Delivery, "change", delivery.pk),
        page(Account, "changelist"),
        page(Account, "change", handoff.account.pk),
    ):
        text = boss.get(address).content.decode()
        assert hostile not in text, address
        assert "&lt;script&gt;alert(1)" in text or "\\u003cscript" in text, address
