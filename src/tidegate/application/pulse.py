"""The pulse: when each background loop last came round, so that one that hangs is missed like one that has died."""

from tidegate.domain.ports import ClockPort

BOUND_SECONDS = 60.0
"""How long a loop may take for one round; what lasts longer sees nothing meanwhile."""


class Pulse:
    """Beaten by each loop at the beginning of a round."""

    def __init__(self, clock: ClockPort, bound_seconds: float = BOUND_SECONDS) -> None:
        self._clock = clock
        self._bound_seconds = bound_seconds
        self._beaten: dict[str, float] = {}

    def beat(self, name: str) -> None:
        """The loop has come round."""
        self._beaten[name] = self._clock.monotonic()

    def silent(self) -> tuple[str, ...]:
        """Loops that have not come round for longer than the bound, each told once until it beats again."""
        now = self._clock.monotonic()
        found = tuple(name for name, at in self._beaten.items() if now - at > self._bound_seconds)
        for name in found:
            del self._beaten[name]
        return found
