"""Queue models compared: the same resting orders on one recording, with its queues known, and with levels alone.

`python benchmarks/queue_models.py RECORDING [--levels FILE]` wants a recording with order ids. It plays it as it is,
where places are exact, and again as a recording of levels that is made from it, under each queue model. Every few
seconds one small order joins the best bid and one the best ask, and rests for a minute. What differs is the model.
"""

import argparse
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import msgspec

from tidegate.adapters.brokers.simulated import INSTANT, SimulatedVenue, VenueSettings, open_world
from tidegate.adapters.brokers.simulated.feed import MarketFeed
from tidegate.adapters.brokers.simulated.settings import QueueModel
from tidegate.adapters.recordings.format import (
    BookSnapshotRow,
    LevelUpdated,
    OrderAdded,
    OrderDeleted,
    OrderResized,
    Row,
    TradePrinted,
)
from tidegate.adapters.recordings.header import microseconds_of, moment_of
from tidegate.adapters.recordings.reader import Recording, open_recording
from tidegate.adapters.recordings.writer import RecordingWriter
from tidegate.domain.amounts import exact
from tidegate.domain.identifiers import ClientOrderId
from tidegate.domain.orders import Order
from tidegate.domain.vocabulary import OrderSide, OrderType, Purpose, TimeInForce

EVERY_US, REST = 5_000_000, timedelta(seconds=60)
SIZE = Decimal("0.001")
_OF_AN_ORDER = (OrderAdded, OrderDeleted, OrderResized)
MODELS: dict[str, VenueSettings] = {
    "prints": INSTANT,
    **{
        f"probabilistic, power {power}": msgspec.structs.replace(
            INSTANT, queue_model=QueueModel.PROBABILISTIC, queue_power=power
        )
        for power in (1, 2, 3)
    },
}


def level_rows(recording: Recording) -> Iterator[Row]:
    """The recording as a venue would tell it that shows levels: what changed at each, and trades without the maker."""
    feed, is_open = MarketFeed(), False
    for row in recording.rows():
        before = feed.book.orders.get(row.order_id) if isinstance(row, _OF_AN_ORDER) else None
        if not is_open and row.at_us > microseconds_of(recording.header.started_at):
            is_open = True
            sides = (feed.book.bids, feed.book.asks)
            bids, asks = (tuple((one.price, one.total) for one in reversed(side.ordered)) for side in sides)
            yield BookSnapshotRow(at_us=microseconds_of(recording.header.started_at), product=0, bids=bids, asks=asks)
        level = feed.apply(row)
        if not is_open:
            continue
        if isinstance(row, TradePrinted):
            yield msgspec.structs.replace(row, maker_order_id=None)
        elif isinstance(row, _OF_AN_ORDER):
            for changed in {id(one): one for one in (before, level) if one is not None}.values():
                side = OrderSide.BUY if changed.side.is_bid else OrderSide.SELL
                size = changed.total if changed.queue else Decimal(0)
                yield LevelUpdated(at_us=row.at_us, product=row.product, side=side, price=changed.price, size=size)
        else:
            yield row


def as_levels(recording: Recording, path: Path) -> Recording:
    """The same market in a file, by levels."""
    header = msgspec.structs.replace(recording.header.line, depth="levels")
    with RecordingWriter(path, header) as writer:
        for row in level_rows(recording):
            writer.write(row)
    return open_recording(path)


@exact
def probed(recording: Recording, settings: VenueSettings) -> dict[str, Decimal]:
    """What the probes' fills come to, by order."""
    started_us = microseconds_of(recording.header.started_at)
    wealth = {"USD": Decimal(10**9), "BTC": Decimal(10**6)}
    world = open_world(None, recording="", started_at_us=started_us, account_id="queues", opening_balances=wealth)
    venue, due_us = SimulatedVenue(recording.header, world, settings), started_us + EVERY_US
    for row in recording.rows():
        while row.at_us >= due_us:
            venue.advance(due_us)
            _join(venue, recording.header.products[0].symbol, due_us)
            due_us += EVERY_US
        venue.advance(row.at_us)
        venue.play(row)
    return {str(order.terms.client_order_id): order.filled for order in world.archive.all_orders()}


def _join(venue: SimulatedVenue, symbol: str, at_us: int) -> None:
    book, at = venue.exchange.feeds[0].book, moment_of(at_us)
    for side in OrderSide:
        levels = book.side(side).ordered
        if not levels:
            continue
        order = Order(
            client_order_id=ClientOrderId(f"{side}{at_us}"),
            decision_id=str(at_us),
            symbol=symbol,
            side=side,
            order_type=OrderType.LIMIT,
            quantity=SIZE,
            time_in_force=TimeInForce.GTD,
            purpose=Purpose.ENTRY,
            created_at=at,
            limit_price=levels[-1].price,
            post_only=True,
            expire_at=at + REST,
        )
        venue.entry.submit(order, at)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("recording", type=Path)
    arguments.add_argument("--levels", type=Path, help="keep the recording by levels in this file")
    given = arguments.parse_args()
    recording = open_recording(given.recording)
    with tempfile.TemporaryDirectory() as folder:
        levels = as_levels(recording, given.levels or Path(folder) / "levels.tgr.gz")
        known = probed(recording, INSTANT)
        print(f"{'queue':<28}{'filled':>8}{'of':>6}{'as exact':>10}{'missed':>8}{'invented':>10}")
        for name, results in (
            ("exact, by order ids", known),
            *((name, probed(levels, model)) for name, model in MODELS.items()),
        ):
            filled = {order for order, quantity in results.items() if quantity}
            truly = {order for order, quantity in known.items() if quantity}
            print(
                f"{name:<28}{len(filled):>8}{len(results):>6}{len(filled & truly):>10}{len(truly - filled):>8}"
                f"{len(filled - truly):>10}"
            )


if __name__ == "__main__":
    main()
