"""The rig: an application on a scripted venue, which can end and be opened again over the same world and store."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable, Sequence
from contextlib import asynccontextmanager
from copy import copy
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from dependency_injector import providers
from returns.result import Result

from tidegate import Action, Decision, NoOrderNeeded, OrderPlaced, OrderStatus, OrderType, Settings
from tidegate.adapters.brokers.scripted import ScriptedBroker
from tidegate.adapters.brokers.scripted.broker import SCRIPTED_CAPABILITIES
from tidegate.adapters.brokers.scripted.products import SCRIPTED_PRODUCTS
from tidegate.adapters.clocks import ManualClock, settle
from tidegate.adapters.ids import SeededIds
from tidegate.adapters.stores.memory import MemoryOrderStore
from tidegate.application.application import Application
from tidegate.application.placement import PlacementResult
from tidegate.containers import TestingContainer, open_application
from tidegate.containers.testing import STARTS_AT
from tidegate.domain.events import JournalEvent
from tidegate.domain.orders import OrderRecord
from tidegate.domain.ports import OrderStorePort
from tidegate.domain.refusals import Refusal
from tidegate.domain.submissions import EngineCapabilities
from tidegate.domain.vocabulary import TimeInForce

SPOT, PERPETUAL = "BTC-USD", "BTC-PERP"
HORIZON_SECONDS = 5.0
"""H of the scripted venue."""

T = TypeVar("T")
E = TypeVar("E", bound=JournalEvent)


class LeapingClock(ManualClock):
    """A clock whose wall can be set ahead or back, with the monotonic one going on as it was."""

    leap = timedelta(0)

    def now(self) -> datetime:
        return super().now() + self.leap


class Rig:
    """A world (venue, clock) and a store that outlive the applications opened over them."""

    def __init__(
        self,
        *,
        store: OrderStorePort | None = None,
        clock: ManualClock | None = None,
        capabilities: EngineCapabilities = SCRIPTED_CAPABILITIES,
        **settings: Any,
    ) -> None:
        # Nobody moves the clock while an application is being left, so nothing is waited for by default.
        settings["supervisor"] = {"drain_seconds": 0, **settings.get("supervisor", {})}
        self.settings = Settings(profile="testing", **settings)
        self.clock = clock if clock is not None else ManualClock(STARTS_AT)
        self.venue = ScriptedBroker(
            SCRIPTED_PRODUCTS,
            self.clock,
            balances=self.settings.paper.opening_balances,
            account_id=self.settings.account_id,
            capabilities=capabilities,
        )
        self.store: OrderStorePort = store or MemoryOrderStore(self.settings.account_id, self.clock)
        self.ids = SeededIds(1)
        self.price(100_000)

    def configured(self, **settings: Any) -> "Rig":
        """The same world and store under other settings."""
        other = copy(self)
        other.settings = Settings(profile="testing", **settings)
        return other

    def price(self, mid: int, *symbols: str) -> None:
        """Show a deep book around a price."""
        for symbol in symbols or (SPOT, PERPETUAL):
            self.venue.set_book(
                symbol,
                bids=[(mid - step, 5) for step in range(1, 20)],
                asks=[(mid + step, 5) for step in range(1, 20)],
            )

    def container(self, **overrides: Any) -> TestingContainer:
        """A container over this world and store; objects given by name take the place of its parts."""
        container: TestingContainer = TestingContainer(settings=providers.Object(self.settings))
        given = {"venue": self.venue, "clock": self.clock, "order_store": self.store, "ids": self.ids, **overrides}
        for name, part in given.items():
            getattr(container, name).override(providers.Object(part))
        return container

    @asynccontextmanager
    async def open(self, **overrides: Any) -> AsyncIterator[Application]:
        """One life of an application."""
        async with open_application(container=self.container(**overrides)) as application:
            yield application

    async def finished(self, call: Coroutine[Any, Any, T], seconds: float = 30) -> T:
        """The outcome of a call that waits for the clock."""
        task = asyncio.create_task(call)
        await settle()
        for _ in range(round(seconds * 4)):
            if not task.done():
                await self.clock.advance(0.25)
        assert task.done(), "it has not finished"
        return task.result()

    async def journal(self) -> list[JournalEvent]:
        """Every stored event, in order."""
        await self.store.flush()
        return [event for row in await self.store.journal(limit=100_000) for event in row.events]

    async def stored(self, kind: type[E]) -> list[E]:
        """The stored events of one kind."""
        return [event for event in await self.journal() if isinstance(event, kind)]

    def worked(self) -> list[Decimal]:
        """The sizes of all orders that the venue ever took."""
        return [order.quantity for order in self.venue.truth.orders.values() if not order.rejected_code]


def buy(quantity: str | None = "0.01", **fields: Any) -> Decision:
    """A market purchase."""
    return Decision(action=Action.BUY, quantity=Decimal(quantity) if quantity else None, **fields)


def sell(quantity: str | None = "0.01", **fields: Any) -> Decision:
    """A market sale."""
    return Decision(action=Action.SELL, quantity=Decimal(quantity) if quantity else None, **fields)


def offer_to_buy(price: int, quantity: str = "0.01", **fields: Any) -> Decision:
    """A purchase that rests in the book."""
    return Decision(
        action=Action.BUY,
        quantity=Decimal(quantity),
        order_type=OrderType.LIMIT,
        limit_price=Decimal(price),
        time_in_force=TimeInForce.GTC,
        **fields,
    )


def offer_to_sell(price: int, quantity: str = "0.01", **fields: Any) -> Decision:
    """A sale that rests in the book."""
    return Decision(
        action=Action.SELL,
        quantity=Decimal(quantity),
        order_type=OrderType.LIMIT,
        limit_price=Decimal(price),
        time_in_force=TimeInForce.GTC,
        **fields,
    )


def close(**fields: Any) -> Decision:
    """Flatten the strategy's position."""
    return Decision(action=Action.CLOSE, **fields)


def placed(result: PlacementResult) -> OrderRecord:
    """The order that a decision came to."""
    outcome = result.unwrap()
    assert isinstance(outcome, OrderPlaced), outcome
    return outcome.order


def needless(result: PlacementResult) -> NoOrderNeeded:
    """The reason for which a decision needed no order."""
    outcome = result.unwrap()
    assert isinstance(outcome, NoOrderNeeded), outcome
    return outcome


def refused(result: Result[Any, Any], code: str = "") -> Refusal:
    """The refusal that a decision came to, of that code."""
    refusal = result.failure()
    assert isinstance(refusal, Refusal)
    assert not code or refusal.code == code, refusal
    return refusal


def statuses(orders: Iterable[OrderRecord]) -> list[OrderStatus]:
    return [order.status for order in orders]


def only(items: Sequence[T]) -> T:
    """The one that there is."""
    assert len(items) == 1, items
    return items[0]
