"""The wire: requests and answers under way between us and the simulated venue, which outlive whoever waits for them."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from tidegate.adapters.brokers.simulated.settings import VenueSettings
from tidegate.adapters.chance import SeededChance
from tidegate.adapters.clocks import SchedulingClock

R = TypeVar("R")


class Wire:
    """Latencies by the session's clock. With all of them zero, nothing here is used."""

    def __init__(self, clock: SchedulingClock, settings: VenueSettings) -> None:
        self._clock = clock
        self._settings = settings
        self._chance = SeededChance(settings.seed)
        self.is_instant = not (
            settings.entry_latency_ms or settings.acknowledgement_latency_ms or settings.cancel_latency_ms
        )

    async def entry(self, act: Callable[[], R], untold: Callable[[R], None]) -> R:
        """Have an order or an amend act at the venue, and wait for the answer."""
        return await self._send(self._settings.entry_latency_ms, act, untold)

    async def cancel(self, act: Callable[[], R], untold: Callable[[R], None]) -> R:
        """Have a cancel act at the venue, and wait for the answer."""
        return await self._send(self._settings.cancel_latency_ms, act, untold)

    def back(self, deliver: Callable[[], None]) -> None:
        """Bring an answer or a report from the venue to us."""
        self._after(self._settings.acknowledgement_latency_ms, deliver)

    async def _send(self, there_ms: float, act: Callable[[], R], untold: Callable[[R], None]) -> R:
        # The request belongs to the world: it arrives even if the caller has been cancelled meanwhile.
        answer: asyncio.Future[R] = asyncio.get_running_loop().create_future()

        def deliver(outcome: R) -> None:
            if answer.done():
                untold(outcome)
            else:
                answer.set_result(outcome)

        self._after(there_ms, lambda: self.back(partial(deliver, act())))
        return await answer

    def _after(self, latency_ms: float, callback: Callable[[], None]) -> None:
        if not latency_ms:
            callback()
            return
        jitter = self._settings.latency_jitter
        if jitter:
            latency_ms *= self._chance.uniform(1 - jitter, 1 + jitter)
        self._clock.call_later(latency_ms / 1_000, callback)
