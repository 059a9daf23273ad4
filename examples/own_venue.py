"""Swapping a part: a venue of your own behind the same gate, here one that limits what any order may cost.

Every part of a container has a name, and may be replaced until it is first used. What replaces it keeps the port's
promises: a type checker sees that it has the calls, and `tidegate.testing` has the suites that hold it to its words.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from decimal import Decimal

from dependency_injector import providers
from returns.methods import unwrap_or_failure

from tidegate import Action, Decision, EnginePort, NoOrderNeeded, OrderPlaced, Settings, open_application
from tidegate.containers import ReplayContainer
from tidegate.domain.fills import Fill
from tidegate.domain.identifiers import ClientOrderId
from tidegate.domain.orders import ApprovedOrder, OrderRecord, RecordedOrder
from tidegate.domain.refusals import AnyRefusal
from tidegate.domain.submissions import (
    AmendOutcome,
    CancelOutcome,
    EngineCapabilities,
    NeverSent,
    OrderAbsent,
    SubmissionOutcome,
    Unreachable,
    VenueOrder,
    VenueReport,
)


class Thrifty:
    """Hands orders on to another venue, unless they cost more than `most` (in quote currency)."""

    def __init__(self, venue: EnginePort, most: Decimal) -> None:
        self._venue, self._most = venue, most

    async def submit(self, recorded: RecordedOrder) -> SubmissionOutcome:
        order = recorded.order
        if order.limit_price is not None and order.quantity * order.limit_price > self._most:
            return NeverSent(reason=f"worth more than {self._most}", at=recorded.recorded_at)
        return await self._venue.submit(recorded)

    # The rest is the venue's own.

    @property
    def capabilities(self) -> EngineCapabilities:
        return self._venue.capabilities

    async def cancel(self, order: OrderRecord) -> CancelOutcome:
        return await self._venue.cancel(order)

    async def amend(self, order: OrderRecord, quantity: Decimal, limit_price: Decimal | None) -> AmendOutcome:
        return await self._venue.amend(order, quantity, limit_price)

    async def order(self, client_order_id: ClientOrderId, symbol: str) -> VenueOrder | OrderAbsent | Unreachable:
        return await self._venue.order(client_order_id, symbol)

    async def open_orders(self) -> tuple[VenueOrder, ...] | Unreachable:
        return await self._venue.open_orders()

    async def fills(self, since: datetime) -> tuple[Fill, ...] | Unreachable:
        return await self._venue.fills(since)

    def reports(self) -> AsyncIterator[VenueReport]:
        return self._venue.reports()

    async def preview(self, approved: ApprovedOrder) -> AnyRefusal | None:
        return await self._venue.preview(approved)


def thrifty(venue: EnginePort) -> EnginePort:
    """The part that takes the place; its signature has the type checker hold Thrifty to the port."""
    return Thrifty(venue, most=Decimal(500))


async def main() -> None:
    container = ReplayContainer(settings=providers.Object(Settings(profile="replay")))
    container.engine_port.override(providers.Singleton(thrifty, container.market_data))
    async with open_application(container=container) as app:
        for notional in (Decimal(250), Decimal(2_500)):
            decision = Decision(action=Action.BUY, target_notional=notional)
            result = await app.coordinator.execute_decision("BTC-USD", decision)
            match unwrap_or_failure(result):
                case OrderPlaced(order=order):
                    print(f"{notional} USD: {order.status}, filled {order.filled_quantity} at {order.average_price}")
                case NoOrderNeeded(reason=reason):
                    print(f"{notional} USD: no order, {reason}")
                case refusal:
                    print(f"{notional} USD: refused {refusal.code}, {refusal.message}")


if __name__ == "__main__":
    asyncio.run(main())
