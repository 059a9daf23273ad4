"""ChancePort: the only source of randomness."""

from typing import Protocol


class ChancePort(Protocol):
    """Seeded chance for jitter; never for identity."""

    def uniform(self, low: float, high: float) -> float:
        """A number in [low, high]."""
        ...
