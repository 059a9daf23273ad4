"""The board: which fault strikes which call, as the plan has it, and how often each has fired."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable

from tidegate.testing.simulation.plans import Fault


class FaultBoard:
    """Faults by their place. Each that took effect is counted by its id; once quiet, none strikes any more."""

    def __init__(self, faults: Iterable[Fault], place_of: Callable[[str], str], time: Callable[[], float]) -> None:
        self.fired: Counter[str] = Counter()
        self.is_quiet = False
        self._time = time
        self._calls: Counter[str] = Counter()
        self._by_call: dict[tuple[str, int], list[Fault]] = defaultdict(list)
        self._windows: dict[str, list[Fault]] = defaultdict(list)
        self._begun: set[Fault] = set()
        for fault in faults:
            if fault.nth:
                self._by_call[place_of(fault.id), fault.nth].append(fault)
            else:
                self._windows[fault.id].append(fault)

    def strike(self, place: str) -> Fault | None:
        """Count a call of a place; the fault that strikes it, if one does. Whoever asks must have it take effect."""
        self._calls[place] += 1
        found = self._by_call.get((place, self._calls[place]))
        if not found or self.is_quiet:
            return None
        self.fired[found[0].id] += 1
        return found[0]

    def now(self, fault_id: str) -> Fault | None:
        """The fault of that id whose time is now; counted once, when it first has an effect."""
        windows = self._windows.get(fault_id)
        if not windows or self.is_quiet:
            return None
        at = self._time()
        for fault in windows:
            if fault.at <= at < fault.at + fault.seconds:
                if fault not in self._begun:
                    self._begun.add(fault)
                    self.fired[fault.id] += 1
                return fault
        return None

    def windows(self, fault_id: str) -> list[Fault]:
        """The faults of that id that have a time, whether it is now or not."""
        return self._windows.get(fault_id, [])
