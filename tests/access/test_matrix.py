"""Every address x every person x every method answers as the permission matrix says, and nothing else changes a row.

`make every-cell` asks all cells; `make test` a short form, without what another cell tells already: see `asked`.
"""

import json
import logging
import os
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
import time_machine
from django.db import connection, transaction
from django.test import Client
from django.test.utils import override_settings
from django.urls import URLPattern, get_resolver
from pytest_django.plugin import DjangoDbBlocker

from routing import compiling
from tests.access.document import WHERE, document
from tests.access.matrix import MATRIX
from tests.access.personas import NOBODY, STAFF, Persona
from tests.access.rows import METHODS, READS, Answer, Kind, Row, address
from tests.access.world import World
from tests.factories import NOW, company

pytestmark = pytest.mark.django_db

SIGN_IN_PAGES = ("/accounts/login/", "/admin/login/")
EVERY_CELL = os.environ.get("HANDOFFS_EVERY_CELL") == "1"
METHODS_OF_FORMS = ("GET", "POST")
ASKED_BY_ANY_METHOD = (Persona.ANONYMOUS, Persona.SUPERUSER)
ASKED_TO_POST = (Persona.ANONYMOUS, Persona.LEADERSHIP)
BY_POWER = (Persona.AUDITOR, Persona.REVOPS, Persona.SUPERUSER)
HOW_TO_ADD = "Say in tests/access/matrix.py who is let in, then run: make permissions"


def routes() -> list[str]:
    """Every address the resolver knows, as its patterns are written."""

    def below(patterns: list[Any], before: str) -> Iterator[str]:
        for entry in patterns:
            route = before + str(entry.pattern)
            if isinstance(entry, URLPattern):
                yield route
            else:
                yield from below(entry.url_patterns, route)

    return [*below(get_resolver().url_patterns, "")]


SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing, whoever asks and whatever they are let to see."""


class Changes:
    """Counts rows written in this transaction since it was last asked, also those taken back.

    Sessions are left out, which every request renews.
    """

    _COUNT = """
        SELECT coalesce(sum(pg_stat_get_xact_tuples_inserted(oid) + pg_stat_get_xact_tuples_updated(oid)
            + pg_stat_get_xact_tuples_deleted(oid)), 0) FROM unnest(%s::oid[]) AS oid
    """

    def __init__(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT array_agg(oid) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
                " AND relname <> 'django_session'"
            )
            self._tables = cursor.fetchone()[0]
        self._before = self._written()

    def __call__(self) -> int:
        before, self._before = self._before, self._written()
        return self._before - before

    def _written(self) -> int:
        with connection.cursor() as cursor:
            cursor.execute(self._COUNT, [self._tables])
            return int(cursor.fetchone()[0])


def answer_of(status: int, location: str) -> Answer | int:
    """The class of an answer; a status that has none stands for itself."""
    to = urlsplit(location)
    # With the way back; without one it is where signing out leads.
    if status == 401 or (status == 302 and to.path in SIGN_IN_PAGES and "next=" in to.query):
        return Answer.SIGN_IN
    if status < 400 or status in {400, 409, 422}:
        return Answer.YES
    return next((answer for answer in Answer if answer == str(status)), status)


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    """One firm for the whole matrix, in a transaction that is never committed; time stands still."""
    with django_db_blocker.unblock():
        if connection.vendor != "postgresql":
            pytest.skip("The matrix counts written rows as PostgreSQL does.")
        logging.disable(logging.ERROR)  # thousands of refusals are what we ask for
        with (
            override_settings(AXES_ENABLED=False, API_CALLS_PER_MINUTE=10_000),
            time_machine.travel(NOW, tick=False),
            transaction.atomic(),
        ):
            compiling.compiled.cache_clear()
            yield World(company())
            transaction.set_rollback(True)
        logging.disable(logging.NOTSET)
        compiling.compiled.cache_clear()


def test_every_address_has_one_row_in_the_matrix_and_every_row_an_address():
    known, written = set(routes()), Counter(row.route for row in MATRIX)
    assert not known - set(written), f"No row for {sorted(known - set(written))}. {HOW_TO_ADD}"
    assert not set(written) - known, f"No such address: {sorted(set(written) - known)}. Take its row out."
    assert not (twice := [route for route, count in written.items() if count > 1]), f"More than one row for {twice}."


def test_the_document_for_people_says_what_the_matrix_says():
    assert WHERE.read_text(encoding="utf-8") == document(), "Run: make permissions"


def asked(row: Row, persona: Persona, method: str) -> bool:
    """Whether the short form has this cell: all that is refused by a guard of its own, and each way in once or twice.

    GET and POST, and a method that a row names, are asked as everybody. The others are refused, or answered like a GET,
    by one guard before anybody's rights are looked at: they are asked as the one who may do most and as a stranger,
    without rendering each page of the admin a second time for HEAD. For the admin's own economies see `asked_of_admin`.
    """
    if EVERY_CELL:
        return True
    if method in METHODS_OF_FORMS or method in row.let:
        return row.kind != Kind.ADMIN or asked_of_admin(row, persona, method)
    return persona in ASKED_BY_ANY_METHOD and not (method == "HEAD" and row.kind == Kind.ADMIN)


def asked_of_admin(row: Row, persona: Persona, method: str) -> bool:
    """Whether the short form asks this of the admin.

    Who is no staff is turned away by one guard, whatever the method: all of them GET, two of them POST. Staff are asked
    wherever they are refused, and whatever does something; a page that merely lets them in is drawn for the least
    powerful two (GET) or one (POST), since a superuser is let in wherever anybody is.
    """
    if persona not in STAFF:
        return method == "GET" or persona in ASKED_TO_POST
    let_in = [one for one in BY_POWER if one in row.let.get(method, NOBODY)]
    return persona not in let_in or row.body is not None or persona in let_in[: 2 if method == "GET" else 1]


def wrong(client: Client, row: Row, persona: Persona, method: str, world: World, changed: Callable[[], int]) -> str:
    """What is wrong with one cell; empty if nothing."""
    expected = row.answer(persona, method)
    value = partial(world.value, state=row.on)
    where = address(row, value)
    with a_tests_own():
        response = client.generic(method, where, **_content(row, method, value))
        written = changed()
        transaction.set_rollback(True)
    answer = answer_of(response.status_code, response.headers.get("Location", ""))
    said = f"{persona} {method} {where}"
    if answer != expected:
        return f"{said}: answered {response.status_code} ({answer}), and the matrix says {expected}"
    if written and (method in SAFE or method not in row.let or answer != Answer.YES):
        return f"{said}: answered {response.status_code} and yet wrote {written} rows"
    if not written and answer == Answer.YES and method == "POST" and row.body is not None:
        return f"{said}: answered {response.status_code} and changed nothing: is what it sends right?"
    return ""


def a_tests_own() -> transaction.Atomic:
    """A savepoint that Django takes for the frame of a test, where a transaction that must be outermost may begin."""
    frame = transaction.atomic()
    frame._from_testcase = True
    return frame


def _content(row: Row, method: str, value: Callable[[str], str]) -> dict[str, Any]:
    """What the request carries: the row's body, with the world's value wherever it says {name}."""
    if method in READS:
        return {}
    given = (row.body or {}).items()
    body = {name: value(said[1:-1]) if said.startswith("{") else said for name, said in given}
    if row.kind == Kind.API:
        return {"data": json.dumps(body), "content_type": "application/json"}
    return {"data": urlencode(body), "content_type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize("persona", list(Persona))
def test_every_address_answers_everybody_as_the_matrix_says(
    persona: Persona, world: World, record_property: Callable[[str, object], None]
):
    client = world.client(persona)
    changed = Changes()
    every = [(row, method) for row in MATRIX for method in METHODS]
    cells = [(row, method) for row, method in every if asked(row, persona, method)]
    found = [fault for row, method in cells if (fault := wrong(client, row, persona, method, world, changed))]
    record_property("counted", f"{len(found)} wrong of {len(cells)} cells for {persona}, of {len(every)}")
    assert not found, "\n".join(found)
