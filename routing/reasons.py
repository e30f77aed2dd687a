"""Why somebody is passed over: a code for machines and a part of a sentence for people.

The codes in the order in which they are checked: inactive, excluded, segment_mismatch, skill_mismatch, holiday, absent,
paused, outside_hours, rate_cap, load_cap. The first that holds is the reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

HARD = frozenset({"inactive", "excluded", "segment_mismatch", "skill_mismatch"})
"""What no rule overlooks, not even "assign anyway"."""

PASSING = frozenset({"holiday", "absent", "paused", "outside_hours", "rate_cap", "load_cap"})
"""What somebody may be waited for, or be covered in."""

AT_CAP = frozenset({"rate_cap", "load_cap"})
"""What may lift at any moment."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why not, as a code and a sentence part whose subject is the person; `until` is when it ends, if that is known."""

    code: str
    words: str
    until: datetime | None = None
