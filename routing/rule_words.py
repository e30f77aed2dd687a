"""What a version of the rules says, as people say it: names in place of codes, and records in a few words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from routing.conditions import CUSTOM, NOT_KNOWN, Condition, Conditions
from routing.countries import COUNTRIES
from routing.facts import Facts, Located
from routing.matcher import Line
from routing.models import HandoffType, Rule, Segment, SegmentCode, Territory

ONLY_WHERE = "only where "
Strategy = Rule.Strategy
IF_SOMEBODY: Mapping[str, str] = {
    Strategy.NAMED_REP: "somebody in the receiving role is named for the account",
    Strategy.OPEN_DEAL_OWNER: "the open deal has an owner in the receiving role",
    Strategy.ACCOUNT_OWNER: "the account has an owner in the receiving role",
    Strategy.PARENT_ACCOUNT_OWNER: "the parent account has an owner in the receiving role",
    Strategy.POD: "a pod owns the account",
}
"""What a rule of such a strategy asks beside its conditions: that there is somebody to give it to."""
RECORDS: Mapping[str, str] = {
    HandoffType.MQL_TO_SALES: "an MQL",
    HandoffType.SQL_TO_AE: "an SQL",
    HandoffType.CLOSED_TO_CS: "a closed won deal",
    HandoffType.EXPANSION_TO_SALES: "an expansion",
}


_TAKERS: Mapping[str, str] = {
    Strategy.ROUND_ROBIN: "Turns in {pool}",
    Strategy.LEAST_LOADED: "Fewest open handoffs in {pool}",
    Strategy.QUEUE: "Queue of {pool}, for whoever takes it",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """One thing that a rule asks: what of (empty for a whole sentence), and the answers that will do."""

    of: str
    answers: tuple[str, ...]

    def __str__(self) -> str:
        answers = " or ".join(self.answers)
        return f"{self.of} is {answers}" if self.of else answers


@dataclass(frozen=True, slots=True)
class Names:
    """The names of a version's segments and territories by their codes."""

    segments: Mapping[str, str]
    territories: Mapping[str, str]

    @classmethod
    def of(cls, rule_set_id: int) -> Names:
        """Those of a stored version; two queries."""
        return cls(
            dict(Segment.objects.filter(rule_set=rule_set_id).values_list("code", "name")),
            dict(Territory.objects.filter(rule_set=rule_set_id).values_list("code", "name")),
        )

    def value(self, field: str, word: str) -> str:
        """One value of a field: "Enterprise", "Germany", "SQL", "paid search"; what was typed by people stays so."""
        if field == "handoff_type":
            return HandoffType(word).short if word in HandoffType.values else word
        if field == "segment":
            return self.segments.get(word) or dict(SegmentCode.choices).get(word, word)
        if field == "territory":
            return self.territories.get(word, word)
        if field == "country":
            return COUNTRIES.get(word, word)
        return word if field.startswith(CUSTOM) else word.replace("_", " ")

    def condition(self, condition: Condition) -> Asked:
        """A condition with every value by its name."""
        return Asked(condition.label, tuple(condition.answers(say=self.value)))

    def conditions(self, raw: object) -> list[Asked]:
        """Stored conditions; empty for everything."""
        return [self.condition(item) for item in Conditions.stored(raw).items]

    def refusal(self, line: Line, located: Located) -> str | None:
        """Why a rule does not match, half a sentence as `Line.refusal` gives it; None when it does."""
        failing = line.conditions.first_failing(located)
        if failing is None:
            return line.refusal(located)
        found = located.value(failing.field)
        if found is None or found == frozenset():
            here = NOT_KNOWN
        elif isinstance(found, int):
            here = f"{found:,}"
        else:
            words = sorted(found) if isinstance(found, frozenset) else [found]
            here = " and ".join(self.value(failing.field, word) for word in words)
        return f"{ONLY_WHERE}{self.condition(failing)}; here it is {here}"

    def rule(self, rule: Rule) -> list[Asked]:
        """All that a rule asks, with what its strategy asks; empty for everything. Its named person is looked at."""
        asked = self.conditions(rule.conditions)
        if rule.strategy == Strategy.NAMED_REP and rule.named_rep is not None:
            return [*asked, Asked("", (f"{rule.named_rep} works in the receiving role",))]
        if rule.strategy in IF_SOMEBODY:
            asked.append(Asked("", (IF_SOMEBODY[Strategy(rule.strategy)],)))
        return asked

    def record(self, facts: Facts) -> str:
        """A record in a few words: "an SQL from Chile, 40 employees, score 12". What is not known is left out."""
        kind = RECORDS.get(facts.handoff_type, "a record")
        place = f" from {self.value('country', facts.country)}" if facts.country else ""
        parts = [
            f"region {facts.region.upper()}" if facts.region else "",
            f"postal code {facts.postal_code}" if facts.postal_code else "",
            f"tier {self.value('segment', facts.tier)}" if facts.tier else "",
            self._head_count(facts.employee_count),
            f"industry {self.value('industry', facts.industry)}" if facts.industry else "",
            f"source {self.value('source', facts.source)}" if facts.source else "",
            f"product {' with '.join(sorted(facts.products))}".replace("_", " ") if facts.products else "",
            f"score {facts.score:,}" if facts.score is not None else "",
            f"usage stage {self.value('usage_stage', facts.usage_stage)}" if facts.usage_stage else "",
            *(f"{name.replace('_', ' ')} {value}" for name, value in sorted(facts.custom.items())),
        ]
        return ", ".join([f"{kind}{place}", *filter(None, parts)])

    def _head_count(self, count: int | None) -> str:
        if count is None:
            return ""
        return f"{count:,} employee{'' if count == 1 else 's'}"


def taker(rule: Rule) -> str:
    """Who a rule leads to: "Turns in Enterprise AE", "Account owner". Its pool and named person are looked at."""
    if rule.strategy in _TAKERS:
        return _TAKERS[rule.strategy].format(pool=rule.pool or "no pool")
    if rule.strategy == Strategy.NAMED_REP and rule.named_rep is not None:
        return str(rule.named_rep)
    return rule.get_strategy_display()


def size(segment: Segment) -> str:
    """The companies a segment holds: "200 to 999 employees", "by the account's tier"."""
    if segment.by_tier:
        return "by the account's tier"
    lowest, below = segment.employees_from or 0, segment.employees_below
    return f"{lowest:,} employees or more" if below is None else f"{lowest:,} to {below - 1:,} employees"
