"""Strikes: which call is struck by which fault of a plan, and how often each has struck."""

from collections import Counter
from collections.abc import Collection

from tidegate.adapters.brokers.rehearsal.catalogue import KINDS, Place
from tidegate.adapters.brokers.rehearsal.plan import Fault, FaultPlan
from tidegate.adapters.chance import SeededChance
from tidegate.domain.ports import ClockPort


class _Planned:
    """A fault of the plan, how many calls it has seen, and whether it has been met."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.calls = 0
        self.is_met = False


class Strikes:
    """A plan as it comes true on one session's clock; the same calls at the same moments are struck the same way."""

    def __init__(self, plan: FaultPlan, clock: ClockPort) -> None:
        self._clock = clock
        self._began = clock.monotonic()
        self._chance = SeededChance(plan.seed)
        self._planned: dict[Place, list[_Planned]] = {place: [] for place in Place}
        for fault in plan.faults:
            self._planned[fault.kind.place].append(_Planned(fault))
        self.counts = Counter({fault.id: 0 for fault in plan.faults})

    def call(self, place: Place, symbol: str, *, but: Collection[str] = ()) -> Fault | None:
        """The fault that strikes this call; `but` are those that cannot, and do not count it either."""
        struck = None
        for one in self._planned[place]:
            fault = one.fault
            if fault.id not in but and fault.symbol in ("", symbol):
                one.calls += 1
                # Each counts the call, also where another has struck it already.
                if self._strikes(one) and struck is None:
                    struck = fault
        if struck is not None:
            self.counts[struck.id] += 1
        return struck

    def lasting(self, fault_id: str, symbol: str = "") -> Fault | None:
        """The fault of that kind which holds now, for this symbol; counted once, however often it is met."""
        for one in self._planned[KINDS[fault_id].place]:
            fault = one.fault
            if fault.id == fault_id and fault.symbol in ("", symbol) and self._holds(fault):
                if not one.is_met:
                    one.is_met = True
                    self.counts[fault_id] += 1
                return fault
        return None

    def planned(self, fault_id: str) -> tuple[Fault, ...]:
        """Every fault of that kind, whenever it comes."""
        return tuple(one.fault for one in self._planned[KINDS[fault_id].place] if one.fault.id == fault_id)

    def has(self, place: Place) -> bool:
        return bool(self._planned[place])

    def _strikes(self, one: _Planned) -> bool:
        fault = one.fault
        if fault.nth:
            return one.calls == fault.nth
        if fault.every:
            return one.calls % fault.every == 0
        if fault.chance:
            return self._chance.uniform(0, 1) < fault.chance
        return self._holds(fault)

    def _holds(self, fault: Fault) -> bool:
        if fault.at is None:
            return False
        return fault.at <= self._clock.monotonic() - self._began < fault.at + fault.seconds
