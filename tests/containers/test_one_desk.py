"""Inside an open application there is one desk, and once it is closed nothing is sent."""

import pytest

from tests.application.rig import SPOT, Rig, buy, placed
from tidegate import OrderPlacementService, OrderStats
from tidegate.application.taking_up import OpeningError
from tidegate.containers import TestingContainer, open_application


def _container(rig: Rig) -> TestingContainer:
    container: TestingContainer = rig.container()
    return container


async def test_a_service_made_by_itself_shares_the_open_applications_books() -> None:
    """Two desks over one store would each count only half of what the account has at risk."""
    rig = Rig()
    container = _container(rig)
    async with open_application(container=container) as app:
        service = OrderPlacementService(
            orders_store=container.order_store(), order_stats=OrderStats(), broker=container.core.broker()
        )
        sent = placed(await service.execute_decision(symbol=SPOT, decision=buy(), exec_engine=app.coordinator.engine))
        positions = await app.positions()
    assert [one.position.quantity for one in positions] == [sent.filled_quantity]


async def test_a_closed_application_sends_nothing() -> None:
    """Nobody would watch over what it sent."""
    rig = Rig()
    async with rig.open() as app:
        pass
    refusal = (await app.coordinator.execute_decision(SPOT, buy())).failure()
    assert refusal.code == "STORE"
    assert "closed" in refusal.message


async def test_an_application_opens_once() -> None:
    """Its loops have ended, and its container's parts are spent."""
    rig = Rig()
    container = _container(rig)
    async with open_application(container=container):
        with pytest.raises(OpeningError, match="opens once"):
            await container.application().__aenter__()


async def test_a_subscriber_that_cannot_be_told_is_an_error_at_once() -> None:
    """A function is no subscriber: it would never hear anything."""
    rig = Rig()
    async with rig.open() as app:
        with pytest.raises(TypeError, match="notice"):
            app.subscribe(print)  # type: ignore[arg-type]  # what a caller without a type checker does
