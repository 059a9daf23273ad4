"""Services: the application as every container wires it, over a venue and a store of the bench's own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal

from dependency_injector import providers
from returns.result import Success

from tidegate.adapters.chance import SeededChance
from tidegate.adapters.ids import SeededIds
from tidegate.adapters.settings import Settings
from tidegate.adapters.settings.risk import RiskSettings
from tidegate.application.application import Application
from tidegate.application.placement import PlacementResult
from tidegate.containers.core import CoreContainer
from tidegate.domain.decisions import Decision
from tidegate.domain.outcomes import OrderPlaced
from tidegate.domain.ports import Broker, ClockPort, OrderStorePort
from tidegate.domain.vocabulary import Action, OrderStatus

ACCOUNT = "paper"
_SIDES = (Action.BUY, Action.SELL)
_OPEN = 10**12


class BenchError(RuntimeError):
    """What was measured is not what the row says: an order did not end as it should."""


def wide_settings() -> Settings:
    """Every check runs, and those that count orders never refuse one."""
    risk = RiskSettings(
        max_orders_per_day=_OPEN,
        repeated_orders_max=_OPEN,
        repeated_orders_seconds=Decimal(1),
        entry_orders_per_second=Decimal(_OPEN),
        venue_requests_per_second=Decimal(2 * _OPEN),
        daily_loss_limit_pct=Decimal(1),
        drawdown_limit_pct=Decimal(1),
    )
    return Settings(profile="testing", account_id=ACCOUNT, risk=risk)


@asynccontextmanager
async def open_services(broker: Broker, store: OrderStorePort, clock: ClockPort) -> AsyncIterator[Application]:
    """The use cases over these ports, recovered, with their loops running."""
    ports = {
        "settings": wide_settings(),
        "engine_port": broker,
        "market_data": broker,
        "account": broker,
        "order_store": store,
        "clock": clock,
        "ids": SeededIds(1),
        "chance": SeededChance(1),
        "session": None,
        "chain_check": None,
        "process": "bench",
        "is_read_only": False,
    }
    core = CoreContainer(**{name: providers.Object(port) for name, port in ports.items()})
    async with core.application() as application:
        yield application


def decisions(count: int, quantity: Decimal, name: str) -> list[Decision]:
    """Market orders of one size, bought and sold in turn; `name` makes their ids their own."""
    return [
        Decision(action=_SIDES[number % 2], decision_id=f"{name}.{number}", quantity=quantity)
        for number in range(count)
    ]


async def execute(
    application: Application, symbol: str, decision: Decision, status: OrderStatus = OrderStatus.FILLED
) -> None:
    """Execute a decision whose order must end with that status.

    Raises:
        BenchError: it did not.
    """
    must_be(await application.coordinator.execute_decision(symbol, decision), status)


def must_be(result: PlacementResult, status: OrderStatus = OrderStatus.FILLED) -> None:
    """See that an order was placed and has that status.

    Raises:
        BenchError: it was not, or has another.
    """
    if not isinstance(result, Success):
        raise BenchError(f"an order of the bench was refused: {result.failure()}")
    placed = result.unwrap()
    if not isinstance(placed, OrderPlaced) or placed.order.status is not status:
        raise BenchError(f"an order of the bench is not {status}: {placed}")
