"""Plans: one life written down, every decision, fault and kill of it, so that it can be repeated and taken apart."""

from decimal import Decimal
from pathlib import Path

import msgspec
from msgspec import Struct

from tidegate.domain.decisions import Decision
from tidegate.domain.vocabulary import Delivery


class Act(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that the world outside asks of the application, `at` seconds into the life.

    `verb` is `decide`, `amend`, `cancel`, `cancel_all`, `close`, `halt`, `reduce`, `resume`, `reconcile` or `give_up`
    (the caller of a decision goes away). `target` is a decision's id, for what concerns its order; `valid_seconds`
    makes the decision's life relative to the act. An amend asks for `factor` times the order's quantity, at a price
    that is `basis_points` higher.
    """

    at: float
    verb: str
    symbol: str = "BTC-USD"
    decision: Decision | None = None
    target: str = ""
    valid_seconds: float | None = None
    factor: Decimal = Decimal(1)
    basis_points: int = 0


class Fault(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One fault of the catalogue, by its id.

    It strikes the `nth` call of its place (counted from 1 over the whole life), or from `at` on for `seconds`.
    `amount` is its size, where it has one.
    """

    id: str
    nth: int = 0
    at: float = 0.0
    seconds: float = 0.0
    amount: float = 0.0


class Ending(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How one process after the other ends: killed at its `point`-th crash point, or told to stop at `at`.

    A process that is told to stop may be killed at the `point`-th crash point of its shutdown. The next one starts
    `pause` seconds later; with `is_taken_over` it starts while this one still runs (X1).
    """

    point: int = 0
    at: float = 0.0
    is_stop: bool = False
    is_taken_over: bool = False
    pause: float = 1.0


class Plan(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A whole life. The seed decides the schedule, the market and the delays; everything else stands here.

    `passes` of reconciliation follow on H and three polls, at the end, before records and truth are compared.
    """

    seed: int
    delivery: Delivery = Delivery.A
    acts: tuple[Act, ...] = ()
    faults: tuple[Fault, ...] = ()
    endings: tuple[Ending, ...] = ()
    seconds: float = 600.0
    passes: int = 3
    mutant: str = ""

    @property
    def elements(self) -> int:
        """How many pieces it could be made smaller by."""
        return len(self.acts) + len(self.faults) + len(self.endings)


def write_plan(plan: Plan, path: Path) -> None:
    """Write a plan down as indented JSON."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(plan), indent=2))


def read_plan(path: Path) -> Plan:
    """Read a plan.

    Raises:
        OSError: it cannot be read.
        msgspec.MsgspecError: it is none.
    """
    return msgspec.json.decode(path.read_bytes(), type=Plan)
