"""What the tests of this folder start from."""

from pathlib import Path

import pytest
import redis

from tests.fakes.fixtures import Fake
from tests.faults.processes import Product, product


@pytest.fixture
def running_product(
    transactional_db: None, fake_slack: Fake, fake_resend: Fake, broker_url: str, tmp_path: Path
) -> Product:
    """The product's processes on this test's database, stand-ins and broker, whose queue is empty."""
    redis.Redis.from_url(broker_url).delete("celery")
    return product(slack=fake_slack, resend=fake_resend, broker=broker_url, logs=tmp_path)
