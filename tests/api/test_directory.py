"""Accounts and colleagues."""

from django.db import connection
from django.test.utils import CaptureQueriesContext

from routing.models import Rep
from tests.api.calling import problem
from tests.api.conftest import As
from tests.factories import AccountFactory, Company, DealFactory


def test_accounts_are_those_that_one_may_start_a_handoff_for(call: As, firm: Company) -> None:
    hers = AccountFactory.create(name="Hers", owner=firm.reps["ingrid"])
    theirs = AccountFactory.create(name="Theirs", owner=firm.reps["hannah"])

    def names(person: str) -> list[str]:
        return [row["name"] for row in call(person).get("accounts/").json()["results"]]

    assert names("ingrid") == names("elena") == ["Hers"]
    assert names("hannah") == ["Theirs"]
    assert names("ben") == names("auditor") == names("superuser") == ["Hers", "Theirs"]
    assert names("nobody") == []
    assert call("ingrid").get(f"accounts/{hers.uuid}/").json()["crm_id"] == hers.crm_id
    for named in (theirs.uuid, hers.crm_id, "x", "HO-1"):
        problem(call("ingrid").get(f"accounts/{named}/"), 404, "not-found")


def test_accounts_are_found_by_words_id_and_owner(call: As, firm: Company) -> None:
    account = AccountFactory.create(
        name="Halvorsen", domain="marine.example", is_customer=True, owner=firm.reps["ingrid"]
    )
    AccountFactory.create(name="Other", domain="other.example", is_customer=False)
    ben = call("ben")
    for query in (
        {"q": "halvor"},
        {"q": "MARINE"},
        {"crm_id": account.crm_id},
        {"is_customer": "true"},
        {"owner": firm.reps["ingrid"].uuid},
    ):
        assert [row["name"] for row in ben.get("accounts/", query).json()["results"]] == ["Halvorsen"], query
    assert len(ben.get("accounts/", {"ordering": "-name"}).json()["results"]) == 2
    problem(ben.get("accounts/", {"name": "Halvorsen"}), 400, "invalid")


def test_an_account_tells_its_open_deals_and_their_worth(call: As, firm: Company) -> None:
    account = AccountFactory.create()
    deal = DealFactory.create(account=account, amount="1250.50", currency="EUR", is_closed=False)
    DealFactory.create(account=account, is_closed=True)
    body = call("ben").get(f"accounts/{account.uuid}/").json()
    assert [(each["crm_id"], each["amount"]) for each in body["open_deals"]] == [
        (deal.crm_id, {"amount": "1250.50", "currency": "EUR"})
    ]


def test_the_roster_tells_names_and_functions_and_nothing_personal(call: As, firm: Company) -> None:
    rows = call("hannah").get("reps/", {"limit": 200}).json()["results"]
    assert len(rows) == Rep.objects.count()
    ingrid = next(row for row in rows if row["name"] == "Ingrid Solheim")
    assert set(ingrid) == {"uuid", "name", "function", "job_title", "team", "time_zone", "is_active"}
    assert ingrid["team"] == {"code": "ae_enterprise", "name": "Enterprise AE"}
    assert "@" not in str(rows)
    assert "U0INGRID" not in str(rows)
    assert call("hannah").get(f"reps/{ingrid['uuid']}/").json() == ingrid


def test_the_roster_is_for_colleagues(call: As, firm: Company) -> None:
    ingrid = firm.reps["ingrid"]
    assert call("nobody").get("reps/").json()["results"] == []
    problem(call("nobody").get(f"reps/{ingrid.uuid}/"), 404)
    assert call("auditor").get(f"reps/{ingrid.uuid}/").status_code == 200


def test_colleagues_are_found_by_name_team_and_function(call: As, firm: Company) -> None:
    firm.reps["freya"].is_active = False
    firm.reps["freya"].save()

    def names(**query: object) -> list[str]:
        return [row["name"] for row in call("ben").get("reps/", query).json()["results"]]

    assert names(team="ae_enterprise", function="ae", is_active="true") == ["Ingrid Solheim", "Mikael Strand"]
    assert names(is_active="false") == ["Freya Aldous"]
    assert names(q="solh") == ["Ingrid Solheim"]
    assert len(names(function=["csm", "am"])) == 4


def test_lists_of_accounts_and_colleagues_ask_as_often_for_many(call: As, firm: Company) -> None:
    ingrid = call("ingrid")

    def asked(path: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert ingrid.get(path).status_code == 200
        return len(captured)

    DealFactory.create(account__owner=firm.reps["ingrid"], is_closed=False)
    asked("accounts/")
    few = asked("accounts/"), asked("reps/?limit=1")
    for _ in range(5):
        DealFactory.create(account__owner=firm.reps["ingrid"], is_closed=False)
    assert (asked("accounts/"), asked("reps/?limit=200")) == few
