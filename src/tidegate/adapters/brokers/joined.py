"""A broker joined from three ports that need not be one object."""

from collections.abc import AsyncIterator
from datetime import datetime
from decimal import Decimal

from tidegate.domain.fills import Fill
from tidegate.domain.identifiers import ClientOrderId
from tidegate.domain.movements import Movement
from tidegate.domain.orders import ApprovedOrder, OrderRecord, RecordedOrder
from tidegate.domain.ports import AccountPort, Broker, EnginePort, MarketDataPort
from tidegate.domain.products import Product
from tidegate.domain.refusals import AnyRefusal
from tidegate.domain.submissions import (
    AmendOutcome,
    CancelOutcome,
    EngineCapabilities,
    OrderAbsent,
    SubmissionOutcome,
    Unreachable,
    VenueBalances,
    VenueOrder,
    VenuePositions,
    VenueReport,
)
from tidegate.domain.views import MarketReading


class JoinedBroker:
    """Implements Broker by handing each call to the port it belongs to, so that one port can be swapped alone."""

    def __init__(self, engine_port: EnginePort, market_data: MarketDataPort, account: AccountPort) -> None:
        self._engine_port = engine_port
        self._market_data = market_data
        self._account = account

    @property
    def capabilities(self) -> EngineCapabilities:
        return self._engine_port.capabilities

    async def submit(self, recorded: RecordedOrder) -> SubmissionOutcome:
        return await self._engine_port.submit(recorded)

    async def cancel(self, order: OrderRecord) -> CancelOutcome:
        return await self._engine_port.cancel(order)

    async def amend(self, order: OrderRecord, quantity: Decimal, limit_price: Decimal | None) -> AmendOutcome:
        return await self._engine_port.amend(order, quantity, limit_price)

    async def order(self, client_order_id: ClientOrderId, symbol: str) -> VenueOrder | OrderAbsent | Unreachable:
        return await self._engine_port.order(client_order_id, symbol)

    async def open_orders(self) -> tuple[VenueOrder, ...] | Unreachable:
        return await self._engine_port.open_orders()

    async def fills(self, since: datetime) -> tuple[Fill, ...] | Unreachable:
        return await self._engine_port.fills(since)

    def reports(self) -> AsyncIterator[VenueReport]:
        return self._engine_port.reports()

    async def preview(self, approved: ApprovedOrder) -> AnyRefusal | None:
        return await self._engine_port.preview(approved)

    @property
    def products(self) -> tuple[Product, ...]:
        return self._market_data.products

    def product(self, symbol: str) -> Product | None:
        return self._market_data.product(symbol)

    def reading(self, symbol: str) -> MarketReading:
        return self._market_data.reading(symbol)

    def changes(self) -> AsyncIterator[str]:
        return self._market_data.changes()

    async def balances(self) -> VenueBalances | Unreachable:
        return await self._account.balances()

    async def positions(self) -> VenuePositions | Unreachable:
        return await self._account.positions()

    async def movements(self, since: datetime) -> tuple[Movement, ...] | Unreachable:
        return await self._account.movements(since)


def join(engine_port: EnginePort, market_data: MarketDataPort, account: AccountPort) -> Broker:
    """The three ports as one broker."""
    return JoinedBroker(engine_port, market_data, account)
