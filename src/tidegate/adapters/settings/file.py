"""The settings file: TOML read exactly, paths relative to its own folder, secrets only where nobody else reads."""

import stat
import tomllib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from tidegate.adapters.settings.given import Given, spread
from tidegate.adapters.settings.keys import SECRETS, dotted
from tidegate.adapters.settings.sections import SYNTHETIC
from tidegate.adapters.settings.store_url import SqliteStoreUrl, StoreUrlError, parse_store_url
from tidegate.adapters.spelling import shown
from tidegate.application.configuration import ConfigurationError

CONFIG_NAME = "tidegate.toml"
_SIZE_MAX = 1_000_000
_TOO_MUCH = "holds a number or a nesting that no setting has"
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def from_file(path: Path) -> list[Given]:
    """The file's settings.

    Raises:
        ConfigurationError: it cannot be read, is not TOML, or holds a secret while others may read it.
    """
    tree = read_toml(path)
    try:
        given = [placed(one, path.parent) for one in spread(tree, _name(path))]
    except RecursionError:
        raise ConfigurationError(f"{_name(path)}: {_TOO_MUCH}") from None
    secret = next((one for one in given if one.path in SECRETS), None)
    if secret is not None:
        _refuse_wide_mode(path, dotted(secret.path))
    return given


def from_secrets_file(path: Path) -> Iterator[Given]:
    """The credentials of `venue.secrets_file`: a TOML file of mode 0600 with `api_key`, `api_secret`, `api_passphrase`.

    Raises:
        ConfigurationError: it cannot be read, is not TOML, others may read it, or it holds something else.
    """
    tree = read_toml(path)
    _refuse_wide_mode(path, "venue.secrets_file")
    for name, value in tree.items():
        if ("venue", name) not in SECRETS:
            known = ", ".join(sorted(key for _, key in SECRETS))
            raise ConfigurationError(f"{_name(path)}: unknown key {shown(name)}; a secrets file holds {known}", (name,))
        yield Given(("venue", name), value, _name(path))


def _name(path: Path) -> str:
    return shown(path.name)


def read_toml(path: Path, key: str = "--config") -> dict[str, Any]:
    """A file's tables, its numbers exact; `key` is what named it.

    Raises:
        ConfigurationError: it cannot be read, is too large, or is not TOML.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_SIZE_MAX + 1)
    except (OSError, ValueError) as error:
        # A path with a NUL in it is no path: a ValueError, and no system was asked.
        words = getattr(error, "strerror", None) or "cannot be read"
        raise ConfigurationError(f"{shown(str(path))}: {words}", (key,)) from None
    if len(content) > _SIZE_MAX:
        raise ConfigurationError(f"{_name(path)}: larger than {_SIZE_MAX} bytes", (key,))
    return _parse(content, _name(path))


def _parse(content: bytes, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(content.decode("utf-8-sig"), parse_float=Decimal)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigurationError(f"{name}: not UTF-8 text at line {line}") from None
    except tomllib.TOMLDecodeError as error:
        # The parser's own words name a character or a key, and never a value.
        raise ConfigurationError(f"{name}: not valid TOML: {shown(str(error), length_max=120)}") from None
    except (ValueError, ArithmeticError, RecursionError):
        # Integers of thousands of digits, and tables nested without end, get past the grammar of TOML.
        raise ConfigurationError(f"{name}: {_TOO_MUCH}") from None


def _refuse_wide_mode(path: Path, key: str) -> None:
    if path.stat().st_mode & _OTHERS:
        raise ConfigurationError(
            f"{_name(path)}: holds {key} and others may read it; run: chmod 600 {_name(path)}", (key,)
        )


def placed(given: Given, folder: Path) -> Given:
    """A path in the file is relative to the file, so that the program may be started from anywhere."""
    if given.path == ("paper", "recording") and isinstance(given.value, list):
        names = [_within(folder, one) if isinstance(one, str) and one != SYNTHETIC else one for one in given.value]
        return Given(given.path, names, given.origin)
    if not isinstance(given.value, str):
        return given
    text = given.value
    match given.path:
        case ("paper", "recording") if text != SYNTHETIC:
            text = _within(folder, text)
        case ("venue", "secrets_file") | ("paper", "faults" | "happenings") if text:
            text = _within(folder, text)
        case ("intake", "strategy") if ".py:" in text:
            text = _within(folder, text)
        case ("store", "url"):
            text = _placed_url(folder, text)
        case _:
            pass
    return Given(given.path, text, given.origin)


def _within(folder: Path, text: str) -> str:
    return str(folder / Path(text).expanduser()) if text else text


def _placed_url(folder: Path, url: str) -> str:
    try:
        parsed = parse_store_url(url) if url else None
    except StoreUrlError:
        return url  # the model names the key and says what is wrong
    return f"sqlite:///{folder / parsed.path}" if isinstance(parsed, SqliteStoreUrl) else url
