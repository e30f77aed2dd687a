"""An append-only file of JSON lines, on disk before anybody is answered, written by one process alone."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path
from typing import Any

Row = dict[str, Any]


class LedgerTakenError(Exception):
    """Another process writes this ledger; the message says which file."""


class Ledger:
    """The rows of one stand-in, oldest first. Not safe for threads by itself: its owner holds the lock."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = open(path, "a+b")  # noqa: SIM115 - open as long as the process lives.
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise LedgerTakenError(
                f"{path} is being written by another process; stop that one or choose another --data folder."
            ) from error
        self.rows: list[Row] = self._read()

    def append(self, row: Row) -> Row:
        """Write the row, numbered, through to the disk."""
        row = {"n": len(self.rows) + 1, **row}
        self._file.write(json.dumps(row, ensure_ascii=True).encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        self.rows.append(row)
        return row

    def _read(self) -> list[Row]:
        """All whole rows. A line that a kill cut short was never answered for, so it is cut away."""
        self._file.seek(0)
        rows, whole = [], 0
        for line in self._file:
            if not line.endswith(b"\n"):
                break
            rows.append(json.loads(line))
            whole += len(line)
        self._file.truncate(whole)
        self._file.seek(0, os.SEEK_END)
        return rows
