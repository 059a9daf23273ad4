"""Timers: callbacks by the moment they are due, for clocks whose time is moved by hand or by a session."""

from collections.abc import Callable
from heapq import heappop, heappush


class Timer:
    """One callback that is due at a moment; cancelling it twice, or after it ran, is harmless."""

    __slots__ = ("callback", "due_us")

    def __init__(self, due_us: int, callback: Callable[[], None]) -> None:
        self.due_us = due_us
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        self.callback = None


class Timers:
    """A heap of timers; those due at the same microsecond run in the order in which they were asked for."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Timer]] = []
        self._count = 0

    def add(self, due_us: int, callback: Callable[[], None]) -> Timer:
        """Run the callback once the time reaches `due_us` (microseconds since the epoch)."""
        timer = Timer(due_us, callback)
        self._count += 1
        heappush(self._heap, (due_us, self._count, timer))
        return timer

    def next_due_us(self) -> int | None:
        """When the earliest timer that was not cancelled is due; None when there is none."""
        heap = self._heap
        while heap and heap[0][2].callback is None:
            heappop(heap)
        return heap[0][0] if heap else None

    def fire_one(self, until_us: int) -> bool:
        """Run the earliest timer that is due by `until_us`; whether there was one."""
        due_us = self.next_due_us()
        if due_us is None or due_us > until_us:
            return False
        timer = heappop(self._heap)[2]
        callback, timer.callback = timer.callback, None
        if callback is not None:
            callback()
        return True
