"""The catalogue: every fault that a plan may hold, by its id in the matrix, with its place and how it is drawn."""

from collections.abc import Callable

from msgspec import Struct

from tidegate.testing.simulation.dice import Dice
from tidegate.testing.simulation.plans import Fault


class Kind(Struct, frozen=True):
    """One kind of fault: the place whose calls it strikes (empty: it has a time), and what a seed makes of it."""

    place: str
    draw: Callable[[str, Dice], Fault]


_CALLS = {"submit": 14, "cancel": 6, "query": 120, "stream": 40, "write": 100, "sending": 14, "amend": 4}
"""About how many calls of a place a life has."""


def _strikes(place: str, low: float = 0.0, high: float = 0.0) -> Kind:
    def draw(fault_id: str, dice: Dice) -> Fault:
        return Fault(id=fault_id, nth=dice.between(1, _CALLS[place]), amount=round(dice.uniform(low, high), 3))

    return Kind(place, draw)


def _lasts(shortest: float, longest: float, low: float = 0.0, high: float = 0.0) -> Kind:
    def draw(fault_id: str, dice: Dice) -> Fault:
        return Fault(
            id=fault_id,
            at=round(dice.uniform(20, 480), 3),
            seconds=round(dice.uniform(shortest, longest), 3),
            amount=round(dice.uniform(low, high), 3),
        )

    return Kind("", draw)


KINDS: dict[str, Kind] = {
    **{f"B{number}": _strikes("submit") for number in (*range(1, 20), 20, 21, 25, 26)},
    "B24": _lasts(10, 60),
    "B27": _lasts(60, 200, 2, 10),
    "B28": _strikes("query"),
    "B29": _strikes("cancel"),
    "B29b": _strikes("cancel"),
    "B29c": _strikes("cancel"),
    "B31": _lasts(20, 150),
    "S1": _strikes("stream"),
    "S3": _strikes("stream"),
    "S4": _strikes("stream", 1, 20),
    "S12": _lasts(20, 120),
    "S14": _strikes("stream"),
    "M1": _lasts(4, 60),
    "M2": _lasts(5, 30),
    "M4": _lasts(5, 30),
    "M5": _lasts(5, 30),
    "M6": _lasts(5, 60, 500, 3_000),
    "M8": _lasts(5, 20),
    "D1": _strikes("write"),
    "D2": _strikes("write"),
    "D6": _strikes("write", 0.5, 30),
    "D8": _strikes("write", 0, 1),
    "D13": _strikes("write"),
    "P13": _strikes("sending", 5, 600),
    "P14": _strikes("submit"),
    "P15": _strikes("stream"),
    "S2": _strikes("stream"),
    "S8": _lasts(1, 1),
    "S10": _lasts(1, 1, 1, 9),
    "S11": _lasts(1, 1, 1, 9),
    "S13": _strikes("stream", 1, 20),
    "X2": _lasts(1, 1, 1, 9),
    "X7": _lasts(1, 1, -3_600, 3_600),
}
"""What can be drawn. Kills, bad input and operators are in a plan as endings and acts, and counted by `accounting`."""

_AMENDS = ("B32", "B32b", "B32c", "B32d", "B33", "B34")
LATER_KINDS: dict[str, Kind] = {
    **{fault_id: _strikes("amend") for fault_id in _AMENDS},
    "B35": _lasts(1, 1, 0, 1),
    "S9": _lasts(1, 1),
    "P11": _strikes("submit"),
    "B28b": _lasts(10, 50, 0, 3.99),
    "P14b": _lasts(2, 20, 0, 3.99),
}
"""Drawn by dice of their own, so that they move nothing of what a seed makes of the others."""


def place_of(fault_id: str) -> str:
    """The place whose calls a fault strikes."""
    return (KINDS.get(fault_id) or LATER_KINDS[fault_id]).place
