"""The order store in one SQLite file: a writer, readers, an inbox for other processes, verification and copies."""

from tidegate.adapters.stores.sqlite.errors import (
    NewerSchema,
    NoSuchStore,
    NotAStore,
    OlderSchema,
    OtherAccount,
    StoreCorrupt,
    StoreError,
    StoreLocked,
    StoreReadOnly,
    StoreUnusable,
)
from tidegate.adapters.stores.sqlite.opening import open_sqlite_store
from tidegate.adapters.stores.sqlite.store import SqliteOrderStore

__all__ = [
    "NewerSchema",
    "NoSuchStore",
    "NotAStore",
    "OlderSchema",
    "OtherAccount",
    "SqliteOrderStore",
    "StoreCorrupt",
    "StoreError",
    "StoreLocked",
    "StoreReadOnly",
    "StoreUnusable",
    "open_sqlite_store",
]
