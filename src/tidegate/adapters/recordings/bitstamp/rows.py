"""The rows of a capture: order events and trades, parsed strictly; a broken row is named and never guessed at."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import islice
from typing import Final, Literal, TypeVar

import msgspec

from tidegate.adapters.recordings.capture_files import CaptureFile
from tidegate.adapters.recordings.numerals import amount, shown_text
from tidegate.domain.vocabulary import OrderSide

Action = Literal["created", "changed", "deleted"]

_ORDER_COLUMNS = ("id", "timestamp", "exchange_timestamp", "price", "volume", "action", "direction")
_TRADE_COLUMNS = ("trade_id", "exchange_timestamp", "price", "amount", "buy_order_id", "sell_order_id", "side")
_DIRECTIONS: Final = {"bid": OrderSide.BUY, "ask": OrderSide.SELL}
_AGGRESSORS: Final = {"buy": OrderSide.BUY, "sell": OrderSide.SELL}
_ACTIONS: Final[dict[str, Action]] = {"created": "created", "changed": "changed", "deleted": "deleted"}
_FIRST_MOMENT_MS = 1_312_156_800_000  # August 2011, when Bitstamp opened; seconds would be a day of 1970
_LAST_MOMENT_MS = 253_402_300_799_999  # the last millisecond of the year 9999
_ID_DIGITS_MAX = 20
_LATE_MS_MAX = 1_000

RowT = TypeVar("RowT")


class OrderRow(msgspec.Struct, frozen=True, gc=False):
    """One order event.

    `at_ms` is the venue's clock and `seen_ms` the collector's, in milliseconds since the epoch. `size` is what is left
    of the order; `price` is its limit when it is created, the execution's when it is changed by one.
    """

    order_id: str
    seen_ms: int
    at_ms: int
    price: Decimal
    size: Decimal
    action: Action
    side: OrderSide


class TradeRow(msgspec.Struct, frozen=True, gc=False):
    """One trade; `aggressor` is the side that took."""

    trade_id: str
    at_ms: int
    price: Decimal
    size: Decimal
    buy_order_id: str
    sell_order_id: str
    aggressor: OrderSide

    @property
    def maker_order_id(self) -> str:
        return self.sell_order_id if self.aggressor is OrderSide.BUY else self.buy_order_id


def order_rows(file: CaptureFile) -> Iterator[OrderRow]:
    """The order events in the file's order.

    Raises:
        CaptureDamaged: at the first row that is not one.
    """
    return _rows(file, _ORDER_COLUMNS, _order_row)


class Moment(msgspec.Struct, frozen=True, gc=False):
    """The order events of one millisecond of the venue's clock, in the file's order."""

    at_ms: int
    rows: list[OrderRow]
    late_count: int  # of them, rows whose own time is up to a second earlier


def order_moments(file: CaptureFile, row_limit: int | None = None) -> Iterator[Moment]:
    """The order events by moment, or those of the first `row_limit` rows.

    A row that is late by up to a second belongs to the moment that had been reached; by more, time goes backwards.

    Raises:
        CaptureDamaged: as `order_rows`, and where time goes backwards.
    """
    at_ms, rows, late_count = 0, list[OrderRow](), 0
    for number, row in enumerate(islice(order_rows(file), row_limit), start=2):
        if row.at_ms > at_ms:
            if rows:
                yield Moment(at_ms, rows, late_count)
            at_ms, rows, late_count = row.at_ms, [], 0
        elif row.at_ms < at_ms - _LATE_MS_MAX:
            file.damaged(number, f"exchange_timestamp goes back from {at_ms} to {row.at_ms}")
        elif row.at_ms < at_ms:
            late_count += 1
        rows.append(row)
    if rows:
        yield Moment(at_ms, rows, late_count)


def trade_rows(file: CaptureFile) -> tuple[list[TradeRow], int]:
    """The trades in the file's order, each once, and how many rows repeated one; see `order_rows`.

    Raises:
        CaptureDamaged: as `order_rows`, and where one id stands for two trades.
    """
    found: dict[str, TradeRow] = {}
    count = 0
    for number, row in enumerate(_rows(file, _TRADE_COLUMNS, _trade_row), start=2):
        count += 1
        if found.setdefault(row.trade_id, row) != row:
            file.damaged(number, f"trade_id {row.trade_id} stands for another trade already")
    return list(found.values()), count - len(found)


def _rows(file: CaptureFile, columns: tuple[str, ...], parse: Callable[[list[str]], RowT]) -> Iterator[RowT]:
    lines = file.lines()
    names = next(lines, "").split(",")
    missing = [name for name in columns if name not in names]
    if missing:
        file.damaged(1, f"the column {missing[0]} is missing")
    positions = [names.index(name) for name in columns]
    is_plain = positions == list(range(len(names)))
    for number, line in enumerate(lines, start=2):
        fields = line.split(",")
        if len(fields) != len(names):
            file.damaged(number, f"{len(fields)} columns instead of {len(names)}")
        try:
            row = parse(fields if is_plain else [fields[position] for position in positions])
        except ValueError as error:
            file.damaged(number, str(error))
        yield row


def _order_row(fields: list[str]) -> OrderRow:
    order_id, seen, at, price, volume, action, direction = fields
    return OrderRow(
        _identifier(order_id, "id"),
        _milliseconds(seen, "timestamp"),
        _milliseconds(at, "exchange_timestamp"),
        amount(price, "price"),
        amount(volume, "volume"),
        _one_of(_ACTIONS, action, "action"),
        _one_of(_DIRECTIONS, direction, "direction"),
    )


def _trade_row(fields: list[str]) -> TradeRow:
    trade_id, at, price, size, buy_order_id, sell_order_id, side = fields
    row = TradeRow(
        _identifier(trade_id, "trade_id"),
        _milliseconds(at, "exchange_timestamp"),
        amount(price, "price"),
        amount(size, "amount"),
        _identifier(buy_order_id, "buy_order_id"),
        _identifier(sell_order_id, "sell_order_id"),
        _one_of(_AGGRESSORS, side, "side"),
    )
    if not (row.price and row.size):
        raise ValueError("a trade has a price and an amount above zero")
    return row


def _identifier(text: str, name: str) -> str:
    if not (text.isdigit() and len(text) <= _ID_DIGITS_MAX):
        raise ValueError(f"{name} {shown_text(text)} is not a number of at most {_ID_DIGITS_MAX} digits")
    return text


def _milliseconds(text: str, name: str) -> int:
    is_whole = text.isdigit() and len(text) <= _ID_DIGITS_MAX
    if not (is_whole and _FIRST_MOMENT_MS <= int(text) <= _LAST_MOMENT_MS):
        raise ValueError(f"{name} {shown_text(text)} is not a time in milliseconds")
    return int(text)


def _one_of(words: dict[str, RowT], text: str, name: str) -> RowT:
    if text not in words:
        raise ValueError(f"{name} {shown_text(text)} is none of {', '.join(words)}")
    return words[text]
