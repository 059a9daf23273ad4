"""Loading: defaults, file, environment and arguments made into settings, and where each value came from."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tidegate.adapters.settings.environment import from_environment
from tidegate.adapters.settings.file import CONFIG_NAME, from_file, from_secrets_file
from tidegate.adapters.settings.flaws import unknown_key
from tidegate.adapters.settings.given import Given, lay_over, once, spread, tree_of
from tidegate.adapters.settings.keys import Key, dotted, is_known, is_table
from tidegate.adapters.settings.model import Settings
from tidegate.adapters.settings.places import default_store_url
from tidegate.application.configuration import BadArgument, ConfigurationError

ARGUMENT = "argument"
_STORE: Key = ("store", "url")
_SECRETS_FILE: Key = ("venue", "secrets_file")


@dataclass(frozen=True, slots=True)
class LoadedSettings:
    """Settings, and by key where each value that is no default came from: a file, a variable, or `argument`."""

    settings: Settings
    origins: Mapping[str, str]


def load(config: Path | None, environ: Mapping[str, str] | None, arguments: Mapping[str, Any]) -> LoadedSettings:
    """Merge what was given; see `Settings.load`.

    Raises:
        ConfigurationError: anything that is wrong with it, with the name under which it was given.
    """
    if config is not None and not isinstance(config, Path):
        raise BadArgument("config", config, "a Path or None")
    if environ is not None and not isinstance(environ, Mapping):
        raise BadArgument("environ", environ, "a mapping from names to text, or None")
    env = os.environ if environ is None else environ
    layers = [_file_layer(config), once(from_environment(env)), list(spread(arguments, ARGUMENT))]
    for layer in layers:
        _refuse_unknown(layer)
    standing = lay_over(layers)
    secrets_file = standing.get(_SECRETS_FILE)
    if secrets_file is not None and isinstance(secrets_file.value, str):
        layers.insert(1, list(from_secrets_file(Path(secrets_file.value))))
        standing = lay_over(layers)
    tree = tree_of(standing)
    try:
        settings = Settings.model_validate(tree)
        if not settings.store.url:
            settings = Settings.model_validate(_with_store(tree, settings, env))
    except ConfigurationError as error:
        raise _with_origin(error, standing) from None
    return LoadedSettings(settings, {dotted(path): given.origin for path, given in standing.items()})


def _file_layer(config: Path | None) -> list[Given]:
    if config is not None:
        return from_file(config)
    here = Path(CONFIG_NAME)
    return from_file(here) if here.is_file() else []


def _refuse_unknown(layer: Iterable[Given]) -> None:
    for given in layer:
        if is_known(given.path) or (is_table(given.path) and not given.value):
            continue
        if is_table(given.path):
            key = dotted(given.path)
            raise ConfigurationError(f"{key} must be a table of keys", (key,))
        raise unknown_key(given.path, "" if given.origin == ARGUMENT else given.origin)


def _with_store(tree: Mapping[str, Any], settings: Settings, environ: Mapping[str, str]) -> dict[str, Any]:
    """The default place, fixed by the environment that was handed in: the settings then mean one store."""
    if not {"XDG_DATA_HOME", "HOME"} & environ.keys():
        return dict(tree)
    return {**tree, "store": {"url": default_store_url(settings.profile, settings.account_id, environ)}}


def _with_origin(error: ConfigurationError, standing: Mapping[Key, Given]) -> ConfigurationError:
    """The error with the names under which its keys were given, where those are not the keys themselves."""
    told: dict[str, None] = {}
    for path, given in standing.items():
        key = dotted(path)
        is_meant = any(f"{named}.".startswith(f"{key}.") or f"{key}.".startswith(f"{named}.") for named in error.keys)
        if is_meant and given.origin != ARGUMENT:
            told[given.origin] = None
    return ConfigurationError(f"{error.message} (set in {' and '.join(told)})", error.keys) if told else error
