"""Store URLs: which kind of store, and where."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

_SQLITE = "sqlite:///"
_MEMORY = "memory://"
_POSTGRES = ("postgresql://", "postgres://")
_KINDS = "sqlite:///FILE, memory:// or postgresql://HOST/DATABASE"


class StoreUrlError(Exception):
    """A store URL that names no store; the message does not repeat it, since it may hold a password."""


@dataclass(frozen=True, slots=True)
class SqliteStoreUrl:
    """A file: `sqlite:///` and its path, so an absolute path has four slashes."""

    path: Path


@dataclass(frozen=True, slots=True)
class MemoryStoreUrl:
    """The process's own memory; gone with it."""


@dataclass(frozen=True, slots=True)
class PostgresStoreUrl:
    """A PostgreSQL database; whoever opens it needs the `postgres` extra."""

    url: str

    def __repr__(self) -> str:
        return f"PostgresStoreUrl({masked(self.url)!r})"


StoreUrl = SqliteStoreUrl | MemoryStoreUrl | PostgresStoreUrl


def parse_store_url(url: str) -> StoreUrl:
    """Read a store URL.

    Raises:
        StoreUrlError: it is of no known kind, or names no file.
    """
    if url == _MEMORY:
        return MemoryStoreUrl()
    if url.startswith(_SQLITE):
        return SqliteStoreUrl(_file(url[len(_SQLITE) :]))
    if url.startswith(_POSTGRES):
        return PostgresStoreUrl(url)
    if url.startswith("sqlite:"):
        raise StoreUrlError("must be written sqlite:///FILE, with three slashes before the file")
    raise StoreUrlError(f"must be {_KINDS}")


def _file(text: str) -> Path:
    if not text or text.endswith("/"):
        raise StoreUrlError("names no file: write sqlite:///FILE")
    if not text.isprintable():
        raise StoreUrlError("must name a file without unprintable characters")
    path = Path(text)
    # The shell expands a tilde only where it stands first, and here it never does.
    return path.expanduser() if text.startswith("~/") else path


def masked(url: str) -> str:
    """The URL as it may be shown: a password in it replaced by stars."""
    if not url.startswith(_POSTGRES):
        return url
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = f":{parts.port}" if parts.port else ""
    user = f"{parts.username}:***@" if parts.username else ""
    return f"{parts.scheme}://{user}{host}{port}{parts.path}"
