"""Run lines: what a run ends with, as the line that `--json` prints."""

from tidegate.adapters.cli import wire
from tidegate.adapters.sessions.session import SessionProgress
from tidegate.application.summary import RunSummary
from tidegate.domain.amounts import plain


def run_line(summary: RunSummary, session: SessionProgress | None, assumed: str) -> wire.RunLine:
    """What a run ended with, what became of its recording, and what its result assumes."""
    return wire.RunLine(
        decisions=summary.decisions,
        orders=summary.orders,
        filled=summary.filled,
        refused=summary.refused,
        unknown=summary.unknown,
        positions={symbol: plain(size) for symbol, size in sorted(summary.positions.items())},
        equity=None if summary.equity is None else plain(summary.equity),
        invariants=summary.invariants,
        seconds=summary.seconds,
        fills=summary.fills,
        large_fills=summary.large_fills,
        no_order=summary.no_order,
        opening_equity=None if summary.opening_equity is None else plain(summary.opening_equity),
        realized_pnl=plain(summary.realized_pnl),
        fees=plain(summary.fees),
        restrained=summary.restrained,
        faults=dict(session.faults) if session is not None else {},
        gaps=session.gaps if session is not None else 0,
        gap_seconds=plain(session.gap_seconds) if session is not None else "0",
        assumed=assumed,
    )
