"""Why a SQLite store cannot be opened or read: one named error each, one line for people."""

from pathlib import Path


def named(process: str, pid: int) -> str:
    """A process by its number, with its name where that says more."""
    return f"{pid}" if process == f"pid {pid}" else f"{pid} ({process})"


class StoreError(Exception):
    """The base of what this adapter raises when a store is opened or read; its text is one line and complete."""


class NoSuchStore(StoreError):
    """There is no file to read, and reading never makes one."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"there is no store at {path}: nothing has been traded there")
        self.path = path


class NotAStore(StoreError):
    """The file is something else than a Tidegate store."""

    def __init__(self, path: Path, what: str) -> None:
        super().__init__(f"{path} is not a Tidegate store: {what}")
        self.path = path


class NewerSchema(StoreError):
    """A later Tidegate has migrated the store; this one would not understand what it reads."""

    def __init__(self, path: Path, found: int, known: int) -> None:
        super().__init__(f"{path} has schema {found}, this Tidegate knows up to {known}: use the newer Tidegate")
        self.path, self.found, self.known = path, found, known


class OlderSchema(StoreError):
    """A reader met a store that a writer has yet to migrate."""

    def __init__(self, path: Path, found: int, known: int) -> None:
        super().__init__(f"{path} has schema {found}, not yet {known}: start Tidegate on it once to migrate it")
        self.path, self.found, self.known = path, found, known


class BackupRefused(StoreError):
    """A copy cannot go where it was to go; nothing is written over."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} cannot be the backup: {reason}")
        self.path = path


class StoreLocked(StoreError):
    """Another process writes this account."""

    def __init__(self, path: Path, process: str, pid: int) -> None:
        holder = f"process {named(process, pid)}" if pid else "another process"
        super().__init__(f"{path} is locked by {holder}: one writer per account")
        self.path, self.process, self.pid = path, process, pid


class OtherAccount(StoreError):
    """The store is pinned to another account than the one that was asked for."""

    def __init__(self, path: Path, pinned: str, asked: str) -> None:
        super().__init__(f"{path} belongs to account {pinned!r}, not {asked!r}: each account has its own store")
        self.path, self.pinned, self.asked = path, pinned, asked


class StoreCorrupt(StoreError):
    """What the store holds is damaged or was changed: nothing may be traded on it."""

    def __init__(self, path: Path, what: str) -> None:
        super().__init__(f"{path} is corrupt: {what}")
        self.path, self.what = path, what


class StoreReadOnly(StoreError):
    """The file or its folder cannot be written."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} is read-only: a writer needs write access to the file and its folder")
        self.path = path


class StoreUnusable(StoreError):
    """The disk or SQLite does not serve the file: full, busy, not permitted, not there."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} cannot be used: {reason}")
        self.path, self.reason = path, reason
