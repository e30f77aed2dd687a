"""`python -m benchmarks [NAME ...]`: runs the benchmarks named, or all; fails when a stated target is missed."""

from __future__ import annotations

import argparse
import sys

import django

django.setup()

from benchmarks import (  # noqa: E402 - Django must be set up before models are imported
    deciding,
    hot_pool,
    hours,
    inbox_scale,
    lint,
    machine,
    matching,
    one_transaction,
    startup,
    whole_run,
)

BENCHMARKS = {
    "one_transaction": one_transaction.run,
    "whole_run": whole_run.run,
    "startup": startup.run,
    "inbox_scale": inbox_scale.run,
    "matching": matching.run,
    "deciding": deciding.run,
    "hot_pool": hot_pool.run,
    "lint": lint.run,
    "hours": hours.run,
}


def main() -> int:
    """The command line; 1 when a target was missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one or more of {', '.join(BENCHMARKS)}")
    names = parser.parse_args().names or list(BENCHMARKS)
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"there is no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    print(machine.described(), flush=True)
    missed = []
    for name in names:
        print(f"\n{name}", flush=True)
        if not BENCHMARKS[name]():
            missed.append(name)
    if missed:
        print(f"\nTargets missed: {', '.join(missed)}.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
