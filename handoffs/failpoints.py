"""Places where a process can be told to kill itself, so that tests can show that nothing is lost there.

`HANDOFFS_FAILPOINT` names one ("pipeline.gathered") or its n-th passing ("outbox.sent:3"); empty, which is the default,
means never.
"""

from __future__ import annotations

import os
import signal
from collections import Counter

from django.conf import settings

_passed: Counter[str] = Counter()


def pass_point(name: str) -> None:
    """Kills this process with SIGKILL if settings name this point; otherwise does nothing."""
    wanted: str = settings.HANDOFFS_FAILPOINT
    if not wanted:
        return
    point, _, nth = wanted.partition(":")
    if point != name:
        return
    _passed[name] += 1
    if _passed[name] == int(nth or 1):
        os.kill(os.getpid(), signal.SIGKILL)
