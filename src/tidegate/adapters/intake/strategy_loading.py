"""Loading a strategy: `module:factory` or `path/to/file.py:factory`, its parameters checked by their types."""

import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, get_type_hints

from pydantic import PydanticUserError, TypeAdapter, ValidationError

from tidegate.adapters.intake.strategy_failures import named_failures
from tidegate.adapters.settings.flaws import words
from tidegate.adapters.spelling import nearest, shown
from tidegate.application.configuration import ConfigurationError
from tidegate.application.strategy import Strategy

_KEY = "intake.strategy"
_NAME_LENGTH_MAX = 200


def load_strategy(spec: str, parameters: Mapping[str, Any] | None = None) -> Strategy:
    """Make a strategy: import what `spec` names and call its factory with the parameters.

    A parameter is converted to the type that the factory declares for it, so that text from the environment becomes the
    number that is wanted.

    Raises:
        ConfigurationError: nothing of that name, no such factory or parameter, or a factory that makes no strategy.
        StrategyError: the strategy's own code raised while it was imported or made.
    """
    place, colon, name = spec.rpartition(":")
    if not colon or not place or not name:
        raise _wrong("must be written module:factory or path/to/file.py:factory")
    with named_failures(shown(spec, _NAME_LENGTH_MAX)):
        module = _imported(place)
    factory = _factory(module, place, name)
    arguments = _arguments(factory, parameters or {})
    with named_failures(shown(spec, _NAME_LENGTH_MAX)):
        strategy = factory(**arguments)
    if inspect.iscoroutine(strategy):
        strategy.close()  # nobody will await it, and the interpreter would say so
        raise _wrong("made a coroutine: its factory is a def, not an async def")
    if not callable(getattr(strategy, "decide", None)):
        raise _wrong(f"made an object of {type(strategy).__name__}, which has no decide(view)")
    made: Strategy = strategy
    return made


def _wrong(what: str) -> ConfigurationError:
    return ConfigurationError(f"{_KEY} {what}", (_KEY,))


def _imported(place: str) -> ModuleType:
    try:
        return _from_file(Path(place)) if place.endswith(".py") else _from_module(place)
    except SyntaxError as error:
        # Not code that failed, but a file that is no code: the wrong one was named, or it is not finished.
        where = shown(str(error.filename or place), _NAME_LENGTH_MAX)
        line = f" line {error.lineno}" if error.lineno is not None else ""
        raise _wrong(f"cannot be read: {where}{line}: {shown(error.msg, _NAME_LENGTH_MAX)}") from error


def _from_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise _wrong(f"names a file that is not there: {shown(str(path), _NAME_LENGTH_MAX)}")
    name = f"tidegate_strategy_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path.resolve())
    if spec is None or spec.loader is None:
        raise _wrong(f"names a file that is no Python module: {shown(str(path), _NAME_LENGTH_MAX)}")
    module = importlib.util.module_from_spec(spec)
    # Classes made in the module look their own module up while they are made.
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _from_module(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(error.name + ".")):
            raise _wrong(f"names a module that is not installed: {shown(name)}") from None
        raise


def _factory(module: ModuleType, place: str, name: str) -> Callable[..., Any]:
    factory = getattr(module, name, None)
    if callable(factory):
        made: Callable[..., Any] = factory
        return made
    named = {key: value for key, value in vars(module).items() if callable(value) and not key.startswith("_")}
    # What it imported is not what was meant: Decision, or Action, is no factory of anybody's.
    own = [key for key, value in named.items() if getattr(value, "__module__", None) == module.__name__]
    hint = f"; did you mean {nearest(name, own)}?" if own else ""
    raise _wrong(f"names no factory {shown(name)} in {shown(place, _NAME_LENGTH_MAX)}{hint}")


def _arguments(factory: Callable[..., Any], parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters as the factory wants them."""
    wanted = inspect.signature(factory).parameters
    takes_all = any(one.kind is inspect.Parameter.VAR_KEYWORD for one in wanted.values())
    names = [name for name, one in wanted.items() if one.kind not in _UNNAMED]
    unknown = next((name for name in parameters if name not in names and not takes_all), None)
    if unknown is not None:
        hint = f"; did you mean {nearest(unknown, names)}?" if names else "; the strategy takes none"
        key = f"intake.parameters.{shown(unknown)}"
        raise ConfigurationError(f"{key} is no parameter of the strategy{hint}", (key,))
    missing = next((name for name in names if wanted[name].default is _MISSING and name not in parameters), None)
    if missing is not None:
        key = f"intake.parameters.{missing}"
        raise ConfigurationError(f"{key} is missing: the strategy needs it", (key,))
    hints = _hints(factory)
    return {name: _converted(name, value, hints.get(name, Any)) for name, value in parameters.items()}


_MISSING = inspect.Parameter.empty
_UNNAMED = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def _hints(factory: Callable[..., Any]) -> dict[str, Any]:
    try:
        return get_type_hints(factory.__init__ if inspect.isclass(factory) else factory, include_extras=True)
    except (NameError, TypeError):
        # Annotations that exist for type checkers only: the values then go in as they are.
        return {}


def _converted(name: str, value: Any, kind: Any) -> Any:
    key = f"intake.parameters.{shown(name)}"
    try:
        return TypeAdapter(kind).validate_python(value)
    except ValidationError as error:
        what = words(error.errors(include_url=False, include_input=False)[0])
        raise ConfigurationError(f"{key} {what}", (key,)) from None
    except PydanticUserError:
        return value  # a type of somebody's own: theirs to check
