"""The end of a session: what the venue did until its time stood still is recorded before the application is closed."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from dependency_injector import providers
from returns.result import Success

from tests.application.interposing import InterposedVenue
from tidegate import Action, Decision, OrderPlaced, OrderStatus, Settings, TimeInForce, open_application
from tidegate.adapters.clocks import WallClock
from tidegate.adapters.stores.sqlite.reader import open_sqlite_reader
from tidegate.containers import container_of
from tidegate.domain.events import IncidentRaised


async def test_an_order_that_expires_as_the_application_closes_is_not_left_for_the_next_start(tmp_path: Path) -> None:
    """The venue has ended it, and its word on that is still under way when nobody listens any more."""
    store = tmp_path / "a.sqlite"
    settings = Settings.load(
        environ={},
        store={"url": f"sqlite:///{store}"},
        paper={"recording": "synthetic", "acknowledgement_latency_ms": 2_000},
    )
    async with open_application(settings, speed=20) as app:
        until = app.now + timedelta(seconds=6)
        result = await app.coordinator.execute_decision(
            "BTC-USD",
            Decision(
                action=Action.BUY,
                quantity=Decimal("0.01"),
                limit_price=Decimal(50_000),
                time_in_force=TimeInForce.GTD,
                expire_at=until,
            ),
        )
        assert isinstance(result, Success)
        placed = result.unwrap()
        assert isinstance(placed, OrderPlaced)
        await app.operations.desk.clock.sleep((until - app.now).total_seconds())
        assert [order.status for order in await app.orders()] == [OrderStatus.ACCEPTED]

    with open_sqlite_reader(store, clock=WallClock()) as reader:
        stored = await reader.find_order(placed.order.client_order_id)
    assert stored is not None
    assert stored.status is OrderStatus.EXPIRED


async def test_a_venue_that_waits_for_a_time_that_stands_still_does_not_keep_the_application_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is given up on, and said so: the next start asks it."""
    monkeypatch.setattr("tidegate.application.application._AT_REST_SECONDS", 0.05)
    settings = Settings.load(environ={}, store={"url": "memory://"}, paper={"recording": "synthetic"})
    container = container_of(settings, speed=1_000)
    session = container.session()

    async def answers_a_second_later(_: str) -> None:
        await session.clock.sleep(1)

    container.engine_port.override(providers.Object(InterposedVenue(session.broker, before=answers_a_second_later)))
    async with open_application(container=container) as app:
        store = app.operations.desk.store

    rows = await store.journal()
    incidents = [event.kind for row in rows for event in row.events if isinstance(event, IncidentRaised)]
    assert incidents == ["UNRECONCILED_END"]
