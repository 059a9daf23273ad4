"""Draws that are the same on every machine: nothing but comparisons and the four operations, which IEEE 754 fixes.

A logarithm may differ in its last bit between two libraries, and with it a moment in its last microsecond.
"""

from collections.abc import Sequence
from typing import TypeVar

from tidegate.domain.ports.chance import ChancePort

T = TypeVar("T")
_UNIFORMS = 12


class Draws:
    """Draws from one source of chance."""

    def __init__(self, chance: ChancePort) -> None:
        self._uniform = chance.uniform

    def uniform(self) -> float:
        """From 0 to 1."""
        return self._uniform(0.0, 1.0)

    def below(self, bound: int) -> int:
        """A whole number from 0 to just below the bound."""
        return min(int(self._uniform(0.0, 1.0) * bound), bound - 1)

    def exponential(self) -> float:
        """Exponential of mean 1, by comparing uniform draws (von Neumann 1951)."""
        uniform, whole = self._uniform, 0
        while True:
            first = last = uniform(0.0, 1.0)
            count = 1
            while (draw := uniform(0.0, 1.0)) < last:
                last = draw
                count += 1
            if count % 2:
                return whole + first
            whole += 1

    def normal(self) -> float:
        """Close to normal, of mean 0 and variance 1: the sum of twelve uniform draws, less six."""
        return sum(self._uniform(0.0, 1.0) for _ in range(_UNIFORMS)) - _UNIFORMS / 2

    def skewed(self, most: int) -> int:
        """A whole number from 1 to most: the cube of a uniform draw, so that small ones are many."""
        draw = self._uniform(0.0, 1.0)
        return min(1 + int(most * draw * draw * draw), most)

    def one_of(self, things: Sequence[T]) -> T:
        """One of them, each as likely."""
        return things[self.below(len(things))]
