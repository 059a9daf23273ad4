"""Stopping in good order: by Ctrl-C, by a signal of whoever manages the process, or when the time is up."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import FrameType

from tidegate.domain.ports import ClockPort

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_SHOW_CURSOR = b"\x1b[?25h"
"""A live display had hidden it."""


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

    def end(_: int, __: FrameType | None) -> None:
        """The first signal ends what runs in good order, the next one at once, even if the loop never has a turn."""
        for one in _SIGNALS:
            signal.signal(one, _at_once)
        loop.call_soon_threadsafe(stop.set)

    # Handlers of the loop's would wait for its turn, which a strategy that never ends does not give.
    before = {one: signal.signal(one, end) for one in _SIGNALS}
    try:
        yield stop
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
        if timing is not None:
            timing.cancel()
            await asyncio.wait([timing])


def _at_once(number: int, _: FrameType | None) -> None:
    """End as the signal ends a program that knows nothing of it; what is durable is taken up by the next start."""
    if sys.stdout.isatty():
        os.write(sys.stdout.fileno(), _SHOW_CURSOR)
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
