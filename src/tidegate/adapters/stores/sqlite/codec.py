"""Projection rows as JSON text, each with a checksum by which a damaged page is found before anything trades on it."""

import sqlite3
from datetime import datetime
from typing import Any
from zlib import crc32

import msgspec

from tidegate.adapters.stores.journal import moment
from tidegate.adapters.stores.steps import Facts
from tidegate.domain.equity_history import EquityHistory
from tidegate.domain.events import TradingStateChanged
from tidegate.domain.orders import OrderRecord
from tidegate.domain.positions import Position

encode = msgspec.json.Encoder().encode

decode_order = msgspec.json.Decoder(OrderRecord).decode
decode_position = msgspec.json.Decoder(Position).decode
_decode_state_change = msgspec.json.Decoder(TradingStateChanged).decode
decode_facts = msgspec.json.Decoder(Facts).decode
decode_equity_history = msgspec.json.Decoder(EquityHistory).decode


class DamagedCell(sqlite3.DatabaseError):
    """A cell holds what was never written there; an error of SQLite's, since it is one that SQLite did not notice."""

    sqlite_errorcode = sqlite3.SQLITE_CORRUPT


def checked(name: str, row: tuple[Any, ...], *kinds: type) -> tuple[Any, ...]:
    """A row, once each of its cells is of the kind that is written there: in a damaged page it may be of any.

    Raises:
        DamagedCell: one is not.
    """
    for cell, kind in zip(row, kinds, strict=True):
        if not isinstance(cell, kind):
            raise DamagedCell(f"{name} is not what was written")
    return row


def stored_moment(name: str, at_us: object) -> datetime:
    """The moment in a cell.

    Raises:
        DamagedCell: it is none.
    """
    try:
        return moment(*checked(name, (at_us,), int))
    except OverflowError:
        raise DamagedCell(f"{name} is not what was written") from None


def decode_state_change(text: object) -> TradingStateChanged:
    """A trading state in a cell.

    Raises:
        DamagedCell: it is none.
    """
    try:
        return _decode_state_change(*checked("a trading state", (text,), str))
    except msgspec.MsgspecError as error:
        raise DamagedCell(f"a trading state is not what was written: {error}") from None


def stored_equity_history(row: tuple[Any, ...]) -> EquityHistory:
    """The equity history in a row of `equity`.

    Raises:
        DamagedCell: there is none.
    """
    text, checksum = row
    try:
        if is_intact(text, checksum):
            return decode_equity_history(text)
    except msgspec.MsgspecError:
        pass
    raise DamagedCell("the equity history is not what was written")


def is_intact(text: object, checksum: object) -> bool:
    """Whether a row's text is what was written."""
    return isinstance(text, str) and crc32(text.encode()) == checksum


def inbox_row(request_id: str) -> int:
    """The inbox row that a request id names; 0, which no row has, where it names none."""
    digits = request_id.removeprefix("r")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 19 else 0
