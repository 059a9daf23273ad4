"""Pace: how fast, how often and how alike we have been sending."""

from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

from msgspec import Struct

from tidegate.domain.orders import Order
from tidegate.domain.risk import RiskLimits, RiskManager
from tidegate.domain.views import PaceReading
from tidegate.domain.vocabulary import OrderSide, Purpose

_SECOND, _DAY = timedelta(seconds=1), timedelta(days=1)
_NEVER = datetime.max.replace(tzinfo=UTC)
_ENTRY = Purpose.ENTRY
_FORGET_EVERY = 64
"""How many orders may pass before what has left the windows is forgotten, while there is room even with it."""
Terms = tuple[str, OrderSide, Decimal, Decimal | None]


class _Alike(Struct, gc=False):
    """How many orders of the same terms the window holds."""

    terms: Terms
    count: int = 0


_Recent = deque[tuple[datetime, _Alike]]


class Pace:
    """Counts of what was sent, kept in windows; bounded by the venue's rate times the longest window.

    `windows` are those of symbols with a repetition window of their own; the orders of the symbols in `counted_apart`
    are counted against a limit of their own each day.
    """

    def __init__(
        self,
        repetition_window: timedelta,
        windows: Mapping[str, timedelta] | None = None,
        counted_apart: tuple[str, ...] = (),
    ) -> None:
        own = windows or {}
        self._requests: deque[datetime] = deque()
        self._entries: deque[datetime] = deque()
        self._recent: _Recent = deque()
        self._recent_of: dict[str, _Recent] = {symbol: deque() for symbol in own}
        self._windows = (
            (repetition_window, self._recent),
            *((window, self._recent_of[symbol]) for symbol, window in own.items()),
        )
        self._today_of = dict.fromkeys(counted_apart, 0)
        self._alike: dict[Terms, _Alike] = {}
        self._asked: Terms | None = None
        self._latest: _Alike | None = None
        self._day_begins = self._day_ends = _NEVER
        self._orders_today = 0
        self._orders_since_forgetting = 0

    @property
    def counted_apart(self) -> tuple[str, ...]:
        return tuple(self._today_of)

    def restore(self, at: datetime, orders_today: int, of_symbols: Mapping[str, int] | None = None) -> None:
        """Take up the day's counts where the store has them."""
        self._turn_day(at)
        self._orders_today = orders_today
        self._today_of.update(of_symbols or {})

    def note_request(self, at: datetime) -> None:
        """Any request that counts against the venue's budget."""
        requests = self._requests
        while requests and requests[0] <= at - _SECOND:
            requests.popleft()
        requests.append(at)

    def note_order(self, order: Order, terms: Terms, at: datetime) -> None:
        """An order is about to be sent; `terms` are those it was translated to, before sizing and rounding."""
        self._requests.append(at)
        if order.purpose is _ENTRY:
            self._entries.append(at)
        # Terms that were asked about just now are looked up once: hashing decimals costs more than all else here.
        alike = self._latest if self._asked is terms else self._alike.get(terms)
        if alike is None:
            alike = self._alike[terms] = _Alike(terms)
        alike.count += 1
        recent = self._recent_of.get(order.symbol, self._recent) if self._recent_of else self._recent
        recent.append((at, alike))
        if not self._day_begins <= at < self._day_ends:
            self._turn_day(at)
        self._orders_today += 1
        if self._today_of and order.symbol in self._today_of:
            self._today_of[order.symbol] += 1
        self._orders_since_forgetting += 1

    def reading(self, at: datetime, entry_limit: int, symbol: str = "") -> PaceReading:
        """The counts at this moment; `entry_limit` entries a second are the budget that `entry_free_at` looks to.

        The day's orders are the symbol's where it has a limit of its own, else the account's.
        """
        self._forget(at)
        entries = self._entries
        is_full = entry_limit > 0 and len(entries) >= entry_limit
        return PaceReading(
            requests_last_second=len(self._requests),
            entries_last_second=len(entries),
            orders_today=self._today_of.get(symbol, self._orders_today),
            entry_free_at=entries[-entry_limit] + _SECOND if is_full else None,
        )

    def has_room(self, at: datetime, terms: Terms, limits: RiskLimits, entries_below: int, requests_below: int) -> bool:
        """Whether one more order of these terms keeps within every limit on how fast, how often and how alike."""
        is_exact = self._orders_since_forgetting >= _FORGET_EVERY
        while True:
            if is_exact:
                self._forget(at)
            alike = self._latest = self._alike.get(terms)
            self._asked = terms
            if (
                (self._today_of.get(terms[0], self._orders_today) if self._today_of else self._orders_today)
                < limits.max_orders_per_day
                and (alike is None or alike.count < limits.repeated_orders_max)
                and len(self._entries) < entries_below
                and len(self._requests) < requests_below
            ):
                return True  # What has left the windows meanwhile only made the counts larger than they are.
            if is_exact:
                return False
            is_exact = True

    def repeats(self, terms: Terms) -> int:
        """How many orders of the same terms the repetition window holds, as of the last reading."""
        alike = self._alike.get(terms)
        return 0 if alike is None else alike.count

    def _turn_day(self, at: datetime) -> None:
        self._day_begins = datetime.combine(at.date(), time(), UTC)
        self._day_ends = self._day_begins + _DAY
        self._orders_today = 0
        self._today_of = dict.fromkeys(self._today_of, 0)

    def _forget(self, at: datetime) -> None:
        self._orders_since_forgetting = 0
        if not self._day_begins <= at < self._day_ends:
            self._turn_day(at)
        horizon = at - _SECOND
        requests, entries, alike = self._requests, self._entries, self._alike
        while requests and requests[0] <= horizon:
            requests.popleft()
        while entries and entries[0] <= horizon:
            entries.popleft()
        for window, recent in self._windows:
            horizon = at - window
            while recent and recent[0][0] <= horizon:
                one = recent.popleft()[1]
                one.count -= 1
                if not one.count:
                    del alike[one.terms]
                    self._asked = None


def pace_for(risk_manager: RiskManager) -> Pace:
    """The pace that an account's limits, and those of its symbols, are held against."""
    limits, overrides = risk_manager.limits, risk_manager.overrides
    windows = {
        symbol: _window(own)
        for symbol, own in overrides.items()
        if own.repeated_orders_seconds != limits.repeated_orders_seconds
    }
    apart = (one for one, own in overrides.items() if own.max_orders_per_day != limits.max_orders_per_day)
    return Pace(_window(limits), windows, tuple(apart))


def _window(limits: RiskLimits) -> timedelta:
    return timedelta(seconds=float(limits.repeated_orders_seconds))


def terms_of(order: Order) -> Terms:
    """What makes two translated orders alike: symbol, side, quantity, and the price, trigger or trail of it."""
    price = order.limit_price
    if price is None:
        # The steps of a ladder of stops are different orders, as those of limits are.
        price = order.trigger_price if order.trail is None else order.trail
    return (order.symbol, order.side, order.quantity, price)
