"""The summary of a run for people: what was decided, sent, filled and refused."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from tidegate.adapters.cli import figures
from tidegate.adapters.cli.run_log import RunLog
from tidegate.adapters.cli.tables import STATE_STYLES, gain_text
from tidegate.adapters.sessions.session import SessionProgress
from tidegate.adapters.settings import Settings
from tidegate.application.readings import AccountSummary
from tidegate.application.summary import RunSummary
from tidegate.domain.amounts import plain
from tidegate.domain.vocabulary import TradingState


def run_summary(
    settings: Settings,
    opening: AccountSummary,
    closing: AccountSummary,
    summary: RunSummary,
    log: RunLog,
    session: SessionProgress | None,
    assumed: str,
) -> RenderableType:
    """Everything that stands at the end of a run."""
    return Group(
        Rule("Summary", style="dim"),
        _counts(summary, session),
        *([_refusals(log)] if log.refused else []),
        _money(opening, summary, log),
        *_integrity(closing, summary),
        *([_faults(settings, session.faults)] if session is not None and session.faults else []),
        *([Text(assumed, style="dim")] if assumed else []),
    )


def _grid() -> Table:
    grid = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    grid.add_column(style="dim", no_wrap=True, min_width=10)
    grid.add_column()
    return grid


def _counts(summary: RunSummary, session: SessionProgress | None) -> Table:
    grid = _grid()
    grid.add_row("Session", f"{figures.span(summary.seconds)} of market time")
    if session is not None and session.gaps:
        grid.add_row("Gaps", Text(figures.gaps(session.gaps, session.gap_seconds), style="yellow"))
    no_order = f", of which {summary.no_order} needed no order" if summary.no_order else ""
    grid.add_row("Decided", f"{figures.counted(summary.decisions, 'decision')}{no_order}")
    grid.add_row("Ordered", f"{figures.counted(summary.orders, 'order')} sent")
    # What an earlier run had sent may have filled in this one.
    unfilled = max(0, summary.orders - summary.filled)
    rest = f"; {unfilled} refused by the venue, expired, cancelled or still working" if unfilled else ""
    grid.add_row(
        "Filled", f"{figures.counted(summary.filled, 'order')} in {figures.counted(summary.fills, 'fill')}{rest}"
    )
    if summary.large_fills:
        large = f"{figures.counted(summary.large_fills, 'fill')} of more than a tenth of what was there"
        grid.add_row("Large", f"{large}: in a real market the price would have moved")
    refused = sum(summary.refused.values())
    grid.add_row("Refused", Text(str(refused) if refused else "nothing", style="red" if refused else ""))
    return grid


def _refusals(log: RunLog) -> Padding:
    grid = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    grid.add_column(justify="right")
    grid.add_column(style="red", no_wrap=True)
    grid.add_column()
    for code, count in log.refused.most_common():
        refusal = log.last_refusal.get(code)
        words = Text(figures.clean(log.reasons[code]))
        if refusal is not None and refusal.remedy is not None:
            words.append(f"\n→ {figures.clean(refusal.remedy.text)}", style="dim")
        grid.add_row(f"{count} x", code, words)
    return Padding.indent(grid, 2)


def _money(opening: AccountSummary, summary: RunSummary, log: RunLog) -> Table:
    grid, currency = _grid(), opening.reporting_currency
    before, after = opening.equity, summary.equity
    grid.add_row("Equity", f"{figures.money(before, currency)} → {figures.money(after, currency)}")
    if before is not None and after is not None:
        flow, charge = log.flows.get(currency, Decimal(0)), log.charges.get(currency, Decimal(0))
        if flow:
            grid.add_row(
                "Moved", Text.assemble(gain_text(flow), (f" {currency}, which is no profit and no loss", "dim"))
            )
        total = after - before - flow
        fees = log.fees.get(currency, Decimal(0))
        text = gain_text(total)
        if set(log.fees) <= {currency} and (fees or charge):
            text.append(" = price ").append_text(gain_text(total + fees - charge))
            text.append(", fees ").append_text(gain_text(-fees))
            if charge:
                text.append(", funding and the like ").append_text(gain_text(charge))
            text.append(f" on {figures.money(log.volume.get(currency), currency)} traded", style="dim")
        grid.add_row("Result", text)
    held = [f"{figures.quantity(size)} {symbol}" for symbol, size in summary.positions.items() if size]
    grid.add_row("Position", ", ".join(held) or "flat")
    return grid


def _integrity(closing: AccountSummary, summary: RunSummary) -> list[RenderableType]:
    """Whether trading goes on, every order has a known outcome, and the books hold."""
    grid = _grid()
    if closing.state is not TradingState.ACTIVE:
        why = f": {figures.clean(closing.state_reason)}; `resume` lets it trade again once you have looked"
        grid.add_row("State", Text.assemble((closing.state.value, STATE_STYLES[closing.state]), why))
    for symbol, why in summary.restrained.items():
        lifted = f"takes no entries: {figures.clean(why)}; `resume --symbol {symbol}` lifts it once you have looked"
        grid.add_row("State", Text.assemble((symbol, "bold yellow"), f" {lifted}"))
    unknown = f"{figures.counted(summary.unknown, 'order')} without a known outcome"
    grid.add_row(
        "Outcomes",
        Text(unknown if summary.unknown else "every order's is known", style="bold yellow" if summary.unknown else ""),
    )
    if summary.invariants == "hold":
        grid.add_row("Invariants", Text("hold: orders, fills, money and the venue's books agree", style="green"))
        return [grid]
    grid.add_row("Invariants", Text("BROKEN", style="bold red"))
    return [grid, *(Text(f"  {number}: {what}", style="red") for number, what in summary.broken.items())]


def _faults(settings: Settings, faults: Mapping[str, int]) -> Table:
    """What went wrong on demand, which is no fault of the market's or ours."""
    grid = _grid()
    struck = ", ".join(f"{count} x {fault}" for fault, count in faults.items())
    grid.add_row("Faults", f"{struck}; on demand, by {figures.clean(Path(settings.paper.faults).name)}")
    return grid


def _queues(settings: Settings) -> str:
    """How resting orders are said to move up."""
    paper = settings.paper
    if paper.queue_model == "prints":
        return "resting orders wait behind the displayed size"
    return f"resting orders move up by a share of cancellations, too (power {paper.queue_power})"


def assumptions(settings: Settings, session: SessionProgress | None = None) -> str:
    """What a result on paper assumes, which is told with each: the venue, and what the recording itself assumes."""
    if settings.profile not in ("paper", "replay"):
        return ""
    paper = settings.paper
    latencies = (
        paper.feed_latency_ms,
        paper.entry_latency_ms,
        paper.acknowledgement_latency_ms,
        paper.cancel_latency_ms,
    )
    is_own = paper.maker_fee_rate is not None or paper.taker_fee_rate is not None
    fees = "those of the settings" if is_own else "the recording's"
    if paper.fees_in == "received":
        fees += ", paid in what is received"
    funding = (
        f"funding of {plain(paper.funding_rate)} every {paper.funding_hours} h" if paper.funding_rate else "no funding"
    )
    words = "/".join(f"{latency:g}" for latency in latencies) + " ms"
    if paper.latency_jitter:
        words += f" (all but the first up to {paper.latency_jitter:.0%} more or less)"
    recorded = session.assumptions if session is not None else ()
    told = f" The recording assumes: {'; '.join(recorded)}." if recorded else ""
    return (
        "Assumed on paper: our orders do not move the recorded market; "
        f"{_queues(settings)}; "
        f"nothing fills past the recorded depth; feed/entry/ack/cancel take {words}; fees are {fees}; "
        f"derivatives have {paper.margin} margin and {funding}.{told}"
    )
