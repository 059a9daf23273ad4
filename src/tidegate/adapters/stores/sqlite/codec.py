"""Projection rows as JSON text, each with a checksum by which a damaged page is found before anything trades on it."""

from zlib import crc32

import msgspec

from tidegate.adapters.stores.steps import Facts
from tidegate.domain.events import TradingStateChanged
from tidegate.domain.orders import OrderRecord
from tidegate.domain.positions import Position

encode = msgspec.json.Encoder().encode

decode_order = msgspec.json.Decoder(OrderRecord).decode
decode_position = msgspec.json.Decoder(Position).decode
decode_state_change = msgspec.json.Decoder(TradingStateChanged).decode
decode_facts = msgspec.json.Decoder(Facts).decode


def is_intact(text: str, checksum: int) -> bool:
    """Whether a row's text is what was written."""
    return crc32(text.encode()) == checksum


def inbox_row(request_id: str) -> int:
    """The inbox row that a request id names; 0, which no row has, where it names none."""
    digits = request_id.removeprefix("r")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 19 else 0
