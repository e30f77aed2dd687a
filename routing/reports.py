"""What is wrong with a version of the rules, worked out once for what it says and for whom it leads to today.

A report over thousands of rules takes seconds, so it is kept in the process under a hash of everything it reads: the
contents of the version, pools and who is in them, people whom rules name, pods, saved checks. Whatever of that changes,
the report is worked out anew; nobody goes by one that is out of date.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterator
from threading import Lock

from routing import checks, linting, soundness
from routing.contents import contents_of
from routing.found import problems_of
from routing.models import Check, Membership, Pod, Pool, Rep, Rule, RuleSet
from routing.soundness import Problem

KEPT = 32
_reports: OrderedDict[str, tuple[Problem, ...]] = OrderedDict()
_working = Lock()


def report(rule_set: RuleSet) -> list[Problem]:
    """What is wrong with the version as it stands, and with the people it leads to today; what blocks it comes first.

    The list as a whole is looked at once every part of it is sound by itself. Nine queries if it is known already.
    """
    read = _all_that_is_read(rule_set)
    # One at a time: who asks for the same meanwhile finds it done.
    with _working:
        if read not in _reports:
            found = _worked_out(rule_set)
            if _all_that_is_read(rule_set) != read:
                # Somebody changed something on the way, so nobody else is to go by it.
                return found
            _reports[read] = tuple(found)
            if len(_reports) > KEPT:
                _reports.popitem(last=False)
        _reports.move_to_end(read)
        return list(_reports[read])


def _worked_out(rule_set: RuleSet) -> list[Problem]:
    found = soundness.problems(rule_set)
    if not any(problem.blocking for problem in found):
        found += problems_of(rule_set.pk, linting.findings(rule_set.pk), checks.failures(rule_set.pk))
    return sorted(found, key=lambda problem: not problem.blocking)


def _all_that_is_read(rule_set: RuleSet) -> str:
    """SHA-256, in hex, over all rows that make a difference to the report."""
    told = [contents_of(rule_set).hash, *_live(rule_set)]
    return hashlib.sha256(repr(told).encode()).hexdigest()


def _live(rule_set: RuleSet) -> Iterator[object]:
    """What no version says."""
    yield list(Pool.objects.order_by("pk").values_list("pk", "code", "name", "function", "is_active"))
    members = Membership.objects.filter(is_active=True, rep__is_active=True)
    yield sorted(set(members.order_by().values_list("pool", flat=True)))
    columns = ("pk", "name", "facts", "rule_code", "pool", "rep")
    cases = list(Check.objects.filter(is_active=True).order_by("pk").values_list(*columns))
    yield cases
    people = {case[-1] for case in cases}
    for named in Rule.objects.filter(rule_set=rule_set).values_list("named_rep", "owner"):
        people.update(named)
    reps = Rep.objects.filter(pk__in=people - {None}).order_by("pk")
    yield list(reps.values_list("pk", "first_name", "last_name", "function", "is_active"))
    yield Pod.objects.filter(members__is_active=True).exists()
