"""Pace: how fast, how often and how alike we have been sending."""

from collections import deque
from datetime import date, datetime, timedelta
from decimal import Decimal

from tidegate.domain.orders import Order
from tidegate.domain.views import PaceReading
from tidegate.domain.vocabulary import OrderSide, Purpose

_SECOND = timedelta(seconds=1)
_ENTRY = Purpose.ENTRY
Terms = tuple[str, OrderSide, Decimal, Decimal | None]


class Pace:
    """Counts of what was sent, kept in windows; bounded by the venue's rate times the longest window."""

    def __init__(self, repetition_window: timedelta) -> None:
        self._window = repetition_window
        self._requests: deque[datetime] = deque()
        self._entries: deque[datetime] = deque()
        self._recent: deque[tuple[datetime, Terms]] = deque()
        self._alike: dict[Terms, int] = {}
        self._day: date | None = None
        self._orders_today = 0

    def restore(self, at: datetime, orders_today: int) -> None:
        """Take up the day's count where the store has it."""
        self._day, self._orders_today = at.date(), orders_today

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
        self._recent.append((at, terms))
        self._alike[terms] = self._alike.get(terms, 0) + 1
        if self._day != at.date():
            self._turn_day(at)
        self._orders_today += 1

    def reading(self, at: datetime, entry_limit: int) -> PaceReading:
        """The counts at this moment; `entry_limit` entries a second are the budget that `entry_free_at` looks to."""
        self._forget(at)
        if self._day != at.date():
            self._turn_day(at)
        entries = self._entries
        is_full = entry_limit > 0 and len(entries) >= entry_limit
        return PaceReading(
            requests_last_second=len(self._requests),
            entries_last_second=len(entries),
            orders_today=self._orders_today,
            entry_free_at=entries[-entry_limit] + _SECOND if is_full else None,
        )

    def repeats(self, terms: Terms) -> int:
        """How many orders of the same terms the repetition window holds, as of the last reading."""
        return self._alike.get(terms, 0)

    def _turn_day(self, at: datetime) -> None:
        self._day, self._orders_today = at.date(), 0

    def _forget(self, at: datetime) -> None:
        horizon = at - _SECOND
        requests, entries, recent, alike = self._requests, self._entries, self._recent, self._alike
        while requests and requests[0] <= horizon:
            requests.popleft()
        while entries and entries[0] <= horizon:
            entries.popleft()
        horizon = at - self._window
        while recent and recent[0][0] <= horizon:
            terms = recent.popleft()[1]
            left = alike[terms] - 1
            if left:
                alike[terms] = left
            else:
                del alike[terms]


def terms_of(order: Order) -> Terms:
    """What makes two translated orders alike: symbol, side, quantity and limit price."""
    return (order.symbol, order.side, order.quantity, order.limit_price)
