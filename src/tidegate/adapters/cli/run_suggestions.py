"""What to try after a run: three commands that mean the same market, the same settings and the same decisions."""

import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.text import Text

from tidegate.adapters.cli.call import Call
from tidegate.adapters.cli.run_log import RunLog
from tidegate.adapters.settings import Settings
from tidegate.adapters.settings.environment import PREFIX, environment_name
from tidegate.adapters.settings.keys import SECRETS
from tidegate.adapters.settings.store_url import MemoryStoreUrl
from tidegate.domain.products import Product

_SECRET_NAMES = frozenset(map(environment_name, SECRETS))
_OPENED = Path("/dev/fd")
"""Where a system that keeps them says by which name a file was opened."""


def suggestions(
    call: Call, settings: Settings, log: RunLog, products: Sequence[Product], *, is_told: bool
) -> list[Text]:
    """Three commands that can be typed as they stand; `is_told` says that the decisions came from standard input."""
    if isinstance(settings.store_url, MemoryStoreUrl):
        commands = _again(call, settings, is_told)
    else:
        symbol, account = next(iter(log.symbols), products[0].symbol), call.repeated
        commands = [
            (f"orders {account}", "what became of every order"),
            (
                f"plan {symbol} BUY --notional 1000000 {account}",
                "what the checks say to a million, and what would pass",
            ),
            (f"doctor {account}", "verify the books, row by row"),
        ]
    before = f"{_environment()} {call.program}".strip()
    return [Text("\nTry next", style="bold"), *(_command(f"{before} {words}".strip(), why) for words, why in commands)]


def _again(call: Call, settings: Settings, is_told: bool) -> list[tuple[str, str]]:
    """The run whose account is gone with it once more, so that something is kept."""
    named = [shlex.quote(name) for name in settings.paper.recordings]
    config = "" if call.config is None else f" --config {shlex.quote(str(call.config))}"
    strategy, why = settings.intake.strategy, "the same again, and keep its journal"
    decides, source = f" --strategy {shlex.quote(strategy)}" if strategy else "", ""
    if is_told:
        told = _standard_input()
        decides, source = " --stdin" if strategy else "", f" < {told or 'FILE'}"
        why = why if told else "again with the decisions in a FILE, which come at the same moments each time; kept"
    return [
        (f"replay {' '.join(named)}{decides} --store sqlite:///replay.sqlite{config}{source}", why),
        (f"events --store sqlite:///replay.sqlite{config}", "then read it, row by row"),
        (
            f"run --recording {' --recording '.join(named)}{decides}{config}{source}",
            "at a pace to watch, with a store that survives kill -9",
        ),
    ]


def _standard_input() -> str:
    """The file that standard input is, as a shell takes it; nothing where it is no file, or its name is not known."""
    try:
        descriptor = sys.stdin.fileno()
        path = (_OPENED / str(descriptor)).readlink()
        is_it = path.is_file() and os.path.samestat(path.stat(), os.fstat(descriptor))
    except (OSError, ValueError, AttributeError):
        return ""
    here = Path.cwd()
    return shlex.quote(str(path.relative_to(here) if path.is_relative_to(here) else path)) if is_it else ""


def _command(line: str, why: str) -> Text:
    return Text.assemble((f"# {why}\n", "dim"), (line, "cyan"))


def _environment() -> str:
    """The variables that made the settings what they are, so that the suggestion means the same market; no secret."""
    given = {
        name: value
        for name, value in sorted(os.environ.items())
        if name.startswith(f"{PREFIX}__PAPER__") and name not in _SECRET_NAMES
    }
    return " ".join(f"{name}={shlex.quote(value)}" for name, value in given.items())
