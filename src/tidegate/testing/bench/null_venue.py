"""The null venue: takes every order and fills it at once at the touch, so that what is measured is ours."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from decimal import Decimal

from tidegate.adapters.brokers.streams import ChangeStream, ReportStream
from tidegate.domain.books import BookSnapshot, Level
from tidegate.domain.fills import Fill
from tidegate.domain.identifiers import ClientOrderId, TradeId, VenueOrderId
from tidegate.domain.marks import Mark
from tidegate.domain.movements import Movement
from tidegate.domain.orders import ApprovedOrder, OrderRecord, RecordedOrder
from tidegate.domain.ports import ClockPort
from tidegate.domain.products import Product
from tidegate.domain.refusals import AnyRefusal
from tidegate.domain.submissions import (
    AmendOutcome,
    AmendRefused,
    CancelConfirmed,
    CancelOutcome,
    EngineCapabilities,
    OrderAbsent,
    OrderAcknowledged,
    SubmissionOutcome,
    VenueBalances,
    VenueOrder,
    VenuePositions,
    VenueReport,
)
from tidegate.domain.views import MarketReading
from tidegate.domain.vocabulary import Delivery, OrderSide, ProductKind, ReduceOnlySupport

SYMBOL = "BTC-USD"
BID, ASK = Decimal(99_999), Decimal(100_001)
_LEVELS = 50

SPOT = Product(
    symbol=SYMBOL,
    kind=ProductKind.SPOT,
    base_currency="BTC",
    quote_currency="USD",
    settlement_currency="USD",
    underlying="BTC",
    price_increment=Decimal("0.01"),
    base_increment=Decimal("0.00000001"),
    minimum_quantity=Decimal("0.0001"),
    minimum_notional=Decimal(1),
    maker_fee_rate=Decimal("0.0002"),
    taker_fee_rate=Decimal("0.0004"),
)
PERPETUAL = Product(
    symbol="BTC-PERP",
    kind=ProductKind.PERPETUAL,
    base_currency="BTC",
    quote_currency="USD",
    settlement_currency="USD",
    underlying="BTC",
    price_increment=Decimal("0.01"),
    base_increment=Decimal("0.00000001"),
    minimum_quantity=Decimal("0.0001"),
    minimum_notional=Decimal(1),
    taker_fee_rate=Decimal("0.0004"),
    initial_margin_rate=Decimal("0.1"),
    maintenance_margin_rate=Decimal("0.05"),
)

_PRODUCTS = {product.symbol: product for product in (SPOT, PERPETUAL)}
_BIDS = tuple(Level(BID - step, Decimal(5)) for step in range(_LEVELS))
_ASKS = tuple(Level(ASK + step, Decimal(5)) for step in range(_LEVELS))
_FEE = Decimal("0.04")
_FUNDS = {"USD": Decimal(1_000_000)}
_BUY = OrderSide.BUY


class NullVenue:
    """A Broker of class A with a book that stands still; it remembers nothing, so that no growth is its own.

    `hear` gives every symbol a new reading: a feed that says nothing for five seconds stops entries. With `rests` it
    accepts orders and fills none; `balances` are what it says is there, whatever is traded.
    """

    def __init__(self, clock: ClockPort, *, rests: bool = False, balances: Mapping[str, Decimal] = _FUNDS) -> None:
        self._clock = clock
        self._balances = dict(balances)
        self._rests = rests
        self._count = 0
        self._readings: dict[str, MarketReading] = {}
        self.capabilities = EngineCapabilities(
            venue="null",
            delivery=Delivery.A,
            horizon_seconds=Decimal(1),
            reduce_only=ReduceOnlySupport.NATIVE,
        )
        self.products = tuple(_PRODUCTS.values())
        self.hear()

    def hear(self) -> None:
        """The feed has told the same book again."""
        at, mid = self._clock.now(), (BID + ASK) / 2
        for symbol in _PRODUCTS:
            self._readings[symbol] = MarketReading(
                symbol=symbol,
                book=BookSnapshot(symbol=symbol, bids=_BIDS, asks=_ASKS, version=1),
                heard_at=at,
                mark=Mark(mid, at),
                last_price=ASK,
                reference_mid=mid,
            )

    # EnginePort

    async def submit(self, recorded: RecordedOrder) -> SubmissionOutcome:
        order, at = recorded.order, recorded.recorded_at
        self._count += 1
        name = VenueOrderId(str(self._count))
        if self._rests:
            return OrderAcknowledged(venue_order_id=name, at=at)
        fill = Fill(
            trade_id=TradeId(name),
            client_order_id=order.client_order_id,
            symbol=order.symbol,
            side=order.side,
            quantity=order.quantity,
            price=ASK if order.side is _BUY else BID,
            at=at,
            fee=_FEE,
            fee_currency="USD",
            venue_order_id=name,
        )
        return OrderAcknowledged(venue_order_id=name, at=at, fills=(fill,))

    async def cancel(self, order: OrderRecord) -> CancelOutcome:
        return CancelConfirmed(at=self._clock.now())

    async def amend(self, order: OrderRecord, quantity: Decimal, limit_price: Decimal | None) -> AmendOutcome:
        return AmendRefused(reason="this venue amends nothing", at=self._clock.now())

    async def order(self, client_order_id: ClientOrderId, symbol: str) -> VenueOrder | OrderAbsent:
        return OrderAbsent(at=self._clock.now())

    async def open_orders(self) -> tuple[VenueOrder, ...]:
        return ()

    async def fills(self, since: datetime) -> tuple[Fill, ...]:
        return ()

    def reports(self) -> AsyncIterator[VenueReport]:
        return ReportStream(1)

    async def preview(self, approved: ApprovedOrder) -> AnyRefusal | None:
        return None

    # MarketDataPort

    def product(self, symbol: str) -> Product | None:
        return _PRODUCTS.get(symbol)

    def reading(self, symbol: str) -> MarketReading:
        return self._readings[symbol]

    def changes(self) -> AsyncIterator[str]:
        return ChangeStream()

    # AccountPort

    async def balances(self) -> VenueBalances:
        return VenueBalances(account_id="paper", balances=self._balances, at=self._clock.now())

    async def positions(self) -> VenuePositions:
        return VenuePositions(positions=(), at=self._clock.now())

    async def movements(self, since: datetime) -> tuple[Movement, ...]:
        return ()
