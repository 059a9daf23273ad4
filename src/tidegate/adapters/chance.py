"""Chance from a seed."""

import random


class SeededChance:
    """A seeded generator; the same seed gives the same numbers in the same order, whatever else draws ids."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(f"chance {seed}")

    def uniform(self, low: float, high: float) -> float:
        return self._random.uniform(low, high)
