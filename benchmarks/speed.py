"""The speed table row by row, beside its goals: `python benchmarks/speed.py [--recording FILE] [ROW ...]`.

`tidegate bench` measures the same; here single rows can be named, and another recording for paper_us and replay_us.
"""

import argparse
import asyncio
import gc
import sys
import time
from pathlib import Path

from tidegate.__main__ import COLLECT_AFTER
from tidegate.testing.bench.sizes import Sizes
from tidegate.testing.bench.table import SPEED_TABLE


def main() -> int:
    """Measure, print a line a row, and say by the exit code whether all goals were met."""
    keys = [row.key for row in SPEED_TABLE]
    parser = argparse.ArgumentParser(description="Measure rows of the speed table.")
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"of {', '.join(keys)}; all if none is named")
    parser.add_argument("--recording", type=Path, help="a recording; the packaged synthetic one if none is named")
    arguments = parser.parse_args()
    unknown = set(arguments.rows) - set(keys)
    if unknown:
        parser.error(f"no row {', '.join(sorted(unknown))}; there are {', '.join(keys)}")
    gc.freeze()  # as the command does
    gc.set_threshold(COLLECT_AFTER)
    return asyncio.run(_measured(arguments.rows or keys, Sizes(recording=arguments.recording)))


async def _measured(keys: list[str], sizes: Sizes) -> int:
    missed = 0
    print(f"{'row':18} {'measured':>10} {'goal':>8} {'of goal':>8} {'took':>7}")
    for row in SPEED_TABLE:
        if row.key in keys:
            began = time.monotonic()
            figure = await row.measured(sizes)
            missed += figure > row.goal
            took = time.monotonic() - began
            print(f"{row.key:18} {figure:10.2f} {row.goal:8} {figure / row.goal:7.1f}x {took:5.1f} s", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
