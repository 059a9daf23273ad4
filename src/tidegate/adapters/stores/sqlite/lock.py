"""The writer's lock: held by one process at a time, given up by the system when that process dies, and read by others.

Beside the holder it keeps the high-water mark: how far the store had come. A store that has come less far than its mark
was restored from an old copy or has lost its write-ahead log.
"""

import fcntl
import os
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct

from tidegate.adapters.stores.sqlite.errors import StoreLocked, StoreReadOnly, StoreUnusable
from tidegate.adapters.stores.sqlite.files import OWNER_ONLY, refuse_other_kinds

_MARK_BYTES = 64
_ATTEMPTS = 5
"""`writer_of` holds the lock for the microseconds of its look, so a refusal must come this often to be believed."""


class Holder(Struct, frozen=True):
    """The process that writes an account."""

    pid: int
    process: str


class Mark(Struct, frozen=True, order=True):
    """How far a store had come: its birth in microseconds since the Unix epoch, its epoch and its last journal row."""

    created_at: int = 0
    epoch: int = 0
    sequence: int = 0


class WriterLock:
    """An OS lock on a file beside the store."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def acquire(cls, path: Path, process: str) -> "WriterLock":
        """Take the lock.

        Raises:
            NotAStore: what is to be locked is a folder or a device.
            StoreLocked: another process has it.
        """
        refuse_other_kinds(path)
        try:
            descriptor = os.open(lock_path(path), os.O_RDWR | os.O_CREAT, OWNER_ONLY)
        except PermissionError:
            raise StoreReadOnly(path) from None
        except OSError as error:
            raise StoreUnusable(path, error.strerror or str(error)) from None
        for _ in range(_ATTEMPTS):
            if _try_lock(descriptor, fcntl.LOCK_EX):
                break
        else:
            holder = _holder(descriptor)
            os.close(descriptor)
            raise StoreLocked(path, holder.process, holder.pid)
        text = msgspec.json.encode(Holder(pid=os.getpid(), process=process))
        try:
            os.fchmod(descriptor, OWNER_ONLY)
            os.ftruncate(descriptor, _MARK_BYTES + len(text))
            os.pwrite(descriptor, text, _MARK_BYTES)
        except OSError as error:
            os.close(descriptor)
            raise StoreUnusable(path, error.strerror or str(error)) from None
        return cls(descriptor)

    @property
    def mark(self) -> Mark:
        """The mark as the last writer left it; all zero where there is none."""
        fields = os.pread(self._descriptor, _MARK_BYTES, 0).split()
        is_mark = len(fields) == 3 and all(field.isdigit() for field in fields)
        return Mark(*(int(field) for field in fields)) if is_mark else Mark()

    def write_mark(self, mark: Mark) -> None:
        """Move the mark once what it says is durable; it needs no sync of its own, since an older mark is no alarm."""
        text = b"%d %d %d" % (mark.created_at, mark.epoch, mark.sequence)
        # So is one that could not be moved.
        with suppress(OSError):
            os.pwrite(self._descriptor, text.ljust(_MARK_BYTES), 0)

    def release(self) -> None:
        """Give it up; harmless twice."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


def lock_path(path: Path) -> Path:
    """The file that is locked in a store's stead: SQLite has locks of its own on the store."""
    return path.with_name(path.name + ".lock")


def writer_of(path: Path) -> Holder | None:
    """The process that now writes the store; None when none does."""
    try:
        descriptor = os.open(lock_path(path), os.O_RDONLY)
    except OSError:
        return None
    try:
        return None if _try_lock(descriptor, fcntl.LOCK_SH) else _holder(descriptor)
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(descriptor: int) -> Holder:
    text = os.pread(descriptor, 4_096, _MARK_BYTES)
    try:
        return msgspec.json.decode(text, type=Holder)
    except msgspec.MsgspecError:
        # Between taking the lock and writing its name a process has none.
        return Holder(pid=0, process="")
