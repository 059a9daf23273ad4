"""The plan: which faults come when, as a TOML file says it."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from tidegate.adapters.brokers.rehearsal.catalogue import ELSEWHERE, KINDS, Kind
from tidegate.adapters.settings.file import read_toml
from tidegate.adapters.shapes import flaw_of
from tidegate.adapters.spelling import nearest, shown
from tidegate.application.configuration import ConfigurationError


class Fault(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One fault. `at` and `seconds` are session time since the session was opened; a call is struck where it is the
    n-th of its kind, every n-th, by chance, or within that time. `symbol` leaves all others alone.
    """

    id: str
    nth: int = 0
    every: int = 0
    chance: float = 0.0
    at: float | None = None
    seconds: float = 0.0
    symbol: str = ""
    amount: float | None = None
    effect: bool | None = None

    @property
    def kind(self) -> Kind:
        return KINDS[self.id]

    @property
    def size(self) -> float:
        """Its amount, the kind's own where the plan gives none."""
        return self.kind.amount if self.amount is None else self.amount

    @property
    def takes_effect(self) -> bool:
        """Whether the request takes effect, where that may be chosen."""
        return bool(self.kind.has_effect if self.effect is None else self.effect)


class FaultPlan(Struct, frozen=True, forbid_unknown_fields=True, rename={"faults": "fault"}):
    """Faults in the order in which they are looked for, and the seed of those that come by chance."""

    faults: tuple[Fault, ...] = ()
    seed: int = 0


NO_FAULTS = FaultPlan()
_KEYS = ("fault", "seed", *Fault.__struct_fields__)


def read_fault_plan(path: Path) -> FaultPlan:
    """The plan in a file.

    Raises:
        ConfigurationError: it cannot be read, or asks for what cannot be; the message has the fault's number.
    """
    name, tree = shown(path.name), read_toml(path, "paper.faults")
    try:
        plan = msgspec.convert(_plain(tree), FaultPlan)
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"{name}: {flaw_of(error, _KEYS)}", ("paper.faults",)) from None
    for number, fault in enumerate(plan.faults, 1):
        wrong = _wrong(fault)
        if wrong:
            raise ConfigurationError(f"{name}: fault {number} ({shown(fault.id)}) {wrong}", ("paper.faults",))
    return plan


def refuse_strange_symbols(plan: FaultPlan, symbols: Collection[str]) -> None:
    """Raise unless every symbol of the plan is traded.

    Raises:
        ConfigurationError: a fault names a symbol that is not, and so would never come.
    """
    for fault in plan.faults:
        if fault.symbol and fault.symbol not in symbols:
            raise ConfigurationError(
                f"paper.faults: {fault.id} strikes {shown(fault.symbol)}, which the recording has not; it has "
                f"{', '.join(symbols)}",
                ("paper.faults",),
            )


def _plain(value: Any) -> Any:
    """The tables with their exact numbers as floats: a fault's moment is no amount."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return value if isinstance(value, bool | int | str) else float(value)


def _wrong(fault: Fault) -> str:
    """What is wrong with a fault; empty where nothing is."""
    kind = KINDS.get(fault.id)
    if kind is None:
        why = ELSEWHERE.get(fault.id)
        return why if why else f"is no fault that can be had here; did you mean {nearest(fault.id, KINDS)}?"
    figures = (fault.nth, fault.every, fault.chance, fault.at or 0, fault.seconds, fault.size)
    if not all(0 <= figure < float("inf") for figure in figures) or fault.chance > 1:
        return "has a figure that is negative, no number, or a chance above 1"
    if fault.symbol and kind.is_everywhere:
        return "concerns the whole venue, and no symbol"
    if fault.effect is not None and kind.has_effect is None:
        return "has no choice of effect"
    ways = [fault.nth > 0, fault.every > 0, fault.chance > 0, fault.at is not None]
    if not kind.strikes_calls and (sum(ways[:3]) or fault.at is None):
        return "holds for a time: give `at` and `seconds`"
    if sum(ways) != 1:
        return "wants one of `nth`, `every`, `chance`, or `at` with `seconds`"
    if fault.at is not None and not fault.seconds:
        return "wants `seconds`: how long it holds"
    return ""
