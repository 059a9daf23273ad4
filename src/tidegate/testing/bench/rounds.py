"""Rounds: a figure is the median of three, each round by the same clock."""

from collections.abc import Awaitable, Callable
from statistics import median

from tidegate.adapters.clocks import WallClock

ROUNDS = 3

seconds = WallClock().monotonic
"""Seconds of a clock that never jumps, from an arbitrary beginning."""


async def median_of_rounds(one_round: Callable[[], Awaitable[float]]) -> float:
    """The middle figure of three rounds."""
    return median([await one_round() for _ in range(ROUNDS)])
