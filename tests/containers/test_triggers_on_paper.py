"""Triggers on paper, the whole way: from a decision to the venue, which watches them, and back into the store."""

import asyncio
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from returns.pipeline import is_successful

from tests.adapters.brokers.simulated.exchange_floor import book, level, trade
from tests.adapters.sessions.recordings import SELL, heartbeat, written
from tidegate import Action, Decision, OrderStatus, OrderType, Settings, open_application
from tidegate.adapters.brokers.simulated.world import SessionStart
from tidegate.application.application import Application
from tidegate.containers import ReplayContainer
from tidegate.domain.events import OrderAmended, OrderCanceled, OrderTriggered
from tidegate.domain.orders import OrderRecord
from tidegate.domain.vocabulary import OrderSide, TriggerSource

FALLS: list[tuple[float, str]] = [(30, "98"), (40, "97")]
SPOT, PERP = "BTC-USD", "BTC-PERP"


def falling(path: Path) -> Path:
    """A bid of 99 that falls to 98 after 30 s and to 97 after 40 s, each with a print."""
    rows = [book([("99", 50), ("98", 50), ("97", 50)], [("100", 50)]), trade(SELL, 99, 1, at=0.5)]
    rows += [heartbeat(second) for second in range(1, 30)]
    for at, price in FALLS:
        above = str(int(price) + 1)
        rows += [level(OrderSide.BUY, above, 0, at=at), trade(SELL, price, 1, at=at + 0.5)]
        rows += [heartbeat(at + second) for second in range(1, 9)]
    written(path, rows)
    return path


def settings(path: Path, **risk: object) -> Settings:
    # The market of these examples falls by a hundredth a step, which no guard of a real account lets pass.
    loose = {"collar_pct": "0.05", "slippage_guard_bps": "200", "slippage_ceiling_bps": "200", **risk}
    paper = {"recording": str(path), "opening_balances": {"USD": "100000"}}
    return Settings.load(environ={}, profile="replay", store={"url": "memory://"}, paper=paper, risk=loose)


async def stands(app: Application, record: OrderRecord) -> OrderRecord:
    return next(one for one in await app.orders() if one.client_order_id == record.client_order_id)


async def decided(app: Application, symbol: str, decision: Decision) -> OrderRecord:
    result = await app.coordinator.execute_decision(symbol, decision)
    assert is_successful(result), result
    return result.unwrap().order  # type: ignore[union-attr]  # an order, or the test fails


def protection(kind: OrderType, **terms: object) -> Decision:
    return Decision(action=Action.SELL, quantity=Decimal(2), order_type=kind, reduce_only=True, **terms)  # type: ignore[arg-type]


KINDS: dict[str, Decision] = {
    "a stop": protection(OrderType.STOP, stop_trigger=Decimal(98)),
    "a stop-limit": protection(OrderType.STOP_LIMIT, stop_trigger=Decimal(98), limit_price=Decimal(97)),
    "a trailing stop": protection(OrderType.TRAILING_STOP, trail=Decimal(1)),
}


@pytest.mark.parametrize("symbol", [SPOT, PERP])
@pytest.mark.parametrize("kind", KINDS)
async def test_protection_is_triggered_at_the_venue(kind: str, symbol: str, tmp_path: Path) -> None:
    """Spot by the last price that the book confirms, the perpetual by its mark; the journal has it, the books hold."""
    container = ReplayContainer(settings=settings(falling(tmp_path / "falls.tgr.gz")))
    async with open_application(container=container) as app:
        await decided(app, symbol, Decision(action=Action.BUY, quantity=Decimal(2)))
        stop = await decided(app, symbol, KINDS[kind])
        assert stop.status is OrderStatus.ACCEPTED
        await container.clock().sleep(60)
        after = await stands(app, stop)
        rows = await container.order_store().journal()
        summary = await app.run_until()

    assert after.status is OrderStatus.FILLED
    assert after.is_triggered
    triggered = [event for row in rows for event in row.events if isinstance(event, OrderTriggered)]
    assert [event.client_order_id for event in triggered] == [stop.client_order_id]
    assert app.position(symbol).is_flat
    assert summary.invariants == "hold"


async def test_a_halt_keeps_protection_and_so_does_cancel_all(tmp_path: Path) -> None:
    """HALTED lets no strategy send, a new stop included; what protects already is triggered all the same."""
    container = ReplayContainer(settings=settings(falling(tmp_path / "falls.tgr.gz")))
    async with open_application(container=container) as app:
        await decided(app, PERP, Decision(action=Action.BUY, quantity=Decimal(2)))
        stop = await decided(app, PERP, msgspec.structs.replace(KINDS["a stop"], quantity=Decimal(1)))
        await app.halt("enough")
        assert await app.cancel_all(reason="tidy up") == ()
        late = await app.coordinator.execute_decision(PERP, KINDS["a trailing stop"])
        assert late.failure().code == "TRADING_STATE"
        await container.clock().sleep(60)
        assert (await stands(app, stop)).status is OrderStatus.FILLED
        assert app.position(PERP).quantity == 1


@pytest.mark.parametrize("symbol", [SPOT, PERP])
async def test_a_close_takes_protection_with_it(symbol: str, tmp_path: Path) -> None:
    """The stop holds the coins that are to be sold, and guards nothing afterwards."""
    container = ReplayContainer(settings=settings(falling(tmp_path / "falls.tgr.gz")))
    async with open_application(container=container) as app:
        await decided(app, symbol, Decision(action=Action.BUY, quantity=Decimal(2)))
        stop = await decided(app, symbol, KINDS["a stop"])
        assert is_successful(await app.close(symbol))
        await container.clock().sleep(5)
        assert app.position(symbol).is_flat
        assert (await stands(app, stop)).status is OrderStatus.CANCELED


async def test_cancel_all_takes_protection_where_it_is_told_to(tmp_path: Path) -> None:
    """And an operator's own cancel always does."""
    container = ReplayContainer(settings=settings(falling(tmp_path / "falls.tgr.gz")))
    async with open_application(container=container) as app:
        await decided(app, SPOT, Decision(action=Action.BUY, quantity=Decimal(2)))
        stop = await decided(app, SPOT, KINDS["a stop"])
        (ended,) = await app.cancel_all(include_protection=True)
    assert (ended.client_order_id, ended.status) == (stop.client_order_id, OrderStatus.CANCELED)


@pytest.mark.parametrize(
    ("decision", "code"),
    [
        (protection(OrderType.STOP, stop_trigger=Decimal(102)), "COLLAR"),
        (protection(OrderType.STOP, stop_trigger=Decimal(98), trigger_source=TriggerSource.INDEX), "MARKET_STATE"),
    ],
    ids=["on the wrong side of the market", "on a source that this venue does not know"],
)
async def test_a_trigger_that_cannot_be_is_refused(decision: Decision, code: str, tmp_path: Path) -> None:
    """The wrong side only warns of an exit, since no price keeps one back, and then the venue says no."""
    container = ReplayContainer(settings=settings(falling(tmp_path / "falls.tgr.gz")))
    async with open_application(container=container) as app:
        await decided(app, SPOT, Decision(action=Action.BUY, quantity=Decimal(4)))
        entry = await app.coordinator.execute_decision(SPOT, decision)
        assert entry.failure().code in (code, "VENUE_WOULD_TRIGGER")


async def test_what_the_venue_makes_smaller_is_an_event(tmp_path: Path) -> None:
    """B35: both lose what they would have traded with each other, and both records follow."""
    chosen = settings(falling(tmp_path / "falls.tgr.gz"), self_cross_guard=False)
    paper = chosen.paper.model_copy(update={"self_trade_prevention": "decrement_and_cancel"})
    container = ReplayContainer(settings=chosen.model_copy(update={"paper": paper}))
    async with open_application(container=container) as app:
        offer = Decision(action=Action.SELL, quantity=Decimal(2), limit_price=Decimal("99.5"))
        await decided(app, PERP, Decision(action=Action.BUY, quantity=Decimal(2)))
        resting = await decided(app, PERP, offer)
        bidding = await decided(
            app, PERP, Decision(action=Action.BUY, quantity=Decimal(10), limit_price=offer.limit_price)
        )
        await container.clock().sleep(5)
        after, newer = await stands(app, resting), await stands(app, bidding)
        rows = await container.order_store().journal()
        summary = await app.run_until()
    changes = [event for row in rows for event in row.events if isinstance(event, OrderAmended | OrderCanceled)]
    assert {event.reason for event in changes} == {"self-trade prevention"}
    assert after.status is OrderStatus.CANCELED
    assert newer.quantity == 8
    assert summary.invariants == "hold"


@pytest.mark.parametrize("kind", KINDS)
async def test_protection_that_outlived_a_restart_can_be_called_off_and_still_triggers(
    kind: str, tmp_path: Path
) -> None:
    """It is the same order for everybody at the venue: the market had died of a trail that was cancelled."""
    path = falling(tmp_path / "falls.tgr.gz")
    store = f"sqlite:///{tmp_path / 'account.sqlite'}"
    slow = settings(path)
    slow = slow.model_copy(update={"profile": "paper", "paper": slow.paper.model_copy(update={"speed": Decimal(5)})})
    slow = slow.model_copy(update={"store": slow.store.model_copy(update={"url": store})})
    quick = slow.model_copy(update={"paper": slow.paper.model_copy(update={"speed": Decimal(100)})})
    half = msgspec.structs.replace(KINDS[kind], quantity=Decimal(1))
    async with asyncio.timeout(30):
        async with open_application(slow) as app:
            await decided(app, SPOT, Decision(action=Action.BUY, quantity=Decimal(2)))
            await app.operations.desk.clock.sleep(1)  # until a first trade has been heard of
            kept, ended = await decided(app, SPOT, half), await decided(app, SPOT, again(half))
        async with open_application(slow, start=SessionStart.RESUME) as app:
            assert is_successful(await app.cancel(ended.client_order_id))
        async with open_application(quick, start=SessionStart.RESUME) as app:
            summary = await app.run_until()
            assert (await stands(app, ended)).status is OrderStatus.CANCELED
            assert (await stands(app, kept)).status is OrderStatus.FILLED
            account = await app.account()

    assert app.position(SPOT).quantity == Decimal(1)
    assert account.available == account.balances
    assert summary.invariants == "hold"


def again(decision: Decision) -> Decision:
    return msgspec.structs.replace(decision, decision_id="again")
