"""The equity watch: what the account's losses are held against, written where it is due, and what they come to."""

from decimal import Decimal

from tidegate.application.desk import AccountDesk
from tidegate.application.equity_flows import equity_shift
from tidegate.domain.events import DayOpened, EquityMarked
from tidegate.domain.guards import GuardAnswer, GuardReading, LossBasis, daily_loss, has_drawn_down, is_high_due
from tidegate.domain.vocabulary import TradingState


class EquityWatch:
    """Keeps the day's opening, the marks of 24 hours and the high (docs/decisions/0025-equity-is-marked.md).

    Each is taken only while equity can be believed; all of it is in the store, and known again after a restart.
    """

    def __init__(self, desk: AccountDesk) -> None:
        self._desk = desk

    def look(self) -> tuple[GuardReading, Decimal | None]:
        """What the guard of losses sees now, and the equity where that is a drawdown which trips."""
        equity, basis, limits = self._equity, basis_of(self._desk), self._desk.risk_manager.limits
        reading = daily_loss(equity, basis, limits)
        # A trip that sets no state must not be written down: the next look would take the state for a resume.
        is_seen = reading.answer is GuardAnswer.TRIP and has_drawn_down(equity, basis.high, limits)
        return reading, equity if is_seen else None

    @property
    def is_day_due(self) -> bool:
        """Whether the UTC day has not been opened yet in the reporting currency, and can be."""
        opened, today = self._desk.ledger.day_opened_at, self._desk.clock.now().date()
        is_open = opened is not None and opened.date() == today and is_comparable(self._desk)
        return not is_open and self._equity is not None

    async def open_day(self) -> None:
        """The first equity of a UTC day is what its loss is measured against; across a restart the store has it."""
        equity, at = self._equity, self._desk.clock.now()
        if equity is not None:
            await self._desk.commit(at, DayOpened(equity=equity, currency=self._desk.reporting_currency, at=at))

    async def mark(self) -> None:
        """Write a mark each hour, a high that is new, and the high anew once an operator resumed after it had tripped.

        Before that, what flows have waited for a price and now have one.

        Whatever its way, a resume shows in the state alone: nobody else makes a latched account ACTIVE again.
        """
        desk = self._desk
        if shift := equity_shift(desk) if desk.ledger.equity_history.unpriced else ():
            await desk.commit(desk.clock.now(), *shift)
        equity = self._equity
        history, at = desk.ledger.equity_history, desk.clock.now()
        if equity is None or history.high is None or not is_comparable(desk):
            return
        is_resumed = history.has_tripped and desk.ledger.states.account.state is TradingState.ACTIVE
        if is_resumed or history.is_due(at) or is_high_due(equity, history.high, desk.risk_manager.limits):
            high = equity if is_resumed else max(equity, history.high)
            await self._write(equity, high, has_tripped=history.has_tripped and not is_resumed)

    async def note_trip(self, equity: Decimal) -> None:
        """Write down that the drawdown has tripped, after the state was; a crash in between has it trip again."""
        history = self._desk.ledger.equity_history
        if history.high is not None and not history.has_tripped:
            await self._write(equity, history.high, has_tripped=True)

    @property
    def _equity(self) -> Decimal | None:
        """None also while a flow waits for its price: until then nothing is known to hold it against."""
        return None if self._desk.ledger.equity_history.unpriced else self._desk.equity_by_narrow_marks()

    async def _write(self, equity: Decimal, high: Decimal, *, has_tripped: bool) -> None:
        at = self._desk.clock.now()
        await self._desk.commit(at, EquityMarked(equity=equity, high=high, has_tripped=has_tripped, at=at))


def is_comparable(desk: AccountDesk) -> bool:
    """Whether what equity was is in the reporting currency of now: an account may be given another."""
    return desk.ledger.equity_history.is_in(desk.reporting_currency)


def basis_of(desk: AccountDesk) -> LossBasis:
    """What the account's equity is held against now."""
    ledger = desk.ledger
    if not is_comparable(desk):
        return LossBasis(opening=None, day_ago=None, high=None)
    return LossBasis(
        opening=ledger.day_opening_equity,
        day_ago=ledger.equity_history.day_ago(desk.clock.now()),
        high=ledger.equity_history.high,
    )
