"""The world's memory: its orders, fills and standing figures, written one venue step at a time."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from tidegate.adapters.brokers.accounts import AccountsState
from tidegate.adapters.brokers.simulated.orders import WorkingOrder
from tidegate.domain.fills import Fill
from tidegate.domain.identifiers import ClientOrderId
from tidegate.domain.movements import Movement


class UsedShare(Struct, frozen=True, array_like=True):
    """What was taken of one level, or of one recorded order in it, and not updated since."""

    symbol: str
    is_bid: bool
    price: str
    order_id: str
    quantity: str


class WorldState(Struct, kw_only=True):
    """All that is not an order or a fill.

    `rows` counts the rows of the recording that have happened; `at_us` is when the last of them did; time may flow to
    `lease_us` before the next write, so that a restart, which begins there, never goes back. `offset_us` puts this
    session behind the one before. `source` is the file that `recording`, a checksum, was last read from, or several,
    one a line. `generation` counts fresh accounts and is part of every id, so that none comes twice from one file.
    `large_fill_count` counts the fills that took more than a tenth of what their level showed. `funded_us` is the last
    moment at which funding was due, `happened` how many scripted events of this session have come.
    `is_replayed` says that the world was a replay's, which ended with it.
    """

    account_id: str
    recording: str
    accounts: AccountsState
    source: str = ""
    generation: int = 1
    session: int = 1
    offset_us: int = 0
    rows: int = 0
    at_us: int = 0
    lease_us: int = 0
    is_ended: bool = False
    is_closed: bool = False
    order_count: int = 0
    trade_count: int = 0
    rank_count: int = 0
    large_fill_count: int = 0
    movement_count: int = 0
    funded_us: int = 0
    happened: int = 0
    is_replayed: bool = False
    used: list[UsedShare] = []

    @property
    def sources(self) -> tuple[Path, ...]:
        """The files that the account was last played on; none of a world that never was."""
        return tuple(map(Path, self.source.split("\n"))) if self.source else ()


class Archive(Protocol):
    """Where a world keeps itself. Every call is synchronous: what it says is done when it returns.

    `remember` is called before the standing figures are written down, for those that are kept elsewhere meanwhile.
    """

    remember: Callable[[], None]

    def find(self, client_order_id: ClientOrderId) -> WorkingOrder | None:
        """The order with that client order id, ended ones included."""
        ...

    def open_orders(self) -> Sequence[WorkingOrder]:
        """Every open order, the oldest first."""
        ...

    def all_orders(self) -> Sequence[WorkingOrder]:
        """Every order there ever was, the oldest first."""
        ...

    def fills(self, since: datetime) -> Sequence[Fill]:
        """Fills stamped at or after a moment, the oldest first."""
        ...

    def fills_of(self, client_order_id: ClientOrderId) -> Sequence[Fill]:
        """The fills of one order, the oldest first."""
        ...

    def movements(self, since: datetime) -> Sequence[Movement]:
        """Movements stamped at or after a moment, the oldest first."""
        ...

    def take_back(self, fill: Fill) -> None:
        """With the next step, an execution is no longer one of those that are told."""
        ...

    def write(
        self,
        state: WorldState,
        orders: Mapping[ClientOrderId, WorkingOrder],
        fills: Sequence[Fill],
        movements: Sequence[Movement] = (),
    ) -> None:
        """One venue step, with the orders that changed in it: all of it is kept, or none."""
        ...

    def close(self) -> None: ...


def nothing() -> None:
    """Nothing is kept elsewhere."""


class MemoryArchive:
    """A world that ends with its process."""

    def __init__(self) -> None:
        self.remember = nothing
        self._orders: dict[ClientOrderId, WorkingOrder] = {}
        self._fills: list[Fill] = []
        self._movements: list[Movement] = []

    def find(self, client_order_id: ClientOrderId) -> WorkingOrder | None:
        return self._orders.get(client_order_id)

    def open_orders(self) -> Sequence[WorkingOrder]:
        return [order for order in self._orders.values() if order.is_open]

    def all_orders(self) -> Sequence[WorkingOrder]:
        return list(self._orders.values())

    def fills(self, since: datetime) -> Sequence[Fill]:
        recent = []
        for fill in reversed(self._fills):
            if fill.at < since:
                break
            recent.append(fill)
        return recent[::-1]

    def fills_of(self, client_order_id: ClientOrderId) -> Sequence[Fill]:
        return [fill for fill in self._fills if fill.client_order_id == client_order_id]

    def movements(self, since: datetime) -> Sequence[Movement]:
        return [one for one in self._movements if one.at >= since]

    def take_back(self, fill: Fill) -> None:
        self._fills.remove(fill)

    def write(
        self,
        state: WorldState,
        orders: Mapping[ClientOrderId, WorkingOrder],
        fills: Sequence[Fill],
        movements: Sequence[Movement] = (),
    ) -> None:
        self._orders.update(orders)
        self._fills.extend(fills)
        self._movements.extend(movements)

    def close(self) -> None:
        """Nothing is held open."""
