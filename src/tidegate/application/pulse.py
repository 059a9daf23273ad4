"""The pulse: when each background loop last came round, so that one that hangs is missed like one that has died."""

from collections.abc import Callable

from tidegate.domain.ports import ClockPort

BOUND_SECONDS = 60.0
"""How long a loop may be at work in one round; what lasts longer sees nothing meanwhile."""


class Pulse:
    """Beaten by each loop at the beginning of a round."""

    def __init__(self, clock: ClockPort, bound_seconds: float = BOUND_SECONDS) -> None:
        self._clock = clock
        self._bound_seconds = bound_seconds
        self._due: dict[str, float] = {}
        self._looked = clock.monotonic()

    def beat(self, name: str, period_seconds: float) -> None:
        """The loop has come round, and rests for a period at the end of each round."""
        self._due[name] = self._clock.monotonic() + period_seconds + self._bound_seconds

    def silent(self, waits_since: Callable[[str], float | None]) -> tuple[str, ...]:
        """Loops that have not come round for longer than the bound, each told once until it beats again.

        One that waits for the venue, as `waits_since` tells, has the bound for each of its questions: a venue that
        answers none of them in time is an outage, and no loop that hangs.
        Asked for every second or so: where much more has passed, all stood still (P13), and each is given that time.
        """
        now = self._clock.monotonic()
        stood_still = now - self._looked
        self._looked = now
        if stood_still > self._bound_seconds / 2:
            self._due = {name: due + stood_still for name, due in self._due.items()}
        for name, due in self._due.items():
            if now > due and (since := waits_since(name)) is not None:
                self._due[name] = since + self._bound_seconds
        found = tuple(name for name, due in self._due.items() if now > due)
        for name in found:
            del self._due[name]
        return found
