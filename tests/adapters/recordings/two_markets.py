"""Two recorded markets, bitcoin and ether, made by hand: a moving book each, second by second."""

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from tests.adapters.recordings.samples import START_US, STARTED_AT
from tidegate.adapters.recordings.format import BookSnapshotRow, Gap, Row, TradePrinted
from tidegate.adapters.recordings.header import HeaderLine, Provenance
from tidegate.adapters.recordings.products import recorded_products
from tidegate.adapters.recordings.writer import RecordingWriter
from tidegate.domain.vocabulary import OrderSide

SECOND_US = 1_000_000


def header(base: str, starts_after: int = 0, assumptions: tuple[str, ...] = ()) -> HeaderLine:
    """A pair against the dollar, without the perpetual that follows it."""
    return HeaderLine(
        tidegate_recording=1,
        products=recorded_products(base, "USD", Decimal("0.1"))[:1],
        provenance=Provenance(source=f"{base}, by hand", made_by="the tests", assumptions=assumptions),
        started_at=STARTED_AT + timedelta(seconds=starts_after),
        depth="levels",
    )


def book(second: float, bid: str, size: str = "5") -> BookSnapshotRow:
    """A book of one level a side, a tenth apart."""
    ask = Decimal(bid) + Decimal("0.1")
    at_us = START_US + round(second * SECOND_US)
    return BookSnapshotRow(at_us=at_us, product=0, bids=((Decimal(bid), Decimal(size)),), asks=((ask, Decimal(size)),))


def trade(second: float, price: str, number: int) -> TradePrinted:
    """A taker sold."""
    return TradePrinted(
        at_us=START_US + round(second * SECOND_US),
        product=0,
        trade_id=str(number),
        aggressor=OrderSide.SELL,
        price=Decimal(price),
        size=Decimal("0.5"),
    )


def gap(second: float) -> Gap:
    return Gap(at_us=START_US + round(second * SECOND_US), product=0, reason="the line was cut")


def moving(bid: int, seconds: int, starts_after: int = 0) -> list[Row]:
    """A book that steps up and down by a tenth every second, with a trade in between."""
    rows: list[Row] = []
    for second in range(starts_after, starts_after + seconds):
        price = f"{bid + (second % 3) / 10:.1f}"
        rows += [book(second, price), trade(second + 0.5, price, second + 1)]
    return rows


def written(path: Path, line: HeaderLine, rows: Iterable[Row], ends_after: float | None = None) -> Path:
    """A recording of these rows."""
    with RecordingWriter(path, line) as writer:
        for row in rows:
            writer.write(row)
        if ends_after is not None:
            writer.end_at(START_US + round(ends_after * SECOND_US))
    return path


def two_markets(folder: Path, seconds: int = 120) -> tuple[Path, Path]:
    """Bitcoin at 60,000 and ether at 3,000 over the same two minutes."""
    return (
        written(folder / "bitcoin.tgr.gz", header("BTC"), moving(60_000, seconds), seconds),
        written(folder / "ether.tgr.gz", header("ETH"), moving(3_000, seconds), seconds),
    )
