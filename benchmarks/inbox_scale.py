"""The inbox over 1,000 handoffs and over 100,000: the same number of queries, and the median time within 2x.

Both sizes are built in one run, and every page is asked for through Django's test client: session, access, queries and
the whole HTML.
"""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass, field

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from benchmarks.many import Supply
from benchmarks.scenario import asleep, fresh_firm
from tests.factories import Company

SIZES = (1_000, 100_000)
ROUNDS, WARM_UP = 15, 2
MOST_RATIO = 2.0
REP = ("/", "/?view=acknowledge", "/?view=risk", "/?view=team", "/?view=closed", "/?type=sql_to_ae&clock=breached")
MANAGER = ("/?view=team", "/?view=all", "/?view=risk", "/?view=closed", "/?view=team&clock=waiting")
REVOPS = (
    "/?view=all",
    "/?view=risk",
    "/?view=closed",
    "/?view=all&segment=enterprise&gaps=1",
    "/inbox/pulse/?view=all",
)
PAGES = {
    "rep": ("ingrid", REP),
    "sender": ("dana", ("/?view=sent", "/?view=closed")),
    "manager": ("elena", MANAGER),
    "RevOps": ("ben", REVOPS),
}
SEARCHES = {"rep": ("ingrid", ("/?q=company+7",)), "RevOps": ("ben", ("/?q=company+7", "/?q=person+515"))}


@dataclass
class Figure:
    """What one page took, per size: queries, and the median in milliseconds."""

    queries: list[int] = field(default_factory=list)
    median: list[float] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        """How much longer the larger one takes."""
        return self.median[-1] / self.median[0]


def run() -> bool:
    """Measures and prints; whether no page takes more queries or more than twice the time."""
    if connection.vendor != "postgresql":
        print("inbox: measured on PostgreSQL only.")
        return True
    firm = fresh_firm()
    listed: dict[tuple[str, str], Figure] = {}
    searched: dict[tuple[str, str], Figure] = {}
    with asleep():
        supply = Supply(firm, now=timezone.now())
        for size in SIZES:
            supply.grow(to=size)
            print(f"  {size:,} handoffs are written", flush=True)
            _measure(firm, PAGES, listed)
            _measure(firm, SEARCHES, searched)
    print(f"  {'':44}{SIZES[0]:>10,}{SIZES[1]:>10,}   ratio  queries")
    for figures in (listed, searched):
        for (who, address), figure in figures.items():
            small, large = figure.median
            queries = " and ".join(map(str, dict.fromkeys(figure.queries)))
            print(f"  {who + ' ' + address:44}{small:>7.1f} ms{large:>7.1f} ms   {figure.ratio:>5.2f}  {queries}")
    same = all(len(set(figure.queries)) == 1 for figure in (*listed.values(), *searched.values()))
    worst = max(figure.ratio for figure in listed.values())
    met = same and worst <= MOST_RATIO
    print(
        f"  queries {'the same' if same else 'NOT the same'} at both sizes; worst ratio of a list {worst:.2f} "
        f"(at most {MOST_RATIO}): {'met' if met else 'missed'}; searches are printed; n = {ROUNDS} each"
    )
    return met


def _measure(firm: Company, pages: dict[str, tuple[str, tuple[str, ...]]], into: dict[tuple[str, str], Figure]) -> None:
    for who, (key, addresses) in pages.items():
        client = Client(SERVER_NAME="localhost")
        client.force_login(firm.user(key), backend="django.contrib.auth.backends.ModelBackend")
        for address in addresses:
            figure = into.setdefault((who, address), Figure())
            _get(client, address)
            with CaptureQueriesContext(connection) as seen:
                _get(client, address)
            figure.queries.append(len(seen))
            took = [_get(client, address) for _ in range(WARM_UP + ROUNDS)][WARM_UP:]
            figure.median.append(statistics.median(took))


def _get(client: Client, address: str) -> float:
    """Milliseconds to the whole answer."""
    started = time.perf_counter()
    answer = client.get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    return (time.perf_counter() - started) * 1000
