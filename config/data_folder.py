"""The data folder of a demo: one running launcher at a time, its logs, and how it is emptied."""

import fcntl
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Self

# All that a demo writes. `reset` removes these and nothing else, whatever folder it is pointed at.
CONTENTS = (
    "handoffs.sqlite3*",
    "broker",
    "slack",
    "resend",
    "logs",
    "media",
    "staticfiles",
    "secret_key",
    "demo.env",
    "launcher.lock",
)


class FolderInUseError(Exception):
    """Another launcher runs on this folder, or it cannot be written; the message names the way out."""


class DataFolder:
    """A data folder held by this process until the `with` block is left."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: IO[str] | None = None

    def __enter__(self) -> Self:
        try:
            (self.path / "logs").mkdir(parents=True, exist_ok=True)
            # Not truncated on opening: it may hold the words of a launcher that runs.
            self._lock = open(self.path / "launcher.lock", "a+")
        except OSError as problem:
            raise FolderInUseError(
                f"The data folder {self.path} cannot be written ({problem.strerror}); "
                "set HANDOFFS_DATA_DIR to a folder of yours."
            ) from problem
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as problem:
            self._lock.seek(0)
            who = self._lock.read().strip() or "it is starting"
            self._lock.close()
            raise FolderInUseError(
                f"Handoffs already runs on {self.path} ({who}); stop it first (Ctrl-C where it runs), "
                "or set HANDOFFS_DATA_DIR to another folder."
            ) from problem
        self._write_lock(f"process {os.getpid()}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        (self.path / "demo.env").unlink(missing_ok=True)
        if self._lock is not None:
            self._lock.close()

    def note_address(self, address: str) -> None:
        """Leave the address for whoever tries to start a second time."""
        self._write_lock(f"process {os.getpid()}, {address}")

    def log(self, name: str) -> Path:
        """The file the output of a part goes to."""
        return self.path / "logs" / f"{name.replace(' ', '-')}.log"

    def leave_settings(self, settings: Mapping[str, str]) -> None:
        """Write demo.env, from which commands in other terminals learn the addresses of the running demo."""
        lines = "".join(f"{name}='{value}'\n" for name, value in settings.items())
        path = self.path / "demo.env"
        path.unlink(missing_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write(lines)

    def _write_lock(self, words: str) -> None:
        if self._lock is not None:
            self._lock.truncate(0)
            self._lock.write(words)
            self._lock.flush()


def reset(path: Path) -> str:
    """Remove all that a demo wrote to a data folder; a sentence about it. Raises FolderInUseError."""
    if not path.is_dir():
        return f"There is nothing to reset: {path} does not exist."
    with DataFolder(path):
        for pattern in CONTENTS:
            for found in path.glob(pattern):
                if found.is_dir() and not found.is_symlink():
                    shutil.rmtree(found)
                else:
                    found.unlink()
    if any(path.iterdir()):
        return f"The demo's data in {path} is removed; other files in it were left alone."
    path.rmdir()
    return f"The demo's data in {path} is removed; the next `make run` starts afresh."
