"""Valued: at which moment of its session an account was valued, by marks of which age, or why it could not be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from msgspec.structs import replace
from rich.text import Text

from tidegate.adapters.cli import figures
from tidegate.application.application import Application
from tidegate.application.readings import AccountSummary, PositionReading


@dataclass(frozen=True, slots=True)
class Valuation:
    """The session's moment, the age of each mark in seconds by symbol, and why there is none of them."""

    at: datetime | None
    ages: Mapping[str, float]
    unknown: str = ""

    @property
    def oldest(self) -> float | None:
        """The age of the oldest mark."""
        return max(self.ages.values(), default=None)

    @property
    def words(self) -> Text:
        """All of it for people."""
        if self.unknown:
            return Text(f"not known: {figures.clean(self.unknown)}; name a market with --recording", style="yellow")
        age = "" if self.oldest is None else f", by marks up to {figures.span(self.oldest)} old"
        return Text(f"{figures.moment(self.at)} UTC{age}")


def valuation(app: Application, symbols: Sequence[str], unknown: str) -> Valuation:
    """How an open application values these symbols; nothing of it where the market is unknown."""
    if unknown:
        return Valuation(None, {}, unknown)
    now = app.now
    marks = ((symbol, app.quote(symbol).mark) for symbol in symbols)
    # On a live market the next mark may have come since.
    ages = {symbol: max(0.0, round((now - mark.at).total_seconds(), 3)) for symbol, mark in marks if mark is not None}
    return Valuation(now, ages)


def position_without_value(reading: PositionReading) -> PositionReading:
    """What is known of a position without its market."""
    return replace(reading, mark=None, unrealized_pnl=None)


def account_without_value(summary: AccountSummary) -> AccountSummary:
    """What is known of an account without its market: money and states, and nothing that a price goes into."""
    return replace(summary, equity=None, day_pnl=None, rolling_pnl=None, drawdown=None, exposure=None, available={})
