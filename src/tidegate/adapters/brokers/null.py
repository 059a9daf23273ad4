"""NullBroker: a venue that takes everything and fills it at once at the touch, to measure what is in front of it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from tidegate.adapters.brokers.streams import ChangeStream, Listeners, ReportStream
from tidegate.domain.books import BookSnapshot
from tidegate.domain.fills import Fill
from tidegate.domain.identifiers import ClientOrderId, TradeId, VenueOrderId
from tidegate.domain.marks import Mark
from tidegate.domain.orders import ApprovedOrder, OrderRecord, RecordedOrder
from tidegate.domain.ports.clock import ClockPort
from tidegate.domain.products import Product
from tidegate.domain.refusals import AnyRefusal
from tidegate.domain.submissions import (
    AmendOutcome,
    AmendRefused,
    CancelOutcome,
    CancelRefused,
    EngineCapabilities,
    OrderAbsent,
    OrderAcknowledged,
    SubmissionOutcome,
    Unreachable,
    VenueBalances,
    VenueOrder,
    VenuePositions,
)
from tidegate.domain.views import MarketReading
from tidegate.domain.vocabulary import Delivery, OrderSide, ReduceOnlySupport

_HEARD_EVERY = timedelta(seconds=1)


class NullBroker:
    """No matching, no fees, no memory: what it filled it has forgotten. For benchmarks only.

    `books` are shown for ever, and count as heard once a second of the clock.
    """

    def __init__(
        self, products: Sequence[Product], clock: ClockPort, books: Sequence[BookSnapshot], balances: dict[str, Decimal]
    ) -> None:
        self._products = {product.symbol: product for product in products}
        self._clock = clock
        self._books = {book.symbol: book for book in books}
        self._touch = {
            (book.symbol, side): book.side(side)[0].price for book in books for side in OrderSide if book.side(side)
        }
        self._balances = balances
        self._readings: dict[str, MarketReading] = {}
        self._count = 0
        self._reports: Listeners[ReportStream] = Listeners()
        self._changes: Listeners[ChangeStream] = Listeners()
        self._capabilities = EngineCapabilities(
            venue="null", delivery=Delivery.A, horizon_seconds=Decimal(1), reduce_only=ReduceOnlySupport.NATIVE
        )

    @property
    def capabilities(self) -> EngineCapabilities:
        return self._capabilities

    async def submit(self, recorded: RecordedOrder) -> SubmissionOutcome:
        order, at = recorded.order, self._clock.now()
        self._count += 1
        venue_order_id = VenueOrderId(f"N{self._count}")
        fill = Fill(
            trade_id=TradeId(venue_order_id),
            client_order_id=order.client_order_id,
            symbol=order.symbol,
            side=order.side,
            quantity=order.quantity,
            price=self._touch[order.symbol, order.side],
            at=at,
            venue_order_id=venue_order_id,
        )
        return OrderAcknowledged(venue_order_id=venue_order_id, at=at, fills=(fill,))

    async def cancel(self, order: OrderRecord) -> CancelOutcome:
        return CancelRefused(reason="everything has filled", at=self._clock.now())

    async def amend(self, order: OrderRecord, quantity: Decimal, limit_price: Decimal | None) -> AmendOutcome:
        return AmendRefused(reason="everything has filled", at=self._clock.now())

    async def order(self, client_order_id: ClientOrderId, symbol: str) -> VenueOrder | OrderAbsent | Unreachable:
        return OrderAbsent(at=self._clock.now())

    async def open_orders(self) -> tuple[VenueOrder, ...] | Unreachable:
        return ()

    async def fills(self, since: datetime) -> tuple[Fill, ...] | Unreachable:
        return Unreachable(reason="a null venue remembers no fills", at=self._clock.now())

    async def balances(self) -> VenueBalances | Unreachable:
        return VenueBalances(account_id="null", balances=dict(self._balances), at=self._clock.now())

    async def positions(self) -> VenuePositions | Unreachable:
        return VenuePositions(positions=(), at=self._clock.now())

    async def preview(self, approved: ApprovedOrder) -> AnyRefusal | None:
        return None

    def reports(self) -> ReportStream:
        return self._reports.add(ReportStream(1))

    @property
    def products(self) -> tuple[Product, ...]:
        return tuple(self._products.values())

    def product(self, symbol: str) -> Product | None:
        return self._products.get(symbol)

    def reading(self, symbol: str) -> MarketReading:
        known, now = self._readings.get(symbol), self._clock.now()
        if known is not None and known.heard_at is not None and now - known.heard_at < _HEARD_EVERY:
            return known
        book = self._books.get(symbol)
        mid = book.mid if book is not None else None
        known = self._readings[symbol] = MarketReading(
            symbol=symbol,
            book=book,
            heard_at=now,
            mark=Mark(mid, now) if mid is not None else None,
            last_price=mid,
            reference_mid=mid,
        )
        return known

    def changes(self) -> ChangeStream:
        return self._changes.add(ChangeStream())

    def close(self) -> None:
        """End every stream."""
        self._reports.close()
        self._changes.close()
