"""What a store reads off a step before it writes it: the attempt it marks, the decision it claims, its facts."""

from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from tidegate.domain.amounts import ZERO
from tidegate.domain.equity_history import EquityEvent, opening_after
from tidegate.domain.events import (
    AccountMoved,
    AccountOpened,
    AmendRequested,
    DayOpened,
    DecisionRefused,
    EquityMarked,
    EquityShifted,
    ExternalFlow,
    NoOrderDecided,
    OrderPrepared,
    OrderSending,
    TradingStateChanged,
    external_after,
)
from tidegate.domain.movements import FLOWS
from tidegate.domain.orders import ApprovedOrder, Order
from tidegate.domain.records import StartMarks, StateForbids, Step, StoredDecision
from tidegate.domain.states import TradingStates, permits

EQUITY_EVENTS = (DayOpened, EquityMarked, EquityShifted)
ACCOUNT_FACTS = (TradingStateChanged, AccountOpened, AccountMoved, ExternalFlow, *EQUITY_EVENTS)
"""Events that a store projects by itself, whatever step they come in."""

Claim = DecisionRefused | NoOrderDecided | OrderPrepared
"""Events that use a decision up before anything is sent; a step that begins with one claims the decision's id."""

CLAIMS = (DecisionRefused, NoOrderDecided, OrderPrepared)


def sending_of(approved: ApprovedOrder, step: Step) -> OrderSending:
    """The SENDING that a step marks.

    Raises:
        ValueError: the step does not begin with one, is for other terms than were approved, or does not carry the
            order's record; each is a mistake of the caller that must never become a send.
    """
    event = step.events[0]
    if type(event) is not OrderSending:
        raise ValueError("a SENDING step begins with OrderSending")
    order = event.order
    if order is approved.order and len(step.orders) == 1 and step.orders[0].order is order:
        return event
    if order != approved.order:
        raise ValueError("the recorded terms are not the approved ones")
    if order.client_order_id not in [record.order.client_order_id for record in step.orders]:
        raise ValueError("a SENDING step carries the record of its order")
    return event


def claim_of(step: Step) -> tuple[str, Claim] | None:
    """The decision id that a step claims, and the event that does; None where there is none, as of a child."""
    event = step.events[0] if step.events else None
    if not isinstance(event, CLAIMS) or event.decision is None:
        return None
    return event.decision.decision_id, event


def bolder_of(step: Step) -> Order | None:
    """The order that a step is about to have amended to something bolder, if it does."""
    event = step.events[0] if step.events else None
    if type(event) is not AmendRequested or not event.is_bolder:
        return None
    return next(one.order for one in step.orders if one.client_order_id == event.client_order_id)


def forbids(states: TradingStates, order: Order) -> StateForbids | None:
    """The state that does not let such an order go out, if there is one."""
    entry = states.entry(order.symbol)
    if permits(entry.state, order.purpose):
        return None
    return StateForbids(entry=entry, symbol="" if entry is states.account else order.symbol)


def stored_decision(event: OrderSending | Claim) -> StoredDecision:
    """How a used decision id is told from the event that used it.

    Raises:
        ValueError: the event carries no decision.
    """
    if event.decision is None:
        raise ValueError("the event carries no decision")
    if isinstance(event, OrderSending | OrderPrepared):
        return StoredDecision(
            decision_id=event.decision.decision_id,
            symbol=event.order.symbol,
            decision=event.decision,
            client_order_id=event.order.client_order_id,
        )
    return StoredDecision(
        decision_id=event.decision.decision_id, symbol=event.symbol, decision=event.decision, outcome=event
    )


class Facts(Struct, kw_only=True):
    """What a store remembers of its account beside orders and holdings, as the events left it."""

    opened_at: datetime | None = None
    opening_balances: dict[str, Decimal] = {}
    day_opened_at: datetime | None = None
    day_opening_equity: Decimal | None = None
    sent_on: str = ""
    sent_count: int = 0
    last_fill_at: datetime | None = None
    starts: StartMarks = StartMarks()

    def opened(self, event: AccountOpened) -> None:
        self.opened_at = event.at
        self.opening_balances = dict(event.balances)

    def flowed(self, currency: str, amount: Decimal) -> None:
        """Money or coins came or went by no order of ours."""
        self.opening_balances[currency] = external_after(self.opening_balances.get(currency, ZERO), amount)

    def moved(self, event: AccountMoved) -> None:
        """The venue moved something; only a flow changes what is not ours, and a change of position is like a fill."""
        if event.movement.quantity:
            self.filled(event.movement.at)
        if event.movement.kind in FLOWS:
            self.flowed(event.movement.currency, event.movement.amount)

    def day(self, event: EquityEvent) -> bool:
        """What an equity says of the day's opening; whether that is anything new."""
        before = self.day_opened_at, self.day_opening_equity
        after = opening_after(event, *before)
        self.day_opened_at, self.day_opening_equity = after
        return after != before

    def sent(self, at: datetime) -> None:
        """Count one more order sent on the UTC day of `at`."""
        today = at.date().isoformat()
        if today != self.sent_on:
            self.sent_on, self.sent_count = today, 0
        self.sent_count += 1

    def filled(self, at: datetime) -> None:
        if self.last_fill_at is None or at > self.last_fill_at:
            self.last_fill_at = at

    def sent_today(self, now: datetime) -> int:
        """Orders sent since 00:00 UTC of `now`."""
        return self.sent_count if self.sent_on == now.date().isoformat() else 0
