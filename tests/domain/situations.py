"""Situations: a quiet market, a funded account, nothing in the way; a test changes the one thing it is about."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from tidegate.domain.amounts import DOMAIN_CONTEXT, ONE, ZERO
from tidegate.domain.books import BookSnapshot, Level
from tidegate.domain.checks.pipeline import LIVE, Pipeline
from tidegate.domain.decisions import Decision
from tidegate.domain.marks import Mark
from tidegate.domain.orders import ApprovedOrder, Order
from tidegate.domain.outcomes import NoOrderNeeded
from tidegate.domain.positions import Position
from tidegate.domain.products import Product
from tidegate.domain.refusals import AnyRefusal, Refusal
from tidegate.domain.remedies import in_decision_terms
from tidegate.domain.review import Assessment, assess, review
from tidegate.domain.risk import RiskLimits
from tidegate.domain.states import StateEntry
from tidegate.domain.submissions import EngineCapabilities
from tidegate.domain.translation import ONE_ORDER_VENUE, Translation, translate
from tidegate.domain.views import (
    AccountReading,
    ExposureReading,
    MarketReading,
    OwnOrders,
    PaceReading,
    ReviewView,
)
from tidegate.domain.vocabulary import Action, ProductKind, TimeInForce, TradingState

NOW: Final = datetime(2026, 5, 2, 3, 0, tzinfo=UTC)
SPOT: Final = Product(
    symbol="BTC-USD",
    kind=ProductKind.SPOT,
    base_currency="BTC",
    quote_currency="USD",
    settlement_currency="USD",
    underlying="BTC",
    price_increment=Decimal("0.01"),
    base_increment=Decimal("0.00000001"),
    minimum_quantity=Decimal("0.00001"),
    minimum_notional=Decimal(1),
    maker_fee_rate=Decimal("0.004"),
    taker_fee_rate=Decimal("0.006"),
)
PERPETUAL: Final = Product(
    symbol="BTC-PERP",
    kind=ProductKind.PERPETUAL,
    base_currency="BTC",
    quote_currency="USD",
    settlement_currency="USD",
    underlying="BTC",
    price_increment=Decimal("0.1"),
    base_increment=Decimal(1),
    minimum_quantity=Decimal(1),
    multiplier=Decimal("0.01"),
    taker_fee_rate=Decimal("0.001"),
    initial_margin_rate=Decimal("0.1"),
    maintenance_margin_rate=Decimal("0.05"),
)
NOTHING_BESIDE: Final = ExposureReading()
NO_ORDERS: Final = OwnOrders()
AT_REST: Final = PaceReading()
ACTIVE: Final = StateEntry(state=TradingState.ACTIVE)
LIMITS: Final = RiskLimits(collar_pct=Decimal("0.015"))


def levels(*pairs: tuple[str, str]) -> tuple[Level, ...]:
    """Levels from prices and quantities, best first."""
    return tuple(Level(Decimal(price), Decimal(quantity)) for price, quantity in pairs)


BIDS: Final = levels(("60000", "0.5"), ("59990", "1"), ("59950", "2"), ("59800", "5"))
ASKS: Final = levels(("60010", "0.5"), ("60020", "1"), ("60060", "2"), ("60210", "5"))


def book(
    bids: tuple[Level, ...] = BIDS, asks: tuple[Level, ...] = ASKS, *, symbol: str = "BTC-USD", whole: bool = False
) -> BookSnapshot:
    """A book around 60,005 that shows 8.5 on either side."""
    return BookSnapshot(symbol=symbol, bids=bids, asks=asks, is_complete=whole)


@dataclass(frozen=True)
class Situation:
    """Everything that a translation and a review read; `but(...)` is the same with one thing changed."""

    product: Product = SPOT
    bids: tuple[Level, ...] = BIDS
    asks: tuple[Level, ...] = ASKS
    book_is_whole: bool = False
    market: dict[str, Any] | None = None
    limits: RiskLimits = LIMITS
    held: Decimal = ZERO
    entry_price: Decimal = Decimal(60_000)
    account_held: Decimal | None = None
    equity: Decimal | None = Decimal(100_000)
    available: dict[str, Decimal] | None = None
    margin_used: Decimal = ZERO
    exposure: ExposureReading = NOTHING_BESIDE
    own_orders: OwnOrders = NO_ORDERS
    pace: PaceReading = AT_REST
    state: StateEntry = ACTIVE
    repeats: int = 0
    is_live: bool = False
    rate: Decimal | None = ONE
    at: datetime = NOW
    capabilities: EngineCapabilities = ONE_ORDER_VENUE
    default_time_in_force: TimeInForce | None = None
    mark: Mark | Decimal | None = None
    pipeline: Pipeline = LIVE

    def but(self, **changes: Any) -> "Situation":
        """The same situation with other values; `limits` may be given as a dict of single limits."""
        if isinstance(changes.get("limits"), dict):
            changes["limits"] = _limits(self.limits, **changes["limits"])
        return replace(self, **changes)

    @property
    def symbol(self) -> str:
        return self.product.symbol

    @property
    def reading(self) -> MarketReading:
        """The market: heard a second ago, its mark at the mid, its reference there as well."""
        middle = Decimal(60_005)
        fields: dict[str, Any] = {
            "symbol": self.symbol,
            "book": book(self.bids, self.asks, symbol=self.symbol, whole=self.book_is_whole),
            "heard_at": NOW - timedelta(seconds=1),
            "mark": Mark(middle, NOW),
            "reference_mid": middle,
        }
        return MarketReading(**(fields | (self.market or {})))

    @property
    def position(self) -> Position:
        return self._position(self.held)

    def _position(self, quantity: Decimal) -> Position:
        return Position(symbol=self.symbol, quantity=quantity, entry_price=self.entry_price if quantity else None)

    @property
    def money(self) -> dict[str, Decimal]:
        """Cash for anything, and the coins of the position."""
        if self.available is not None:
            return self.available
        return {"USD": Decimal(100_000), "BTC": self.held if self.product.is_spot else ZERO}

    @property
    def view(self) -> ReviewView:
        account_held = self.held if self.account_held is None else self.account_held
        return ReviewView(
            at=self.at,
            product=self.product,
            market=self.reading,
            limits=self.limits,
            position=self.position,
            account_position=self._position(account_held),
            exposure=self.exposure,
            own_orders=self.own_orders,
            account=AccountReading(
                reporting_currency="USD", equity=self.equity, available=self.money, margin_used=self.margin_used
            ),
            pace=self.pace,
            state=self.state,
            repeats=self.repeats,
            is_live=self.is_live,
            reporting_rate=self.rate,
        )

    def translated(self, decision: Decision) -> Translation:
        """What the decision is translated to."""
        left = DOMAIN_CONTEXT.subtract(DOMAIN_CONTEXT.abs(self.held), self.own_orders.reducing_leaves)
        return translate(
            self.symbol,
            decision,
            product=self.product,
            market=self.reading,
            position=self.position,
            reducible=max(left, ZERO),
            account_id="paper",
            at=self.at,
            default_time_in_force=self.default_time_in_force,
            mark=self.mark,
            limits=self.limits,
            capabilities=self.capabilities,
        )

    def order(self, decision: Decision) -> Order:
        """The order the decision is translated to; anything else fails the test."""
        order = self.translated(decision)
        assert isinstance(order, Order), order
        return order

    def outcome(self, decision: Decision) -> ApprovedOrder | NoOrderNeeded | AnyRefusal:
        """Translated and reviewed, with the remedy in the decision's words, as placement has it."""
        order = self.translated(decision)
        if not isinstance(order, Order):
            return order
        reviewed = review(order, self.view, self.pipeline)
        return reviewed if isinstance(reviewed, ApprovedOrder) else in_decision_terms(reviewed, decision, order)

    def approved(self, decision: Decision) -> ApprovedOrder:
        """The approved order; anything else fails the test."""
        outcome = self.outcome(decision)
        assert isinstance(outcome, ApprovedOrder), outcome
        return outcome

    def refused(self, decision: Decision, code: str) -> Refusal:
        """The refusal with that code; anything else fails the test."""
        outcome = self.outcome(decision)
        assert isinstance(outcome, Refusal), outcome
        assert outcome.code == code, outcome
        return outcome

    def assessed(self, decision: Decision) -> Assessment:
        """Every verdict on the order."""
        return assess(self.order(decision), self.view, self.pipeline)


def _limits(limits: RiskLimits, **changes: Any) -> RiskLimits:
    fields = {name: getattr(limits, name) for name in RiskLimits.__struct_fields__}
    return RiskLimits(**(fields | changes))


QUIET: Final = Situation()
"""BTC-USD spot, flat, 100,000 USD."""
LONG: Final = Situation(held=Decimal("0.1"))
"""The same with 0.1 BTC."""
PERP: Final = Situation(product=PERPETUAL, bids=levels(("60000", "500")), asks=levels(("60010", "500")))
"""BTC-PERP in contracts of 0.01, flat."""


def decision(action: Action = Action.BUY, **fields: Any) -> Decision:
    """A decision made now; numbers may be given as text."""
    complete: dict[str, Any] = {"action": action, "decision_id": "d-1", "decided_at": NOW}
    for name, value in fields.items():
        complete[name] = Decimal(value) if isinstance(value, str) and name in _DECIMALS else value
    return Decision(**complete)


_DECIMALS: Final = frozenset(
    "target_notional quantity leverage limit_price stop_trigger reference_price max_drift_bps trail take_profit "
    "stop_loss display_quantity".split()
)


def buy(quantity: str = "0.01", **fields: Any) -> Decision:
    """A market buy."""
    return decision(Action.BUY, quantity=quantity, **fields)


def sell(quantity: str = "0.01", **fields: Any) -> Decision:
    """A market sell."""
    return decision(Action.SELL, quantity=quantity, **fields)


def close() -> Decision:
    """Flatten."""
    return decision(Action.CLOSE)
