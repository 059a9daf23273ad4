"""The order store in one SQLite file: a writer, readers, an inbox for other processes, verification and copies."""

from tidegate.adapters.stores.sqlite.backup import BackupReport, back_up
from tidegate.adapters.stores.sqlite.errors import (
    BackupRefused,
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
from tidegate.adapters.stores.sqlite.inbox import SqliteInbox, open_sqlite_inbox
from tidegate.adapters.stores.sqlite.opening import open_sqlite_store
from tidegate.adapters.stores.sqlite.reader import SqliteStoreReader, WriterReading, open_sqlite_reader
from tidegate.adapters.stores.sqlite.store import SqliteOrderStore

__all__ = [
    "BackupRefused",
    "BackupReport",
    "NewerSchema",
    "NoSuchStore",
    "NotAStore",
    "OlderSchema",
    "OtherAccount",
    "SqliteInbox",
    "SqliteOrderStore",
    "SqliteStoreReader",
    "StoreCorrupt",
    "StoreError",
    "StoreLocked",
    "StoreReadOnly",
    "StoreUnusable",
    "WriterReading",
    "back_up",
    "open_sqlite_inbox",
    "open_sqlite_reader",
    "open_sqlite_store",
]
