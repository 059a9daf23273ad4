"""Stopping in good order: by Ctrl-C, by a signal of whoever manages the process, or when the time is up."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tidegate.domain.ports import ClockPort


@asynccontextmanager
async def stopped(clock: ClockPort, for_seconds: float | None) -> AsyncIterator[asyncio.Event]:
    """An event that Ctrl-C, SIGTERM, a closed terminal and the end of so much of the clock's time set.

    What runs then ends well.
    """
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    async def end_in_time(seconds: float) -> None:
        await clock.sleep(seconds)
        stop.set()

    timing = None if for_seconds is None else asyncio.create_task(end_in_time(for_seconds), name="tidegate --for")
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def end() -> None:
        """The first signal ends what runs in good order, the next one at once."""
        stop.set()
        for one in signals:
            loop.remove_signal_handler(one)

    for one in signals:
        loop.add_signal_handler(one, end)
    try:
        yield stop
    finally:
        for one in signals:
            loop.remove_signal_handler(one)
        if timing is not None:
            timing.cancel()
            await asyncio.wait([timing])
