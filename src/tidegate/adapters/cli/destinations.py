"""Destinations: where a recording is to go, looked at before anything is made of it."""

from pathlib import Path
from typing import Annotated

import typer

from tidegate.adapters.cli.failures import UsageError
from tidegate.adapters.stores.sqlite.files import can_write

OverwriteOption = Annotated[bool, typer.Option("--overwrite", help="Write over a recording that is there already.")]


def free(destination: Path, remedy: str) -> Path:
    """A place that nothing stands at yet.

    Raises:
        UsageError: it is a folder, or in none, or in one that takes nothing, or something stands there; `remedy` is
            what can be done about it.
    """
    if not destination.parent.is_dir():
        raise UsageError(f"{destination}: there is no folder {destination.parent}")
    if not can_write(destination.parent):
        raise UsageError(f"{destination}: nothing can be written in {destination.parent}")
    if destination.is_dir():
        raise UsageError(f"{destination} is a folder: name a file in it")
    if destination.exists():
        raise UsageError(f"{destination} exists already; {remedy}")
    return destination


def may_be_made(destination: Path, overwrite: bool, remedy: str = "name another", source: Path | None = None) -> Path:
    """A place that is free, or whose file was given up for what is made now.

    Raises:
        UsageError: it is neither, or it is the very source.
    """
    if not (overwrite and destination.is_file()):
        return free(destination, f"{remedy}, or write over it with --overwrite")
    if source is not None and source.exists() and destination.samefile(source):
        raise UsageError(f"{destination} is what is read: {remedy}")
    return destination
