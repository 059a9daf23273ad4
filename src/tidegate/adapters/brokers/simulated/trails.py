"""Trails: triggers that follow the market, moved together however many there are."""

from bisect import bisect_left
from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from sortedcontainers import SortedList

from tidegate.adapters.brokers.simulated.orders import WorkingOrder
from tidegate.domain.amounts import ZERO
from tidegate.domain.identifiers import ClientOrderId


class Waiting(NamedTuple):
    """An order by where it triggers, the older first at a price. Prices are negated for triggers from above."""

    key: Decimal
    rank: int
    order: WorkingOrder


class _Group:
    """Orders that have seen the same extreme; their triggers move as one."""

    __slots__ = ("extreme", "head", "members")

    def __init__(self, extreme: Decimal) -> None:
        self.extreme = extreme
        self.members: SortedList[Waiting] = SortedList()  # by trail
        self.head: tuple[Decimal, int, _Group] | None = None


class Trails:
    """The trailing orders that watch one price from one side.

    A trigger lies the order's trail behind the lowest price since it came (prices are negated for a trigger from above,
    so that it is always the lowest). Orders that came at different times have seen different extremes, the latest
    comers the highest; a new extreme makes one group of all that it is new to. An order changes its group no more often
    than the number of them has doubles.
    """

    __slots__ = ("_group_of", "_groups", "_heads")

    def __init__(self) -> None:
        self._groups: list[_Group] = []
        self._group_of: dict[ClientOrderId, _Group] = {}
        self._heads: SortedList[tuple[Decimal, int, _Group]] = SortedList()

    def __len__(self) -> int:
        return len(self._group_of)

    def __iter__(self) -> Iterator[WorkingOrder]:
        for group in self._groups:
            yield from (member.order for member in group.members)

    def add(self, order: WorkingOrder, price: Decimal) -> None:
        """Let an order follow from this price on, which is the market's."""
        self.observe(price)
        if not self._groups or self._groups[-1].extreme != price:
            self._groups.append(_Group(price))
        group = self._groups[-1]
        group.members.add(_by_trail(order))
        self._group_of[order.terms.client_order_id] = group
        self._put_head(group)

    def remove(self, order: WorkingOrder) -> None:
        """Take an order out, if it is there."""
        group = self._group_of.pop(order.terms.client_order_id, None)
        if group is None:
            return
        group.members.remove(_by_trail(order))
        self._put_head(group)
        if not group.members:
            del self._groups[bisect_left(self._groups, group.extreme, key=_extreme)]

    def observe(self, price: Decimal) -> None:
        """The market is here: who has not seen it so low follows."""
        groups = self._groups
        if not groups or groups[-1].extreme <= price:
            return
        largest = groups.pop()
        while groups and groups[-1].extreme >= price:
            other = groups.pop()
            smaller, largest = sorted((other, largest), key=_size)
            self._drop_head(smaller)
            largest.members.update(smaller.members)
            for member in smaller.members:
                self._group_of[member.order.terms.client_order_id] = largest
        largest.extreme = price
        groups.append(largest)
        self._put_head(largest)

    def reached(self, price: Decimal) -> list[Waiting]:
        """Take out the orders whose trigger the market has reached."""
        found: list[Waiting] = []
        while self._heads and self._heads[0][0] <= price:
            key, _, group = self._heads[0]
            order = group.members[0].order
            found.append(Waiting(key, order.rank, order))
            self.remove(order)
        return found

    def _put_head(self, group: _Group) -> None:
        self._drop_head(group)
        if group.members:
            first = group.members[0]
            group.head = (group.extreme + first.key, first.rank, group)
            self._heads.add(group.head)

    def _drop_head(self, group: _Group) -> None:
        if group.head is not None:
            self._heads.remove(group.head)
            group.head = None


def _by_trail(order: WorkingOrder) -> Waiting:
    return Waiting(order.terms.trail or ZERO, order.rank, order)


def _extreme(group: _Group) -> Decimal:
    return group.extreme


def _size(group: _Group) -> int:
    return len(group.members)
