"""A product-usage system over plain HTTP: GET <LIFECYCLE_URL>/users/<id>/segment?include_history=1.

The answer is a JSON object: stage, as_of (ISO 8601 with an offset), active_users, seats, metrics, and
history, a list of {"stage", "since"}, newest first. 404 means that the user is not known there.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from django.conf import settings

from handoffs.connectors.http import Door
from handoffs.connectors.outgoing import one_line
from handoffs.connectors.ports import ConnectorError, UsageRecord


class LifecycleHttp:
    """The lifecycle connector. Reads LIFECYCLE_URL and LIFECYCLE_TOKEN."""

    def __init__(self) -> None:
        self._url = settings.LIFECYCLE_URL.rstrip("/")
        self._door = Door(system="The lifecycle system", base_url=self._url, setting="LIFECYCLE_URL")

    def get_segment(self, user_id: str, *, include_history: bool = True) -> UsageRecord | None:
        """What the user does in the product; None if the system does not know them. Raises ConnectorError."""
        if not user_id.strip("."):
            return None  # Nobody, or a step to another path.
        answer = self._door.request(
            method="GET",
            url=f"{self._url}/users/{quote(user_id, safe='')}/segment?include_history={int(include_history)}",
            headers={"authorization": f"Bearer {settings.LIFECYCLE_TOKEN}", "accept": "application/json"},
        )
        if answer.status == 404:
            return None
        answer.refuse_failure(credentials="LIFECYCLE_TOKEN")
        try:
            return _usage(answer.json_object())
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ConnectorError(
                f"The lifecycle system's answer for user {one_line(user_id)} cannot be read ({error!r}).",
                permanent=True,
            ) from error


def _usage(found: dict[str, Any]) -> UsageRecord:
    history = tuple((str(past["stage"]), _instant(past["since"])) for past in found.get("history") or ())
    return UsageRecord(
        stage=str(found["stage"]),
        as_of=_instant(found["as_of"]),
        active_users=_count(found.get("active_users")),
        seats=_count(found.get("seats")),
        metrics=dict(found.get("metrics") or {}),
        history=history,
    )


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(f"{text} has no UTC offset")
    return instant.astimezone(UTC)


def _count(value: Any) -> int | None:
    return None if value is None else int(value)
