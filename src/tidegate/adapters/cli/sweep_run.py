"""One run of a sweep, in whatever process plays it: a replay from beginning to end, and what came of it."""

import asyncio

from msgspec import Struct

from tidegate.adapters.cli import wire_upkeep
from tidegate.adapters.cli.failures import FAILURES, MISTAKES, words_of
from tidegate.adapters.cli.opener import ApplicationOpener
from tidegate.adapters.cli.run_display import Progress
from tidegate.adapters.cli.run_lines import run_line
from tidegate.adapters.cli.run_summary import assumptions
from tidegate.adapters.cli.sweep_plan import SweepRun
from tidegate.adapters.intake import StrategyIntake, load_strategy
from tidegate.adapters.settings import Settings
from tidegate.application.application import Application
from tidegate.application.strategy import DeskView

_PAGE = 1_000
ENDS: tuple[type[Exception], ...] = (*MISTAKES, *FAILURES, OSError)
"""What ends a run and leaves the others alone."""


class SweepTask(Struct, frozen=True):
    """A run as it is handed to another process; `seconds` of session time end it early, where there are any."""

    open_application: ApplicationOpener
    run: SweepRun
    settings: Settings
    seconds: float | None = None


def play(task: SweepTask) -> wire_upkeep.SweepLine:
    """Play one run; what ends it early is told in `failure`, and the other runs go on."""
    try:
        return asyncio.run(_play(task))
    except ENDS as error:
        return wire_upkeep.SweepLine(run=task.run.name, changed=task.run.changed, failure=words_of(error))


async def _play(task: SweepTask) -> wire_upkeep.SweepLine:
    settings = task.settings
    strategy = load_strategy(settings.intake.strategy, settings.intake.parameters)
    progress = Progress()
    async with task.open_application(settings, on_progress=progress) as app:
        desk = app.operations.desk
        intake = StrategyIntake(strategy, DeskView(desk), desk.clock, settings.intake.interval_seconds)
        stop = asyncio.Event()
        ending = None if task.seconds is None else asyncio.create_task(_end(app, task.seconds, stop))
        summary = await app.run_until(intake, stop=stop)
        if ending is not None:
            ending.cancel()
            await asyncio.wait([ending])
        rows, digest = await _journal(app)
    assumed = assumptions(settings, progress.latest)
    return wire_upkeep.SweepLine(
        run=task.run.name,
        changed=task.run.changed,
        result=run_line(summary, progress.latest, assumed),
        journal_rows=rows,
        journal_hash=digest,
        assumed=assumed,
    )


async def _end(app: Application, seconds: float, stop: asyncio.Event) -> None:
    await app.operations.desk.clock.sleep(seconds)
    stop.set()


async def _journal(app: Application) -> tuple[int, str]:
    """How many rows the journal has, and the last one's hash, which stands for all of them."""
    count, digest = 0, ""
    while page := await app.events(after=count, limit=_PAGE):
        count, digest = page[-1].sequence, page[-1].hash
    return count, digest
