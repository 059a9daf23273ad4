"""The raw messages: a line is the receive time in nanoseconds and what the stream sent, bare or wrapped by its name."""

from decimal import Decimal
from typing import Literal

import msgspec

from tidegate.adapters.recordings.format import PriceAndSize
from tidegate.adapters.recordings.numerals import amount, shown_text
from tidegate.domain.vocabulary import OrderSide

_FIRST_MOMENT_NS = 1_483_228_800_000_000_000  # 2017, in which Binance opened; microseconds would be a day of 1970
_LAST_MOMENT_NS = 253_402_300_799_999_999_999  # the last nanosecond of the year 9999
_TIME_DIGITS_MAX = len(str(_LAST_MOMENT_NS))

_Pairs = list[tuple[str, str]]


class DepthUpdate(msgspec.Struct, frozen=True, gc=False):
    """What changed in the book from update `first_id` to `last_id`; `previous_id` is told by the futures only.

    A size of zero removes the level.
    """

    first_id: int
    last_id: int
    previous_id: int | None
    bids: list[PriceAndSize]
    asks: list[PriceAndSize]


class Touch(msgspec.Struct, frozen=True, gc=False):
    """The best prices and their sizes as of one update; None where the side is empty."""

    update_id: int
    bid: PriceAndSize | None
    ask: PriceAndSize | None


class Snapshot(msgspec.Struct, frozen=True, gc=False):
    """The book as of one update, where a collector asked for it."""

    last_id: int
    bids: list[PriceAndSize]
    asks: list[PriceAndSize]


class Print(msgspec.Struct, frozen=True, gc=False):
    """A trade; `aggressor` is the side that took. A price or size of zero is none: the futures tell some so."""

    trade_id: int
    price: Decimal
    size: Decimal
    aggressor: OrderSide


class Other(msgspec.Struct, frozen=True, gc=False):
    """A message that says nothing of book or trades."""

    kind: str


Message = DepthUpdate | Touch | Snapshot | Print | Other


class RawLine(msgspec.Struct, frozen=True, gc=False):
    """One line: when it was received, what the venue stamped on it, whose market it is, and what it says."""

    at_ns: int
    venue_ms: int | None
    venue_symbol: str
    message: Message


class _Fields(msgspec.Struct, gc=False):
    """Every field of every message that is read; they share one namespace, as Binance's do."""

    event: str = msgspec.field(name="e", default="")
    event_ms: int | None = msgspec.field(name="E", default=None)
    symbol: str = msgspec.field(name="s", default="")
    first_id: int | None = msgspec.field(name="U", default=None)
    last_id: int | None = msgspec.field(name="u", default=None)
    previous_id: int | None = msgspec.field(name="pu", default=None)
    bid: str | int | _Pairs | None = msgspec.field(name="b", default=None)
    ask: str | int | _Pairs | None = msgspec.field(name="a", default=None)
    bid_size: str | None = msgspec.field(name="B", default=None)
    ask_size: str | None = msgspec.field(name="A", default=None)
    trade_id: int | None = msgspec.field(name="t", default=None)
    price: str | None = msgspec.field(name="p", default=None)
    size: str | None = msgspec.field(name="q", default=None)
    is_buyer_maker: bool | None = msgspec.field(name="m", default=None)
    snapshot_id: int | None = msgspec.field(name="lastUpdateId", default=None)
    bids: _Pairs | None = None
    asks: _Pairs | None = None


class _Line(_Fields, gc=False):
    """A bare message, or one that is wrapped in a combined stream's name."""

    stream: str = ""
    data: _Fields | None = None


class _Kind(msgspec.Struct, gc=False):
    """As much as tells a message apart whose other fields are of no kind that is read."""

    event: str = msgspec.field(name="e", default="")
    data: "_Kind | None" = None


_decode = msgspec.json.Decoder(_Line).decode
_decode_kind = msgspec.json.Decoder(_Kind).decode
_READ: frozenset[str] = frozenset({"", "depthUpdate", "bookTicker", "trade"})


def parse(line: str) -> RawLine:
    """A line as what it says.

    Raises:
        ValueError: it is not one, or holds what no market can say; the message says what.
    """
    time, space, text = line.partition(" ")
    is_whole = time.isdigit() and len(time) <= _TIME_DIGITS_MAX
    if not (space and is_whole and _FIRST_MOMENT_NS <= int(time) <= _LAST_MOMENT_NS):
        raise ValueError(f"{shown_text(time)} is not a receive time in nanoseconds, a space and a message")
    try:
        found = _decode(text)
    except msgspec.ValidationError as error:
        kind = _kind_of(text)
        if kind in _READ:
            raise ValueError(f"not a message: {error}") from None
        return RawLine(int(time), None, "", Other(kind))
    except msgspec.DecodeError as error:
        raise ValueError(f"not a message: {error}") from None
    fields = found.data if found.data is not None else found
    symbol = fields.symbol or found.stream.partition("@")[0].upper()
    return RawLine(int(time), fields.event_ms, symbol, _message(fields))


def _kind_of(text: str) -> str:
    try:
        found = _decode_kind(text)
    except msgspec.MsgspecError:
        return ""
    return found.data.event if found.data is not None else found.event


def _message(fields: _Fields) -> Message:
    if fields.event == "depthUpdate":
        return _depth(fields)
    if fields.event == "trade":
        return _print(fields)
    if fields.event in ("", "bookTicker") and fields.bid_size is not None:
        return _touch(fields)
    if fields.snapshot_id is not None and fields.bids is not None and fields.asks is not None:
        return Snapshot(fields.snapshot_id, _levels(fields.bids, "bid"), _levels(fields.asks, "ask"))
    return Other(fields.event or "without a name")


def _depth(fields: _Fields) -> DepthUpdate:
    if (
        fields.first_id is None
        or fields.last_id is None
        or not isinstance(fields.bid, list)
        or not isinstance(fields.ask, list)
    ):
        raise ValueError("a depth update has U, u, b and a")
    if fields.first_id > fields.last_id:
        raise ValueError(f"a depth update from {fields.first_id} back to {fields.last_id}")
    return DepthUpdate(
        fields.first_id, fields.last_id, fields.previous_id, _levels(fields.bid, "bid"), _levels(fields.ask, "ask")
    )


def _touch(fields: _Fields) -> Touch:
    if (
        fields.last_id is None
        or not isinstance(fields.bid, str)
        or not isinstance(fields.ask, str)
        or fields.bid_size is None
        or fields.ask_size is None
    ):
        raise ValueError("a bookTicker has u, b, B, a and A")
    touch = Touch(fields.last_id, _side(fields.bid, fields.bid_size, "bid"), _side(fields.ask, fields.ask_size, "ask"))
    if touch.bid is not None and touch.ask is not None and touch.bid[0] >= touch.ask[0]:
        raise ValueError(f"a bookTicker that is crossed: bid {touch.bid[0]}, ask {touch.ask[0]}")
    return touch


def _side(price: str, size: str, name: Literal["bid", "ask"]) -> PriceAndSize | None:
    level = amount(price, name), amount(size, f"{name} size")
    return level if level[0] and level[1] else None


def _print(fields: _Fields) -> Print:
    if fields.trade_id is None or fields.price is None or fields.size is None or fields.is_buyer_maker is None:
        raise ValueError("a trade has t, p, q and m")
    aggressor = OrderSide.SELL if fields.is_buyer_maker else OrderSide.BUY
    return Print(fields.trade_id, amount(fields.price, "price"), amount(fields.size, "size"), aggressor)


def _levels(pairs: _Pairs, name: Literal["bid", "ask"]) -> list[PriceAndSize]:
    levels = [(amount(price, name), amount(size, f"{name} size")) for price, size in pairs]
    for price, _ in levels:
        if not price:
            raise ValueError(f"a {name} at a price of zero")
    return levels
