"""Who owns the customer already: the owner rules in their order, and who takes it while the owner is away."""

from datetime import timedelta
from typing import Any

from handoffs.models import State
from routing.models import HandoffType, Membership, Turn
from tests.factories import NOW, AbsenceFactory, AccountFactory, rich_account
from tests.stories.office import Office


def test_a_named_account_goes_to_its_person_whoever_is_next_in_turn(office: Office) -> None:
    rich_account("sql_to_ae", sender=office.person("dana"), named_owner=office.person("freya"))
    office.sweep(at=NOW)
    handoff = office.handoff()
    assert (handoff.owner, handoff.team) == (office.person("freya"), office.firm.teams["ae_enterprise"])
    assert rule_of(office) == "R-010"

    # An owner match is no turn.
    assert not Turn.objects.exists()
    assert set(Membership.objects.values_list("pointer", flat=True)) == {0}


def test_the_owner_of_the_open_deal_takes_the_expansion_they_work_on(office: Office) -> None:
    rich = rich_account("expansion_to_sales", sender=office.person("hannah"))
    assert rich.deal is not None
    rich.deal.owner = office.person("oskar")
    rich.deal.save()
    office.sweep(at=NOW)
    handoff = office.handoff()
    assert (handoff.owner, handoff.from_rep) == (office.person("oskar"), office.person("hannah"))
    assert rule_of(office) == "R-020"


def test_the_owner_of_a_closed_deal_has_no_claim(office: Office) -> None:
    rich = rich_account("expansion_to_sales", sender=office.person("hannah"))
    assert rich.deal is not None
    rich.deal.owner = office.person("oskar")
    rich.deal.save()
    handoff = office.receive(HandoffType.EXPANSION_TO_SALES, rich.account, rich.deal, now=NOW)
    rich.deal.is_closed = True
    rich.deal.save()
    office.sweep(at=NOW)
    handoff.refresh_from_db()
    assert handoff.owner == office.person("lena")


def test_an_account_owner_who_sells_takes_the_lead(office: Office) -> None:
    rich_account("mql_to_sales", sender=office.person("priya"))
    office.sweep(at=NOW)
    handoff = office.handoff()
    assert (handoff.owner, handoff.from_rep) == (office.person("priya"), None)
    assert handoff.from_team == office.firm.teams["marketing"], "nobody is known as the sender, so the team is"
    assert rule_of(office) == "R-030"


def test_a_subsidiary_goes_to_the_owner_of_its_parent(office: Office) -> None:
    parent = AccountFactory.create(name="Halvorsen Group", owner=office.person("mikael"))
    rich_account("sql_to_ae", sender=office.person("dana"), parent=parent)
    office.sweep(at=NOW)
    assert office.handoff().owner == office.person("mikael")
    assert rule_of(office) == "R-040"


def test_a_named_owner_comes_before_an_account_owner_and_that_one_before_the_parents(office: Office) -> None:
    parent = AccountFactory.create(name="Halvorsen Group", owner=office.person("mikael"))
    rich = rich_account(
        "sql_to_ae",
        sender=office.person("dana"),
        parent=parent,
        owner=office.person("freya"),
        named_owner=office.person("ingrid"),
    )
    office.sweep(at=NOW)
    assert (office.handoff().owner, rule_of(office)) == (office.person("ingrid"), "R-010")

    other = rich_account(
        "sql_to_ae", sender=office.person("dana"), parent=parent, owner=office.person("freya"), name="Aker Freight"
    )
    office.sweep(at=NOW)
    assert other.account.handoffs.get().owner == office.person("freya")
    assert rich.account.handoffs.count() == 1


def test_a_named_owner_who_does_not_receive_this_type_is_passed_over(office: Office) -> None:
    rich_account("sql_to_ae", sender=office.person("dana"), named_owner=office.person("hannah"))
    office.sweep(at=NOW)
    assert (office.handoff().owner, rule_of(office)) == (office.person("ingrid"), "R-110")


def test_the_sender_never_hands_over_to_themselves(office: Office) -> None:
    # Oskar, an account executive, hands an account of his own to sales.
    rich = rich_account("mql_to_sales", sender=office.person("oskar"))
    handoff = office.receive(HandoffType.MQL_TO_SALES, rich.account, None, now=NOW, from_rep=office.person("oskar"))
    office.sweep(at=NOW)
    handoff.refresh_from_db()
    assert (handoff.from_rep, handoff.owner) == (office.person("oskar"), office.person("dana"))


def test_on_leave_the_cover_named_for_it_takes_the_owners_handoffs(office: Office) -> None:
    freya = office.person("freya")
    freya.cover = office.person("ingrid")
    freya.save()
    AbsenceFactory.create(rep=freya, cover=office.person("mikael"))
    rich_account("sql_to_ae", sender=office.person("dana"), named_owner=freya)
    office.sweep(at=NOW)
    handoff = office.handoff()
    assert handoff.owner == office.person("mikael")
    assert receipt_of(office)["notes"] == ["Mikael Strand covers for Freya Aldous"]
    assert [(each["name"], each["code"]) for each in receipt_of(office)["candidates"]] == [
        ("Freya Aldous", "absent"),
        ("Mikael Strand", "eligible"),
    ]


def test_without_a_cover_for_the_leave_the_standing_cover_takes_it(office: Office) -> None:
    freya = office.person("freya")
    freya.cover = office.person("ingrid")
    freya.save()
    AbsenceFactory.create(rep=freya)
    rich_account("sql_to_ae", sender=office.person("dana"), named_owner=freya)
    office.sweep(at=NOW)
    assert office.handoff().owner == office.person("ingrid")


def test_with_the_cover_away_too_the_manager_takes_it(office: Office) -> None:
    freya, mikael = office.person("freya"), office.person("mikael")
    # They cover for each other, and both are away: nobody asks in circles.
    AbsenceFactory.create(rep=freya, cover=mikael)
    AbsenceFactory.create(rep=mikael, cover=freya)
    rich_account("sql_to_ae", sender=office.person("dana"), named_owner=freya)
    office.sweep(at=NOW)
    assert office.handoff().owner == office.person("elena")
    assert receipt_of(office)["notes"] == ["Elena Petrova manages Freya Aldous's team"]
    asked = [each["name"] for each in receipt_of(office)["candidates"]]
    assert asked == ["Freya Aldous", "Mikael Strand", "Elena Petrova"]


def test_with_everybody_away_it_waits_for_the_owner(office: Office) -> None:
    freya = office.person("freya")
    back = NOW + timedelta(days=2)
    AbsenceFactory.create(rep=freya, ends_at=back)
    AbsenceFactory.create(rep=office.person("elena"), ends_at=back + timedelta(days=3))
    rich_account("sql_to_ae", sender=office.person("dana"), named_owner=freya)
    office.sweep(at=NOW)
    assert (office.handoff().state, office.handoff().next_at) == (State.UNASSIGNED, back)
    office.sweep(at=back)
    assert office.handoff().owner == freya


def test_of_an_owner_who_left_the_cover_they_named_takes_the_handoffs(office: Office) -> None:
    freya = office.person("freya")
    freya.is_active, freya.cover = False, office.person("mikael")
    freya.save()
    rich_account("sql_to_ae", sender=office.person("dana"), named_owner=freya)
    office.sweep(at=NOW)
    assert (office.handoff().owner, rule_of(office)) == (office.person("mikael"), "R-010")
    assert receipt_of(office)["notes"] == ["Mikael Strand covers for Freya Aldous"]


def test_without_a_cover_the_next_rule_decides_for_an_owner_who_left_and_not_their_manager(office: Office) -> None:
    freya = office.person("freya")
    freya.is_active = False
    freya.save()
    rich_account("sql_to_ae", sender=office.person("dana"), named_owner=freya)
    office.sweep(at=NOW)
    assert (office.handoff().owner, rule_of(office)) == (office.person("ingrid"), "R-110")
    [passed] = receipt_of(office)["skipped"]
    assert [(each["name"], each["code"]) for each in passed["candidates"]] == [("Freya Aldous", "inactive")]


def receipt_of(office: Office) -> dict[str, Any]:
    assignment = office.every_handoff()[0].assignment
    assert assignment is not None
    assert assignment.decision is not None
    receipt: dict[str, Any] = assignment.decision.receipt
    return receipt


def rule_of(office: Office) -> object:
    return receipt_of(office)["rule"]
