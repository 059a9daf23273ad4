"""Recordings made of tables: CSV files of trades or of bars, with what they cannot say stated and never invented."""

from tidegate.adapters.recordings.tables.bars import BarOptions
from tidegate.adapters.recordings.tables.importing import import_bars, import_trades
from tidegate.adapters.recordings.tables.tape import AssumedBook
from tidegate.adapters.recordings.tables.trades import TradeOptions

__all__ = ["AssumedBook", "BarOptions", "TradeOptions", "import_bars", "import_trades"]
