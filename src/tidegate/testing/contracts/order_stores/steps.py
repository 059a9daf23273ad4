"""Steps as an application makes them, folded by the domain's own ledger, for the tests of stores."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from tidegate.domain.decisions import Decision
from tidegate.domain.events import (
    AccountOpened,
    AmendRequested,
    DecisionRefused,
    IncidentRaised,
    JournalEvent,
    NoOrderDecided,
    OrderAccepted,
    OrderFilled,
    OrderPrepared,
    OrderRejected,
    OrderSending,
    TradingStateChanged,
)
from tidegate.domain.fills import Fill
from tidegate.domain.identifiers import ClientOrderId, TradeId, VenueOrderId, client_order_id
from tidegate.domain.ledger import Ledger
from tidegate.domain.orders import ApprovedOrder, Order
from tidegate.domain.products import Product
from tidegate.domain.records import Step
from tidegate.domain.refusals import ExposureRefused, Remedy
from tidegate.domain.states import TradingStates
from tidegate.domain.vocabulary import (
    Action,
    Liquidity,
    OrderSide,
    OrderType,
    ProductKind,
    Purpose,
    TimeInForce,
    TradingState,
)

OPENS_AT = datetime(2025, 1, 2, 3, 4, 5, 678_901, tzinfo=UTC)
"""The moment of the first step; each later one is a millisecond on."""

PRICE = Decimal("43210.12")
QUANTITY = Decimal("0.01250000")


class FixedClock:
    """A clock that stands still: a store may read the day of it, and nothing else may depend on time."""

    def __init__(self, at: datetime = OPENS_AT) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return (self.at - OPENS_AT).total_seconds()

    async def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass(frozen=True)
class Attempt:
    """One attempt, ready to be recorded."""

    approved: ApprovedOrder
    step: Step

    @property
    def order_id(self) -> ClientOrderId:
        return self.approved.order.client_order_id

    @property
    def decision_id(self) -> str:
        return self.approved.order.decision_id


class OrderSteps:
    """Makes the steps of one account; the same calls make the same steps."""

    def __init__(self, account_id: str, epoch: int) -> None:
        self._account_id = account_id
        self._epoch = epoch
        self._made = 0
        self._ledger = Ledger(_product, TradingStates())

    def now(self) -> datetime:
        """The moment of the next step."""
        self._made += 1
        return OPENS_AT + timedelta(milliseconds=self._made)

    def sending(
        self,
        decision_id: str,
        *,
        symbol: str = "BTC-USD",
        purpose: Purpose = Purpose.ENTRY,
        child: int = 0,
        attempt: int = 1,
        claims: bool = True,
    ) -> Attempt:
        """An order's attempt; with `claims` its event carries the decision, whose id is claimed by recording it."""
        at = self.now()
        order = self._order(decision_id, symbol, purpose, child, at)
        held = self._ledger.orders.get(order.client_order_id)
        approved = ApprovedOrder(order=order if held is None else held.order, worst_price=PRICE, reviewed_at=at)
        event = OrderSending(
            at=at,
            order=approved.order,
            worst_price=PRICE,
            attempt=attempt,
            epoch=self._epoch,
            decision=decision(decision_id) if claims else None,
        )
        return Attempt(approved, self.step(event))

    def prepared(self, decision_id: str, *, child: int = 0, claims: bool = True) -> Step:
        """The intent of the order that `sending` of the same arguments then attempts."""
        at = self.now()
        order = self._order(decision_id, "BTC-USD", Purpose.ENTRY, child, at)
        return self.step(
            OrderPrepared(at=at, order=order, worst_price=PRICE, decision=decision(decision_id) if claims else None)
        )

    def _order(self, decision_id: str, symbol: str, purpose: Purpose, child: int, at: datetime) -> Order:
        return Order(
            client_order_id=client_order_id(self._account_id, decision_id, child),
            decision_id=decision_id,
            symbol=symbol,
            side=OrderSide.BUY if purpose is Purpose.ENTRY else OrderSide.SELL,
            order_type=OrderType.LIMIT,
            quantity=QUANTITY,
            time_in_force=TimeInForce.GTC,
            purpose=purpose,
            created_at=at,
            strategy_id="momentum",
            limit_price=PRICE,
        )

    def withdraw(self, attempt: Attempt) -> None:
        """Forget an attempt that was refused."""
        self._ledger.withdraw(attempt.order_id)

    def accepted(self, order_id: ClientOrderId) -> Step:
        return self.step(
            OrderAccepted(at=self.now(), client_order_id=order_id, venue_order_id=VenueOrderId(f"venue-{order_id}"))
        )

    def amending(self, order_id: ClientOrderId, request: int, *, is_bolder: bool) -> Step:
        """An amend that is about to be sent."""
        return self.step(
            AmendRequested(
                at=self.now(), client_order_id=order_id, request=request, quantity=QUANTITY, is_bolder=is_bolder
            )
        )

    def rejected(self, order_id: ClientOrderId) -> Step:
        return self.step(
            OrderRejected(at=self.now(), client_order_id=order_id, code="VENUE_OTHER", reason="the venue said no")
        )

    def filled(
        self, order_id: ClientOrderId, trade_id: str, *, quantity: Decimal = QUANTITY, symbol: str = "BTC-USD"
    ) -> Step:
        """A fill, and with it the position and the balances after it."""
        at = self.now()
        fill = Fill(
            trade_id=TradeId(trade_id),
            client_order_id=order_id,
            symbol=symbol,
            side=OrderSide.BUY,
            quantity=quantity,
            price=Decimal("43210.01"),
            at=at,
            fee=Decimal("0.32407507"),
            fee_currency="USD",
            liquidity=Liquidity.MAKER,
            strategy_id="momentum",
        )
        return self.step(OrderFilled(at=at, client_order_id=order_id, fill=fill))

    def refused(self, decision_id: str) -> Step:
        """A decision that ended in a refusal."""
        refusal = ExposureRefused(
            message="3,000 is above the limit of 2,000",
            figures={"limit": Decimal(2_000), "exposure": Decimal(3_000)},
            facts={"symbol": "BTC-USD"},
            remedy=Remedy("a quantity of 0.004 passes", {"quantity": Decimal("0.004")}),
        )
        return self.step(
            DecisionRefused(at=self.now(), symbol="BTC-USD", decision=decision(decision_id), refusal=refusal)
        )

    def no_order(self, decision_id: str) -> Step:
        """A decision that needed no order."""
        return self.step(NoOrderDecided(at=self.now(), symbol="BTC-USD", decision=decision(decision_id), reason="HOLD"))

    def opened(self) -> Step:
        """The account's first start."""
        balances = {"USD": Decimal(100_000), "BTC": Decimal("0.5")}
        return self.step(
            AccountOpened(at=self.now(), account_id=self._account_id, balances=balances, equity=Decimal(121_605))
        )

    def state(self, state: TradingState, symbol: str = "") -> TradingStateChanged:
        return TradingStateChanged(at=self.now(), state=state, reason="because", by="a test", symbol=symbol)

    def incident(self, message: str) -> IncidentRaised:
        return IncidentRaised(at=self.now(), kind="MISMATCH", message=message, symbol="BTC-USD")

    def step(self, *events: JournalEvent) -> Step:
        """The step of events that happened together.

        Raises:
            ValueError: they say nothing new.
        """
        step = self._ledger.apply(events[0].at, events)
        if step is None:
            raise ValueError("the events say nothing new")
        return step

    def recall(self, step: Step) -> None:
        """Hold the orders of a step again, so that late news of them can be folded."""
        for record in step.orders:
            self._ledger.recall(record)


def decision(decision_id: str) -> Decision:
    """The decision that every step with this id carries."""
    return Decision(
        action=Action.BUY,
        decision_id=decision_id,
        quantity=QUANTITY,
        limit_price=PRICE,
        decided_at=OPENS_AT,
        strategy_id="momentum",
    )


def _product(symbol: str) -> Product:
    base, _, quote = symbol.partition("-")
    return Product(
        symbol=symbol,
        kind=ProductKind.SPOT,
        base_currency=base,
        quote_currency=quote,
        settlement_currency=quote,
        underlying=base,
        price_increment=Decimal("0.01"),
        base_increment=Decimal("0.00000001"),
    )
