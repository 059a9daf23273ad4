"""Registered: what an installed package brings under an entry point, made, or told why it is none."""

from importlib.metadata import EntryPoint, entry_points
from traceback import walk_tb
from types import TracebackType
from typing import Any

from tidegate.application.configuration import ConfigurationError
from tidegate.application.foreign import shown

GROUPS = ("tidegate.brokers", "tidegate.feeds", "tidegate.stores")
"""Every kind of adapter that an installed package may bring."""


def made_by(point: EntryPoint, key: str, wanted: str, ports: tuple[type, ...], *arguments: object) -> Any:
    """What the callable of an entry point makes; `key` is the setting that asks for it.

    What that callable raises by itself is the package's own to tell.

    Raises:
        ConfigurationError: it cannot be imported or called, would end the program, or what it makes lacks methods of
            these ports.
    """
    try:
        maker: Any = point.load()
    except (ImportError, AttributeError) as error:
        raise _wrong(key, f"{point.value} cannot be loaded: {error}") from error
    if not callable(maker):
        raise _wrong(key, f"{point.value} is no callable but {type(maker).__name__}")
    try:
        made = maker(*arguments)
    except SystemExit as error:
        raise _wrong(key, f"{point.value} raised {shown(error)}: the program's end is not its to decide") from error
    methods = (name for port in ports for name, member in vars(port).items() if name[0] != "_" and callable(member))
    lacking = [name for name in methods if not callable(getattr(made, name, None))]
    if lacking:
        raise _wrong(key, f"{point.value} makes no {wanted} but {type(made).__name__}, without {', '.join(lacking)}")
    return made


def adapter_of(traceback: TracebackType | None) -> str:
    """The module of an installed adapter that an error was raised in, or came through; nothing where there is none."""
    packages = {point.module.partition(".")[0] for group in GROUPS for point in entry_points(group=group)}
    passed = (str(frame.f_globals.get("__name__")) for frame, _ in walk_tb(traceback))
    return next((name for name in passed if name.partition(".")[0] in packages), "")


def _wrong(key: str, what: str) -> ConfigurationError:
    return ConfigurationError(f"{key}: {what}", (key,))
