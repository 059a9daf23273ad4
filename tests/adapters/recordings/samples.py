"""Headers, rows and broken files that the tests of recordings are made of."""

import gzip
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from tidegate.adapters.recordings.format import OrderAdded, OrderDeleted, Row
from tidegate.adapters.recordings.header import HeaderLine, Provenance, microseconds_of
from tidegate.adapters.recordings.products import recorded_products
from tidegate.adapters.recordings.writer import RecordingWriter
from tidegate.domain.vocabulary import OrderSide

STARTED_AT = datetime(2026, 5, 2, 2, 36, tzinfo=UTC)
START_US = microseconds_of(STARTED_AT)

HEADER = HeaderLine(
    tidegate_recording=1,
    products=recorded_products("BTC", "USD", Decimal(1)),
    provenance=Provenance(source="a test", made_by="the tests", is_synthetic=True),
    started_at=STARTED_AT,
    depth="orders",
)


def added(order_id: str, *, after_us: int = 0, price: str = "100", size: str = "1") -> OrderAdded:
    """A bid, `after_us` microseconds after the start."""
    return OrderAdded(
        at_us=START_US + after_us,
        product=0,
        order_id=order_id,
        side=OrderSide.BUY,
        price=Decimal(price),
        size=Decimal(size),
    )


def deleted(order_id: str, *, after_us: int = 0) -> OrderDeleted:
    """An order's end, `after_us` microseconds after the start."""
    return OrderDeleted(at_us=START_US + after_us, product=0, order_id=order_id)


def write(path: Path, rows: Iterable[Row], header: HeaderLine = HEADER) -> Path:
    """A recording of these rows."""
    with RecordingWriter(path, header) as writer:
        for row in rows:
            writer.write(row)
    return path


def text_of(path: Path) -> list[bytes]:
    """The lines of a recording, with their ends."""
    return gzip.decompress(path.read_bytes()).splitlines(keepends=True)


def pack(path: Path, lines: Iterable[bytes]) -> Path:
    """A file with these lines, compressed as a recording is, whatever they say."""
    path.write_bytes(gzip.compress(b"".join(lines), mtime=0))
    return path
