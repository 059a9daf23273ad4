"""Starts: what it takes until the package is imported, and until a first application is open."""

from collections.abc import Awaitable, Callable

from tidegate.testing.bench.processes import printed_number, running_seconds
from tidegate.testing.bench.rounds import median_of_rounds
from tidegate.testing.bench.sizes import Sizes

_OPEN = """
import time
began = time.perf_counter()
import asyncio
from tidegate import Settings, open_application

async def main():
    async with open_application(Settings(store={"url": "memory://"})):
        return time.perf_counter() - began

print(asyncio.run(main()))
"""


async def import_ms(sizes: Sizes) -> float:
    """Milliseconds of `import tidegate` in a fresh interpreter, beyond one that imports nothing."""

    async def one_round() -> float:
        imported = await _best(sizes.starts, lambda: running_seconds("-c", "import tidegate"))
        return (imported - await _best(sizes.starts, lambda: running_seconds("-c", "pass"))) * 1e3

    return await median_of_rounds(one_round)


async def open_ms(sizes: Sizes) -> float:
    """Milliseconds from a bare interpreter to the inside of the first `open_application`, imports included."""

    async def one_round() -> float:
        return await _best(sizes.starts, lambda: printed_number("-c", _OPEN)) * 1e3

    return await median_of_rounds(one_round)


async def _best(times: int, measured: Callable[[], Awaitable[float]]) -> float:
    """The shortest of several: what the program needs, without what the computer did beside it."""
    return min([await measured() for _ in range(times)])
