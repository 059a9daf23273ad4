"""Charts: a replay as one self-contained page, with its prices, orders, fills, position, equity and states."""

from tidegate.adapters.charts.notes import ChartNotes
from tidegate.adapters.charts.page import ChartFacts, write_chart

__all__ = ["ChartFacts", "ChartNotes", "write_chart"]
