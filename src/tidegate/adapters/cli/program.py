"""The program: every command with its options and its help, and how a call of it ends."""

import asyncio
import inspect
import sys
import warnings
from collections.abc import Callable, Coroutine, Sequence
from contextlib import nullcontext, redirect_stdout
from inspect import Parameter
from pathlib import Path
from types import TracebackType
from typing import Annotated, Any
from warnings import catch_warnings

import typer
from typer.main import get_command

from tidegate import __version__
from tidegate.adapters.cli import (
    deciding,
    drilling,
    generating,
    importing,
    inspecting,
    market_recording,
    operating,
    reading,
    running,
    setting_up,
    settling,
)
from tidegate.adapters.cli.call import COMMON, Call
from tidegate.adapters.cli.decision_options import PARAMETERS, DecisionOptions, options_of
from tidegate.adapters.cli.failures import DONE, FAILURES, MISTAKES, REFUSED, UNREAD, USAGE, exit_code
from tidegate.adapters.cli.opener import Doors
from tidegate.adapters.cli.terminal import Terminal, stand_in
from tidegate.adapters.registered import adapter_of
from tidegate.application.foreign import said

Command = Callable[..., int | Coroutine[Any, Any, int]]

_TRADE = "Trade"
_LOOK = "Look"
_INTERVENE = "Intervene"
_KEEP = "Set up and keep"

COMMANDS: tuple[tuple[str, str, Command], ...] = (
    (_TRADE, "init", setting_up.init),
    (_TRADE, "run", running.run),
    (_TRADE, "replay", running.replay),
    (_TRADE, "decide", deciding.decide),
    (_TRADE, "plan", deciding.plan),
    (_LOOK, "orders", reading.orders),
    (_LOOK, "fills", reading.fills),
    (_LOOK, "positions", reading.positions),
    (_LOOK, "account", reading.account),
    (_LOOK, "products", reading.products),
    (_LOOK, "quote", reading.quote),
    (_LOOK, "events", reading.events),
    (_INTERVENE, "cancel", operating.cancel),
    (_INTERVENE, "settle", settling.settle),
    (_INTERVENE, "close", operating.close),
    (_INTERVENE, "cancel-all", operating.cancel_all),
    (_INTERVENE, "halt", operating.halt),
    (_INTERVENE, "reduce", operating.reduce),
    (_INTERVENE, "resume", operating.resume),
    (_INTERVENE, "reconcile", operating.reconcile),
    (_KEEP, "doctor", inspecting.doctor),
    (_KEEP, "config", setting_up.config),
    (_KEEP, "import bitstamp", importing.bitstamp),
    (_KEEP, "import binance", importing.binance),
    (_KEEP, "import csv", importing.csv),
    (_KEEP, "import salvage", importing.salvaged),
    (_KEEP, "record", market_recording.record_),
    (_KEEP, "generate", generating.generate),
    (_KEEP, "backup", setting_up.backup),
    (_KEEP, "bench", inspecting.bench),
    (_KEEP, "drill", drilling.drill),
)

_GROUPS = {"import": "Make a recording of a capture or a file of a real market."}
"""What the first word of a command of two words says of itself."""

_HELP = """The execution gate between a trading strategy and a market.

A decision comes in; one correct order goes out, or one refusal that says what would pass.

Begin with [bold]tidegate run[/bold]: it trades on paper, and nothing it does can cost money.
"""


def main(doors: Doors, arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code: 0 done, 1 refused or unhealthy, 2 usage, configuration or no such store.

    141 is done, with nobody there who reads it.
    """
    stand_in()
    sys.excepthook = _report_bug
    try:
        with catch_warnings():
            warnings.showwarning = _note_warning
            # Called as a command and not as a Typer, which would put a hook of its own in place of ours.
            command = get_command(create_cli(doors))
            command(args=None if arguments is None else list(arguments), prog_name=_program_name())
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


def create_cli(doors: Doors) -> typer.Typer:
    """The commands, bound to the doors they open."""
    cli = typer.Typer(
        name="tidegate",
        help=_HELP,
        no_args_is_help=True,
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    cli.callback()(_top)
    groups: dict[str, typer.Typer] = {}
    for panel, name, command in COMMANDS:
        first, _, second = name.partition(" ")
        if second and first not in groups:
            groups[first] = typer.Typer(help=_GROUPS[first], no_args_is_help=True, rich_markup_mode="rich")
            cli.add_typer(groups[first], name=first, rich_help_panel=panel)
        if second:
            groups[first].command(second)(_bound(doors, command))
        else:
            cli.command(name, rich_help_panel=panel)(_bound(doors, command))
    return cli


def _show_version(is_wanted: bool) -> None:
    if is_wanted:
        typer.echo(f"tidegate {__version__}")
        raise typer.Exit


def _top(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Options before the command."""


def _bound(doors: Doors, command: Command) -> Callable[..., None]:
    """The command as typer wants it: its own parameters, those of a decision if it takes one, then those of all."""
    own = list(inspect.signature(command, eval_str=True).parameters.values())[1:]
    decides = next((one.name for one in own if one.annotation is DecisionOptions), None)
    shown = [parameter for one in own for parameter in (PARAMETERS if one.name == decides else (one,))]
    keywords = [one.replace(kind=Parameter.KEYWORD_ONLY) for one in shown]

    def bound(**values: Any) -> None:
        terminal = Terminal(is_json=values.pop("as_json"), is_verbose=values.pop("verbose"))
        shared = {name: values.pop(name) for name in ("config", "profile", "store")}
        call = Call(doors, terminal, program=_program_name(), **shared)
        with redirect_stdout(terminal.aside) if terminal.is_json else nullcontext():
            raise typer.Exit(_run(call, command, values, decides))

    bound.__doc__ = _unwrapped(command.__doc__ or "")
    # typer asks inspect for a command's parameters, and inspect looks here first.
    vars(bound)["__signature__"] = inspect.Signature([*keywords, *COMMON])
    return bound


def _unwrapped(text: str) -> str:
    """Each paragraph on a line of its own: broken where the source is, it would be broken there in a window as well."""
    return "\n\n".join(" ".join(paragraph.splitlines()) for paragraph in inspect.cleandoc(text).split("\n\n"))


def _run(call: Call, command: Command, values: dict[str, Any], decides: str | None) -> int:
    try:
        if decides is not None:
            values[decides] = options_of(values)
        outcome = command(call, **values)
        return (outcome if isinstance(outcome, int) else asyncio.run(outcome)) or _told(call.terminal)
    except (*MISTAKES, *FAILURES) as error:
        call.terminal.error(str(error))
        if call.terminal.is_verbose and error.__cause__ is not None:
            call.terminal.err.print_exception()
        return exit_code(error)
    except OSError as error:
        if error.filename is None:
            raise
        call.terminal.error(f"{error.filename}: {error.strerror}")
        return USAGE


def _told(terminal: Terminal) -> int:
    """What a command that did its work ends with, as its result was read or was not."""
    if terminal.lost is None:
        return DONE
    if isinstance(terminal.lost, BrokenPipeError):
        return UNREAD
    terminal.error(f"standard output cannot be written: {terminal.lost.strerror or terminal.lost}")
    return REFUSED


def _program_name() -> str:
    """The program as it was called, so that what is suggested can be typed."""
    called = Path(sys.argv[0])
    return (
        "tidegate" if called.name in ("__main__.py", "-m", "-c") else str(called) if "/" in sys.argv[0] else called.name
    )


def _report_bug(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    """An error that nobody foresaw: one line with its place, and all of it with -v."""
    terminal = Terminal()
    if {"-v", "--verbose"} & set(sys.argv):
        sys.__excepthook__(kind, error, traceback)
        return
    adapter = adapter_of(traceback)
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    place = f" ({traceback.tb_frame.f_globals.get('__name__')} line {traceback.tb_lineno})" if traceback else ""
    whose = f"an error of {adapter}, no part of Tidegate" if adapter else "a bug in Tidegate"
    terminal.error(f"{whose}: {kind.__name__}: {said(error)}{place}; run it again with -v to see all of it")


def _note_warning(message: Warning | str, *_where: object, **_more: object) -> None:
    """A warning of ours or of an adapter's library, in one line."""
    Terminal().note(f"warning: {' '.join(str(message).split())}")
