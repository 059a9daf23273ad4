"""A broker's market data as a feed: books and their changes, silence and lost sync as gaps, life as heartbeats."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from tests.adapters.recordings.two_markets import header, moving, written
from tests.adapters.sessions.recordings import running
from tidegate.adapters.brokers.scripted.market import ScriptedMarket
from tidegate.adapters.brokers.scripted.products import SPOT
from tidegate.adapters.brokers.simulated.settings import INSTANT
from tidegate.adapters.clocks import ManualClock, settle
from tidegate.adapters.recordings.format import BookSnapshotRow, Gap, Heartbeat, LevelUpdated, Row
from tidegate.adapters.recordings.live import Recorder, record
from tidegate.adapters.recordings.live.polled_market import BrokerFeed, UnknownSymbol
from tidegate.adapters.recordings.reader import open_recording
from tidegate.adapters.sessions import prepare_session

SYMBOL = "BTC-USD"
LOOK_SECONDS = 0.01


class Heard:
    """The rows of a feed as they come, and a market to make it tell them."""

    def __init__(self) -> None:
        self.clock = ManualClock(datetime(2026, 5, 2, tzinfo=UTC))
        self.market = ScriptedMarket((SPOT,), self.clock)
        self.feed = BrokerFeed(self.market, (), self.clock, "a scripted venue", LOOK_SECONDS)
        self.rows: list[Row] = []
        self.came = asyncio.Event()

    async def listen(self) -> None:
        async for row in self.feed.rows():
            self.rows.append(row)
            self.came.set()

    async def kinds(self, count: int) -> list[type]:
        """What kinds of row there are, once there are so many."""
        async with asyncio.timeout(5):
            while len(self.rows) < count:
                self.came.clear()
                await self.came.wait()
        await asyncio.sleep(3 * LOOK_SECONDS)
        return [type(row) for row in self.rows]


@asynccontextmanager
async def heard() -> AsyncIterator[Heard]:
    """A feed that is listened to."""
    one = Heard()
    listening = asyncio.create_task(one.listen(), name="listening")
    await settle()
    yield one
    listening.cancel()
    await asyncio.wait({listening})


async def test_a_book_is_told_whole_and_then_by_its_changes() -> None:
    """What is gone comes first, so that no step of it is crossed."""
    async with heard() as one:
        one.market.set_book(SYMBOL, [("99", 1), ("98", 2)], [("101", 1), ("102", 2)])
        assert await one.kinds(1) == [BookSnapshotRow]
        one.market.set_book(SYMBOL, [("101", 3), ("99", 1), ("98", 0)], [("102", 2)])
        await one.kinds(4)

    told = [(row.price, row.size) for row in one.rows if isinstance(row, LevelUpdated)]
    assert told == [(Decimal(price), Decimal(size)) for price, size in ((98, 0), (101, 0), (101, 3))]


async def test_a_book_that_lost_its_sync_is_a_gap_until_it_is_told_again() -> None:
    """Whole, since nobody knows what was missed."""
    async with heard() as one:
        one.market.set_book(SYMBOL, [("99", 1)], [("101", 1)])
        await one.kinds(1)
        one.market.set_reading(SYMBOL, is_synced=False)
        await one.kinds(2)
        one.market.set_book(SYMBOL, [("99", 1)], [("101", 1)])
        kinds = await one.kinds(3)

    assert kinds == [BookSnapshotRow, Gap, BookSnapshotRow]


async def test_silence_is_a_gap_from_where_something_was_heard_last() -> None:
    """And speech ends it."""
    async with heard() as one:
        one.market.set_book(SYMBOL, [("99", 1)], [("101", 1)])
        await one.kinds(1)
        one.market.silence()
        await one.clock.advance(6)
        await one.kinds(2)
        one.market.speak()
        kinds = await one.kinds(3)

    assert kinds == [BookSnapshotRow, Gap, BookSnapshotRow]
    assert one.rows[1].at_us == one.rows[0].at_us
    assert one.rows[2].at_us - one.rows[1].at_us == 6_000_000


async def test_a_quiet_book_is_told_to_live() -> None:
    """A heartbeat every two seconds at most, so that a replay does not take it for silence."""
    async with heard() as one:
        one.market.set_book(SYMBOL, [("99", 1)], [("101", 1)])
        await one.kinds(1)
        for count in (2, 3):
            await one.clock.advance(2)
            await one.kinds(count)

    assert [type(row) for row in one.rows] == [BookSnapshotRow, Heartbeat, Heartbeat]


async def test_the_feed_is_over_when_the_broker_says_no_more() -> None:
    """As a recording that is played ends."""
    one = Heard()
    one.market.set_book(SYMBOL, [("99", 1)], [("101", 1)])
    listening = asyncio.create_task(one.listen(), name="listening")
    await one.kinds(1)
    one.market.close()

    async with asyncio.timeout(5):
        await listening


def test_a_symbol_that_the_venue_has_not_is_named() -> None:
    """With those it has."""
    one = Heard()

    with pytest.raises(UnknownSymbol, match="a venue has no ETH-USD; it has BTC-USD"):
        BrokerFeed(one.market, ("ETH-USD",), one.clock, "a venue")


async def test_the_simulated_venue_is_recorded_through_its_broker(tmp_path: Path) -> None:
    """Its books as they are told every tenth of a second, and no trades, which the port does not tell."""
    played = open_recording(written(tmp_path / "b.tgr.gz", header("BTC"), moving(60_000, 60), 60))
    session = prepare_session(played, settings=INSTANT)
    async with running(session):
        feed = BrokerFeed(session.broker, (), session.clock, "the paper venue", LOOK_SECONDS)
        stop = asyncio.Event()
        recording = asyncio.create_task(
            record(feed, Recorder(tmp_path / "again.tgr.gz", feed), session.clock, stop), name="recording"
        )
        await session.finished()
        await settle()
        stop.set()
        made = await recording

    rows = list(open_recording(made.destination).rows())
    assert made.trades == 0
    assert {type(row) for row in rows} <= {BookSnapshotRow, LevelUpdated, Heartbeat}
    assert sum(isinstance(row, LevelUpdated) for row in rows) > 50
    assert any("no trades" in note for note in made.notes)
