"""Pace: how fast, how often and how alike we have been sending."""

from collections import Counter, deque
from datetime import date, datetime, timedelta
from decimal import Decimal

from tidegate.domain.orders import Order
from tidegate.domain.views import PaceReading
from tidegate.domain.vocabulary import OrderSide, Purpose

_SECOND = timedelta(seconds=1)
Terms = tuple[str, OrderSide, Decimal, Decimal | None]


class Pace:
    """Counts of what was sent, kept in windows; bounded by the venue's rate times the longest window."""

    def __init__(self, repetition_window: timedelta) -> None:
        self._window = repetition_window
        self._requests: deque[datetime] = deque()
        self._entries: deque[datetime] = deque()
        self._recent: deque[tuple[datetime, Terms]] = deque()
        self._alike: Counter[Terms] = Counter()
        self._day: date | None = None
        self._orders_today = 0

    def restore(self, at: datetime, orders_today: int) -> None:
        """Take up the day's count where the store has it."""
        self._day, self._orders_today = at.date(), orders_today

    def note_request(self, at: datetime) -> None:
        """Any request that counts against the venue's budget."""
        _forget(self._requests, at - _SECOND)
        self._requests.append(at)

    def note_order(self, order: Order, terms: Terms, at: datetime) -> None:
        """An order is about to be sent; `terms` are those it was translated to, before sizing and rounding."""
        self._requests.append(at)
        if order.purpose is Purpose.ENTRY:
            self._entries.append(at)
        self._recent.append((at, terms))
        self._alike[terms] += 1
        self._turn_day(at)
        self._orders_today += 1

    def reading(self, at: datetime, entry_limit: int) -> PaceReading:
        """The counts at this moment; `entry_limit` entries a second are the budget that `entry_free_at` looks to."""
        self._forget(at)
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
        return self._alike[terms]

    def _turn_day(self, at: datetime) -> None:
        if self._day != (today := at.date()):
            self._day, self._orders_today = today, 0

    def _forget(self, at: datetime) -> None:
        _forget(self._requests, at - _SECOND)
        _forget(self._entries, at - _SECOND)
        horizon = at - self._window
        while self._recent and self._recent[0][0] <= horizon:
            _, terms = self._recent.popleft()
            self._alike[terms] -= 1
            if not self._alike[terms]:
                del self._alike[terms]


def _forget(sent: deque[datetime], horizon: datetime) -> None:
    while sent and sent[0] <= horizon:
        sent.popleft()


def terms_of(order: Order) -> Terms:
    """What makes two translated orders alike: symbol, side, quantity and limit price."""
    return (order.symbol, order.side, order.quantity, order.limit_price)
