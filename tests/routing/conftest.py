from collections.abc import Iterator

import pytest

from routing import matcher


@pytest.fixture(autouse=True)
def compiled_afresh() -> Iterator[None]:
    """Compiled rules are kept by id for the life of a process, and a rolled-back id may come again."""
    matcher.compiled.cache_clear()
    yield
    matcher.compiled.cache_clear()
