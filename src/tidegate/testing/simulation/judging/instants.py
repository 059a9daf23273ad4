"""Instants: what must hold at every moment, judged while the life goes on, from what is handed to the store."""

from collections.abc import Callable, Mapping
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from tidegate.domain.booking import ACCOUNT
from tidegate.domain.events import AmendRequested, OrderRejected, TradingStateChanged
from tidegate.domain.orders import ApprovedOrder, OrderRecord, RecordedOrder
from tidegate.domain.ports import MarketDataPort
from tidegate.domain.records import CommitOutcome, RecordOutcome, Step, StepCommitted, StoredAccount
from tidegate.domain.risk import RiskLimits
from tidegate.domain.vocabulary import OrderSide, OrderStatus, Purpose
from tidegate.testing.simulation.judging.terms import dearest, grows, totals_of
from tidegate.testing.simulation.market import BY_SYMBOL, OPENING_USD
from tidegate.testing.simulation.store import StoreWatch

RANKS = {
    "PREPARED": 0, "SENDING": 1, "UNKNOWN": 2, "REFUSED": 3,
    "ACCEPTED": 4, "PARTIALLY_FILLED": 4, "PENDING_CANCEL": 4, "PENDING_AMEND": 4,
    "EXPIRED": 5, "CANCELED": 6, "FILLED": 7,
}  # fmt: skip
"""The judge's own table of how far along a status is."""

_ENDED = frozenset({"REFUSED", "EXPIRED", "CANCELED", "FILLED"})
_A_CRUMB = Decimal("1e-9")
_SLACK = Decimal("1.0001")
"""Prices move between a check and the step that follows it by less than this."""


class Recorded(Struct, frozen=True, kw_only=True):
    """A SENDING step that the store took."""

    client_order_id: str
    attempt: int
    process: str
    at: float
    turn: int


class Mirror:
    """The orders and positions of one process as it hands them to its store, kept by the judge's own sums."""

    def __init__(self) -> None:
        self.orders: dict[str, OrderRecord] = {}
        self.positions: dict[tuple[str, str], Decimal] = {}
        self.trade_ids: set[str] = set()
        self.cash = OPENING_USD
        self.paid: dict[str, Decimal] = {}
        """What the fills of each derivative have cost: its profit is what they would bring at the mark, less this."""

    def take(self, step: Step) -> None:
        for record in step.orders:
            self.orders[record.client_order_id] = record
        for fill in step.fills:
            if fill.trade_id in self.trade_ids:
                continue
            self.trade_ids.add(fill.trade_id)
            key = (fill.symbol, self.orders[fill.client_order_id].order.strategy_id)
            self.positions[key] = self.positions.get(key, Decimal(0)) + fill.quantity * fill.side.sign
            self.cash -= fill.fee
            value = fill.quantity * fill.price * fill.side.sign
            if BY_SYMBOL[fill.symbol].is_spot:
                self.cash -= value
            else:
                self.paid[fill.symbol] = self.paid.get(fill.symbol, Decimal(0)) + value

    def live(self, symbol: str) -> list[OrderRecord]:
        return [one for one in self.orders.values() if one.symbol == symbol and one.status.value not in _ENDED]

    def held(self, symbol: str) -> Decimal:
        """The account's position."""
        return sum((amount for (of, _), amount in self.positions.items() if of == symbol), Decimal(0))


class Instants(StoreWatch):
    """Judges 9 and 14 to 16 as they happen, and remembers what 3 and 11 need."""

    def __init__(self, limits: RiskLimits) -> None:
        self.limits = limits
        self.given_up: dict[str, float] = {}
        self.broken: dict[int, str] = {}
        self.recorded_sendings: list[Recorded] = []
        self.edits_committed: dict[tuple[str, tuple[Decimal, Decimal | None]], int] = {}
        self.growing_edits: dict[str, set[int]] = {}
        self.time: Callable[[], float] = float
        self.turn: Callable[[], int] = int
        self.market_of: Callable[[str], MarketDataPort | None] = lambda _: None
        self.held_by: Callable[[str], Mapping[str, Decimal] | None] = lambda _: None
        self.mirrors: dict[str, Mirror] = {}
        self.writer = ""

    def mirror(self, process: str) -> Mirror:
        return self.mirrors.setdefault(process, Mirror())

    def found(self, number: int, what: str) -> None:
        self.broken.setdefault(number, f"at {self.time():.3f} s {what}")

    # What the store is handed

    def loaded(self, process: str, stored: StoredAccount) -> None:
        self.writer = process
        mirror = self.mirrors[process] = Mirror()
        mirror.orders = {one.client_order_id: one for one in stored.open_orders}
        for position in stored.positions:
            if position.strategy_id != ACCOUNT:
                mirror.positions[position.symbol, position.strategy_id] = position.quantity
            elif position.entry_price is not None and not BY_SYMBOL[position.symbol].is_spot:
                mirror.paid[position.symbol] = position.quantity * position.entry_price
        mirror.cash = stored.balances.get("USD", OPENING_USD)

    def reserving(self, approved: ApprovedOrder, step: Step, process: str) -> None:
        order, mirror = approved.order, self.mirror(process)
        if process != self.writer:
            # It has been taken over and does not know it: what it reserves the store will not take.
            mirror.take(step)
            return
        if order.purpose is Purpose.ENTRY:
            self._within_limits(approved, mirror, process)
            self._on_a_fresh_feed(approved, process)
        else:
            self._reduces(approved, mirror)
        mirror.take(step)
        self._reserves(mirror, process)

    def recorded(self, step: Step, outcome: RecordOutcome, process: str) -> None:
        order = step.orders[0]
        if isinstance(outcome, RecordedOrder):
            self.recorded_sendings.append(
                Recorded(
                    client_order_id=order.client_order_id,
                    attempt=outcome.attempt,
                    process=process,
                    at=self.time(),
                    turn=self.turn(),
                )
            )
        else:
            self.mirror(process).orders.pop(order.client_order_id, None)

    def absent(self, client_order_id: str, process: str) -> None:
        """What was given up before it was recorded is withdrawn."""
        self.mirror(process).orders.pop(client_order_id, None)

    def appended(self, step: Step, process: str) -> None:
        mirror = self.mirror(process)
        # What a process says that another one has taken over from goes nowhere.
        for event in step.events if process == self.writer else ():
            if isinstance(event, AmendRequested):
                self._edited(event, step, mirror, process)
        for record in step.orders if process == self.writer else ():
            before = mirror.orders.get(record.client_order_id)
            if before is not None and RANKS[record.status] < RANKS[before.status]:
                self.found(9, f"order {record.client_order_id} went from {before.status} to {record.status}")
        for event in step.events:
            if isinstance(event, OrderRejected) and not event.by_venue:
                self.given_up.setdefault(event.client_order_id, self.time())
        mirror.take(step)

    def committed(self, step: Step, outcome: CommitOutcome) -> None:
        """The store's word on a step that was waited for."""
        for event in step.events if isinstance(outcome, StepCommitted) else ():
            if isinstance(event, AmendRequested):
                key = (event.client_order_id, (event.quantity, event.limit_price))
                self.edits_committed.setdefault(key, self.turn())

    def _edited(self, event: AmendRequested, step: Step, mirror: Mirror, process: str) -> None:
        """14 to 16 of an edit that makes an order larger or bolder: it is held against all else as a new one is."""
        before = mirror.orders.get(event.client_order_id)
        if before is None or not grows(before, event):
            return
        self.growing_edits.setdefault(event.client_order_id, set()).add(event.request)
        left = event.quantity - before.filled_quantity
        price = before.worst_price if event.limit_price is None else event.limit_price
        edited = replace(before.order, quantity=left, valid_until=None)
        approved = ApprovedOrder(order=edited, worst_price=price, reviewed_at=step.at)
        if before.order.purpose is Purpose.ENTRY:
            self._within_limits(approved, mirror, process)
            self._on_a_fresh_feed(approved, process)
        elif event.quantity > before.quantity:
            self._reduces(approved, mirror)

    def changed(self, change: TradingStateChanged, outcome: CommitOutcome) -> None:
        """States are judged from the journal."""

    # What is judged

    def _within_limits(self, approved: ApprovedOrder, mirror: Mirror, process: str) -> None:
        """15: position + open + reserved, UNKNOWN in full, + this, are within the symbol's and the account's share."""
        market = self.market_of(process)
        if market is None:
            return
        marks = {symbol: market.reading(symbol).mark for symbol in BY_SYMBOL}
        values = {symbol: mirror.held(symbol) * mark.price for symbol, mark in marks.items() if mark is not None}
        if len(values) < len(BY_SYMBOL):
            return
        equity, total = mirror.cash + sum(values.values()) - sum(mirror.paid.values()), Decimal(0)
        for symbol, value in values.items():
            worst = self._worst(approved, mirror, symbol, value)
            total += worst
            if symbol == approved.order.symbol and worst > equity * self.limits.max_position_pct_per_symbol * _SLACK:
                share = self.limits.max_position_pct_per_symbol
                self.found(
                    15, f"{approved.order.client_order_id} takes {symbol} to {worst:.2f}, {share} of {equity:.2f}"
                )
        if total > equity * self.limits.max_exposure_pct * _SLACK:
            self.found(15, f"{approved.order.client_order_id} takes the account to {total:.2f} of {equity:.2f}")

    def _worst(self, approved: ApprovedOrder, mirror: Mirror, symbol: str, held: Decimal) -> Decimal:
        """The larger of long and short if everything on one side filled, with this order where it is of the symbol."""
        sides = {OrderSide.BUY: Decimal(0), OrderSide.SELL: Decimal(0)}
        for record in mirror.live(symbol):
            if record.client_order_id != approved.order.client_order_id:
                left = max(totals_of(record)) - record.filled_quantity
                sides[record.side] += max(left, Decimal(0)) * dearest(record)
        if approved.order.symbol == symbol:
            sides[approved.order.side] += approved.order.quantity * approved.worst_price
        return max(abs(held + sides[OrderSide.BUY]), abs(held - sides[OrderSide.SELL]))

    def _on_a_fresh_feed(self, approved: ApprovedOrder, process: str) -> None:
        """16: the feed has been heard within its bound, and the decision still lives."""
        market, order = self.market_of(process), approved.order
        if market is None:
            return
        heard_at = market.reading(order.symbol).heard_at
        bound = float(self.limits.max_feed_age_seconds)
        if heard_at is None or (approved.reviewed_at - heard_at).total_seconds() > bound:
            self.found(16, f"entry {order.client_order_id} on a feed last heard at {heard_at}")
        if order.valid_until is not None and approved.reviewed_at > order.valid_until:
            self.found(16, f"entry {order.client_order_id} past its decision's life")

    def _reserves(self, mirror: Mirror, process: str) -> None:
        """17: what is kept free for orders is what the live ones could still cost, each in full."""
        kept = self.held_by(process)
        if kept is None:
            return
        sums: dict[str, Decimal] = {}
        for record in mirror.orders.values():
            if record.status.value not in _ENDED:
                currency, amount = _held_for(record)
                sums[currency] = sums.get(currency, Decimal(0)) + amount
        for currency in {*sums, *kept}:
            ours, theirs = sums.get(currency, Decimal(0)), kept.get(currency, Decimal(0))
            if abs(ours - theirs) > _A_CRUMB:
                self.found(17, f"{currency} reserved {theirs}, live orders could cost {ours}")

    def _reduces(self, approved: ApprovedOrder, mirror: Mirror) -> None:
        """14: an exit takes no more than what is held, by what is known, less what other exits may still take."""
        order = approved.order
        held = mirror.positions.get((order.symbol, order.strategy_id), Decimal(0))
        taken = sum(
            (
                max(totals_of(one)) - one.filled_quantity
                for one in mirror.live(order.symbol)
                if one.order.purpose is not Purpose.ENTRY
                and one.order.strategy_id == order.strategy_id
                and one.client_order_id != order.client_order_id
            ),
            Decimal(0),
        )
        room = abs(held) - taken if held * order.side.sign < 0 else Decimal(0)
        if order.quantity > room:
            self.found(14, f"exit {order.client_order_id} of {order.quantity} where {room} may be reduced")


def _held_for(record: OrderRecord) -> tuple[str, Decimal]:
    """What one live order could still cost, fee included, and in which currency."""
    order, product = record.order, BY_SYMBOL[record.symbol]
    left = max(*totals_of(record), record.filled_quantity) - record.filled_quantity
    value = left * dearest(record)
    fee = value * product.taker_fee_rate
    if product.is_spot:
        return (product.quote_currency, value + fee) if record.side is OrderSide.BUY else (product.base_currency, left)
    if order.purpose is not Purpose.ENTRY:
        return product.settlement_currency, fee
    chosen = 1 / order.leverage if order.leverage else Decimal(0)
    return product.settlement_currency, value * max(chosen, product.initial_margin_rate) + fee


def is_unresolved(record: OrderRecord) -> bool:
    return record.status in (OrderStatus.SENDING, OrderStatus.UNKNOWN)
