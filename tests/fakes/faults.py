"""What a stand-in can be told to do wrong, how often, and to which calls."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

KINDS = {
    "status": "answers with `status` (and `body`, `headers`, `retry_after`), before the effect or `after_effect`",
    "timeout_before_effect": "takes the call, does nothing, and holds the connection for `seconds`",
    "timeout_after_effect": "does what was asked, then holds the connection for `seconds`",
    "drop": "closes the connection without an answer, before the effect or `after_effect`",
    "malformed": "does what was asked and answers with broken JSON",
    "oversized": "does what was asked and answers with two million bytes",
    "slow": "works for `seconds`, then answers as usual",
    "drip": "does what was asked and answers a byte at a time over `seconds`",
}
DEFAULT_SECONDS = {"slow": 3.0}


@dataclass
class Fault:
    """One order. `times` counts down; None goes on for ever. Every item of `match` must hold (see `fits`)."""

    kind: str
    status: int = 500
    times: int | None = 1
    match: Mapping[str, Any] = field(default_factory=dict)
    retry_after: float | None = None
    seconds: float | None = None
    after_effect: bool = False
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    id: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"There is no fault '{self.kind}'; there are {', '.join(KINDS)}.")

    @property
    def works_first(self) -> bool:
        """Whether what was asked takes effect all the same."""
        if self.kind in {"status", "drop"}:
            return self.after_effect
        return self.kind != "timeout_before_effect"

    @property
    def lasts(self) -> float:
        """Seconds it holds the caller."""
        return DEFAULT_SECONDS.get(self.kind, 60.0) if self.seconds is None else self.seconds

    def fits(self, *, method: str, path: str, key: str, body: Mapping[str, Any]) -> bool:
        """`method` equals, `path` is an end of the path, `key` a part of the key; other names are items of the body."""
        for name, wanted in self.match.items():
            if name == "method":
                holds = method == wanted
            elif name == "path":
                holds = path.endswith(wanted)
            elif name == "key":
                holds = wanted in key
            else:
                holds = body.get(name) == wanted
            if not holds:
                return False
        return True


class Faults:
    """The orders still open, first come first served."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: list[Fault] = []
        self._ids = itertools.count(1)

    def add(self, order: Mapping[str, Any]) -> Fault:
        """Take an order as it came over HTTP. Raises ValueError or TypeError for one that makes no sense."""
        fault = Fault(**{**order, "id": next(self._ids)})
        with self._lock:
            self._open.append(fault)
        return fault

    def take(self, *, method: str, path: str, key: str, body: Mapping[str, Any]) -> Fault | None:
        """The first order that fits this call, counted down."""
        with self._lock:
            for fault in self._open:
                if fault.fits(method=method, path=path, key=key, body=body):
                    if fault.times is not None:
                        fault.times -= 1
                        if fault.times <= 0:
                            self._open.remove(fault)
                    return fault
        return None

    def clear(self) -> None:
        """Forget all orders."""
        with self._lock:
            self._open.clear()

    def listed(self) -> list[dict[str, Any]]:
        """The open orders, for people."""
        with self._lock:
            return [asdict(fault) for fault in self._open]
