"""`python -m benchmarks [--small] [MEASURE ...]`: run measures and print their tables."""

from __future__ import annotations

import argparse
import platform
from collections.abc import Callable, Iterable
from typing import Final

from benchmarks import (
    access,
    appends,
    as_of,
    catch_up,
    commands,
    imports,
    live,
    memory,
    readable,
    reads,
    story_page,
    writes,
)
from benchmarks.ground import Ground, ground
from benchmarks.rounds import Table

Measure = Callable[[Ground, bool], Iterable[Table]]
"""From the ground and whether only a small trial is wanted to tables, each as it is ready."""

MEASURES: Final[dict[str, Measure]] = {
    "appends": appends.measure,
    "imports": imports.measure,
    "catch_up": catch_up.measure,
    "story_page": story_page.measure,
    "as_of": as_of.measure,
    "memory": memory.measure,
    "reads": reads.measure,
    "access": access.measure,
    "writes": writes.measure,
    "commands": commands.measure,
    "readable": readable.measure,
    "live": live.measure,
}


def main() -> None:
    """Run what is asked for, or everything."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("measures", nargs="*", metavar="MEASURE", help=", ".join(MEASURES))
    parser.add_argument("--small", action="store_true", help="a short trial of the same things")
    given = parser.parse_args()
    unknown = set(given.measures) - set(MEASURES)
    if unknown:
        parser.error(f"no such measure: {', '.join(sorted(unknown))}")
    print(f"{platform.python_implementation()} {platform.python_version()}, {platform.machine()}\n")
    with ground() as at:
        for name, measure in MEASURES.items():
            if not given.measures or name in given.measures:
                for table in measure(at, given.small):
                    print("\n".join(table.lines()), flush=True)


if __name__ == "__main__":
    main()
