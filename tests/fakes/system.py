"""What all stand-ins share: calls come in, the ledger is written, faults strike, an answer goes out.

A stand-in's state is nothing but its ledger read from the start, so a restart forgets nothing.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from tests.fakes.exchange import Call, Page, Reply
from tests.fakes.faults import Fault, Faults
from tests.fakes.ledger import Ledger, Row


class FakeSystem(ABC):
    """One outside system. Subclasses decide (`answer`), remember (`apply`) and show (`page`)."""

    name: ClassVar[str]

    def __init__(self, data: Path) -> None:
        self.lock = threading.RLock()
        self.faults = Faults()
        self.ledger = Ledger(data / f"{self.name}.jsonl")
        # Set when whoever is being held by a fault should be let go.
        self.release = threading.Event()
        self.busy_keys: set[str] = set()
        # What tests said of this world, e.g. which channels do not exist.
        self.scripted: dict[str, Any] = {}
        self._first_row = 0
        self.forget()
        for row in self.ledger.rows:
            self._remember(row)

    # What a stand-in fills in.

    @abstractmethod
    def forget(self) -> None:
        """Go back to an empty world."""

    @abstractmethod
    def answer(self, call: Call) -> Reply:
        """Decide. What counts is changed by `apply` alone."""

    @abstractmethod
    def apply(self, row: Row) -> None:
        """Let a row that took effect change the state; also how the state is rebuilt at start."""

    @abstractmethod
    def key_of(self, call: Call) -> str:
        """The key that says which sending this call belongs to, or ""."""

    @abstractmethod
    def page(self, call: Call) -> Page | None:
        """A page for people, or None if there is none at this path."""

    def pressed(self, call: Call) -> Page | None:
        """What a form on such a page does, or None if there is none at this path."""
        return None

    @abstractmethod
    def failure(self, status: int) -> Any:
        """The body this system sends with a failing status."""

    def busy(self) -> Reply | None:
        """The answer to a second call under a key whose first is still being worked on; None just works on both."""
        return None

    # What happens to a call.

    def work(self, call: Call) -> tuple[Reply, Fault | None]:
        """Decide and write down; the caller then delivers the reply as the fault wants it."""
        key = self.key_of(call)
        with self.lock:
            busy = self.busy() if key and key in self.busy_keys else None
            if busy is not None:
                self._write(call, key=key, reply=busy)
                return busy, None
            self.busy_keys.add(key)
        try:
            fault = self.faults.take(method=call.method, path=call.path, key=key, body=call.body)
            return self._worked(call, key=key, fault=fault), fault
        finally:
            with self.lock:
                self.busy_keys.discard(key)

    def _worked(self, call: Call, *, key: str, fault: Fault | None) -> Reply:
        if fault is not None and fault.kind == "slow":
            self.release.wait(fault.lasts)
        with self.lock:
            if fault is not None and not fault.works_first:
                reply = Reply(status=fault.status, outcome="fault")
            else:
                reply = self.answer(call)
            self._remember(self._write(call, key=key, reply=reply, fault=fault))
            return reply

    def _write(self, call: Call, *, key: str, reply: Reply, fault: Fault | None = None) -> Row:
        return self.ledger.append(
            {
                "received": datetime.now(UTC).isoformat(timespec="milliseconds"),
                "method": call.method,
                "path": call.path,
                "key": key,
                "body": call.body,
                "status": reply.status,
                "outcome": reply.outcome,
                "fault": fault.kind if fault else "",
                "took_effect": reply.effect is not None,
                "effect": reply.effect,
            }
        )

    # What tests ask for.

    def rows(self, *, after: int = 0) -> list[Row]:
        """The rows since the last reset, those numbered `after` or less left out. Scripts and resets are none."""
        with self.lock:
            recent = self.ledger.rows[max(self._first_row, after) :]
            return [row for row in recent if not row["path"].startswith("/_")]

    def script(self, values: dict[str, Any]) -> None:
        """Add to what is known about this world."""
        self._control("/_script", values)

    def let_go(self) -> None:
        """Go on with whatever a fault is holding."""
        self.release.set()
        self.release = threading.Event()

    def reset(self) -> None:
        """Forget everything but the ledger's rows, which stay on disk."""
        self.faults.clear()
        self.let_go()
        self._control("/_reset", {})

    def _control(self, path: str, body: dict[str, Any]) -> None:
        call = Call(method="POST", path=path, query={}, headers={}, body=body)
        with self.lock:
            self._remember(self._write(call, key="", reply=Reply(outcome="control")))

    def _remember(self, row: Row) -> None:
        if row["path"] == "/_reset":
            self._first_row = row["n"]
            self.scripted = {}
            self.forget()
        elif row["path"] == "/_script":
            self.scripted |= row["body"]
        elif row["took_effect"]:
            self.apply(row)
