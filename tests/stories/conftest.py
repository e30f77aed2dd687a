from collections.abc import Iterator

import pytest
from pytest_django.fixtures import Settings

from routing import compiling
from tests.factories import company
from tests.fakes.fixtures import Fake
from tests.stories.office import Office


@pytest.fixture
def office(db: None, fake_slack: Fake, fake_resend: Fake, fake_lifecycle: Fake, settings: Settings) -> Iterator[Office]:
    """The firm with every outside system there and well."""
    settings.SITE_URL = "https://handoffs.example"
    settings.CRM_RECORD_URL = "https://crm.example/{kind}/{crm_id}"
    settings.LIFECYCLE_CONNECTOR = "handoffs.connectors.lifecycle_http.LifecycleHttp"
    settings.SLACK_REVOPS_CHANNEL = "#revops"
    settings.REVOPS_EMAIL = "revops@fathomline.example"
    # Compiled rules are kept by id for the life of a process, and a rolled-back id may come again.
    compiling.compiled.cache_clear()
    yield Office(firm=company(), slack=fake_slack, resend=fake_resend, lifecycle=fake_lifecycle)
    compiling.compiled.cache_clear()
