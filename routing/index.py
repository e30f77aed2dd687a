"""An index over conjunctions of conditions: which of them hold, at a cost that follows fields and not their number.

Every value of every field has a mask of one bit per conjunction: set where the value passes, also because the field is
not asked about. The masks of a fact's values, and-ed, are the conjunctions that hold. The first conjunction has the
highest bit, so that the first match is the length of a number, and so that numbers shrink as matches are ruled out.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache, reduce
from operator import and_, call, or_
from typing import Any

from routing.conditions import PREFIX_FIELDS, RANGE_FIELDS, TAKER, Condition
from routing.facts import Known

ROOM = 8 * 2**20
"""Bytes of masks that one field may keep ready; a field with more to say keeps lists, and makes masks when asked."""
SETS = 512
"""How many sets of words a field keeps the mask of, where they have room."""
SEVERAL_FIELDS = frozenset({"product", TAKER})
"""Fields whose fact is a set of words, of which one is enough."""

Mask = Callable[[Any, int], int]
Asked = Sequence[tuple[Condition, Sequence[int]]]
"""The tests of one field, each with the bits of the conjunctions that ask it."""


class Index:
    """Immutable once made, and so shared between threads. Conjunctions are told by their place, from 0."""

    __slots__ = ("_all", "_fields", "_masks", "_size", "_unasked")

    def __init__(self, conjunctions: Sequence[Sequence[Condition]]) -> None:
        self._size = len(conjunctions)
        self._all = (1 << self._size) - 1
        asked = _by_field(conjunctions)
        bits = {name: [bit for _, bits in groups for bit in bits] for name, groups in asked.items()}
        # The fields that most rules ask about come first: they rule out the most.
        self._fields = tuple(sorted(asked, key=lambda name: -len(bits[name])))
        self._unasked = tuple(self._all ^ mask_of(bits[name], self._size) for name in self._fields)
        self._masks: tuple[Mask, ...] = tuple(
            _kind_of(name)(asked[name], self._size, unasked)
            for name, unasked in zip(self._fields, self._unasked, strict=True)
        )

    def holding(self, known: Mapping[str, Known]) -> int:
        """The conjunctions that hold, as bits."""
        if not self._fields:
            return self._all
        return reduce(and_, map(call, self._masks, map(known.get, self._fields), self._unasked))

    def first(self, known: Mapping[str, Known]) -> int | None:
        """The place of the first conjunction that holds."""
        length = self.holding(known).bit_length()
        return self._size - length if length else None

    def places(self, known: Mapping[str, Known]) -> Iterator[int]:
        """The places of all that hold, in order."""
        holding = self.holding(known)
        while holding:
            length = holding.bit_length()
            yield self._size - length
            holding ^= 1 << (length - 1)


def mask_of(bits: Sequence[int], size: int) -> int:
    """A number with these bits set, all below `size`."""
    if len(bits) == 1:
        return 1 << bits[0]
    raw = bytearray(size // 8 + 1)
    for bit in bits:
        raw[bit >> 3] |= 1 << (bit & 7)
    return int.from_bytes(raw, "little")


def _by_field(conjunctions: Sequence[Sequence[Condition]]) -> dict[str, Asked]:
    # Rules of a book share their conditions, so that one look at each is enough.
    groups: dict[int, tuple[Condition, list[int]]] = {}
    bit = len(conjunctions)
    for conditions in conjunctions:
        bit -= 1
        for condition in conditions:
            group = groups.get(id(condition))
            if group is None:
                groups[id(condition)] = (condition, [bit])
            else:
                group[1].append(bit)
    fields: dict[str, list[tuple[Condition, list[int]]]] = defaultdict(list)
    for group in groups.values():
        fields[group[0].field].append(group)
    return dict(fields)


def _kind_of(name: str) -> Callable[[Asked, int, int], Mask]:
    if name in RANGE_FIELDS:
        return _ranges
    if name in PREFIX_FIELDS:
        return _prefixes
    return _several if name in SEVERAL_FIELDS else _words


def _words(asked: Asked, size: int, unasked: int) -> Mask:
    """A fact that is one word, or not known."""
    bits = _by_word((bits, condition.admitted or ()) for condition, bits in asked)
    if _fits(len(bits), size):
        return {word: unasked | mask_of(found, size) for word, found in bits.items()}.get
    return lambda word, others: others | mask_of(bits.get(word, ()), size)


def _several(asked: Asked, size: int, unasked: int) -> Mask:
    """A fact that is a set of words; the empty set is not known."""
    bits = _by_word((bits, condition.values) for condition, bits in asked)
    unknown = unasked | _missing(asked, size)
    mask_with = _looked_up(bits, size)

    # Customers buy the same few sets of products again and again.
    @lru_cache(maxsize=min(SETS, ROOM * 8 // (size + 1)))
    def mask_of_set(found: frozenset[str] | None) -> int:
        if not found:
            return unknown
        # A handoff may have more words than the rules ask about.
        words = found if len(found) <= len(bits) else found & bits.keys()
        return reduce(or_, (mask_with(word, 0) for word in words), unasked)

    return lambda found, _others: mask_of_set(found)


def _prefixes(asked: Asked, size: int, unasked: int) -> Mask:
    """A fact that begins with one of the words, or is not known."""
    bits = _by_word((bits, condition.prefixes) for condition, bits in asked)
    unknown = unasked | _missing(asked, size)
    mask_with = _looked_up(bits, size)
    lengths = sorted({len(prefix) for prefix in bits if prefix is not None})

    def mask(found: str | None, others: int) -> int:
        if found is None:
            return unknown
        for length in lengths:
            others |= mask_with(found[:length], 0)
        return others

    return mask


def _ranges(asked: Asked, size: int, unasked: int) -> Mask:
    """A fact that is a number, or not known. Between two bounds that lie side by side, the same ranges hold it."""
    unknown = unasked | _missing(asked, size)
    holding, bounds, changes = _stretches(asked, size, unasked)
    # With too many bounds to keep a mask for each, one is kept for every so many, and the bits between are turned.
    stride = 1
    while not _fits(len(bounds) // stride, size):
        stride *= 2
    masks = [holding]
    for place, bits in enumerate(changes, start=1):
        holding ^= mask_of(bits, size)
        if place % stride == 0:
            masks.append(holding)

    def mask(found: int | None, _others: int) -> int:
        if found is None:
            return unknown
        passed = bisect_right(bounds, found)
        near = masks[passed // stride]
        for bits in changes[passed - passed % stride : passed] if stride > 1 else ():
            near ^= mask_of(bits, size)
        return near

    return mask


def _stretches(asked: Asked, size: int, unasked: int) -> tuple[int, list[int], list[list[int]]]:
    """What holds below every bound; the bounds, ascending; and the bits that turn at each."""
    turning: dict[int, list[int]] = defaultdict(list)
    for condition, bits in asked:
        if condition.at_least is None and condition.below is not None:
            unasked |= mask_of(bits, size)
        for bound in (condition.at_least, condition.below):
            if bound is not None:
                turning[bound].extend(bits)
    bounds = sorted(turning)
    return unasked, bounds, [turning[bound] for bound in bounds]


def _by_word(asked: Iterable[tuple[Sequence[int], Iterable[str | None]]]) -> dict[str | None, list[int]]:
    found: dict[str | None, list[int]] = defaultdict(list)
    for bits, words in asked:
        for word in words:
            found[word].extend(bits)
    return dict(found)


def _looked_up(bits: Mapping[str | None, Sequence[int]], size: int) -> Mask:
    """From a word to its mask: kept ready if there is room, else made when asked for."""
    if _fits(len(bits), size):
        return {word: mask_of(found, size) for word, found in bits.items()}.get
    return lambda word, nothing: mask_of(bits[word], size) if word in bits else nothing


def _missing(asked: Asked, size: int) -> int:
    return mask_of([bit for condition, bits in asked if condition.missing for bit in bits], size)


def _fits(masks: int, size: int) -> bool:
    return masks * size // 8 <= ROOM
