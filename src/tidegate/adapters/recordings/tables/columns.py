"""Columns of a CSV file by the names in its first line, and the fields under them, read strictly."""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final, TypeVar

from tidegate.adapters.recordings.capture_files import CaptureFile
from tidegate.adapters.recordings.header import microseconds_of
from tidegate.adapters.recordings.numerals import amount, shown_text
from tidegate.domain.vocabulary import OrderSide

ALIASES: Final[Mapping[str, tuple[str, ...]]] = {
    "time": ("time", "timestamp", "open_time", "opentime", "datetime", "date", "ts", "transact_time"),
    "id": ("id", "trade_id", "tradeid", "tid"),
    "price": ("price", "trade_price", "px", "p"),
    "size": ("size", "quantity", "qty", "amount", "volume", "base_qty", "q"),
    "side": ("side", "taker_side", "aggressor", "direction"),
    "is_buyer_maker": ("is_buyer_maker", "buyer_maker", "isbuyermaker"),
    "open": ("open", "o"),
    "high": ("high", "h"),
    "low": ("low", "l"),
    "close": ("close", "c"),
    "volume": ("volume", "vol", "v", "base_volume"),
}
"""What a column may be called; case and spaces around do not matter, and of several the first named here is it."""

_SIDES: Final = {
    "buy": OrderSide.BUY,
    "b": OrderSide.BUY,
    "bid": OrderSide.BUY,
    "sell": OrderSide.SELL,
    "s": OrderSide.SELL,
    "ask": OrderSide.SELL,
}
_TRUTHS: Final = {"true": True, "1": True, "false": False, "0": False}
_NUMBER = re.compile(r"[0-9]{1,19}(?:\.[0-9]{1,9})?")
_COMPACT_DATE = re.compile(r"(?:19[7-9]|20[0-9])[0-9](?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])(?:[0-9]{6})?")
"""As in 20240131 and 20240131093000: as numbers they would be moments of 1970 and of the 27th century."""
_LAST_US = 253_402_300_799_999_999
_UNITS: Final = ((10**11, 1_000_000), (10**14, 1_000), (10**17, 1))
"""Below the first bound a number counts seconds, below the next milliseconds, then microseconds; above, nanoseconds."""

WordT = TypeVar("WordT")


class Table:
    """The rows of a file under the names of its columns; `line` is where the last one stood.

    `has_naive_times` says that a time came without a zone, which was taken for UTC.
    """

    def __init__(self, file: CaptureFile, needed: Sequence[str], useful: Sequence[str] = ()) -> None:
        self.file = file
        self.line = 1
        self.has_naive_times = False
        lines = file.lines("UTF-8")
        header = next(lines, "")
        if not header.strip():
            file.damaged(1, "there are no names of columns: the file is empty, or its first line is")
        self._reader = csv.reader(lines, delimiter=_delimiter(header), strict=True)
        names = [name.strip().strip('"').strip().lower() for name in _fields(header)]
        self._width = len(names)
        self.places = {
            field: names.index(alias)
            for field in (*needed, *useful)
            if (alias := next((one for one in ALIASES[field] if one in names), None)) is not None
        }
        twice = next((names[place] for place in self.places.values() if names.count(names[place]) > 1), None)
        if twice is not None:
            file.damaged(1, f"two columns are called {twice}: which of them counts?")
        missing = next((field for field in needed if field not in self.places), None)
        if missing is not None:
            if any(_NUMBER.fullmatch(name) for name in names):
                example = ",".join(needed)
                file.damaged(1, f"values and no names: write the names of the columns above them, as in {example}")
            file.damaged(1, f"no column of {missing}: it may be called {', '.join(ALIASES[missing])}")

    @property
    def tells_side(self) -> bool:
        """Whether a column says who took."""
        return "side" in self.places or "is_buyer_maker" in self.places

    def rows(self) -> Iterator[list[str]]:
        """Every row that is not empty, as wide as it is.

        Raises:
            CaptureDamaged: the file is no CSV any further, or cannot be read.
        """
        while True:
            try:
                row = next(self._reader, None)
            except csv.Error as error:
                self.line = self._reader.line_num + 1
                self.file.damaged(self.line, f"not CSV: {error}")
            if row is None:
                return
            self.line = self._reader.line_num + 1
            if row:
                yield row

    def checked(self, row: list[str]) -> list[str]:
        """The row, if it is as wide as the first line.

        Raises:
            ValueError: it is not.
        """
        if len(row) != self._width:
            raise ValueError(f"{len(row)} columns instead of {self._width}")
        return row

    def amount(self, row: list[str], field: str) -> Decimal:
        """A number of zero or more."""
        return amount(row[self.places[field]].strip(), field)

    def positive(self, row: list[str], field: str) -> Decimal:
        """A number above zero."""
        value = self.amount(row, field)
        if not value:
            raise ValueError(f"{field} is zero")
        return value

    def moment_us(self, row: list[str]) -> int:
        """A time as microseconds since the epoch."""
        text = row[self.places["time"]].strip()
        if _COMPACT_DATE.fullmatch(text):
            raise ValueError(
                f"time {shown_text(text)} looks like a date: write it as {text[:4]}-{text[4:6]}-{text[6:8]}"
            )
        if _NUMBER.fullmatch(text):
            at_us = _counted_us(Decimal(text))
        else:
            try:
                at = datetime.fromisoformat(f"{text[:-4]}Z" if text.endswith(" UTC") else text)
                if at.tzinfo is None:
                    self.has_naive_times = True
                    at = at.replace(tzinfo=UTC)
                at_us = microseconds_of(at)
            except (ValueError, OverflowError):
                raise ValueError(f"time {shown_text(text)} is neither ISO 8601 nor a number since the epoch") from None
        if not 0 <= at_us <= _LAST_US:
            raise ValueError(f"time {shown_text(text)} is not between 1970 and 9999")
        return at_us

    def side(self, row: list[str]) -> OrderSide | None:
        """Who took; None where the file does not say."""
        if "side" in self.places:
            return _one_of(_SIDES, row[self.places["side"]], "side")
        if "is_buyer_maker" in self.places:
            is_buyer_maker = _one_of(_TRUTHS, row[self.places["is_buyer_maker"]], "is_buyer_maker")
            return OrderSide.SELL if is_buyer_maker else OrderSide.BUY
        return None

    def text(self, row: list[str], field: str) -> str | None:
        """A field as it stands; None where there is no such column."""
        return row[self.places[field]].strip() if field in self.places else None


def _delimiter(header: str) -> str:
    return next((one for one in (",", ";", "\t") if one in header), ",")


def _fields(header: str) -> list[str]:
    """The names in the first line, of which one in quotes may hold a delimiter."""
    return next(csv.reader([header], delimiter=_delimiter(header)))


def _one_of(words: Mapping[str, WordT], text: str, name: str) -> WordT:
    word = text.strip().lower()
    if word not in words:
        raise ValueError(f"{name} {shown_text(text)} is none of {', '.join(words)}")
    return words[word]


def _counted_us(number: Decimal) -> int:
    """A number since the epoch, whose unit its size tells."""
    scale = next((scale for bound, scale in _UNITS if number < bound), None)
    return int(number) // 1_000 if scale is None else int(number * scale)
