"""Growth: by how much a process grows with every order that has ended, seen in a process of its own."""

import asyncio
import gc
import resource
import sys
from decimal import Decimal
from pathlib import Path

from tidegate.adapters.clocks import WallClock
from tidegate.testing.bench.durable import file_store, place, stock_up
from tidegate.testing.bench.null_venue import NullVenue
from tidegate.testing.bench.places import disk_folder
from tidegate.testing.bench.processes import printed_number
from tidegate.testing.bench.rounds import median_of_rounds
from tidegate.testing.bench.services import decisions, open_services
from tidegate.testing.bench.sizes import Sizes

_SIZE = Decimal("0.001")
_IN_FLIGHT = 100
_AT_ONCE = 1_000
_STATM = Path("/proc/self/statm")
_MEASURE = "from tidegate.testing.bench.growth import main; main()"


async def memory_kib(sizes: Sizes) -> float:
    """KiB of resident memory for each order that has ended, file store, 100 in flight."""

    async def one_round() -> float:
        return await printed_number("-c", _MEASURE, str(sizes.grown))

    return await median_of_rounds(one_round)


async def grown_kib(number: int) -> float:
    """KiB by which this process grows with each of so many orders, once as many have gone before."""
    clock = WallClock()
    venue = NullVenue(clock)
    with disk_folder() as folder, file_store(folder) as store:
        async with open_services(venue, store, clock) as application:
            await stock_up(application)
            before = 0
            for phase in ("warm", "grown"):
                before = resident_kib()
                for start in range(0, number, _AT_ONCE):
                    made = decisions(min(_AT_ONCE, number - start), _SIZE, f"{phase}{start}")
                    await place(application, venue, made, _IN_FLIGHT)
            return (resident_kib() - before) / number


def resident_kib() -> int:
    """Resident memory of this process; where the system does not tell it, the most that it ever was."""
    gc.collect()
    if _STATM.exists():
        return int(_STATM.read_text(encoding="ascii").split()[1]) * resource.getpagesize() // 1024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most // 1024 if sys.platform == "darwin" else most


def main() -> None:
    """Print KiB an order, over as many orders as the first argument says, after as many to warm up."""
    print(asyncio.run(grown_kib(int(sys.argv[1]))))  # noqa: T201 -- what the process is started for
