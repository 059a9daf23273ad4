"""What a run shows while it runs: a live picture in a terminal, plain lines elsewhere, nothing beside JSON."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from rich.console import Group, RenderableType
from rich.live import Live
from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Meter
from rich.table import Table
from rich.text import Text

from tidegate.adapters.cli import figures
from tidegate.adapters.cli.run_log import RunLog
from tidegate.adapters.cli.tables import STATE_STYLES, gain_text
from tidegate.adapters.cli.terminal import Terminal
from tidegate.adapters.sessions.session import SessionProgress
from tidegate.application.application import Application
from tidegate.application.readings import AccountSummary

_REFRESH_SECONDS = 0.25
_LINES_SHOWN = 10
_STEPS = 10
"""Lines of progress that a run tells where no picture can be shown."""


class Progress:
    """How far the session has come, as it tells; a live venue tells nothing."""

    def __init__(self) -> None:
        self.latest: SessionProgress | None = None
        self.on_step: Callable[[SessionProgress], None] | None = None
        self._steps = 0

    def __call__(self, progress: SessionProgress) -> None:
        self.latest = progress
        steps = int(progress.fraction * _STEPS)
        if steps > self._steps:
            self._steps = steps
            if self.on_step is not None:
                self.on_step(progress)


@asynccontextmanager
async def displayed(
    terminal: Terminal, app: Application, log: RunLog, progress: Progress, title: str
) -> AsyncIterator[None]:
    """Show the run for as long as the body takes."""
    if terminal.is_json:
        yield
    elif terminal.is_interactive:
        async with _live(terminal, app, log, progress, title):
            yield
    else:
        terminal.line(Text(title))
        progress.on_step = lambda step: terminal.line(_step_line(app, step))
        try:
            yield
        finally:
            progress.on_step = None  # what is told as the session closes is for the summary


@asynccontextmanager
async def _live(
    terminal: Terminal, app: Application, log: RunLog, progress: Progress, title: str
) -> AsyncIterator[None]:
    opening = await app.account()
    meter = Meter(
        BarColumn(bar_width=40),
        TaskProgressColumn(),
        TextColumn("{task.description}"),
        TimeRemainingColumn(),
        TextColumn("left"),
        auto_refresh=False,
    )
    task = meter.add_task("", total=1.0)
    with Live(console=terminal.out, auto_refresh=False, transient=True) as live:

        async def refresh() -> None:
            while True:
                account = await app.account()
                latest = progress.latest
                moment = f"{figures.moment(app.now)} UTC"
                meter.update(task, completed=0.0 if latest is None else latest.fraction, description=moment)
                live.update(_picture(log, meter, title, _figures(app, log, opening, account)), refresh=True)
                await asyncio.sleep(_REFRESH_SECONDS)

        refreshing = asyncio.create_task(refresh(), name="tidegate display")
        try:
            yield
        finally:
            refreshing.cancel()
            await asyncio.wait([refreshing])


def _picture(log: RunLog, meter: RenderableType, title: str, figures_now: RenderableType) -> RenderableType:
    return Group(Text(title, style="bold"), meter, figures_now, Text(), *list(log.lines)[-_LINES_SHOWN:])


def _figures(app: Application, log: RunLog, opening: AccountSummary, account: AccountSummary) -> Table:
    grid = Table.grid(padding=(0, 3))
    gain = None if account.equity is None or opening.equity is None else account.equity - opening.equity
    grid.add_row(
        Text("Equity ").append(figures.money(account.equity, account.reporting_currency), style="bold"),
        gain_text(gain),
        Text("State ").append(account.state.value, style=STATE_STYLES[account.state]),
        Text(f"{figures.counted(log.orders, 'order')}, {figures.counted(log.fills, 'fill')}"),
        Text(f"{log.refused.total()} refused", style="red" if log.refused else ""),
    )
    for product in app.products:
        held = app.account_position(product.symbol)
        book = app.quote(product.symbol).book
        mid = book.mid if book is not None else None
        grid.add_row(
            Text(product.symbol).append(f" {figures.price(mid)}", style="bold"),
            Text("flat", style="dim") if held.is_flat else Text(figures.quantity(held.quantity)),
        )
    return grid


def _step_line(app: Application, step: SessionProgress) -> Text:
    prices = []
    for product in app.products:
        book = app.quote(product.symbol).book
        prices.append(f"{product.symbol} {figures.price(book.mid if book is not None else None)}")
    return Text(f"{figures.time_of_day(step.at)}  --- {step.fraction:.0%} of the session, {', '.join(prices)}")
