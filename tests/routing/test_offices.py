from datetime import timedelta

import pytest

from routing.models import Rep, RoleCode
from routing.offices import holder_of
from tests.factories import NOW, DelegationFactory, RepFactory, RoleFactory, TeamFactory

pytestmark = pytest.mark.django_db

SALES = RoleCode.SALES_MANAGER


def rep(name: str) -> Rep:
    made: Rep = RepFactory.create(first_name=name)
    return made


def test_the_nearest_office_up_the_tree_answers_before_the_company_wide_one() -> None:
    region = TeamFactory.create()
    team = TeamFactory.create(parent=region)
    owner = RepFactory.create(team=team)
    company_wide, regional, own = rep("Company"), rep("Region"), rep("Team")
    assert holder_of(SALES, near=owner, at=NOW) is None
    RoleFactory.create(code=SALES, holder=company_wide)
    assert holder_of(SALES, near=owner, at=NOW) == company_wide
    RoleFactory.create(code=SALES, holder=regional, team=region)
    assert holder_of(SALES, near=owner, at=NOW) == regional
    RoleFactory.create(code=SALES, holder=own, team=team)
    assert holder_of(SALES, near=owner, at=NOW) == own
    assert holder_of(SALES, near=None, at=NOW) == company_wide


def test_another_office_is_another_matter() -> None:
    RoleFactory.create(code=RoleCode.CRO)
    assert holder_of(SALES, near=None, at=NOW) is None


def test_a_delegation_passes_it_on_while_it_lasts() -> None:
    holder, delegate = rep("Holder"), rep("Delegate")
    RoleFactory.create(code=SALES, holder=holder)
    DelegationFactory.create(holder=holder, delegate=delegate, starts_at=NOW, ends_at=NOW + timedelta(days=1))
    assert holder_of(SALES, near=None, at=NOW - timedelta(seconds=1)) == holder
    assert holder_of(SALES, near=None, at=NOW) == delegate
    assert holder_of(SALES, near=None, at=NOW + timedelta(days=1)) == holder


def test_a_delegation_of_one_office_leaves_the_others_and_wins_over_a_general_one() -> None:
    holder, general, special = rep("Holder"), rep("General"), rep("Special")
    RoleFactory.create(code=SALES, holder=holder)
    RoleFactory.create(code=RoleCode.CRO, holder=holder)
    DelegationFactory.create(holder=holder, delegate=special, role=SALES)
    assert holder_of(RoleCode.CRO, near=None, at=NOW) == holder
    DelegationFactory.create(holder=holder, delegate=general)
    assert holder_of(RoleCode.CRO, near=None, at=NOW) == general
    assert holder_of(SALES, near=None, at=NOW) == special


def test_delegations_are_followed_but_never_in_a_circle_and_never_to_somebody_who_left() -> None:
    first, second, third = rep("First"), rep("Second"), rep("Third")
    RoleFactory.create(code=SALES, holder=first)
    DelegationFactory.create(holder=first, delegate=second)
    DelegationFactory.create(holder=second, delegate=third)
    DelegationFactory.create(holder=third, delegate=first)
    assert holder_of(SALES, near=None, at=NOW) == third
    Rep.objects.filter(pk=third.pk).update(is_active=False)
    assert holder_of(SALES, near=None, at=NOW) == second
