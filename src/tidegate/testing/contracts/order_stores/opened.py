"""What a contract test is given: a store of its own, opened in a folder, and a maker of steps for it."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

from tidegate.domain.ports.order_store import OrderStorePort
from tidegate.domain.records import RequestKind
from tidegate.testing.contracts.order_stores.steps import FixedClock, OrderSteps

ACCOUNT_ID = "contract"


class OpenedStore(OrderStorePort, Protocol):
    """A store that the suite can close."""

    def close(self) -> None:
        """Refuse every later write; what was written can still be read. Harmless twice."""
        ...


class StoreContract(ABC):
    """The base of the suite's parts: how the store under test is opened."""

    @abstractmethod
    def open_store(self, folder: Path, clock: FixedClock) -> OpenedStore:
        """The store of account `contract` in a folder; where it is durable, the same one for the same folder."""

    @abstractmethod
    async def leave_request(self, folder: Path, store: OpenedStore, kind: RequestKind, payload: str) -> str:
        """Leave a request in the store's inbox as another process would; its id."""

    @asynccontextmanager
    async def opened(self, folder: Path) -> AsyncIterator[tuple[OpenedStore, OrderSteps]]:
        """A store, and a maker of steps for its epoch."""
        store = self.open_store(folder, FixedClock())
        try:
            yield store, OrderSteps(store.account_id, store.epoch)
        finally:
            store.close()
