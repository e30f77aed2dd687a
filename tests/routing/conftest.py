from collections.abc import Iterator

import pytest

from routing import compiling


@pytest.fixture(autouse=True)
def compiled_afresh() -> Iterator[None]:
    """Compiled rules are kept by id for the life of a process, and a rolled-back id may come again."""
    compiling.compiled.cache_clear()
    yield
    compiling.compiled.cache_clear()
