"""An integrator's own container: another order store and other limits, in ten lines, with everything else as it was.

A part is swapped by its name before anything is opened; a late override is an error and not silence. Run it: it trades
on paper, on the recording that ships with the package.
"""

import asyncio
from decimal import Decimal

from dependency_injector import providers

from tidegate import Action, Decision, RiskManager, Settings, open_application
from tidegate.adapters.stores.memory import MemoryOrderStore
from tidegate.application.placement import PlacementResult
from tidegate.containers import ReplayContainer
from tidegate.domain.risk import RiskLimits


async def trade() -> list[PlacementResult]:
    container = ReplayContainer(settings=providers.Object(Settings(profile="replay")))
    container.order_store.override(providers.Singleton(MemoryOrderStore, "paper", container.clock))
    container.risk_manager.override(providers.Object(RiskManager(RiskLimits(max_order_notional=Decimal(500)))))
    async with open_application(container=container) as app:
        decisions = [Decision(action=Action.BUY, target_notional=Decimal(size)) for size in (400, 600)]
        return [await app.coordinator.execute_decision(symbol="BTC-USD", decision=one) for one in decisions]


if __name__ == "__main__":
    for result in asyncio.run(trade()):
        print(result)
