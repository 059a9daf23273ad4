"""The store watch: a run whose store takes nothing more ends, since nothing could be sent and no news be kept."""

import asyncio

from tidegate.domain.ports import OrderStorePort
from tidegate.domain.records import StepCommitted, StoreUnavailable, WriterLost


class StoreLost(Exception):
    """The store takes nothing more from this process until it is opened again; one line."""


class StoreWatch:
    """Hears what the store answers, and ends the wait of whoever runs the account once nothing is taken any more."""

    def __init__(self, store: OrderStorePort) -> None:
        self._store = store
        self._is_doubted = False
        self._reason = ""
        self._is_lost = asyncio.Event()

    def heard(self, outcome: object) -> None:
        """What a step came to. An epoch that has passed does not come back; a store that failed is asked once more."""
        if isinstance(outcome, WriterLost):
            self._lose(f"another writer has taken the account: {outcome.reason}")
        elif isinstance(outcome, StoreUnavailable):
            self._is_doubted = True

    async def look(self) -> None:
        """Ask a store that has failed whether it serves again."""
        if self._is_doubted:
            outcome = await self._store.flush()
            self._is_doubted = not isinstance(outcome, StepCommitted)
            if isinstance(outcome, StoreUnavailable):
                self._lose(outcome.reason)

    async def lost(self) -> None:
        """Wait for as long as the store serves.

        Raises:
            StoreLost: it does not any more.
        """
        await self._is_lost.wait()
        raise StoreLost(f"the store takes nothing more, so the run was ended: {self._reason}")

    def _lose(self, reason: str) -> None:
        self._reason = reason
        self._is_lost.set()
