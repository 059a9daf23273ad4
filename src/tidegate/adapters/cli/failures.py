"""Failures: which errors end a command, with which exit code, each as one line and never as a traceback."""

from pathlib import Path

from tidegate.adapters.brokers.simulated.world import WorldError
from tidegate.adapters.recordings.bitstamp import CaptureDamaged, ImportRejected
from tidegate.adapters.recordings.damage import RecordingDamaged
from tidegate.adapters.recordings.joined import RecordingsClash
from tidegate.adapters.recordings.live.polled_market import UnknownSymbol
from tidegate.adapters.recordings.live.recorder import NothingHeard, RecorderStopped
from tidegate.adapters.recordings.made import SourceRejected
from tidegate.adapters.recordings.product_file import ProductFileError
from tidegate.adapters.settings.store_url import StoreUrlError
from tidegate.adapters.stores.sqlite.errors import (
    BackupRefused,
    NewerSchema,
    NoSuchStore,
    NotAStore,
    OlderSchema,
    OtherAccount,
    StoreError,
)
from tidegate.application.configuration import ConfigurationError
from tidegate.application.store_watch import StoreLost
from tidegate.application.strategy import StrategyError
from tidegate.application.taking_up import OpeningError

DONE = 0
REFUSED = 1
"""Refused, unhealthy, or ended by an error of the strategy, the store or the venue."""
USAGE = 2
"""Usage, configuration, a file that is not what it should be, or no such store."""
UNREAD = 141
"""Done, but whoever read standard output has gone: what a shell gives for a program that SIGPIPE has ended."""


class UsageError(Exception):
    """The command line asks for what cannot be; one line."""


class FileUnusable(Exception):
    """A file that was named cannot be read or written; one line."""

    def __init__(self, path: Path, error: OSError) -> None:
        super().__init__(f"{path}: {error.strerror or error}")


class NoAnswer(Exception):
    """The process that writes the account did not answer, or could not do what was asked; one line."""


MISTAKES: tuple[type[Exception], ...] = (
    UsageError,
    FileUnusable,
    ConfigurationError,
    StoreUrlError,
    NoSuchStore,
    NotAStore,
    BackupRefused,
    OtherAccount,
    NewerSchema,
    OlderSchema,
    RecordingDamaged,
    CaptureDamaged,
    ImportRejected,
    SourceRejected,
    RecordingsClash,
    RecorderStopped,
    UnknownSymbol,
    ProductFileError,
)
FAILURES: tuple[type[Exception], ...] = (
    NoAnswer,
    NothingHeard,
    StrategyError,
    OpeningError,
    StoreError,
    StoreLost,
    WorldError,
)


def words_of(error: Exception) -> str:
    """An error as a person reads it: the operating system's without its number."""
    if isinstance(error, OSError) and error.strerror is not None:
        return error.strerror if error.filename is None else f"{error.filename}: {error.strerror}"
    return str(error)


def exit_code(error: Exception) -> int:
    """What the process ends with."""
    return USAGE if isinstance(error, MISTAKES) else REFUSED
