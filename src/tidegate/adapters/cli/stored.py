"""The store that a command is about: whether it is there, where its account stands, and how to set it aside."""

from datetime import datetime
from pathlib import Path

from tidegate.adapters.brokers.simulated.archive import WorldState
from tidegate.adapters.brokers.simulated.peeking import PLACE_SUFFIX, WORLD_SUFFIX, peek_standing, world_path
from tidegate.adapters.brokers.simulated.world import WorldError
from tidegate.adapters.cli.failures import FileUnusable, UsageError
from tidegate.adapters.clocks import WallClock
from tidegate.adapters.recordings.header import moment_of
from tidegate.adapters.settings import Settings
from tidegate.adapters.settings.store_url import MemoryStoreUrl, PostgresStoreUrl, SqliteStoreUrl
from tidegate.adapters.stores.sqlite.errors import NoSuchStore, StoreLocked
from tidegate.adapters.stores.sqlite.files import refuse_other_kinds
from tidegate.adapters.stores.sqlite.lock import writer_of

_SIDE_FILES = ("-wal", "-shm", ".lock", WORLD_SUFFIX, f"{WORLD_SUFFIX}-wal", f"{WORLD_SUFFIX}-shm", PLACE_SUFFIX)


def store_file(settings: Settings) -> Path:
    """The file of the account's store.

    Raises:
        UsageError: the store is not a file, so that no other process can reach it.
    """
    match settings.store_url:
        case SqliteStoreUrl(path=path):
            return path
        case MemoryStoreUrl():
            raise UsageError("no such store: memory:// is gone with the process that had it; name one with --store")
        case PostgresStoreUrl():
            raise UsageError("PostgreSQL stores are not part of this version; use --store sqlite:///FILE")


def require_store(settings: Settings) -> Path:
    """The file of a store that is there.

    Raises:
        NoSuchStore: nothing has been traded on the account yet, or the path is another one.
        NotAStore: the path is a folder's or a device's.
        UsageError: the store is not a file.
    """
    path = store_file(settings)
    refuse_other_kinds(path)
    if path.is_file():
        return path
    absolute = Path("/", path)
    if not path.is_absolute() and absolute.is_file():
        raise UsageError(
            f"there is no store at {path.absolute()}; an absolute path has four slashes: sqlite:///{absolute}"
        )
    raise NoSuchStore(path.absolute())


def last_state(settings: Settings) -> WorldState | None:
    """Where the account was last played, and how far, as last written; None where nothing that can be read says it."""
    url = settings.store_url
    if settings.profile not in ("paper", "replay") or not isinstance(url, SqliteStoreUrl):
        return None
    try:
        return peek_standing(world_path(url.path))
    except WorldError:
        return None  # the finding of the world itself says so


def clock_reading(settings: Settings) -> datetime:
    """What the account's own clock says: where its session stands, as last written; else the wall's."""
    state = last_state(settings)
    return WallClock().now() if state is None else moment_of(state.at_us)


def lost_store(settings: Settings) -> WorldState | None:
    """The world that has traded of a store that is gone from beside it; None where that is not so."""
    url = settings.store_url
    if not isinstance(url, SqliteStoreUrl) or url.path.is_file() or not world_path(url.path).exists():
        return None
    state = last_state(settings)
    return state if state is not None and state.order_count else None


def set_aside(settings: Settings) -> list[Path]:
    """Give an account's files another name, with the first number that is free, and say which; nothing is deleted.

    Raises:
        NotAStore: the store's path is a folder's or a device's.
        StoreLocked: a process is writing them.
        FileUnusable: they cannot be renamed.
    """
    url = settings.store_url
    if not isinstance(url, SqliteStoreUrl):
        return []
    path = url.path
    refuse_other_kinds(path)
    holder = writer_of(path)
    if holder is not None:
        raise StoreLocked(path, holder.process, holder.pid)
    present = [suffix for suffix in ("", *_SIDE_FILES) if Path(f"{path}{suffix}").exists()]
    if not present:
        return []
    number = next(n for n in range(1, 1_000_000) if not any(Path(f"{path}.{n}{suffix}").exists() for suffix in present))
    try:
        for suffix in present:
            Path(f"{path}{suffix}").rename(f"{path}.{number}{suffix}")
    except OSError as error:
        raise FileUnusable(path, error) from None
    return [Path(f"{path}.{number}")]
