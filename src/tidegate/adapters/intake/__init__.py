"""Where decisions come from: a strategy object, or JSON lines on a stream."""

from tidegate.adapters.intake.json_lines import JsonLinesIntake
from tidegate.adapters.intake.strategies import StrategyIntake
from tidegate.adapters.intake.strategy_loading import load_strategy

__all__ = ["JsonLinesIntake", "StrategyIntake", "load_strategy"]
