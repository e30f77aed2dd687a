"""`manage.py lint_rules`, as RevOps types it: what was found in words, and an exit code that says whether it blocks."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from routing.models import RuleSet
from tests.factories import NOW, CheckFactory, PoolFactory
from tests.routing.test_lint import stored

pytestmark = pytest.mark.django_db


def output(*arguments: str) -> tuple[str, CommandError | None]:
    out = StringIO()
    try:
        call_command("lint_rules", *arguments, stdout=out)
    except CommandError as error:
        return out.getvalue(), error
    return out.getvalue(), None


def test_the_command_says_what_blocks_and_ends_with_three() -> None:
    version = stored(pool=PoolFactory.create(name="Empty"), conditions={"country": ["NO"]})
    text, error = output("--version", "41")
    assert "blocks  R-1 Nordics leads to nobody: its pool Empty has no active member." in text
    assert 'for example {"handoff_type": "mql_to_sales", "country": "NO"}' in text
    assert "note    Only the catch-all R-9 Rest takes records where country is not Norway." in text
    assert error.returncode == 3
    assert str(error) == "1 finding of v41 must be mended before it can be published."
    assert version.number == 41


def test_the_command_ends_with_three_for_a_check_that_fails_alone() -> None:
    stored(conditions={})
    CheckFactory.create(name="Fjord", facts={"handoff_type": "sql_to_ae"}, rule_code="R-9")
    text, error = output("--version", "41")
    assert "blocks  The check “Fjord” expects R-9, but R-1 Nordics takes the record." in text
    assert (error.returncode, str(error)) == (3, "1 finding of v41 must be mended before it can be published.")


def test_the_command_speaks_json() -> None:
    stored(pool=PoolFactory.create(), conditions={"country": ["NO"]})
    text, error = output("--version", "41", "--format", "json")
    told = json.loads(text)
    assert (told["version"], [each["kind"] for each in told["findings"]]) == (41, ["target", "gap"])
    assert told["findings"][1]["witness"]["country"] != "NO"
    assert error is not None


def test_the_command_takes_the_live_version_and_is_content_with_a_sound_one() -> None:
    version = stored(conditions={})
    RuleSet.objects.filter(pk=version.pk).update(state=RuleSet.State.LIVE, published_at=NOW)
    assert output() == ("v41 is sound: nothing to report.\n", None)


def test_a_version_that_is_not_there_is_wrong_input() -> None:
    assert output()[1].returncode == 2
    stored()
    text, error = output("--version", "7")
    assert (text, str(error)) == ("", "There is no version 7; there are v41. Name one by its number.")
    assert error.returncode == 2


def test_the_command_takes_the_number_with_and_without_its_letter() -> None:
    stored(conditions={})
    assert output("41") == output("v41") == output("--version", "41") == ("v41 is sound: nothing to report.\n", None)
    error = output("vier")[1]
    assert error is not None
    assert "“vier” is not the number of a version; write 3, or v3" in str(error)


def test_the_command_says_of_live_rules_that_they_are_live() -> None:
    version = stored(pool=PoolFactory.create())
    RuleSet.objects.filter(pk=version.pk).update(state=RuleSet.State.LIVE, published_at=NOW)
    assert str(output()[1]).startswith("1 finding of v41, which is live, would keep it from being published today.")
