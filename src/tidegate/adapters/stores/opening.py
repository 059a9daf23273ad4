"""Opening the store that the settings name, closed again with the application."""

from contextlib import ExitStack
from importlib.metadata import entry_points

from tidegate.adapters.registered import made_by
from tidegate.adapters.settings import Settings
from tidegate.adapters.settings.store_url import MemoryStoreUrl, PostgresStoreUrl, SqliteStoreUrl
from tidegate.adapters.stores.memory import MemoryOrderStore
from tidegate.adapters.stores.sqlite.lock import WriterLock
from tidegate.adapters.stores.sqlite.opening import open_sqlite_store
from tidegate.adapters.stores.sqlite.reader import open_sqlite_reader
from tidegate.application.audit import ChainCheck
from tidegate.application.configuration import ConfigurationError
from tidegate.domain.ports import ClockPort, OrderStorePort

GROUP = "tidegate.stores"


def open_store(
    settings: Settings,
    clock: ClockPort,
    process: str,
    is_read_only: bool,
    resources: ExitStack,
    lock: WriterLock | None = None,
) -> OrderStorePort:
    """The account's store, as its writer or to read only; `resources` closes it. `lock` is its own, if held already.

    Raises:
        StoreError: one of its kinds, with the reason in one line.
        ConfigurationError: a kind of store that this installation does not have.
    """
    match settings.store_url:
        case MemoryStoreUrl():
            memory = MemoryOrderStore(settings.account_id, clock)
            resources.callback(memory.close)
            return memory
        case SqliteStoreUrl(path=path) if is_read_only:
            reader = open_sqlite_reader(path, account_id=settings.account_id, clock=clock)
            resources.callback(reader.close)
            return reader
        case SqliteStoreUrl(path=path):
            store = open_sqlite_store(
                path,
                account_id=settings.account_id,
                clock=clock,
                process=process,
                inline=settings.profile == "replay",
                lock=lock,
            )
            resources.callback(store.close)
            return store
        case PostgresStoreUrl():
            return _registered_store("postgresql", settings, clock, process, is_read_only, resources)


def _registered_store(kind: str, *arguments: object) -> OrderStorePort:
    """A store of a kind that a package registers under `tidegate.stores`, by an opener that takes what ours does."""
    for point in entry_points(group=GROUP, name=kind):
        store: OrderStorePort = made_by(point, "store.url", "OrderStorePort", (OrderStorePort,), *arguments)
        return store
    raise ConfigurationError(
        f"store.url: no installed package brings {kind} stores; use sqlite:///FILE", ("store.url",)
    )


def chain_check_of(store: OrderStorePort) -> ChainCheck | None:
    """The store's check of its own hash chain, where it has one."""
    check: ChainCheck | None = getattr(store, "verify_chain", None)
    return check
