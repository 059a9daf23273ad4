"""`replay --sweep`: one recording under many settings, side by side, with a file of results for each run."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import AbstractContextManager, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from tidegate.adapters.cli import figures, wire, wire_upkeep
from tidegate.adapters.cli.call import Call
from tidegate.adapters.cli.failures import DONE, REFUSED, FileUnusable, UsageError
from tidegate.adapters.cli.lines import encoded
from tidegate.adapters.cli.sweep_checks import check
from tidegate.adapters.cli.sweep_engines import cluster, processes
from tidegate.adapters.cli.sweep_plan import SweepRun, read_plan
from tidegate.adapters.cli.sweep_run import SweepTask, play
from tidegate.adapters.cli.symbols import known_symbols
from tidegate.adapters.cli.tables import gain_text
from tidegate.adapters.settings import Settings
from tidegate.adapters.settings.keys import SECRETS
from tidegate.adapters.settings.unmatched import unmatched
from tidegate.application.configuration import ConfigurationError

_REPLAY: Mapping[str, Any] = {"profile": "replay", "store": {"url": "memory://"}}


async def sweep(
    call: Call,
    base: Mapping[str, Any],
    plan: Path,
    folder: Path,
    where: AbstractContextManager[Executor],
    seconds: float | None,
) -> int:
    """Play every run of the plan over the settings of this call and `base`; exit code 1 where one is not healthy.

    Raises:
        UsageError: the folder has results already, or nothing decides.
        ConfigurationError: the plan, or the settings of one of its runs.
        StrategyError: a run's strategy cannot be made.
    """
    if call.store is not None:
        raise UsageError("a sweep keeps results and no stores: replay the run that you want to keep with --store")
    tasks = [
        SweepTask(call.doors.open_application, run, _settings(call, base, run), seconds) for run in read_plan(plan)
    ]
    paths = _places(folder, len(tasks))
    await check(tasks)
    for sentence in dict.fromkeys(found for task in tasks for found in _unmatched(task)):
        call.terminal.note(f"warning: {sentence}")
    results: dict[int, wire_upkeep.SweepLine] = {}
    with where as executor, _progress(call, len(tasks)) as progress:
        _make(folder)
        async for number, line in _played(executor, tasks):
            results[number] = line
            _write(paths[number], line)
            progress()
    told = [results[number] for number in sorted(results)]
    call.terminal.answer(told, _table(told), *_words(told, paths))
    return DONE if all(map(_is_healthy, told)) else REFUSED


def where_to_play(workers: int | None, address: str | None) -> AbstractContextManager[Executor]:
    """Processes of this machine, or a cluster's.

    Raises:
        UsageError: both are asked for.
    """
    if address is not None and workers is not None:
        raise UsageError("--workers are this machine's and --cluster has its own: give one of them")
    return processes(workers) if address is None else cluster(address)


def _settings(call: Call, base: Mapping[str, Any], run: SweepRun) -> Settings:
    """The run's settings, checked before any run begins; without secrets, which no replay needs."""
    arguments = {name: dict(table) if isinstance(table, Mapping) else table for name, table in base.items()}
    for section, table in run.tree.items():
        arguments[section] = {**arguments.get(section, {}), **table}
    try:
        settings = call.load(**{**arguments, **_REPLAY}).settings
    except ConfigurationError as error:
        raise ConfigurationError(f"run {run.name}: {error.message}", error.keys) from None
    if not settings.intake.strategy:
        raise UsageError("a sweep needs something that decides: name a --strategy")
    kept = settings.model_dump(exclude_unset=True)
    for section, name in SECRETS:
        kept.get(section, {}).pop(name, None)
    return Settings.model_validate(kept)


def _unmatched(task: SweepTask) -> Iterator[str]:
    return unmatched(task.settings, known_symbols(task.settings))


def _places(folder: Path, count: int) -> list[Path]:
    digits = len(str(count))
    paths = [folder / f"run-{number:0{digits}}.json" for number in range(1, count + 1)]
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"--results names a folder, and {folder} is a file")
    try:
        taken = min(folder.glob("run-*.json"), default=None)
    except OSError as error:
        raise FileUnusable(folder, error) from None
    if taken is not None:
        raise UsageError(f"{folder} has results already, as {taken.name}: name another folder with --results")
    return paths


def _make(folder: Path) -> None:
    """Only once a run is about to begin, so that a sweep which cannot leaves nothing behind."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileUnusable(folder, error) from None


async def _played(executor: Executor, tasks: list[SweepTask]) -> AsyncIterator[tuple[int, wire_upkeep.SweepLine]]:
    """Each run's number and result as it ends, in whatever order that is."""
    loop = asyncio.get_running_loop()
    numbers = {asyncio.wrap_future(executor.submit(play, task), loop=loop): number for number, task in enumerate(tasks)}
    waiting = set(numbers)
    while waiting:
        done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for one in done:
            yield numbers[one], one.result()


@contextmanager
def _progress(call: Call, count: int) -> Iterator[Callable[[], None]]:
    """A bar with the time that is left, where somebody sees it; to be called once a run."""
    err = call.terminal.err
    columns = (TextColumn("Replaying"), BarColumn(), MofNCompleteColumn(), TextColumn("runs,"), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as progress:
        task = progress.add_task("sweep", total=count)
        yield lambda: progress.advance(task)


def _write(path: Path, line: wire_upkeep.SweepLine) -> None:
    """A run's result as it ends, so that a sweep which is ended early keeps what it has."""
    try:
        path.write_text(encoded(line) + "\n")
    except OSError as error:
        raise FileUnusable(path, error) from None


def _is_healthy(line: wire_upkeep.SweepLine) -> bool:
    result = line.result
    return result is not None and not result.unknown and result.invariants == "hold"


def _table(told: list[wire_upkeep.SweepLine]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("run")
    for name in ("orders", "filled", "refused", "result", "fees"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("books")
    for line in told:
        result, run = line.result, Text(figures.clean(line.run))
        if result is None:
            table.add_row(run, *("",) * 5, Text(figures.clean(line.failure), style="red"))
            continue
        table.add_row(
            run,
            str(result.orders),
            str(result.filled),
            str(sum(result.refused.values())),
            gain_text(_gain(result)),
            figures.money(Decimal(result.fees), ""),
            Text("hold", style="green") if _is_healthy(line) else Text("look at its result", style="bold red"),
        )
    return table


def _gain(result: wire.RunLine) -> Decimal | None:
    if result.equity is None or result.opening_equity is None:
        return None
    return Decimal(result.equity) - Decimal(result.opening_equity)


def _words(told: list[wire_upkeep.SweepLine], paths: list[Path]) -> Iterator[Text]:
    failed = sum(line.result is None for line in told)
    span = str(paths[0]) if len(paths) == 1 else f"{paths[0]} to {paths[-1].name}"
    without = "" if not failed else f"; {failed} of {len(told)} failed, and their files say why"
    yield Text(f"One file a run: {span}{without}", style="dim")
    for assumed in dict.fromkeys(line.assumed for line in told if line.assumed):
        yield Text(assumed, style="dim")
