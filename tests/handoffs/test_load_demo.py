"""The command that loads the demo company: where it may, and over nothing."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from handoffs.demo import people
from handoffs.models import Account
from routing.models import Team


def test_the_demo_is_refused_where_real_people_work(settings):
    settings.HANDOFFS_DEMO = False
    with pytest.raises(CommandError, match="not a demo"):
        call_command("load_demo")


@pytest.mark.django_db
def test_a_second_start_keeps_what_is_there(settings):
    settings.HANDOFFS_DEMO = True
    Team.objects.create(code="ours", name="Ours")
    out = StringIO()
    call_command("load_demo", "--people", stdout=out)
    assert Team.objects.get().name == "Ours"
    assert f"ingrid@fathomline.example  {people.PASSWORD}" in out.getvalue()
    assert not Account.objects.exists()
