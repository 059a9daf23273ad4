"""The bench: every row of the speed table measured in one run, on the real services as the containers wire them."""

from tidegate.testing.bench.table import SPEED_TABLE, SpeedRow, measure

__all__ = ["SPEED_TABLE", "SpeedRow", "measure"]
