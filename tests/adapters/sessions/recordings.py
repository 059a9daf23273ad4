"""Small recordings on disk, and sessions over them with a task that runs them."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

from tests.adapters.brokers.simulated.exchange_floor import START_US, an_order, book, header, trade
from tidegate.adapters.recordings.format import Heartbeat, Row
from tidegate.adapters.recordings.reader import Recording, open_recording
from tidegate.adapters.recordings.writer import RecordingWriter
from tidegate.adapters.sessions import MarketSession
from tidegate.domain.orders import Order, RecordedOrder
from tidegate.domain.vocabulary import OrderSide

BUY, SELL = OrderSide.BUY, OrderSide.SELL


def heartbeat(at: float) -> Row:
    return Heartbeat(at_us=START_US + round(at * 1_000_000), product=0)


def minutes(count: int) -> list[Row]:
    """A book that moves by 0.5 every second, with a trade at the bid and a heartbeat after it."""
    rows: list[Row] = []
    for second in range(count * 60):
        bid = f"{99 + (second % 4) / 2}"
        rows += [
            book([(bid, 2), ("98", 10)], [("101", 2), ("102", 10)], at=second),
            trade(SELL, bid, "0.7", at=second + 0.25),
            heartbeat(second + 0.5),
        ]
    return rows


def written(path: Path, rows: Iterable[Row]) -> Recording:
    """A recording of these rows."""
    with RecordingWriter(path, header().line) as writer:
        for row in rows:
            writer.write(row)
    return open_recording(path)


def recorded(order: Order) -> RecordedOrder:
    """An order whose intent counts as durable."""
    return RecordedOrder(order=order, attempt=1, epoch=1, recorded_at=order.created_at)


def buy(name: str, quantity: str, limit: str) -> RecordedOrder:
    return recorded(an_order(name, BUY, quantity, limit))


@asynccontextmanager
async def running(session: MarketSession) -> AsyncIterator[MarketSession]:
    """The session opened and run beside the test, and stopped after it."""
    session.open()
    task = asyncio.create_task(session.run())
    try:
        yield session
    finally:
        task.cancel()
        await asyncio.wait([task])
