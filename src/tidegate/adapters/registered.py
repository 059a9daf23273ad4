"""Registered: what an installed package brings under an entry point, made, or told why it is none."""

from importlib.metadata import EntryPoint
from typing import Any

from tidegate.application.configuration import ConfigurationError


def made_by(point: EntryPoint, key: str, wanted: str, ports: tuple[type, ...], *arguments: object) -> Any:
    """What the callable of an entry point makes; `key` is the setting that asks for it.

    What that callable raises by itself is the package's own to tell.

    Raises:
        ConfigurationError: it cannot be imported or called, or what it makes lacks methods of these ports.
    """
    try:
        maker: Any = point.load()
    except (ImportError, AttributeError) as error:
        raise _wrong(key, f"{point.value} cannot be loaded: {error}") from error
    if not callable(maker):
        raise _wrong(key, f"{point.value} is no callable but {type(maker).__name__}")
    made = maker(*arguments)
    methods = (name for port in ports for name, member in vars(port).items() if name[0] != "_" and callable(member))
    lacking = [name for name in methods if not callable(getattr(made, name, None))]
    if lacking:
        raise _wrong(key, f"{point.value} makes no {wanted} but {type(made).__name__}, without {', '.join(lacking)}")
    return made


def _wrong(key: str, what: str) -> ConfigurationError:
    return ConfigurationError(f"{key}: {what}", (key,))
