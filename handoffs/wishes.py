"""How people want to be told: by which channel, and when they want quiet. In-app notices come whatever they chose."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time

from handoffs.models import Preference
from routing.hours import ALWAYS, WEEKDAYS, HoursError, WorkingHours, next_opening


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """One person's wish; as it is, that of everybody who never chose. `awake` is when they may be disturbed."""

    channel: str = Preference.Channel.SLACK
    awake: WorkingHours = ALWAYS

    @property
    def wants_email(self) -> bool:
        return self.channel in {Preference.Channel.EMAIL, Preference.Channel.BOTH}

    @property
    def wants_slack(self) -> bool:
        return self.channel in {Preference.Channel.SLACK, Preference.Channel.BOTH}

    def earliest(self, at: datetime, *, urgent: bool, deadline: datetime | None = None) -> datetime:
        """When a message that is ready at `at` (aware) goes out: after the quiet hours, unless it is urgent.

        A message about a `deadline` that the quiet hours would swallow does not wait either: it would come too late.
        """
        if urgent:
            return at
        awake_at = next_opening(self.awake, at)
        return at if deadline is not None and deadline <= awake_at else awake_at


Wishes = Mapping[int, Wish]


def wish_of(wishes: Wishes | None, rep_id: int) -> Wish:
    """The wish of one person of the roster, looked up unless `wishes` were read before."""
    return (wishes_of([rep_id]) if wishes is None else wishes).get(rep_id, Wish())


def wishes_of(reps: Iterable[int | None]) -> dict[int, Wish]:
    """The wishes of these people of the roster, by their id; one query. Whoever never chose is left out."""
    chosen = Preference.objects.filter(user__rep__in=[rep for rep in reps if rep is not None])
    rows = chosen.values_list("user__rep", "channel", "quiet_from", "quiet_until", "user__time_zone")
    return {rep: Wish(channel=channel, awake=awake(since, until, zone)) for rep, channel, since, until, zone in rows}


def wishes_of_users(users: Iterable[int]) -> dict[int, Wish]:
    """The same of people who sign in, by their user's id; one query."""
    rows = Preference.objects.filter(user__in=users).values_list(
        "user", "channel", "quiet_from", "quiet_until", "user__time_zone"
    )
    return {user: Wish(channel=channel, awake=awake(since, until, zone)) for user, channel, since, until, zone in rows}


def awake(quiet_from: time | None, quiet_until: time | None, zone: str) -> WorkingHours:
    """The hours of a day outside the quiet ones, on the clocks of `zone`; always, where there are none."""
    if quiet_from is None or quiet_until is None or quiet_from == quiet_until:
        return ALWAYS
    block = [f"{quiet_until:%H:%M}", f"{quiet_from:%H:%M}"]
    try:
        return WorkingHours.from_week(zone=zone, week={day: [block] for day in WEEKDAYS})
    except HoursError:  # a zone that is no longer known, or seconds that made the two the same
        return ALWAYS
