"""The rows of a recording: what one line of a `.tgr.gz` file can say about a market.

A recording is gzip over UTF-8 lines of JSON: a header object (`header.py`), rows, and a footer. Every row is a JSON
array `[tag, at_us, product, ...]`: the tag names its kind, `at_us` is whole microseconds since the Unix epoch on the
recorded venue's clock, and `product` is the index of the product in the header. Prices and sizes are decimal strings.

A row checks itself when it is made, by the decoder or by hand: an amount is finite, has at most 18 digits on either
side of the point and is positive; only the size of a level may be zero. `docs/recordings.md` describes the format.
"""

from decimal import Context, Decimal, DecimalException, Inexact, InvalidOperation
from itertools import pairwise
from typing import Annotated, Literal

import msgspec

from tidegate.domain.amounts import MAX_DIGITS_EACH_SIDE
from tidegate.domain.products import TradingFlags
from tidegate.domain.vocabulary import OrderSide

RECORDING_VERSION = 1

_LAST_MOMENT_US = 253_402_300_799_999_999  # the last microsecond of the year 9999, where datetime ends
_STEP = Decimal(1).scaleb(-MAX_DIGITS_EACH_SIDE)
_as_steps = Context(prec=2 * MAX_DIGITS_EACH_SIDE, traps=[InvalidOperation, Inexact]).quantize
_ZERO = Decimal(0)

Moment = Annotated[int, msgspec.Meta(ge=0, le=_LAST_MOMENT_US)]
"""Whole microseconds since the Unix epoch, UTC."""

ProductIndex = Annotated[int, msgspec.Meta(ge=0, le=65_535)]
"""Position of the row's product in the header's list of products."""

RecordedId = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
"""An order's or a trade's id, as the recorded venue gave it."""

Reason = Annotated[str, msgspec.Meta(max_length=200)]

Depth = Literal["orders", "levels", "none"]
"""What the rows of the book are: single orders with their ids, totals by price level, or none at all: trades alone."""

PriceAndSize = tuple[Decimal, Decimal]
"""A level: its price and the total size at it."""

Restriction = Literal["trading_disabled", "cancel_only", "limit_only", "post_only", "auction"]
"""One of the domain's trading flags, by name."""


def check_positive(value: Decimal, name: str) -> None:
    """Raise ValueError unless the amount is finite, above zero and has at most 18 digits on either side of the point.

    One quantize in a trapping context answers it in a fifth of the time of looking at the digits, and a row pays for it
    twice.
    """
    try:
        _as_steps(value, _STEP)
        if value > _ZERO:
            return
    except DecimalException:
        raise ValueError(f"{name} {value} is not a number of at most 18 digits on either side of the point") from None
    raise ValueError(f"{name} {value} is not above zero")


def check_size_of_level(value: Decimal) -> None:
    """Raise ValueError unless the amount is positive, as `check_positive` has it, or a plain zero."""
    if value.is_zero() and not value.is_signed():
        return
    check_positive(value, "size")


class RecordedLine(msgspec.Struct, frozen=True, gc=False, kw_only=True, array_like=True, forbid_unknown_fields=True):
    """A line after the header: an array of exactly the fields of its kind, behind its tag."""


class RecordedRow(RecordedLine, frozen=True, kw_only=True):
    """What every row begins with."""

    at_us: Moment
    product: ProductIndex


class OrderAdded(RecordedRow, frozen=True, kw_only=True, tag="+"):
    """An order came to rest at the end of the queue of its price: BUY is a bid, SELL an ask.

    Rows with the header's own time are the opening book, in the order of their queues.
    """

    order_id: RecordedId
    side: OrderSide
    price: Decimal
    size: Decimal

    def __post_init__(self) -> None:
        check_positive(self.price, "price")
        check_positive(self.size, "size")


class OrderResized(RecordedRow, frozen=True, kw_only=True, tag="="):
    """A resting order has this size from now on.

    It keeps its place when the size shrinks, and goes to the end of its queue when the size grows.
    """

    order_id: RecordedId
    size: Decimal

    def __post_init__(self) -> None:
        check_positive(self.size, "size")


class OrderDeleted(RecordedRow, frozen=True, kw_only=True, tag="-"):
    """A resting order left the book, cancelled or filled."""

    order_id: RecordedId


class BookSnapshotRow(RecordedRow, frozen=True, kw_only=True, tag="S"):
    """The whole book by level, best price first; it replaces whatever was known of the book."""

    bids: tuple[PriceAndSize, ...]
    asks: tuple[PriceAndSize, ...]

    def __post_init__(self) -> None:
        for price, size in (*self.bids, *self.asks):
            check_positive(price, "price")
            check_positive(size, "size")
        if any(lower >= higher for (higher, _), (lower, _) in pairwise(self.bids)):
            raise ValueError("bids are not in falling order")
        if any(higher <= lower for (lower, _), (higher, _) in pairwise(self.asks)):
            raise ValueError("asks are not in rising order")


class LevelUpdated(RecordedRow, frozen=True, kw_only=True, tag="L"):
    """A price level has this total size from now on; zero removes it."""

    side: OrderSide
    price: Decimal
    size: Decimal

    def __post_init__(self) -> None:
        check_positive(self.price, "price")
        check_size_of_level(self.size)


class TradePrinted(RecordedRow, frozen=True, kw_only=True, tag="T"):
    """A trade of the recorded market; `aggressor` is the side that took.

    It changes nothing in the book by itself: the rows that resize or delete the maker's order, or update its level,
    follow it at the same moment.
    """

    trade_id: RecordedId
    aggressor: OrderSide
    price: Decimal
    size: Decimal
    maker_order_id: RecordedId | None = None

    def __post_init__(self) -> None:
        check_positive(self.price, "price")
        check_positive(self.size, "size")


class Heartbeat(RecordedRow, frozen=True, kw_only=True, tag="H"):
    """The feed was alive and had nothing to say."""


class Gap(RecordedRow, frozen=True, kw_only=True, tag="G"):
    """The feed was interrupted: what was known of the book is void until rows after this one build it again."""

    reason: Reason


class StatusChanged(RecordedRow, frozen=True, kw_only=True, tag="X"):
    """From now on the recorded venue restricts the product so; no restriction is normal trading."""

    restrictions: tuple[Restriction, ...]

    @property
    def flags(self) -> TradingFlags:
        return TradingFlags(**dict.fromkeys(self.restrictions, True))


class RecordingFooter(RecordedLine, frozen=True, kw_only=True, tag="E"):
    """The last line: how many rows there are, when the recording ends, the SHA-256 of every byte before this line."""

    ended_at_us: Moment
    row_count: Annotated[int, msgspec.Meta(ge=0)]
    sha256: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


Row = (
    OrderAdded
    | OrderResized
    | OrderDeleted
    | BookSnapshotRow
    | LevelUpdated
    | TradePrinted
    | Heartbeat
    | Gap
    | StatusChanged
)
"""Anything that may stand between the header and the footer."""
