"""The application as it is held: runs that end, loops that are missed, and readings."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from decimal import Decimal

import pytest

from tests.application.interposing import InterposedStore
from tests.application.rig import PERPETUAL, SPOT, Rig, buy, needless, offer_to_buy, only, placed, refused, sell
from tidegate import Action, Decision, NoOrderNeeded, OrderPlaced, OrderStatus, TradingState
from tidegate.adapters.brokers.scripted import Answer
from tidegate.adapters.clocks import ManualClock, settle
from tidegate.application.children import Children, first_of
from tidegate.application.coordinator import ApplicationClosed
from tidegate.containers.testing import STARTS_AT
from tidegate.domain.events import IncidentRaised, JournalEvent, OrderSending, TradingStateChanged
from tidegate.domain.ports import DecisionMessage
from tidegate.domain.refusals import AnyRefusal, InvalidRefused
from tidegate.domain.requests import SettleRequest, Verdict

Message = DecisionMessage | AnyRefusal


class Source:
    """Decisions from a list, then until it is told to end, waiting."""

    def __init__(self, messages: Sequence[Message], *, goes_on: bool = False, error: Exception | None = None) -> None:
        self._messages = messages
        self._goes_on = goes_on
        self._error = error
        self.settled: list[str] = []

    async def decisions(self) -> AsyncIterator[Message]:
        for message in self._messages:
            yield message
        if self._error is not None:
            raise self._error
        if self._goes_on:
            await asyncio.Event().wait()

    async def settle(self, message: DecisionMessage, outcome: OrderPlaced | NoOrderNeeded | AnyRefusal) -> None:
        self.settled.append(f"{message.reference} {type(outcome).__name__}")


class Stopped:
    """A recorded session that ends when it is told to."""

    def __init__(self) -> None:
        self.over = asyncio.Event()

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def finished(self) -> None:
        await self.over.wait()


def message(decision: Decision, reference: str = "", symbol: str = SPOT) -> DecisionMessage:
    return DecisionMessage(symbol=symbol, decision=decision, reference=reference)


async def test_a_run_ends_with_its_intake_and_says_what_came_of_it() -> None:
    """Every decision has its outcome, what could not be read counts as refused, and the figures are the run's."""
    rig = Rig()
    source = Source(
        [
            message(buy("0.05"), "1"),
            message(offer_to_buy(99_000), "2"),
            message(buy("9"), "3"),
            InvalidRefused(message="line 4 is no JSON"),
            message(Decision(action=Action.HOLD), "5"),
            message(sell("0.01"), "6", PERPETUAL),
            message(buy("0.02", decision_id="twice"), "7"),
            message(buy("0.03", decision_id="twice"), "8"),
            message(buy(decision_id="not an id"), "9"),
        ]
    )
    async with rig.open() as app:
        summary = await app.run_until(source)

    assert source.settled == [
        "1 OrderPlaced",
        "2 OrderPlaced",
        "3 OrderSizeRefused",
        "5 NoOrderNeeded",
        "6 OrderPlaced",
        "7 OrderPlaced",
        "8 IdConflictRefused",
        "9 InvalidRefused",
    ]
    assert (summary.decisions, summary.orders, summary.filled, summary.fills, summary.no_order) == (9, 4, 3, 3, 1)
    assert summary.refused == {"ID_CONFLICT": 1, "INVALID": 2, "ORDER_SIZE": 1}
    assert summary.positions == {SPOT: Decimal("0.07"), PERPETUAL: Decimal("-0.01")}
    assert (summary.unknown, summary.invariants, summary.broken) == (0, "hold", {})
    assert summary.equity is not None
    assert summary.equity < 100_000
    assert summary.fees > 0
    assert summary.opening_equity == 100_000


async def test_a_run_ends_with_the_session_and_finishes_the_decision_under_way() -> None:
    """The intake would go on for ever; what it has handed over gets its outcome."""
    rig = Rig()
    session = Stopped()
    source = Source([message(buy(), "1"), message(buy("0.02"), "2")], goes_on=True)
    rig.venue.next_submit(Answer.fill().after(3))
    async with rig.open(session=session) as app:
        run = asyncio.create_task(app.run_until(source))
        await settle()
        session.over.set()
        await settle()
        assert not run.done()
        await rig.clock.advance(4)
        summary = await run

    assert source.settled == ["1 OrderPlaced"]
    assert (summary.orders, summary.filled) == (1, 1)


async def test_a_run_ends_when_it_is_told_to_stop() -> None:
    """Without an intake it only waits."""
    rig = Rig()
    stop = asyncio.Event()
    async with rig.open() as app:
        run = asyncio.create_task(app.run_until(stop=stop))
        await rig.clock.advance(5)
        assert not run.done()
        stop.set()
        summary = await run
        with pytest.raises(ValueError, match="never end"):
            await app.run_until()

    assert (summary.seconds, summary.decisions) == (5.0, 0)


async def test_an_error_of_the_intake_ends_the_run_as_it_is() -> None:
    """Not wrapped in a group that its handler would not know."""
    rig = Rig()
    source = Source([message(buy(), "1")], error=ConnectionError("the bus is gone"))
    async with rig.open() as app:
        with pytest.raises(ConnectionError, match="the bus is gone"):
            await app.run_until(source)
        placed(await app.coordinator.execute_decision(SPOT, buy()))

    assert source.settled == ["1 OrderPlaced"]


async def test_a_run_that_is_cancelled_waits_for_nothing_and_records_what_was_under_way() -> None:
    """The order may be live: it is unknown, and asked for (P16)."""
    rig = Rig()
    source = Source([message(buy(), "1")], goes_on=True)
    rig.venue.next_submit(Answer.fill().after(3))
    async with rig.open() as app:
        run = asyncio.create_task(app.run_until(source))
        await settle()
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run
        assert [order.status for order in app.open_orders()] == [OrderStatus.UNKNOWN]
        await rig.clock.advance(10)
        assert app.position(SPOT).quantity == Decimal("0.01")

    assert source.settled == []


async def test_a_dead_loop_stops_entries_until_an_operator_has_looked() -> None:
    """P15: noticed at once; its siblings, cancels and reductions go on."""
    rig = Rig()

    async def fails(method: str) -> None:
        task = asyncio.current_task()
        if method == "flush" and is_armed and task is not None and "reconciliation" in task.get_name():
            raise RuntimeError("a bug in an adapter")

    is_armed = False
    async with rig.open(order_store=InterposedStore(rig.store, before=fails)) as app:
        placed(await app.coordinator.execute_decision(PERPETUAL, buy("0.05")))
        placed(await app.coordinator.execute_decision(PERPETUAL, offer_to_buy(99_000)))
        is_armed = True
        await rig.clock.advance(46)
        assert list(app.dead_loops) == ["order reconciliation"]
        assert app.state() is TradingState.REDUCING
        assert app.open_orders() == ()
        placed(await app.coordinator.execute_decision(PERPETUAL, sell("0.01", reduce_only=True)))
        rig.venue.silence()
        await rig.clock.advance(20)
        assert app.state(SPOT) is TradingState.REDUCING

    incidents = await rig.stored(IncidentRaised)
    assert {(one.kind, "a bug in an adapter" in one.message) for one in incidents} == {("LOOP_DIED", True)}
    assert (await rig.stored(TradingStateChanged))[0].is_latched


async def test_a_stream_of_reports_that_ends_is_a_dead_loop() -> None:
    """Without reports the account would be blind, and silence is not agreement (S12)."""
    rig = Rig()
    async with rig.open() as app:
        rig.venue.close()
        await rig.clock.advance(1)
        assert app.dead_loops == {"venue reports": None}
        assert app.state() is TradingState.REDUCING


async def test_a_dead_loop_never_lowers_a_halt() -> None:
    """Guards move towards safety only."""
    rig = Rig()
    async with rig.open() as app:
        await app.halt("stop")
        rig.venue.close()
        await rig.clock.advance(1)
        assert app.state() is TradingState.HALTED


async def test_leaving_an_application_is_no_death_of_its_loops() -> None:
    """They are told to end, and nothing is recorded of it."""
    rig = Rig()
    async with rig.open() as app:
        await rig.clock.advance(5)

    assert app.dead_loops == {}
    assert await rig.stored(IncidentRaised) == []
    assert await rig.stored(TradingStateChanged) == []


async def test_an_application_reads_like_its_account() -> None:
    """Positions with their profit, money with what is reserved, prices, orders, fills and events."""
    rig = Rig()
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, buy("0.05", strategy_id="a")))
        resting = placed(await app.coordinator.execute_decision(PERPETUAL, offer_to_buy(99_000)))
        rig.price(101_000)
        position = only(await app.positions())
        assert (position.position.strategy_id, position.mark) == ("a", Decimal(101_000))
        assert position.unrealized_pnl == Decimal("49.95")
        account = await app.account()
        assert account.equity == account.balances["USD"] + Decimal("0.05") * 101_000
        assert account.available["USD"] < account.balances["USD"]
        assert account.day_pnl == account.equity - 100_000
        assert app.quote(SPOT).mark is not None
        assert [product.symbol for product in app.products] == [SPOT, PERPETUAL]
        assert app.now == rig.clock.now()
        assert app.open_orders(SPOT) == ()
        assert only(app.open_orders()).client_order_id == resting.client_order_id
        assert [order.symbol for order in await app.orders(limit=1)] == [PERPETUAL]
        assert len(await app.orders(open_only=True)) == 1
        assert len(await app.fills(symbol=SPOT)) == 1
        assert await app.fills(symbol=PERPETUAL) == ()
        rows = await app.events(after=1, limit=2)
        assert [row.sequence for row in rows] == [2, 3]
        rig.venue.set_mark(SPOT, None)
        assert only(await app.positions()).unrealized_pnl is None
        unpriced = await app.account()
        assert (unpriced.equity, unpriced.exposure, unpriced.day_pnl) == (None, None, None)


async def test_subscribers_are_told_of_every_event_in_the_journals_order() -> None:
    """From the moment they subscribe until they end it."""
    rig = Rig()
    seen: list[JournalEvent] = []

    class Watching:
        def notice(self, event: JournalEvent) -> None:
            seen.append(event)

    async with rig.open() as app:
        before = len(await rig.journal())
        end = app.subscribe(Watching())
        placed(await app.coordinator.execute_decision(SPOT, buy()))
        needless(await app.coordinator.execute_decision(SPOT, buy("0")))
        await app.halt("stop")
        end()
        await app.resume("go")
        assert seen == (await rig.journal())[before:-1]
    assert isinstance(seen[0], OrderSending)


async def test_children_end_with_their_parent_and_the_first_end_decides() -> None:
    """The others are cancelled; what it raised is raised as it is."""
    deaths: list[str] = []

    async def died(name: str, failure: BaseException | None) -> None:
        deaths.append(f"{name} {failure!r}")

    async def forever() -> None:
        await asyncio.Event().wait()

    async def at_once() -> None:
        return

    async def fails() -> None:
        raise OSError("gone")

    async with Children(died, ManualClock(STARTS_AT)) as children:
        for name, loop in (("forever", forever), ("at once", at_once), ("fails", fails)):
            children.start(name, loop)
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    ended: list[str] = []

    async def before_cancel() -> None:
        ended.append("asked")

    await first_of([forever(), at_once()], before_cancel=before_cancel)
    with pytest.raises(OSError, match="gone"):
        await first_of([forever(), fails(), fails()], before_cancel=before_cancel)

    assert deaths == ["at once None", "fails OSError('gone')"]
    assert ended == ["asked"]
    assert children.dead.keys() == {"at once", "fails"}


async def test_an_application_that_cannot_open_lets_go_of_what_it_had_begun() -> None:
    """No loop is left behind."""
    rig = Rig()
    rig.venue.unreachable()
    before = asyncio.all_tasks()
    with pytest.raises(Exception, match="first start"):
        async with rig.open():
            raise AssertionError("it opened")
    assert asyncio.all_tasks() == before


async def test_fills_are_told_with_the_strategy_whose_order_they_filled() -> None:
    """A venue does not know it; positions by strategy could not be worked out from the fills without it."""
    rig = Rig()
    async with rig.open() as app:
        for strategy in ("a", "", "b"):
            placed(await app.coordinator.execute_decision(SPOT, buy("0.01", strategy_id=strategy)))
        assert [fill.strategy_id for fill in await app.fills()] == ["b", "", "a"]


async def test_an_application_that_is_closed_refuses_what_it_is_asked_for_in_words() -> None:
    """Nothing would watch over what it sent: a cancel had gone out all the same, or ended in an exception."""
    rig = Rig()
    async with rig.open() as app:
        order = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
    requests = len(rig.venue.truth.canceled), len(await rig.journal())

    order_id = order.client_order_id
    settling = SettleRequest(client_order_id=order_id, verdict=Verdict.NEVER_ARRIVED, reason="seen")
    for call in (
        app.cancel(order_id),
        app.cancel("tg" + "0" * 30),
        app.amend(order_id, Decimal("0.005")),
        app.settle(settling),
        app.close(SPOT),
        app.coordinator.execute_decision(SPOT, buy()),
    ):
        assert "the application is closed" in refused(await call, "STORE").message
    for change in (app.halt("late"), app.reduce("late"), app.resume("late")):
        assert "the application is closed" in (await change).error
    assert not (await app.reconcile()).is_complete
    with pytest.raises(ApplicationClosed, match="the application is closed"):
        await app.cancel_all()
    assert (len(rig.venue.truth.canceled), len(await rig.journal())) == requests
