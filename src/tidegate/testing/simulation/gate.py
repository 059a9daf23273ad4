"""The gate: where a simulated process meets the world. Every call is fenced, written down, and may be its last."""

from collections.abc import Callable
from hashlib import sha256

from tidegate.testing.simulation.plans import Ending
from tidegate.testing.simulation.processes import Process


class Trace:
    """What every process did at its ports, in order, as one hash: the same seed twice gives the same (invariant 25)."""

    def __init__(self, time: Callable[[], float]) -> None:
        self._time = time
        self._digest = sha256()
        self.calls = 0
        self.is_kept = False
        self.lines: list[str] = []

    def note(self, who: str, what: str) -> None:
        """One call at a port, or one thing that the world did."""
        self.calls += 1
        line = f"{self._time():.6f} {who} {what}"
        self._digest.update(line.encode())
        self._digest.update(b"\n")
        if self.is_kept:
            self.lines.append(line)

    @property
    def hash(self) -> str:
        return self._digest.hexdigest()


class Gate:
    """Numbers the crash points of one process: one before and one after the effect of each port call."""

    def __init__(self, process: Process, ending: Ending | None, trace: Trace, on_killed: Callable[[str], bool]) -> None:
        self.process = process
        self.points = 0
        self.passed = 0
        self._ending = ending
        self._trace = trace
        self._on_killed = on_killed
        self._is_armed = ending is not None and bool(ending.point) and not ending.is_stop
        self._can_die = True

    def arm(self) -> None:
        """From now on the points count towards the kill: the process has been told to stop."""
        self.points = 0
        self._is_armed = self._ending is not None and bool(self._ending.point)

    def disarm(self) -> None:
        """From now on no point kills."""
        self._is_armed, self._ending, self._can_die = False, None, False

    async def reach(self, label: str) -> None:
        """Pass a crash point, or die at it; `on_killed` may put the death off to the effect that follows.

        Raises:
            ProcessFenced: the process is dead already.
        """
        self.process.require_alive()
        self.points += 1
        self.passed += 1
        self._trace.note(self.process.name, label)
        if self._is_armed and self._ending is not None and self.points == self._ending.point:
            is_dead = self._on_killed(label)
            if is_dead:
                await self.process.die_here()

    async def die(self, label: str) -> None:
        """Die here, whatever the ending says, unless deaths are over."""
        self._trace.note(self.process.name, label)
        if self._can_die:
            self._on_killed(label)
            await self.process.die_here()

    def pass_by(self, label: str) -> None:
        """A call that has no effect of its own that could be durable."""
        self.process.require_alive()
        self._trace.note(self.process.name, label)
