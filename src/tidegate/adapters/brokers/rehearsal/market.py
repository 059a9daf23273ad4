"""The market under faults: what we hear of it, which is not what it is."""

from collections.abc import Callable
from decimal import Decimal

from msgspec.structs import replace

from tidegate.adapters.brokers.rehearsal.plan import Fault
from tidegate.adapters.brokers.rehearsal.strikes import Strikes
from tidegate.domain.amounts import exact
from tidegate.domain.books import BookSnapshot, Level
from tidegate.domain.marks import Mark
from tidegate.domain.views import MarketReading

Alteration = Callable[[MarketReading, Fault], MarketReading]


class HeardMarket:
    """Readings with what the plan does to them."""

    def __init__(self, strikes: Strikes) -> None:
        self._strikes = strikes
        self._last: dict[str, MarketReading] = {}

    @exact
    def heard(self, reading: MarketReading) -> MarketReading:
        """What is heard instead of this reading."""
        symbol, strikes = reading.symbol, self._strikes
        if strikes.lasting("M1", symbol) is not None:
            reading = self._last.setdefault(symbol, reading)
        else:
            self._last.pop(symbol, None)
        for fault_id, alter in _ALTERATIONS.items():
            fault = strikes.lasting(fault_id, symbol)
            if fault is not None:
                reading = alter(reading, fault)
        return reading


def _crossed(reading: MarketReading, _: Fault) -> MarketReading:
    book = reading.book
    if book is None or not book.bids or not book.asks:
        return reading
    # The whole side of bids stands as far above the asks as it stood below them.
    raise_by = 2 * (book.asks[0].price - book.bids[0].price)
    bids = tuple(Level(level.price + raise_by, level.quantity) for level in book.bids)
    return replace(reading, book=replace(book, bids=bids), mark=None)


def _empty(reading: MarketReading, _: Fault) -> MarketReading:
    return _without(reading, bids=(), asks=())


def _one_sided(reading: MarketReading, _: Fault) -> MarketReading:
    return _without(reading, asks=())


def _without(reading: MarketReading, **sides: tuple[Level, ...]) -> MarketReading:
    return reading if reading.book is None else replace(reading, book=replace(reading.book, **sides), mark=None)


def _skewed(reading: MarketReading, fault: Fault) -> MarketReading:
    return replace(reading, clock_offset_ms=Decimal(str(fault.size)))


def _void(reading: MarketReading, _: Fault) -> MarketReading:
    return replace(reading, book=None, mark=None, is_synced=False)


def _spiked(reading: MarketReading, fault: Fault) -> MarketReading:
    times = Decimal(str(fault.size))
    book, mark, last = reading.book, reading.mark, reading.last_price
    return replace(
        reading,
        book=None if book is None else _scaled(book, times),
        mark=None if mark is None else Mark(mark.price * times, mark.at),
        last_price=None if last is None else last * times,
    )


def _scaled(book: BookSnapshot, times: Decimal) -> BookSnapshot:
    bids, asks = (
        tuple(Level(level.price * times, level.quantity) for level in side) for side in (book.bids, book.asks)
    )
    return replace(book, bids=bids, asks=asks)


_ALTERATIONS: dict[str, Alteration] = {
    "M2": _crossed,
    "M4": _empty,
    "M5": _one_sided,
    "M6": _skewed,
    "M7": _void,
    "M8": _spiked,
}
