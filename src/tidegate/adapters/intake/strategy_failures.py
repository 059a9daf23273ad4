"""Failures of a strategy: whatever it raises becomes one named error with the place where it was raised."""

from pathlib import Path
from traceback import extract_tb
from types import TracebackType

import tidegate
from tidegate.adapters.spelling import shown
from tidegate.application.configuration import ConfigurationError
from tidegate.application.foreign import said
from tidegate.application.strategy import StrategyError

_TEXT_LENGTH_MAX = 300
_PASSING = (StrategyError, ConfigurationError, KeyboardInterrupt)
_OURS = Path(tidegate.__file__).parent


def strategy_name(strategy: object) -> str:
    """What the strategy calls itself (`name`), or its class."""
    name = getattr(strategy, "name", None)
    return name if isinstance(name, str) and name else type(strategy).__name__


class named_failures:  # noqa: N801 - used as a context manager, where the words read as a sentence
    """Turns an exception of the strategy's into a StrategyError that is raised from it.

    A strategy is somebody else's code and may raise anything, SystemExit and exceptions outside of Exception included:
    ending the program is not its to decide. KeyboardInterrupt passes through: it is the operator's. A cancellation is
    the strategy's own, since it is called and not awaited; let through, it would end a run as if all was well.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is not None and not isinstance(error, _PASSING):
            raise StrategyError(f"{self._name} failed: {told(error, traceback)}") from error


def told(error: BaseException, traceback: TracebackType | None) -> str:
    """An exception in one line: its kind, its words, and the file and line of the strategy's that raised it."""
    frames = extract_tb(traceback)
    # What was called of ours, such as Decision, is not where its author looks.
    theirs = [frame for frame in frames if _OURS not in Path(frame.filename).parents] or frames
    place = f" ({Path(theirs[-1].filename).name} line {theirs[-1].lineno})" if theirs else ""
    words = shown(" ".join(said(error).split()), _TEXT_LENGTH_MAX)
    return f"{type(error).__name__}{': ' + words if words else ''}{place}"
