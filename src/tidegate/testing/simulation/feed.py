"""The feed: what a process hears of the market, and how that is spoilt (M1 to M8, P14b)."""

from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from tidegate.adapters.brokers.streams import ChangeStream
from tidegate.domain.books import BookSnapshot, Level
from tidegate.domain.marks import Mark
from tidegate.domain.products import Product, TradingFlags
from tidegate.domain.views import MarketReading
from tidegate.testing.simulation.board import FaultBoard
from tidegate.testing.simulation.clock import SimulatedClock
from tidegate.testing.simulation.market import BY_SYMBOL, PRODUCTS, Market
from tidegate.testing.simulation.processes import Process

_SPIKE = Decimal(100)
_CANCEL_ONLY = TradingFlags(cancel_only=True)


class SimulatedFeed:
    """The MarketDataPort: one message a second for each symbol, unless a fault of the plan says otherwise."""

    def __init__(self, market: Market, clock: SimulatedClock, board: FaultBoard, process: Process) -> None:
        self._market = market
        self._clock = clock
        self._board = board
        self._process = process
        self._opens_at = clock.monotonic()
        self._readings: dict[str, tuple[tuple[object, ...], MarketReading]] = {}
        self._closed = tuple(replace(product, flags=_CANCEL_ONLY) for product in PRODUCTS)

    @property
    def products(self) -> tuple[Product, ...]:
        odd = self._board.now("P14b")
        if odd is not None and int(odd.amount) == _RAISES:
            raise KeyError("products")
        return self._closed if self._board.now("B24") else PRODUCTS

    def product(self, symbol: str) -> Product | None:
        if symbol not in BY_SYMBOL:
            return None
        return next(one for one in self.products if one.symbol == symbol)

    def reading(self, symbol: str) -> MarketReading:
        """The market as the adapter tells it, which may have a bug."""
        odd = self._board.now("P14b")
        return _BUGS[int(odd.amount)](self._last_heard(symbol)) if odd is not None else self._last_heard(symbol)

    def heard(self, symbol: str) -> MarketReading:
        """The market as last heard; nothing at all while nobody can believe the adapter."""
        return MarketReading(symbol=symbol) if self._board.now("P14b") else self._last_heard(symbol)

    def _last_heard(self, symbol: str) -> MarketReading:
        if symbol not in BY_SYMBOL:
            return MarketReading(symbol=symbol, is_synced=False)
        second = int(self._clock.monotonic())
        second = min(second, self._hears_until(second))
        silent = self._board.now("M1")
        if silent is not None:
            second = min(second, max(int(silent.at), int(self._opens_at)))
        spoilt = tuple(fault_id for fault_id in ("M2", "M4", "M5", "M6", "M8") if self._board.now(fault_id))
        key = (second, spoilt, self._clock.jumped)
        known = self._readings.get(symbol)
        if known is not None and known[0] == key:
            return known[1]
        reading = self._spoilt(self._heard(symbol, second), spoilt)
        self._readings[symbol] = (key, reading)
        return reading

    def _hears_until(self, second: int) -> int:
        """A process that was paused has heard nothing meanwhile, and needs a second to catch up."""
        paused_at, resumed_at = self._process.paused_at, self._process.resumed_at
        return int(paused_at) if paused_at >= 0 and self._clock.monotonic() < resumed_at + 1.0 else second

    def changes(self) -> ChangeStream:
        return ChangeStream()

    def _heard(self, symbol: str, second: int) -> MarketReading:
        at = self._clock.at(float(second))
        mid = self._market.mid(symbol, second)
        return MarketReading(
            symbol=symbol,
            book=self._market.book(symbol, second),
            heard_at=at,
            mark=Mark(mid, at),
            last_price=mid,
            reference_mid=self._market.reference(symbol, second),
        )

    def _spoilt(self, reading: MarketReading, faults: tuple[str, ...]) -> MarketReading:
        for fault in faults:
            book = reading.book
            if fault == "M6":
                skew = self._board.now("M6")
                reading = replace(reading, clock_offset_ms=Decimal(round(skew.amount if skew else 0.0)))
            elif book is not None:
                reading = replace(reading, book=_SPOILERS[fault](book))
                if fault != "M5":
                    reading = replace(reading, mark=None, last_price=None)
        return reading


def _crossed(book: BookSnapshot) -> BookSnapshot:
    return replace(book, bids=book.asks, asks=book.bids)


def _empty(book: BookSnapshot) -> BookSnapshot:
    return replace(book, bids=(), asks=())


def _one_sided(book: BookSnapshot) -> BookSnapshot:
    return replace(book, asks=())


def _spiked(book: BookSnapshot) -> BookSnapshot:
    return replace(book, bids=_times(book.bids), asks=_times(book.asks))


def _times(levels: tuple[Level, ...]) -> tuple[Level, ...]:
    return tuple(Level(level.price * _SPIKE, level.quantity) for level in levels)


def _raised(reading: MarketReading) -> MarketReading:
    raise KeyError(reading.symbol)


def _in_floats(reading: MarketReading) -> MarketReading:
    if reading.book is None:
        return replace(reading, heard_at=0)
    bids: Any = tuple(Level(float(one.price), float(one.quantity)) for one in reading.book.bids)  # type: ignore[arg-type]
    return replace(reading, book=replace(reading.book, bids=bids), heard_at=reading.heard_at or 0)


def _none(_: MarketReading) -> Any:
    return None


def _out_of_memory(_: MarketReading) -> MarketReading:
    raise MemoryError("as the plan has it")


_RAISES = 0
_BUGS = (_raised, _in_floats, _none, _out_of_memory)
"""P14b, by the whole part of its amount."""
_SPOILERS = {"M2": _crossed, "M4": _empty, "M5": _one_sided, "M8": _spiked}
