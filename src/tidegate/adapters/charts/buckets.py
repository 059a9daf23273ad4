"""Buckets: a curve made small enough to draw, in which no extreme is lost and no hole is bridged."""

Bucket = tuple[float, float, float, float]
"""First, lowest, highest and last value of a stretch of time."""


class Buckets:
    """A value that stands until it changes; None is not known, and a bucket in which it was never known stays empty.

    What is drawn is pixels: floats serve, and money elsewhere is not computed from them.
    """

    def __init__(self, begin_us: int, width_us: int, count: int) -> None:
        self._begin_us = begin_us
        self._width_us = width_us
        self.values: list[Bucket | None] = [None] * count
        self.breaks: list[int] = []
        """Buckets in which the value was lost: the curve is interrupted within them."""
        self._at = 0
        self._value: float | None = None

    def put(self, at_us: int, value: float | None) -> None:
        """From that moment on, no earlier than the last one, the value is this."""
        self.stand_until(at_us)
        if value is None:
            if self._value is not None and (not self.breaks or self.breaks[-1] != self._at):
                self.breaks.append(self._at)
        else:
            self._add(value)
        self._value = value

    def stand_until(self, at_us: int) -> None:
        """The last value stands until then."""
        to = max(self._at, min((at_us - self._begin_us) // self._width_us, len(self.values) - 1))
        while self._at < to:
            self._at += 1
            if self._value is not None:
                self._add(self._value)

    def _add(self, value: float) -> None:
        seen = self.values[self._at]
        if seen is None:
            self.values[self._at] = (value, value, value, value)
        else:
            first, low, high, _ = seen
            self.values[self._at] = (first, min(low, value), max(high, value), value)
