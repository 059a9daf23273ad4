"""The environment as settings: `TIDEGATE__SECTION__KEY`, and the predecessor's names."""

from collections.abc import Iterator, Mapping

from tidegate.adapters.settings.given import Given
from tidegate.adapters.settings.keys import SYMBOLS, Key, is_known, known_keys, nearest_key
from tidegate.adapters.spelling import nearest, shown
from tidegate.application.configuration import ConfigurationError

PREFIX = "TIDEGATE"
_BETWEEN = "__"
_RISK_PREFIX = "RISK_"
_UPPER_TABLES = (("engine", "slippage_multipliers"), ("paper", "opening_balances"))


def _aliases() -> dict[str, Key]:
    risk = {_RISK_PREFIX + key[1].upper(): key for key in known_keys() if key[0] == "risk" and len(key) == 2}
    return {
        **risk,
        "ORDER_PREVIEW_ENABLED": ("engine", "enable_preview"),
        "SLIPPAGE_MULTIPLIERS": ("engine", "slippage_multipliers"),
    }


def environment_name(path: Key) -> str:
    """What a key is called in the environment: `TIDEGATE__RISK__MAX_LEVERAGE`, without the dash of a symbol."""
    return _BETWEEN.join((PREFIX, *path)).upper().replace("-", "_")


def from_environment(environ: Mapping[str, str]) -> Iterator[Given]:
    """The environment's settings, in the order of their names.

    Every name that begins with `TIDEGATE_` or `RISK_` must be one of ours: a misspelt limit that nobody applies is the
    mistake that costs most.

    Raises:
        ConfigurationError: an unknown name, with the nearest right one.
    """
    aliases = _aliases()
    for name, value in sorted(environ.items()):
        if name.upper().startswith(PREFIX + "_"):
            yield Given(_own(name), value, name)
        elif name in aliases:
            yield Given(aliases[name], value, name)
        elif name.startswith(_RISK_PREFIX):
            raise _unknown(name, nearest(name, aliases))


def _own(name: str) -> Key:
    first, *parts = name.split(_BETWEEN)
    path = _in_our_case(tuple(part.lower() for part in parts))
    if first.upper() != PREFIX or not is_known(path):
        wrong = path if first.upper() == PREFIX and path else _guess(name)
        raise _unknown(name, environment_name(nearest_key(wrong)))
    return path


def _in_our_case(path: Key) -> Key:
    """Symbols and currencies are upper-case, all other keys lower-case, however the name was written.

    Shells allow no dash in a name, so an underscore in a symbol stands for one: `BTC_USD` is BTC-USD.
    """
    if len(path) > 2 and (path[:2] == SYMBOLS or path[:2] in _UPPER_TABLES):
        return (*path[:2], path[2].upper().replace("_", "-"), *path[3:])
    return path


def _guess(name: str) -> Key:
    """A name with single underscores (`TIDEGATE_RISK_MAX_LEVERAGE`) as the key that it was probably meant to be."""
    text = name[len(PREFIX) :].strip("_").lower()
    sections = {key[0] for key in known_keys() if len(key) > 1}
    section = next((section for section in sections if text.startswith(section + "_")), None)
    return (section, text[len(section) :].strip("_")) if section is not None else (text,)


def _unknown(name: str, right: str) -> ConfigurationError:
    wrong = shown(name)
    return ConfigurationError(f"unknown environment variable {wrong}; did you mean {right}?", (wrong, right))
