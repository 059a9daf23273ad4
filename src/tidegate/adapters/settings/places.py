"""Places: where files stand that no setting names."""

import os
from collections.abc import Mapping
from pathlib import Path

_KEPT = frozenset({"paper", "live"})


def data_folder(environ: Mapping[str, str]) -> Path:
    """The user's data folder: `XDG_DATA_HOME` or `~/.local/share`, and `tidegate` in it.

    A relative XDG_DATA_HOME is ignored, as the XDG base directory specification wants it.
    """
    home = environ.get("XDG_DATA_HOME", "")
    base = Path(home) if Path(home).is_absolute() else Path(environ.get("HOME") or Path.home()) / ".local" / "share"
    return base / "tidegate"


def default_store_url(profile: str, account_id: str, environ: Mapping[str, str] | None = None) -> str:
    """The profile's own store: a file for paper and live, memory for replay and testing."""
    if profile not in _KEPT:
        return "memory://"
    folder = data_folder(os.environ if environ is None else environ)
    return f"sqlite:///{folder / account_id}.sqlite"
