"""Every order store that ships, held to the one contract."""

from pathlib import Path

from tidegate.adapters.stores.memory import MemoryOrderStore
from tidegate.adapters.stores.sqlite import open_sqlite_inbox, open_sqlite_store
from tidegate.domain.records import RequestKind
from tidegate.testing.contracts.order_store import (
    ACCOUNT_ID,
    DurableOrderStoreContract,
    FixedClock,
    OpenedStore,
    OrderStoreContract,
)


class TestMemoryOrderStore(OrderStoreContract):
    def open_store(self, folder: Path, clock: FixedClock) -> OpenedStore:
        return MemoryOrderStore(ACCOUNT_ID, clock)

    async def leave_request(self, folder: Path, store: OpenedStore, kind: RequestKind, payload: str) -> str:
        assert isinstance(store, MemoryOrderStore)
        return await store.submit_request(kind, payload)


class TestSqliteOrderStore(DurableOrderStoreContract):
    inline = False

    def open_store(self, folder: Path, clock: FixedClock) -> OpenedStore:
        return open_sqlite_store(
            folder / "store.db", account_id=ACCOUNT_ID, clock=clock, process="contract", inline=self.inline
        )

    async def leave_request(self, folder: Path, store: OpenedStore, kind: RequestKind, payload: str) -> str:
        with open_sqlite_inbox(folder / "store.db", clock=FixedClock()) as inbox:
            return await inbox.submit_request(kind, payload)


class TestInlineSqliteOrderStore(TestSqliteOrderStore):
    inline = True
