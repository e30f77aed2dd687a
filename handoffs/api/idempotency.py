"""The same request twice does its work once: answers are kept for a day under the caller's own key.

The work and the answer are one transaction, so a process that dies leaves neither; its claim on the key is taken over
after a minute. A refused request changed nothing and gives its key back.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from handoffs.api.problems import ProblemError
from handoffs.models import KeptAnswer
from routing.models import User

HEADER = "Idempotency-Key"
KEPT = timedelta(hours=24)
LEASE = timedelta(seconds=60)
WELL_FORMED = re.compile(r"[\x21-\x7e]{1,200}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What a request is answered with: plain JSON values, and where the row is to be found."""

    status: int
    body: dict[str, Any]
    location: str
    is_replay: bool = False


class _LostClaimError(Exception):
    """Somebody else took the key over meanwhile; what was done here is rolled back."""


def once(
    work: Callable[[], Answer], *, user: User, key: str | None, request: tuple[str, Any], real_now: datetime
) -> Answer:
    """Does `work` in one transaction; with a `key`, at most once in 24 hours for the same `request` (path and body).

    Raises ProblemError for a key that is malformed, in use (409) or was used for another request (422), and whatever
    `work` raises.
    """
    if key is None:
        with transaction.atomic():
            return work()
    if not WELL_FORMED.fullmatch(key):
        raise ProblemError(
            "invalid",
            f"The header {HEADER} holds 1 to 200 printable ASCII characters without spaces.",
            errors=[{"header": HEADER, "detail": "Use a UUID, for example."}],
        )
    claim, kept = _claim(user, key, _hash(request), real_now)
    if kept is not None:
        return kept
    try:
        with transaction.atomic():
            answer = work()
            _keep(answer, claim, real_now)
    except _LostClaimError:
        raise _in_progress() from None
    except Exception:
        KeptAnswer.objects.filter(pk=claim, started_at=real_now, status=None).delete()
        raise
    return answer


def _claim(user: User, key: str, digest: str, now: datetime) -> tuple[int, Answer | None]:
    """The id of the claim that is now ours, or the answer that was kept under the key."""
    KeptAnswer.objects.filter(user=user, started_at__lte=now - KEPT).delete()
    try:
        with transaction.atomic():
            return KeptAnswer.objects.create(user=user, key=key, request_hash=digest, started_at=now).pk, None
    except IntegrityError:
        found = KeptAnswer.objects.filter(user=user, key=key).first()
    if found is None:  # it was given back just now
        raise _in_progress()
    if found.request_hash != digest:
        raise ProblemError(
            "key-reused", f"The {HEADER} was used for another request in the last 24 hours. Make a new one."
        )
    if found.status is not None:
        kept = json.loads(found.body)
        return found.pk, Answer(status=found.status, body=kept, location=found.location, is_replay=True)
    abandoned = KeptAnswer.objects.filter(
        pk=found.pk, started_at=found.started_at, started_at__lte=now - LEASE, status=None
    )
    if not abandoned.update(started_at=now):
        raise _in_progress()
    return found.pk, None


def _keep(answer: Answer, claim: int, started_at: datetime) -> None:
    """Keeps the answer under our claim. Raises _LostClaimError if it is no longer ours."""
    ours = KeptAnswer.objects.filter(pk=claim, started_at=started_at, status=None)
    if not ours.update(status=answer.status, body=json.dumps(answer.body), location=answer.location):
        raise _LostClaimError


def _in_progress() -> ProblemError:
    return ProblemError(
        "in-progress", "A request with the same key is being worked on. Ask again in a moment for its answer."
    )


def _hash(request: tuple[str, Any]) -> str:
    path, body = request
    return hashlib.sha256(f"{path}\n{json.dumps(body, sort_keys=True)}".encode()).hexdigest()
