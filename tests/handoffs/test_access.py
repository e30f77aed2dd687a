"""Who sees which handoff and who may act on it: owner, colleague, stranger, and everybody else."""

import pytest
from django.contrib.auth.models import AnonymousUser
from pytest_django.fixtures import DjangoAssertNumQueries

from handoffs import pipeline
from handoffs.access import accounts_visible_to, groups_of, may, may_start, verbs_of, visible_to
from handoffs.models import Handoff
from routing.models import Rep, User
from tests.factories import Company, RepFactory, TeamFactory, UserFactory
from tests.handoffs.given import LATER, assigned, blocked

pytestmark = pytest.mark.django_db


@pytest.fixture
def ingrids(firm: Company) -> Handoff:
    """Owned by Ingrid of Enterprise AE, sent by Dana of SDR; Elena manages both teams."""
    return assigned(firm)


def sees(user: User | AnonymousUser, handoff: Handoff) -> bool:
    return visible_to(user).filter(pk=handoff.pk).exists()


def fresh(user: User) -> User:
    """The user as the next request loads them."""
    return User.objects.get(pk=user.pk)


# Seeing.


@pytest.mark.parametrize(
    ("person", "sees_it"),
    [
        ("ingrid", True),  # owns it
        ("dana", True),  # sent it
        ("freya", False),  # a colleague in the same team
        ("kofi", False),  # a colleague of the sender
        ("hannah", False),  # a stranger
        ("elena", True),  # manages the receiving team and the sending one
        ("carsten", False),  # manages another team
        ("ben", True),  # RevOps
        ("clara", True),  # leadership
    ],
)
def test_a_handoff_is_seen_by_those_it_concerns(firm: Company, ingrids: Handoff, person: str, sees_it: bool) -> None:
    assert sees(firm.user(person), ingrids) is sees_it


def test_an_auditor_and_a_superuser_see_all_and_a_user_without_a_place_nothing(ingrids: Handoff) -> None:
    assert sees(UserFactory.create(groups=["auditor"]), ingrids)
    assert sees(UserFactory.create(is_superuser=True), ingrids)
    assert not sees(UserFactory.create(), ingrids)
    assert not sees(UserFactory.create(groups=["rep"]), ingrids), "the group alone makes nobody a colleague"
    assert not sees(UserFactory.create(groups=["manager"]), ingrids)
    assert not sees(AnonymousUser(), ingrids)


@pytest.mark.parametrize("person", ["ingrid", "elena", "ben", "clara"])
def test_who_has_left_sees_nothing(firm: Company, ingrids: Handoff, person: str) -> None:
    user = firm.user(person)
    user.is_active = False
    user.save()
    assert visible_to(fresh(user)).count() == 0
    assert groups_of(fresh(user)) == frozenset()


def test_who_owned_it_once_still_sees_it_and_who_never_did_does_not(firm: Company, ingrids: Handoff) -> None:
    pipeline.reassign(ingrids, to=firm.reps["freya"], reason="On leave", actor="user:1", now=LATER)
    assert sees(firm.user("ingrid"), ingrids)
    assert sees(firm.user("freya"), ingrids)
    assert not sees(firm.user("mikael"), ingrids)


def test_the_manager_of_whoever_owned_it_once_sees_it(firm: Company, ingrids: Handoff) -> None:
    team = TeamFactory.create(manager=firm.reps["carsten"])
    assert not sees(firm.user("carsten"), ingrids)
    Rep.objects.filter(pk=firm.reps["ingrid"].pk).update(team=team)
    pipeline.reassign(ingrids, to=firm.reps["freya"], reason="On leave", actor="user:1", now=LATER)
    assert sees(firm.user("carsten"), ingrids)


def test_a_manager_sees_the_whole_tree_below_and_nothing_beside_it(firm: Company, ingrids: Handoff) -> None:
    carsten = firm.reps["carsten"]
    region = TeamFactory.create(manager=carsten)
    country = TeamFactory.create(parent=region)
    assert not sees(firm.user("carsten"), ingrids)
    team = firm.teams["ae_enterprise"]
    team.parent = country
    team.save()
    assert sees(firm.user("carsten"), ingrids)

    # The manager of a team beside it, below the same head, does not.
    beside = TeamFactory.create(parent=region, manager=firm.reps["mikael"])
    assert beside.parent == region
    assert not sees(firm.user("mikael"), ingrids)


def test_the_senders_manager_sees_a_blocked_one_that_nobody_owns(firm: Company) -> None:
    handoff = blocked(firm)
    assert handoff.owner is None
    assert sees(firm.user("elena"), handoff)
    assert sees(firm.user("dana"), handoff)
    assert not sees(firm.user("ingrid"), handoff)


def test_a_team_tree_that_bites_its_tail_is_still_walked_once(firm: Company, ingrids: Handoff) -> None:
    above, below = firm.teams["ae_enterprise"], TeamFactory.create(parent=firm.teams["ae_enterprise"])
    above.parent = below
    above.save()
    assert sees(firm.user("elena"), ingrids)


def test_a_list_holds_each_handoff_once_however_often_it_concerns_somebody(firm: Company, ingrids: Handoff) -> None:
    for to in ("freya", "mikael", "ingrid"):
        ingrids = pipeline.reassign(ingrids, to=firm.reps[to], reason="Round", actor="user:1", now=LATER)
    assert list(visible_to(firm.user("ingrid"))) == [ingrids]
    assert list(visible_to(firm.user("elena"))) == [ingrids]


def test_seeing_costs_a_handful_of_queries(
    firm: Company, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for place in range(4):
        assigned(firm, name=f"Account {place}")
    user = fresh(firm.user("elena"))
    with django_assert_max_num_queries(6):
        assert len(visible_to(user)) == 4


# Acting.


@pytest.mark.parametrize(
    ("person", "acts"),
    [
        ("ingrid", True),
        ("elena", True),
        ("freya", False),
        ("dana", False),
        ("carsten", False),
        ("clara", False),
    ],
)
def test_only_the_owner_and_a_manager_above_the_owner_act(
    firm: Company, ingrids: Handoff, person: str, acts: bool
) -> None:
    assert may(firm.user(person), "acknowledge", ingrids) is acts


def test_seeing_all_is_not_acting(ingrids: Handoff) -> None:
    assert not may(UserFactory.create(groups=["auditor"]), "acknowledge", ingrids)
    assert not may(UserFactory.create(groups=["leadership"]), "acknowledge", ingrids)
    assert not may(AnonymousUser(), "acknowledge", ingrids)


def test_a_past_owner_sees_and_acts_no_more(firm: Company, ingrids: Handoff) -> None:
    after = pipeline.reassign(ingrids, to=firm.reps["freya"], reason="On leave", actor="user:1", now=LATER)
    assert not may(firm.user("ingrid"), "acknowledge", after)
    assert may(firm.user("freya"), "acknowledge", after)


def test_an_owner_who_has_left_does_not_act(firm: Company, ingrids: Handoff) -> None:
    user = firm.user("ingrid")
    user.is_active = False
    user.save()
    assert not may(fresh(user), "acknowledge", ingrids)


def test_nobody_acts_for_an_owner_that_does_not_exist(firm: Company) -> None:
    handoff = blocked(firm)
    assert not may(firm.user("elena"), "acknowledge", handoff)
    assert not may(firm.user("dana"), "acknowledge", handoff)


def test_a_colleague_of_the_same_name_in_another_team_is_a_stranger(firm: Company, ingrids: Handoff) -> None:
    twin = RepFactory.create(user=UserFactory.create(), first_name="Ingrid", last_name="Solheim")
    assert twin.user is not None
    assert not sees(twin.user, ingrids)
    assert not may(twin.user, "acknowledge", ingrids)


OWNERS = {"acknowledge", "undo_acknowledge", "log_contact", "book_meeting", "reject", "close", "fill_gap"}
SENDERS = {"resubmit", "withdraw", "fill_gap"}


@pytest.mark.parametrize(
    ("person", "verbs"),
    [
        ("ingrid", OWNERS),
        ("dana", SENDERS),
        ("elena", OWNERS | SENDERS | {"reassign"}),
        ("ben", SENDERS | {"reassign", "retry"}),
        ("clara", set()),
        ("freya", set()),
    ],
)
def test_each_side_of_a_handoff_has_its_verbs(firm: Company, ingrids: Handoff, person: str, verbs: set[str]) -> None:
    assert verbs_of(firm.user(person), ingrids) == verbs


def test_a_handoff_without_an_owner_is_given_away_by_who_manages_the_team_it_goes_to(firm: Company) -> None:
    handoff = blocked(firm)
    assert not may(firm.user("carsten"), "reassign", handoff)
    handoff.to_team = firm.teams["cs"]
    assert may(firm.user("carsten"), "reassign", handoff)
    assert not may(firm.user("carsten"), "acknowledge", handoff)
    assert not may(firm.user("hannah"), "reassign", handoff)


def test_a_handoff_sent_by_a_team_is_its_managers_to_withdraw(firm: Company) -> None:
    handoff = blocked(firm)
    handoff.from_rep, handoff.from_team = None, firm.teams["cs"]
    assert may(firm.user("carsten"), "withdraw", handoff)
    assert not may(firm.user("hannah"), "withdraw", handoff)
    assert not may(firm.user("elena"), "withdraw", handoff)


@pytest.mark.parametrize(
    ("person", "starts"), [("ingrid", True), ("elena", True), ("ben", True), ("clara", False), ("dana", True)]
)
def test_reps_managers_and_revops_may_start_a_handoff(firm: Company, person: str, starts: bool) -> None:
    assert may_start(firm.user(person)) is starts


def test_auditors_and_strangers_start_nothing() -> None:
    assert not may_start(UserFactory.create(groups=["auditor"]))
    assert not may_start(UserFactory.create(is_superuser=True, is_active=False))
    assert not may_start(AnonymousUser())
    assert may_start(UserFactory.create(is_superuser=True))


def test_an_account_is_seen_by_its_owner_their_manager_and_whoever_handles_it(firm: Company, ingrids: Handoff) -> None:
    account = ingrids.account
    account.owner = firm.reps["hannah"]
    account.save()

    def finds(person: str) -> bool:
        return accounts_visible_to(firm.user(person)).filter(pk=account.pk).exists()

    assert [
        person for person in ("ingrid", "dana", "elena", "hannah", "carsten", "ben", "clara") if not finds(person)
    ] == []
    assert not finds("freya")
    assert not finds("yusuf")
    assert not accounts_visible_to(AnonymousUser()).exists()
    account.owner = None
    account.save()
    assert finds("yusuf"), "what nobody owns is anybody's to start"


def test_the_manager_of_the_sender_sees_what_was_just_started_and_so_does_the_manager_it_goes_to(firm: Company) -> None:
    handoff = blocked(firm)
    Handoff.objects.filter(pk=handoff.pk).update(from_team=None, to_team=firm.teams["cs"])
    assert sees(firm.user("elena"), handoff), "Dana, who sent it, is of her team"
    assert sees(firm.user("carsten"), handoff)
    assert not sees(firm.user("mara"), handoff)


def test_who_has_left_the_roster_sees_what_they_had_and_does_nothing_to_it(firm: Company, ingrids: Handoff) -> None:
    Rep.objects.filter(pk=firm.reps["ingrid"].pk).update(is_active=False)
    ingrid = fresh(firm.user("ingrid"))
    assert sees(ingrid, ingrids)
    assert verbs_of(ingrid, ingrids) == set()
