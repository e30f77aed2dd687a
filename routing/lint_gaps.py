"""Gaps as people read them: those that differ in their territory alone are one, and the largest come first. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from routing.conditions import Say
from routing.lint_search import Found
from routing.lint_space import Space
from routing.lint_words import UNKNOWN, as_spelt, box_in_words, listed


def joined(space: Space, found: Sequence[Found], say: Say = as_spelt) -> list[tuple[str, Found]]:
    """What the records of each gap have in common, in words, with one of the boxes that hold them."""
    alike: dict[str, list[Found]] = {}
    for gap in found:
        alike.setdefault(box_in_words(space, gap.box, say), []).append(gap)
    codes = [*(region.code for region in space.rules.territories), UNKNOWN]
    told = []
    for words, gaps in alike.items():
        places = {gap.place for gap in gaps}
        share = sum(_share(space, gap) for gap in gaps)
        if None not in places and len(places) < len(codes):
            within = [codes[place] for place in sorted(place for place in places if place is not None)]
            where = listed([code if code == UNKNOWN else say("territory", code) for code in within], last="or")
            shown = f"{words}, and territory is {where}" if words else f"territory is {where}"
        else:
            shown = words or "no other rule holds"
        told.append((share, shown, gaps[0]))
    return [(words, gap) for _, words, gap in sorted(told, key=lambda each: (-each[0], each[1]))]


def _share(space: Space, gap: Found) -> float:
    """How much of all kinds of records it is, each variable's cells counted alike."""
    share = 1.0
    for name, mask in gap.box.items():
        share *= mask.bit_count() / space.full[name].bit_count()
    return share
