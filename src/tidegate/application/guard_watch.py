"""The guard watch: evaluates the guards, and moves the trading states towards safety."""

from datetime import datetime

from tidegate.application.desk import AccountDesk
from tidegate.application.equity_watch import EquityWatch
from tidegate.application.restraint import end_cool_down
from tidegate.application.state_keeper import StateKeeper
from tidegate.application.troubles import troubles
from tidegate.domain.events import GuardReported, TradingStateChanged
from tidegate.domain.guards import (
    DAILY_LOSS,
    FEED,
    LATCHED,
    RECORDS,
    VENUE,
    BlindBound,
    GuardAnswer,
    GuardReading,
    feed,
    records,
    venue,
)
from tidegate.domain.states import StateEntry, lowered
from tidegate.domain.vocabulary import TradingState

_COOL_DOWN_SECONDS = 5.0
"""How long the feed must have been back before a symbol trades again, so that a flapping feed does not."""

_RECOVERING = frozenset({FEED, VENUE})
"""Guards that lift what they have set once they pass again."""


class GuardWatch:
    """Daily loss, records, venue and feed (docs/checks.md). Each is by itself: what one cannot see stops no other."""

    def __init__(self, desk: AccountDesk, states: StateKeeper) -> None:
        self._desk = desk
        self._states = states
        self._blind = BlindBound(desk.risk_manager.limits.blind_bound_seconds)
        self._answers: dict[tuple[str, str], GuardAnswer] = {}
        self._well_since: dict[str, float] = {}  # on the monotonic clock, as the bound of blindness is (X7)
        self._seen = (0, 0)
        self._equity = EquityWatch(desk)

    async def run_all(self) -> tuple[GuardReading, ...]:
        """Evaluate every guard once and act on what they say."""
        return (*await self.run_account(), *await self.run_feed())

    @property
    def is_urgent(self) -> bool:
        """Whether something broke, or was seen by an operator, since the guard of records last looked."""
        return self._seen != self._to_see

    @property
    def _to_see(self) -> tuple[int, int]:
        return len(self._desk.broken), len(self._desk.order_differences)

    async def run_account(self) -> tuple[GuardReading, ...]:
        """Daily loss and records."""
        await self._equity.mark()
        if self._equity.is_day_due:
            if (DAILY_LOSS, "") in self._answers:
                # What was lost since the last look before midnight is the old day's, and no loss of the new one.
                await self._judge_loss()
            await self._equity.open_day()
        loss, at = await self._judge_loss(), self._desk.clock.now()
        return (loss, *[await self._judge(reading, at) for reading in self._records(at)])

    async def leave(self) -> None:
        """Have on the disk what the guard of records would say at its next turn, which does not come, and all else.

        Nothing is called off: the venue may not answer any more, and the next start does it.
        """
        at = self._desk.clock.now()
        for reading in self._records(at):
            own = self._desk.ledger.states.own(reading.symbol)
            if reading.answer is GuardAnswer.TRIP and not (own is not None and own.is_latched):
                await self._desk.change_state(_changed(reading, lowered(own), at, is_latched=True))
        await self._desk.store.flush()

    async def _judge_loss(self) -> GuardReading:
        reading, drawn_down_to = self._equity.look()
        counted = await self._judge(reading, self._desk.clock.now())
        # Without the state in the store, a restart would take the account for one that an operator has resumed.
        if drawn_down_to is not None and self._desk.is_state_durable:
            await self._equity.note_trip(drawn_down_to)
        return counted

    async def run_feed(self) -> tuple[GuardReading, ...]:
        """The feed of every symbol that has a position or an order, or that has been heard at all.

        Every second, so what must not wait is here too: cool-downs that end, and entries that rest where none may.
        """
        at = self._desk.clock.now()
        await self._states.sweep()
        for symbol in self._desk.ledger.states.symbols:
            await end_cool_down(self._desk, symbol)
        self._show_market()
        answers = [await self._judge(venue(self._desk.sight.blind_since), at)]
        for product in self._desk.market_data.products:
            reading = self._desk.market_data.reading(product.symbol)
            if reading.heard_at is None and not self._is_involved(product.symbol):
                continue
            limits = self._desk.risk_manager.limits_for(product.symbol)
            answers.append(await self._judge(feed(reading, at, limits), at))
        return tuple(answers)

    def _show_market(self) -> None:
        """What the market's adapter did that it may not."""
        desk = self._desk
        for trouble in desk.market_data.take_untold():
            if trouble.is_grave:
                desk.broke("ADAPTER_FAILED", trouble.words)
            else:
                desk.incident(desk.clock.now(), "ADAPTER_FAILED", trouble.words, symbol=trouble.symbol)

    def _is_involved(self, symbol: str) -> bool:
        sums = self._desk.ledger.commitments.by_symbol.get(symbol)
        return not self._desk.ledger.account_position(symbol).is_flat or (sums is not None and sums.orders > 0)

    def _records(self, at: datetime) -> list[GuardReading]:
        """The account's, and that of each symbol that is in trouble or was."""
        self._seen = self._to_see
        found: dict[str, list[str]] = {"": []}
        for symbol, sentence in troubles(self._desk, at):
            found.setdefault(symbol, []).append(sentence)
        for guard, symbol in self._answers:
            if guard == RECORDS:
                found.setdefault(symbol, [])
        return [records(tuple(sentences), symbol) for symbol, sentences in found.items()]

    async def _judge(self, reading: GuardReading, at: datetime) -> GuardReading:
        counted = self._blind.judge(reading, self._desk.clock.monotonic())
        key = (counted.guard, counted.symbol)
        before = self._answers.get(key) or self._answer_before(counted)
        self._answers[key] = counted.answer
        if counted.answer is not before:
            report = GuardReported(
                guard=counted.guard, answer=counted.answer.value, message=counted.message, symbol=counted.symbol, at=at
            )
            self._desk.note(at, report)
        if counted.answer is not GuardAnswer.PASS:
            self._well_since.pop(counted.symbol, None)
        if counted.answer is GuardAnswer.TRIP:
            await self._reduce(counted, at)
        elif counted.answer is GuardAnswer.PASS and counted.guard in _RECOVERING:
            await self._recover(counted, at)
        return counted

    async def _reduce(self, reading: GuardReading, at: datetime) -> None:
        """Towards safety only: REDUCING where the state is still ACTIVE, and nothing lower than what stands."""
        states, is_latched = self._desk.ledger.states, reading.guard in LATCHED
        if is_latched:
            # Judged by its own state: the account's may be lifted while the symbol's trouble stands. A cool-down would
            # end by itself, so what waits for an operator takes its place.
            own = states.own(reading.symbol)
            if own is not None and own.state is not TradingState.ACTIVE and own.is_latched:
                return
        else:
            current = states.entry(reading.symbol) if reading.symbol else states.account
            if current.state is not TradingState.ACTIVE:
                return
        await self._states.change(_changed(reading, lowered(states.own(reading.symbol)), at, is_latched=is_latched))

    async def _recover(self, reading: GuardReading, at: datetime) -> None:
        """Back by one state, if this guard set it, nothing latched it, and it has been well for the cool-down."""
        entry = self._desk.ledger.states.own(reading.symbol)
        if entry is None or not _is_own(entry, reading.guard):
            return
        now = self._desk.clock.monotonic()
        if now - self._well_since.setdefault(reading.symbol, now) >= _COOL_DOWN_SECONDS:
            await self._states.change(_changed(reading, TradingState.ACTIVE, at, is_latched=False))

    def _answer_before(self, reading: GuardReading) -> GuardAnswer:
        """What the guard had said before a restart, as far as the state it set tells."""
        entry = self._desk.ledger.states.own(reading.symbol)
        return GuardAnswer.TRIP if entry is not None and entry.by == f"guard {reading.guard}" else GuardAnswer.PASS


def _changed(reading: GuardReading, state: TradingState, at: datetime, *, is_latched: bool) -> TradingStateChanged:
    """The state of its symbol as a guard sets it."""
    return TradingStateChanged(
        state=state,
        reason=reading.message,
        by=f"guard {reading.guard}",
        symbol=reading.symbol,
        is_latched=is_latched,
        at=at,
    )


def _is_own(entry: StateEntry, guard: str) -> bool:
    return entry.by == f"guard {guard}" and not entry.is_latched and entry.state is TradingState.REDUCING
