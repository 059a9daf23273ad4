"""Dice: the simulation's chance, a seeded stream for each purpose, so that one more throw here moves nothing there."""

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Dice:
    """Seeded throws; the same name gives the same throws in the same order."""

    def __init__(self, *name: object) -> None:
        self._random = random.Random(" ".join(map(str, name)))
        self.fraction = self._random.random

    def uniform(self, low: float, high: float) -> float:
        return low + (high - low) * self.fraction()

    def between(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return low + int(self.fraction() * (high - low + 1))

    def below(self, bound: int) -> int:
        """A whole number from zero, the bound left out."""
        return int(self.fraction() * bound)

    def happens(self, probability: float) -> bool:
        return self.fraction() < probability

    def one_of(self, things: Sequence[T]) -> T:
        return things[int(self.fraction() * len(things))]

    def some_of(self, things: Sequence[T], probability: float) -> list[T]:
        """Each of them with that probability, in their order."""
        return [thing for thing in things if self.fraction() < probability]
