"""Pace: how fast, how often and how alike we have been sending."""

from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from operator import itemgetter

from msgspec import Struct

from tidegate.domain.orders import Order
from tidegate.domain.risk import RiskLimits, RiskManager
from tidegate.domain.views import PaceReading
from tidegate.domain.vocabulary import OrderSide, Purpose

_SECOND, _DAY = timedelta(seconds=1), timedelta(days=1)
_NEVER, _LONG_AGO = datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)
_ENTRY, _SENT_AT = Purpose.ENTRY, itemgetter(0)
_ENTER_EVERY = 64
"""How many orders may wait to be entered in the windows, while there is room even with all of them."""
Terms = tuple[str, OrderSide, Decimal, Decimal | None]


class _Alike(Struct, gc=False):
    """How many orders of the same terms the window holds."""

    terms: Terms
    count: int = 0


_Recent = deque[tuple[datetime, _Alike]]


class Pace:
    """Counts of what was sent, kept in windows; bounded by the venue's rate times the longest window.

    An order that was just sent enters the windows when they are next looked into: while there would be room even if
    nothing had left them, nobody has to. `windows` are those of symbols with a repetition window of their own; the
    orders of the symbols in `counted_apart` are counted against a limit of their own each day.
    """

    def __init__(
        self,
        repetition_window: timedelta,
        windows: Mapping[str, timedelta] | None = None,
        counted_apart: tuple[str, ...] = (),
    ) -> None:
        own = windows or {}
        self._just_sent: list[tuple[datetime, Terms, bool]] = []
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
        self._most_alike = 0
        self._latest = _LONG_AGO
        self._day_begins = self._day_ends = _NEVER
        self._orders_today = 0

    @property
    def counted_apart(self) -> tuple[str, ...]:
        return tuple(self._today_of)

    def restore(self, at: datetime, orders_today: int, of_symbols: Mapping[str, int] | None = None) -> None:
        """Take up the day's counts where the store has them."""
        self._enter_just_sent()
        self._turn_day(at)
        self._orders_today = orders_today
        self._today_of.update(of_symbols or {})

    def note_request(self, at: datetime) -> None:
        """Any request that counts against the venue's budget."""
        self._enter_just_sent()  # The windows stay in the order of time, by which they forget.
        self._follow(at)
        requests = self._requests
        while requests and requests[0] <= at - _SECOND:
            requests.popleft()
        requests.append(at)

    def note_order(self, order: Order, terms: Terms, at: datetime) -> None:
        """An order is about to be sent; `terms` are those it was translated to, before sizing and rounding."""
        self._just_sent.append((at, terms, order.purpose is _ENTRY))

    def reading(self, at: datetime, entry_limit: int, symbol: str = "") -> PaceReading:
        """The counts at this moment; `entry_limit` entries a second are the budget that `entry_free_at` looks to.

        The day's orders are the symbol's where it has a limit of its own, else the account's.
        """
        self._move_on(at)
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
        waiting = len(self._just_sent)
        if (
            waiting < _ENTER_EVERY
            and not self._today_of
            and self._orders_today + waiting < limits.max_orders_per_day
            and self._most_alike + waiting < limits.repeated_orders_max
            and len(self._entries) + waiting < entries_below
            and len(self._requests) + waiting < requests_below
        ):
            return True  # What has left the windows meanwhile only made the counts larger than they are.
        self._move_on(at)
        alike = self._alike.get(terms)
        return (
            self._today_of.get(terms[0], self._orders_today) < limits.max_orders_per_day
            and (alike is None or alike.count < limits.repeated_orders_max)
            and len(self._entries) < entries_below
            and len(self._requests) < requests_below
        )

    def repeats(self, terms: Terms) -> int:
        """How many orders of the same terms the repetition window holds, as of the last reading."""
        self._enter_just_sent()
        alike = self._alike.get(terms)
        return 0 if alike is None else alike.count

    def _move_on(self, at: datetime) -> None:
        """Have the windows hold what they should at this moment."""
        self._enter_just_sent()
        self._forget(at)

    def _enter_just_sent(self) -> None:
        # What raises in between, for want of memory say, counts an order twice and none too few.
        just_sent, requests, entries, recents = self._just_sent, self._requests, self._entries, self._recent_of
        for at, terms, is_entry in just_sent:
            requests.append(at)
            if is_entry:
                entries.append(at)
            alike = self._alike.get(terms)
            if alike is None:
                alike = self._alike[terms] = _Alike(terms)
            alike.count += 1
            if alike.count > self._most_alike:
                self._most_alike = alike.count
            symbol = terms[0]
            recents.get(symbol, self._recent).append((at, alike))
            if not self._day_begins <= at < self._day_ends:
                self._turn_day(at)
            self._orders_today += 1
            if symbol in self._today_of:
                self._today_of[symbol] += 1
        if just_sent:
            self._latest = max(self._latest, *map(_SENT_AT, just_sent))
        just_sent.clear()

    def _turn_day(self, at: datetime) -> None:
        self._day_begins = datetime.combine(at.date(), time(), UTC)
        self._day_ends = self._day_begins + _DAY
        self._orders_today = 0
        self._today_of = dict.fromkeys(self._today_of, 0)

    def _follow(self, at: datetime) -> None:
        """Go with a clock that has gone back (X7): what was sent before counts as sent now, and leaves in its time."""
        if at < self._latest:
            self._requests = deque(min(one, at) for one in self._requests)
            self._entries = deque(min(one, at) for one in self._entries)
            for _, recent in self._windows:
                moved = [(min(sent_at, at), one) for sent_at, one in recent]
                recent.clear()
                recent.extend(moved)
        self._latest = at

    def _forget(self, at: datetime) -> None:
        self._follow(at)
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
        if not alike:
            self._most_alike = 0


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
