"""The description of the API, and the page that shows it."""

from typing import Any

import pytest
from django.test import Client
from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft202012Validator, FormatChecker
from playwright.sync_api import Page
from pytest_django.fixtures import Settings

from handoffs.api.fields import instant
from handoffs.api.problems import TITLES
from tests.admin.worlds import signed_in
from tests.api.calling import Caller, problem
from tests.api.conftest import As
from tests.factories import PASSWORD, Company, company

FORMATS = FormatChecker(("uuid",))


@FORMATS.checks("date-time", raises=ValueError)
def _is_instant(value: object) -> bool:
    """The library knows this format only with a package that we do not need."""
    return not isinstance(value, str) or bool(instant(value))


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    document: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return document


def operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [operation for path in document["paths"].values() for operation in path.values()]


def _nullable(schema: Any) -> Any:
    """OpenAPI 3.0 writes `nullable` where JSON Schema has a type of its own."""
    if isinstance(schema, list):
        return [_nullable(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {key: _nullable(value) for key, value in schema.items() if key != "nullable"}
    return {"anyOf": [plain, {"type": "null"}]} if schema.get("nullable") else plain


def test_every_example_is_what_the_description_says(described: dict[str, Any]) -> None:
    components = _nullable(described["components"]["schemas"])
    seen = 0
    for operation in operations(described):
        places = [operation.get("requestBody", {}), *operation["responses"].values()]
        for media in (media for place in places for media in place.get("content", {}).values()):
            assert media.get("examples"), f"{operation['operationId']} lacks an example"
            schema = _nullable(media["schema"]) | {"components": {"schemas": components}}
            for name, example in media["examples"].items():
                faults = list(Draft202012Validator(schema, format_checker=FORMATS).iter_errors(example["value"]))
                assert not faults, (operation["operationId"], name, faults[0].message)
                seen += 1
    assert seen > 200


def test_every_operation_says_what_it_is_for_and_who_may_call(described: dict[str, Any]) -> None:
    for operation in operations(described):
        assert operation["summary"], operation["operationId"]
        assert operation["description"]
        assert operation["security"] == [{"token": []}, {"cookieAuth": []}]
    kinds = {status for status, _ in TITLES.values()} - {405}  # no described method is answered with 405
    told = {int(status) for operation in operations(described) for status in operation["responses"]}
    assert kinds <= told


def test_the_description_is_for_those_who_are_signed_in(call: As, firm: Company) -> None:
    problem(Caller().get("/api/schema/"), 401, "unauthenticated")
    answer = call("ingrid").get("/api/schema/")
    assert answer.status_code == 200
    assert answer.json()["openapi"].startswith("3.")
    assert Client().get("/api/docs/").headers["Location"] == "/accounts/login/?next=/api/docs/"


def test_the_description_begins_with_what_the_api_is(described: dict[str, Any]) -> None:
    assert described["info"]["description"].startswith("Start handoffs, follow them")
    assert "issue_api_token" in described["info"]["description"]


def test_the_description_is_linked_where_people_look_for_it(firm: Company) -> None:
    client = Client()
    client.force_login(firm.user("ingrid"), backend="django.contrib.auth.backends.ModelBackend")
    assert 'href="/api/docs/"' in client.get("/me/").content.decode()
    assert 'href="/api/docs/"' in signed_in(group="revops").get("/admin/").content.decode()


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_the_page_of_the_api_works_under_our_own_policy(page: Page, settings: Settings) -> None:
    settings.AXES_ENABLED = False
    company()
    heard: list[str] = []
    page.on("console", lambda message: heard.append(message.text) if message.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.goto("/accounts/login/?next=/api/docs/")
    page.get_by_label("Work e-mail").fill("ben@fathomline.example")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/api/docs/")
    page.locator("#operations-Reps-list_reps button.opblock-summary-control").click()
    page.get_by_role("button", name="Try it out").click()
    page.get_by_role("button", name="Execute").click()
    page.locator("#operations-Reps-list_reps .live-responses-table .highlight-code").wait_for()
    assert "Ingrid Solheim" in page.locator("#operations-Reps-list_reps .live-responses-table").inner_text()
    assert heard == []
