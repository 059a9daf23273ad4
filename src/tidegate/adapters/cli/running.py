"""`run` and `replay`: a session to its end, with decisions from a strategy or from standard input."""

import os
import stat
import sys
from io import FileIO
from pathlib import Path
from typing import Annotated, Any

import typer

from tidegate.adapters.brokers.simulated.world import SessionStart
from tidegate.adapters.cli import sweeping
from tidegate.adapters.cli.call import Call
from tidegate.adapters.cli.deciding import LiveOption
from tidegate.adapters.cli.failures import DONE, REFUSED, UsageError
from tidegate.adapters.cli.looking import with_last_played
from tidegate.adapters.cli.recording_health import configured_recordings
from tidegate.adapters.cli.run_chart import RunChart
from tidegate.adapters.cli.run_display import Progress, displayed
from tidegate.adapters.cli.run_intake import ToldIntake
from tidegate.adapters.cli.run_lines import run_line
from tidegate.adapters.cli.run_log import RunLog
from tidegate.adapters.cli.run_suggestions import suggestions
from tidegate.adapters.cli.run_summary import assumptions, run_summary
from tidegate.adapters.cli.stopping import stopped
from tidegate.adapters.cli.stored import set_aside
from tidegate.adapters.cli.symbols import warn_of_unmatched
from tidegate.adapters.event_log import EventLog
from tidegate.adapters.intake import JsonLinesIntake, StrategyIntake, load_strategy
from tidegate.adapters.intake.json_lines import RawReader
from tidegate.adapters.intake.strategy_failures import strategy_name
from tidegate.adapters.recordings.joined import open_recordings
from tidegate.adapters.settings import Settings
from tidegate.application.application import Application
from tidegate.application.strategy import DeskView, Strategy
from tidegate.application.summary import RunSummary

RUN_SPEED = 90.0
"""Session seconds a real second: half an hour of trading in twenty seconds."""

StrategyOption = Annotated[
    str | None, typer.Option("--strategy", metavar="MODULE:FACTORY", help="What decides; also FILE.py:FACTORY.")
]
StdinOption = Annotated[
    bool | None,
    typer.Option("--stdin/--no-stdin", help="Decisions as JSON lines; by default if piped and no strategy is named."),
]
ForOption = Annotated[
    float | None, typer.Option("--for", min=0, metavar="SECONDS", help="End after so much session time.")
]


async def run(
    call: Call,
    strategy: StrategyOption = None,
    recording: Annotated[
        list[str] | None,
        typer.Option("--recording", metavar="FILE", help="The market to play; several times, several as one."),
    ] = None,
    speed: Annotated[
        float | None, typer.Option("--speed", min=0.01, max=100_000, help="Session seconds a second; 90 by default.")
    ] = None,
    stdin: StdinOption = None,
    for_: ForOption = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a session that has not ended.")] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="A fresh session and account; what was there is set aside, not deleted.")
    ] = False,
    live: LiveOption = None,
) -> int:
    """Trade: play the market, take decisions, and end with a summary. On paper, unless the profile says otherwise.

    A session that was interrupted goes on where it stood; one that had ended is followed by a fresh one on the same
    account. While it runs, [bold]decide[/bold], [bold]halt[/bold] and the others reach it from another terminal.

    [dim]tidegate run --config examples/paper.toml[/dim]

    [dim]tidegate run --strategy mine.py:create --recording day.tgr.gz --speed 300[/dim]

    [dim]echo '{"symbol": "BTC-USD", "action": "BUY", "target_notional": "250"}' | tidegate run[/dim]
    """
    if resume and fresh:
        raise UsageError("--resume goes on with a session and --fresh begins one: give one of them")
    settings = _settings(call, strategy, recording)
    if settings.profile == "testing":
        raise UsageError("the testing profile's clock is moved by a test: it is for open_application, not for run")
    call.confirm_live(live, settings)
    source = _source(settings, strategy, stdin)
    if fresh:
        _begin_afresh(call, settings)
    start = SessionStart.FRESH_ACCOUNT if fresh else SessionStart.RESUME if resume else SessionStart.AUTO
    paced = speed if speed is not None else float(settings.paper.speed or RUN_SPEED)
    return await _play(call, with_last_played(settings), source, for_, start=start, speed=paced)


async def replay(
    call: Call,
    files: Annotated[
        list[str], typer.Argument(metavar="FILE", help="A recording, or `synthetic`; several are played as one.")
    ],
    strategy: StrategyOption = None,
    stdin: StdinOption = None,
    for_: ForOption = None,
    sweep: Annotated[
        Path | None, typer.Option("--sweep", metavar="PLAN", help="A TOML file of settings to try, each in a run.")
    ] = None,
    results: Annotated[Path, typer.Option(metavar="FOLDER", help="Where a sweep's results go.")] = Path("sweep"),
    workers: Annotated[
        int | None, typer.Option(min=1, max=1_024, help="Processes of a sweep; one a core by default.")
    ] = None,
    cluster: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Play a sweep on a Dask cluster, tcp://HOST:PORT.")
    ] = None,
    chart: Annotated[
        Path | None, typer.Option("--chart", metavar="HTML", help="Draw the replay as one page that needs no network.")
    ] = None,
) -> int:
    """Play recordings as fast as it goes; the same settings, recording and strategy give the same journal every time.

    Nothing is kept unless --store names a file. With --sweep it is played once for each of many settings, side by side.

    [dim]tidegate replay day.tgr.gz --strategy mine.py:create --json[/dim]

    [dim]tidegate replay day.tgr.gz --strategy mine.py:create --sweep fees.toml --results fees[/dim]

    [dim]tidegate replay day.tgr.gz --strategy mine.py:create --chart day.html[/dim]

    [dim]tidegate replay bitcoin.tgr.gz ether.tgr.gz --strategy mine.py:create[/dim]
    """
    if sweep is not None:
        if chart is not None:
            raise UsageError("--chart draws one run: replay the one that you want to see")
        if stdin:
            raise UsageError("a sweep decides many times over: name a --strategy instead of --stdin")
        base = _given(strategy, files)
        return await sweeping.sweep(call, base, sweep, results, sweeping.where_to_play(workers, cluster), for_)
    if workers is not None or cluster is not None:
        raise UsageError("--workers and --cluster are for a --sweep")
    settings = _settings(call, strategy, files, profile="replay")
    return await _play(call, settings, _source(settings, strategy, stdin), for_, chart)


def _settings(call: Call, strategy: str | None, recordings: list[str] | None, **more: Any) -> Settings:
    return call.load(**_given(strategy, recordings), **more).settings


def _given(strategy: str | None, recordings: list[str] | None) -> dict[str, Any]:
    """What was named on the command line, as settings."""
    named = recordings[0] if recordings is not None and len(recordings) == 1 else recordings or None
    given: dict[str, dict[str, Any]] = {"intake": {"strategy": strategy}, "paper": {"recording": named}}
    return {section: table for section, table in given.items() if None not in table.values()}


def _begin_afresh(call: Call, settings: Settings) -> None:
    """Set the account aside, unless the market that the next one is to be played on cannot be opened."""
    if settings.profile == "paper":
        open_recordings(configured_recordings(settings))
    for path in set_aside(settings):
        call.terminal.note(f"set aside: {path}")


Source = Strategy | Path | None
"""What decides: a strategy, standard input (its path), or nobody here."""

STANDARD_INPUT = Path("-")


def _source(settings: Settings, strategy: str | None, stdin: bool | None) -> Source:
    if stdin and strategy is not None:
        raise UsageError("--strategy and --stdin both decide: give one of them")
    if stdin:
        return STANDARD_INPUT
    if settings.intake.strategy:
        return load_strategy(settings.intake.strategy, settings.intake.parameters)
    return STANDARD_INPUT if stdin is None and _is_piped() else None


def _is_piped() -> bool:
    """Whether somebody put something into standard input: a pipe or a file, not a terminal and not /dev/null."""
    try:
        mode = os.fstat(sys.stdin.fileno()).st_mode
    except (OSError, ValueError, AttributeError):
        return False  # closed, replaced, or not there at all
    return stat.S_ISFIFO(mode) or stat.S_ISREG(mode)


async def _play(
    call: Call,
    settings: Settings,
    source: Source,
    for_seconds: float | None,
    chart: Path | None = None,
    **how: Any,
) -> int:
    terminal, progress = call.terminal, Progress()
    drawing = None if chart is None else RunChart(chart, settings)
    async with call.doors.open_application(settings, on_progress=progress, **how) as app:
        warn_of_unmatched(terminal, settings, app)
        opening, products = await app.account(), app.products
        log = RunLog(app.products, terminal.line if terminal.is_plain else None)
        app.subscribe(log)
        if drawing is not None:
            drawing.open(app, opening)
        if terminal.is_verbose:
            app.subscribe(EventLog(sys.stderr))
        intake = _intake(call, app, settings, source, log)
        display = displayed(terminal, app, log, progress, _title(settings, source))
        async with display, stopped(app.operations.desk.clock, for_seconds) as stop:
            # Nobody sees what it does any more, or has the answers that it gives: it must not go on unheard.
            terminal.when_lost(stop.set)
            summary = await app.run_until(intake, stop=stop)
        if intake is not None:
            intake.tell_untaken()
        if isinstance(terminal.lost, BrokenPipeError):
            terminal.note("nobody reads standard output any more: the run was stopped in good order")
        closing = await app.account()
        closed_at = app.now
    assumed = assumptions(settings, progress.latest)
    terminal.answer(
        [run_line(summary, progress.latest, assumed)],
        run_summary(settings, opening, closing, summary, log, progress.latest, assumed),
    )
    # The result stands before the page is tried: a disk that cannot take the one does not lose the other.
    if drawing is not None:
        drawing.draw(terminal, _title(settings, source), closing, closed_at, summary, assumed)
    if not terminal.is_json:
        for suggestion in suggestions(call, settings, log, products, is_told=isinstance(source, Path)):
            terminal.line(suggestion)
    return _exit_code(summary)


def _intake(call: Call, app: Application, settings: Settings, source: Source, log: RunLog) -> ToldIntake | None:
    desk = app.operations.desk
    if source is None:
        other = "" if settings.profile == "replay" else ", or decide from another terminal"
        call.terminal.note(f"nothing decides in this process: name a --strategy{other}")
        return None
    if isinstance(source, Path):
        return ToldIntake(JsonLinesIntake(_standard_input()), call.terminal, log, desk, is_answering=True)
    asked = StrategyIntake(source, DeskView(desk), desk.clock, settings.intake.interval_seconds)
    return ToldIntake(asked, call.terminal, log, desk, is_answering=False)


def _standard_input() -> RawReader:
    """Standard input without a buffer, whose lock a waiting thread would hold when the program ends."""
    try:
        return FileIO(sys.stdin.fileno(), closefd=False)
    except (OSError, ValueError):
        return sys.stdin.buffer


def _title(settings: Settings, source: Source) -> str:
    played = ", ".join(Path(name).name for name in settings.paper.recordings)
    market = settings.venue.name if settings.profile == "live" else played
    who = "standard input" if isinstance(source, Path) else "nobody here" if source is None else strategy_name(source)
    return f"{settings.profile} · {market} · account {settings.account_id} · decides: {who}"


def _exit_code(summary: RunSummary) -> int:
    """Unhealthy is what an operator must look at: an unknown outcome, or a broken invariant."""
    return DONE if not summary.unknown and summary.invariants == "hold" else REFUSED
