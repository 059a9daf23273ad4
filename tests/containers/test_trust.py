"""Trust: only the simulated venue itself, of exactly that class, is believed without a look (decision 0026)."""

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from tests.application.rig import placed, refused
from tidegate import Action, Decision
from tidegate.adapters.brokers.simulated.broker import SimulatedBroker
from tidegate.adapters.stores.memory import MemoryOrderStore
from tidegate.domain.orders import RecordedOrder
from tidegate.domain.submissions import SubmissionOutcome
from tidegate.domain.views import MarketReading
from tidegate.domain.vocabulary import OrderStatus
from tidegate.testing.bench.markets import PaperMarket, recording_of
from tidegate.testing.bench.services import ACCOUNT, open_services
from tidegate.testing.bench.sizes import Sizes

_BUY = Decision(action=Action.BUY, decision_id="one", quantity=Decimal("0.001"))


class MadeFromIt(SimulatedBroker):
    """Somebody's change of the simulated venue, which misreads the market or answers wrongly."""

    misreads = answers_wrongly = False

    def reading(self, symbol: str) -> MarketReading:
        reading = super().reading(symbol)
        mark: Any = 1.5
        return replace(reading, mark=mark) if self.misreads else reading

    async def submit(self, recorded: RecordedOrder) -> SubmissionOutcome:
        outcome = await super().submit(recorded)
        return replace(outcome, fills=[]) if self.answers_wrongly else outcome


def opened() -> PaperMarket:
    market = PaperMarket(recording_of(Sizes()))
    market.open()
    return market


async def test_what_is_made_from_the_simulated_venue_is_looked_at() -> None:
    """Its misread market is silence, and its wrong answer is none."""
    market = opened()
    venue = MadeFromIt(market.venue, market.clock)
    async with open_services(venue, MemoryOrderStore(ACCOUNT, market.clock), market.clock) as app:
        venue.misreads = True
        refused(await app.coordinator.execute_decision(market.symbol, _BUY), "STALE_MARK")
        venue.misreads, venue.answers_wrongly = False, True
        order = placed(await app.coordinator.execute_decision(market.symbol, replace(_BUY, decision_id="two")))
        assert order.status is OrderStatus.UNKNOWN


async def test_what_the_simulated_venue_raises_is_an_order_without_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trust in its words is none in that it never fails: no exception comes out of a decision."""
    market = opened()

    def fails(*_: object) -> None:
        raise ZeroDivisionError

    async with open_services(market.broker, MemoryOrderStore(ACCOUNT, market.clock), market.clock) as app:
        monkeypatch.setattr(market.broker, "_arrive", fails)
        order = placed(await app.coordinator.execute_decision(market.symbol, _BUY))
        assert order.status is OrderStatus.UNKNOWN
