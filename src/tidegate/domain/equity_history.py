"""The equity history: what equity was over the last 24 hours, hour by hour, and its high."""

from datetime import datetime, timedelta
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from tidegate.domain.amounts import DOMAIN_CONTEXT
from tidegate.domain.events import DayOpened, EquityMarked, EquityShifted

MARK_EVERY = timedelta(hours=1)
DAY = timedelta(hours=24)
_LATE = timedelta(hours=2)
"""How much older than 24 hours a mark may be and still stand for the equity of then: marks are an hour apart."""

EquityEvent = DayOpened | EquityMarked | EquityShifted
"""What later equities are held against, or moves it."""


class EquityMark(Struct, frozen=True, gc=False):
    """The equity at one moment, in the reporting currency, as if later flows had been there already."""

    at: datetime
    equity: Decimal


class EquityHistory(Struct, frozen=True, kw_only=True):
    """Marks of the last hours, oldest first, and the high; `has_tripped` says that the drawdown from it has tripped.

    `unpriced` are flows, signed and by currency, that have moved none of it yet, since they had no price. `currency` is
    the reporting currency of all other figures; empty while no row has said it.
    """

    marks: tuple[EquityMark, ...] = ()
    high: Decimal | None = None
    has_tripped: bool = False
    unpriced: dict[str, Decimal] = {}
    currency: str = ""

    def is_in(self, currency: str) -> bool:
        """Whether equities in this currency may be held against it."""
        return self.currency in ("", currency)

    def is_due(self, at: datetime) -> bool:
        """Whether a mark is to be set: the last is an hour old, or ahead of a clock that went back."""
        return not self.marks or not self.marks[-1].at <= at < self.marks[-1].at + MARK_EVERY

    def day_ago(self, at: datetime) -> EquityMark | None:
        """The equity of 24 hours ago, or the first since where nothing was seen then; a stop may have been longer."""
        began, found = at - DAY, None
        for mark in self.marks:
            if began - _LATE <= mark.at <= began or (found is None and began < mark.at <= at):
                found = mark
        return found

    def after(self, event: EquityEvent) -> "EquityHistory":
        """The history once this has happened."""
        if isinstance(event, EquityShifted):
            marks = tuple(EquityMark(one.at, DOMAIN_CONTEXT.add(one.equity, event.amount)) for one in self.marks)
            high = None if self.high is None else DOMAIN_CONTEXT.add(self.high, event.amount)
            return replace(self, marks=marks, high=high, unpriced=event.unpriced)
        if isinstance(event, DayOpened) and not self.is_in(event.currency):
            begun = EquityHistory(has_tripped=self.has_tripped, unpriced=self.unpriced)
            return begun.after(event)
        marks = self.marks
        if self.is_due(event.at):
            kept = (one for one in marks if event.at - DAY - _LATE <= one.at <= event.at)
            marks = (*kept, EquityMark(event.at, event.equity))
        if isinstance(event, EquityMarked):
            return replace(self, marks=marks, high=event.high, has_tripped=event.has_tripped)
        high = event.equity if self.high is None else max(self.high, event.equity)
        return replace(self, marks=marks, high=high, currency=event.currency or self.currency)


def opening_after(
    event: EquityEvent, opened_at: datetime | None, opening: Decimal | None
) -> tuple[datetime | None, Decimal | None]:
    """When the day was opened and at which equity, once this has happened."""
    if isinstance(event, DayOpened):
        return event.at, event.equity
    if isinstance(event, EquityShifted) and opening is not None:
        return opened_at, DOMAIN_CONTEXT.add(opening, event.amount)
    return opened_at, opening


def history_since(opened_at: datetime | None, opening: Decimal | None) -> EquityHistory:
    """The history of an account whose store knows the opening of its day alone, as earlier versions wrote it."""
    if opened_at is None or opening is None:
        return EquityHistory()
    return EquityHistory().after(DayOpened(equity=opening, at=opened_at))
