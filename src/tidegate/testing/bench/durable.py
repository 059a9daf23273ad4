"""Durable: what recording an order costs, in bare commits on the same disk, with one and with a hundred in flight."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import TypeVar

from tidegate.adapters.clocks import WallClock
from tidegate.adapters.stores.sqlite.opening import open_sqlite_store
from tidegate.adapters.stores.sqlite.store import SqliteOrderStore
from tidegate.application.application import Application
from tidegate.domain.decisions import Decision
from tidegate.domain.vocabulary import Action, OrderStatus
from tidegate.testing.bench.bare_commits import BareCommits
from tidegate.testing.bench.null_venue import SYMBOL, NullVenue
from tidegate.testing.bench.places import disk_folder
from tidegate.testing.bench.rounds import median_of_rounds, seconds
from tidegate.testing.bench.services import ACCOUNT, decisions, execute, open_services
from tidegate.testing.bench.sizes import Sizes

T = TypeVar("T")
_SIZE, _STOCK = Decimal("0.001"), Decimal("0.2")
_ORDERS_A_READING = 500
_TURNS = 8


async def durable_1_ratio(sizes: Sizes) -> float:
    """Time of one order over time of one bare commit, one in flight."""
    return await _ratio(sizes.durable_1, 1)


async def durable_100_ratio(sizes: Sizes) -> float:
    """The same with 100 in flight, between which a group commit is shared."""
    return await _ratio(sizes.durable_100, 100)


async def _ratio(number: int, in_flight: int) -> float:
    clock, names = WallClock(), count(1)
    venue = NullVenue(clock)
    with disk_folder() as folder, BareCommits(folder / "bare.sqlite") as bare, file_store(folder) as store:
        async with open_services(venue, store, clock) as application:
            await stock_up(application)

            async def one_round() -> float:
                commits = orders = 0.0
                # By turns, since a disk is not as fast now as it is a second later.
                for _ in range(_TURNS):
                    commits += await _took(range(number // _TURNS), in_flight, lambda _: bare.commit())
                    made = decisions(number // _TURNS, _SIZE, f"turn{next(names)}")
                    orders += await place(application, venue, made, in_flight)
                return orders / commits

            return await median_of_rounds(one_round)


@contextmanager
def file_store(folder: Path) -> Iterator[SqliteOrderStore]:
    """The order store in a file, with its group writer."""
    path = folder / "orders.sqlite"
    store = open_sqlite_store(path, account_id=ACCOUNT, clock=WallClock(), process="bench")
    try:
        yield store
    finally:
        store.close()


async def stock_up(application: Application) -> None:
    """Hold enough that as many can be sold at a time as are in flight."""
    await execute(application, SYMBOL, Decision(action=Action.BUY, decision_id="stock", quantity=_STOCK))


async def place(
    application: Application,
    venue: NullVenue,
    made: list[Decision],
    in_flight: int,
    status: OrderStatus = OrderStatus.FILLED,
) -> float:
    """Seconds that all these decisions took, so many of them at any time, until their orders had that status."""
    numbers = count()

    async def one(decision: Decision) -> None:
        if next(numbers) % _ORDERS_A_READING == 0:
            venue.hear()
        await execute(application, SYMBOL, decision, status)

    return await _took(made, in_flight, one)


async def _took(things: Iterable[T], in_flight: int, act: Callable[[T], Awaitable[None]]) -> float:
    """Seconds that all of them took, by so many tasks that take the next one each time they are done."""
    left = iter(things)

    async def one_after_another() -> None:
        for thing in left:
            await act(thing)

    began = seconds()
    async with asyncio.TaskGroup() as group:
        for number in range(in_flight):
            group.create_task(one_after_another(), name=f"bench {number}")
    return seconds() - began
