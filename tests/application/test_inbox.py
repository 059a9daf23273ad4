"""The inbox: requests of other processes are carried out in order, and each is answered durably."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from tests.application.interposing import InterposedStore
from tests.application.rig import SPOT, Rig, buy, offer_to_buy, placed
from tidegate import OrderStatus, TradingState
from tidegate.adapters.brokers.scripted import Answer, CancelAnswer
from tidegate.adapters.stores.memory import MemoryOrderStore
from tidegate.containers import open_application
from tidegate.domain.events import TradingStateChanged
from tidegate.domain.records import RequestKind, StepCommitted
from tidegate.domain.requests import (
    CancelAllRequest,
    CancelRequest,
    CloseRequest,
    DecideRequest,
    ReconcileRequest,
    Reply,
    StateRequest,
)


class Desk:
    """A rig whose store takes requests, as another process would leave them."""

    def __init__(self) -> None:
        self.rig = Rig()
        assert isinstance(self.rig.store, MemoryOrderStore)
        self.store = self.rig.store

    async def asked(self, kind: RequestKind, body: object) -> Reply:
        """The answer to one request, within a second."""
        payload = body if isinstance(body, str) else msgspec.json.encode(body).decode()
        request_id = await self.store.submit_request(kind, payload)
        await self.rig.clock.advance(1)
        answer = await self.store.find_answer(request_id)
        assert answer is not None
        assert (answer.process, answer.epoch) == ("testing", self.store.epoch)
        reply: Reply = msgspec.json.decode(answer.payload, type=Reply)
        return reply


async def test_a_decision_is_carried_out_once_however_often_it_is_asked_for() -> None:
    """An order, a refusal and no order, each answered as what it is."""
    desk = Desk()
    async with desk.rig.open():
        for _ in range(2):
            reply = await desk.asked(RequestKind.DECIDE, DecideRequest(symbol=SPOT, decision=buy(decision_id="mine")))
            assert [order.status for order in reply.orders] == [OrderStatus.FILLED]
        refusal = (await desk.asked(RequestKind.DECIDE, DecideRequest(symbol=SPOT, decision=buy("9")))).refusal
        nothing = (await desk.asked(RequestKind.DECIDE, DecideRequest(symbol=SPOT, decision=buy("0")))).no_order
        brief = DecideRequest(symbol=SPOT, decision=buy(), valid_for_seconds=5)
        order = (await desk.asked(RequestKind.DECIDE, brief)).orders[0]

    assert refusal is not None
    assert refusal.code == "ORDER_SIZE"
    assert nothing is not None
    assert order.order.valid_until is not None
    assert len(desk.rig.worked()) == 2


async def test_an_operators_requests_are_carried_out() -> None:
    """Cancel, cancel-all, close, state and reconciliation."""
    desk = Desk()
    async with desk.rig.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, buy("0.05")))
        resting = [
            placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(price))) for price in (99_000, 98_000)
        ]
        one = await desk.asked(RequestKind.CANCEL, CancelRequest(client_order_id=resting[0].client_order_id))
        assert [order.status for order in one.orders] == [OrderStatus.CANCELED]
        none = await desk.asked(RequestKind.CANCEL, CancelRequest(client_order_id="nothing"))
        assert none.refusal is not None
        rest = await desk.asked(RequestKind.CANCEL_ALL, CancelAllRequest(reason="enough"))
        assert [order.client_order_id for order in rest.orders] == [resting[1].client_order_id]
        halted = await desk.asked(RequestKind.STATE, StateRequest(state=TradingState.HALTED, reason="stop"))
        assert (halted.state, halted.error, app.state()) == (TradingState.HALTED, "", TradingState.HALTED)
        unknown = StateRequest(state=TradingState.HALTED, reason="stop", symbol="ETH-USD")
        assert "ETH-USD" in (await desk.asked(RequestKind.STATE, unknown)).error
        closed = await desk.asked(RequestKind.CLOSE, CloseRequest(symbol=SPOT, reason="enough"))
        assert [order.quantity for order in closed.orders] == [Decimal("0.05")]
        flat = await desk.asked(RequestKind.CLOSE, CloseRequest(symbol=SPOT))
        assert flat.no_order is not None
        reconciled = await desk.asked(RequestKind.RECONCILE, ReconcileRequest(report_only=True))
        assert reconciled.report is not None
        assert reconciled.report.agrees


def _halted(rig: Rig, reason: str) -> TradingStateChanged:
    return TradingStateChanged(
        state=TradingState.HALTED, reason=reason, by="operator", is_latched=True, at=rig.clock.now()
    )


def _said(rig: Rig, state: TradingState) -> TradingStateChanged:
    is_latched = state is not TradingState.ACTIVE
    return TradingStateChanged(state=state, reason="", by="operator", is_latched=is_latched, at=rig.clock.now())


async def test_a_state_that_was_written_by_whoever_asks_is_enforced_without_a_second_row() -> None:
    """One halt is one change of the journal, and what rests is cancelled all the same."""
    desk = Desk()
    async with desk.rig.open() as app:
        resting = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        written = await desk.store.write_state(_halted(desk.rig, "stop"))
        assert isinstance(written, StepCommitted)
        request = StateRequest(state=TradingState.HALTED, reason="stop", sequence=written.sequence)
        reply = await desk.asked(RequestKind.STATE, request)

        assert (reply.state, reply.error, app.state()) == (TradingState.HALTED, "", TradingState.HALTED)
        stood = await desk.store.find_order(resting.client_order_id)
    assert stood is not None
    assert stood.status is OrderStatus.CANCELED
    assert [change.reason for change in await desk.rig.stored(TradingStateChanged)] == ["stop"]


async def test_a_guard_that_came_in_between_does_not_have_the_last_word() -> None:
    """The state that another process wrote was overwritten before it was heard of: it is written again."""
    desk = Desk()
    async with desk.rig.open() as app:
        written = await desk.store.write_state(_halted(desk.rig, "stop"))
        assert isinstance(written, StepCommitted)
        await app.operations.change_state(TradingState.REDUCING, "silent feed", by="guard feed")
        request = StateRequest(state=TradingState.HALTED, reason="stop", sequence=written.sequence)
        await desk.asked(RequestKind.STATE, request)

        stored = (await desk.store.load()).account_state
    assert stored is not None
    assert stored.state is TradingState.HALTED
    assert app.state() is TradingState.HALTED


async def test_a_request_for_a_state_takes_nothing_back_that_an_operator_has_said_since() -> None:
    """A resume and then a halt, from two terminals: the halt stands at every instant, whoever is served first."""
    desk = Desk()
    async with desk.rig.open() as app:
        resumed = await desk.store.write_state(_said(desk.rig, TradingState.ACTIVE))
        halted = await desk.store.write_state(_halted(desk.rig, "stop"))
        assert isinstance(resumed, StepCommitted)
        assert isinstance(halted, StepCommitted)
        for written, state in ((resumed, TradingState.ACTIVE), (halted, TradingState.HALTED)):
            reply = await desk.asked(RequestKind.STATE, StateRequest(state=state, reason="", sequence=written.sequence))
            assert (reply.state, reply.error, app.state()) == (TradingState.HALTED, "", TradingState.HALTED)
    changes = await desk.rig.stored(TradingStateChanged)
    assert [change.state for change in changes] == [TradingState.ACTIVE, TradingState.HALTED]


@pytest.mark.parametrize("state", [TradingState.ACTIVE, TradingState.HALTED])
async def test_a_request_for_a_state_that_outlived_its_process_changes_none_at_the_next_start(
    state: TradingState,
) -> None:
    """The start has read what was said; what came after it, by an operator or a guard, is the newer word."""
    desk = Desk()
    written = await desk.store.write_state(_said(desk.rig, state))
    assert isinstance(written, StepCommitted)
    other = TradingState.HALTED if state is TradingState.ACTIVE else TradingState.ACTIVE
    await desk.store.write_state(_said(desk.rig, other))
    async with desk.rig.open() as app:
        reply = await desk.asked(RequestKind.STATE, StateRequest(state=state, reason="", sequence=written.sequence))
        assert (reply.state, app.state()) == (other, other)

    written = await desk.store.write_state(_said(desk.rig, TradingState.ACTIVE))
    assert isinstance(written, StepCommitted)
    async with desk.rig.open() as app:
        await app.operations.change_state(TradingState.REDUCING, "money differs", by="guard records")
        stale = StateRequest(state=TradingState.ACTIVE, reason="", sequence=written.sequence)
        assert (await desk.asked(RequestKind.STATE, stale)).state is TradingState.REDUCING
        assert app.state() is TradingState.REDUCING


@pytest.mark.parametrize(
    "payload",
    ["", "{", "null", "[]", '{"symbol": 7}', '{"symbol": "BTC-USD", "decision": {"action": "BUY", "quantity": "x"}}'],
)
async def test_a_request_that_cannot_be_read_is_answered_with_why(payload: str) -> None:
    """And the next one is served (N10)."""
    desk = Desk()
    async with desk.rig.open() as app:
        assert "could not be read" in (await desk.asked(RequestKind.DECIDE, payload)).error
        reply = await desk.asked(RequestKind.DECIDE, DecideRequest(symbol=SPOT, decision=buy()))
        assert len(reply.orders) == 1
        assert app.dead_loops == {}


@pytest.mark.parametrize("name", ["\\ud800", "\\u0000", "x' OR 1=1 --", "\\u202e"])
@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (RequestKind.CANCEL, '{"client_order_id": "NAME", "reason": "NAME"}'),
        (RequestKind.CLOSE, '{"symbol": "NAME", "reason": "NAME"}'),
        (RequestKind.STATE, '{"state": "HALTED", "reason": "NAME", "symbol": "NAME"}'),
        (RequestKind.DECIDE, '{"symbol": "NAME", "decision": {"action": "CLOSE", "decision_id": "NAME"}}'),
        (RequestKind.DECIDE, '{"symbol": "BTC-USD", "decision": {"action": "HOLD", "reason": "NAME"}}'),
    ],
)
async def test_hostile_text_in_a_request_does_no_harm(kind: RequestKind, body: str, name: str) -> None:
    """It is answered, and the loop that answers lives on (N3, N4)."""
    desk = Desk()
    async with desk.rig.open() as app:
        reply: Any = await desk.asked(kind, body.replace("NAME", name))
        assert reply.error or reply.refusal is not None or reply.no_order is not None
        assert app.dead_loops == {}
        assert app.state() is TradingState.ACTIVE


async def test_requests_wait_for_an_application_and_are_answered_in_their_order() -> None:
    """Whoever asked first is served first."""
    desk = Desk()
    names = [
        await desk.store.submit_request(
            RequestKind.DECIDE,
            msgspec.json.encode(DecideRequest(symbol=SPOT, decision=buy(decision_id=name))).decode(),
        )
        for name in "abc"
    ]
    async with desk.rig.open() as app:
        await desk.rig.clock.advance(1)
        assert [order.decision_id for order in await app.orders()] == ["c", "b", "a"]
        assert [await desk.store.find_answer(name) is None for name in names] == [False] * 3


async def test_no_cancel_and_no_halt_waits_for_a_decision_that_the_venue_does_not_answer() -> None:
    """A venue may take as long as a request may; entries wait for it, and nothing else does."""
    desk = Desk()
    async with desk.rig.open() as app:
        resting = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        desk.rig.venue.next_submit(Answer.fill().after(20))
        decision = msgspec.json.encode(DecideRequest(symbol=SPOT, decision=buy(decision_id="slow"))).decode()
        slow = await desk.store.submit_request(RequestKind.DECIDE, decision)
        cancel = msgspec.json.encode(CancelRequest(client_order_id=resting.client_order_id)).decode()
        halt = msgspec.json.encode(StateRequest(state=TradingState.HALTED, reason="stop")).decode()
        quick = [
            await desk.store.submit_request(RequestKind.CANCEL, cancel),
            await desk.store.submit_request(RequestKind.STATE, halt),
        ]
        await desk.rig.clock.advance(3)
        assert [await desk.store.find_answer(one) is None for one in (*quick, slow)] == [False, False, True]
        assert app.state() is TradingState.HALTED
        await desk.rig.clock.advance(20)
        assert await desk.store.find_answer(slow) is not None


async def test_what_follows_a_decision_lets_it_go_first() -> None:
    """A cancel of everything that was asked for after it finds its order."""
    desk = Desk()
    decision = msgspec.json.encode(DecideRequest(symbol=SPOT, decision=offer_to_buy(99_000))).decode()
    await desk.store.submit_request(RequestKind.DECIDE, decision)
    cancel_all = msgspec.json.encode(CancelAllRequest()).decode()
    cancelled = await desk.store.submit_request(RequestKind.CANCEL_ALL, cancel_all)
    async with desk.rig.open() as app:
        await desk.rig.clock.advance(2)
        assert await desk.store.find_answer(cancelled) is not None
        assert [order.status for order in await app.orders()] == [OrderStatus.CANCELED]


async def test_a_request_whose_answer_the_store_does_not_take_is_carried_out_once() -> None:
    """It stays in the inbox for the next process; this one had sent its cancel twice a second."""
    desk = Desk()
    store = InterposedStore(desk.store)
    async with desk.rig.open(order_store=store) as app:
        resting = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        store.disk_is_full = True
        desk.rig.venue.next_cancel(*[CancelAnswer.never_received()] * 10)
        await desk.store.submit_request(
            RequestKind.CANCEL, msgspec.json.encode(CancelRequest(client_order_id=resting.client_order_id)).decode()
        )
        await desk.rig.clock.advance(4)

    assert desk.rig.venue.truth.canceled == [resting.client_order_id]
    assert [one.kind for one in await desk.store.requests()] == [RequestKind.CANCEL]


async def test_a_decision_that_waited_for_a_live_account_is_as_old_as_its_request() -> None:
    """Whoever asked has gone home: it must not be bought in the morning. On paper the clocks are not the same."""
    desk = Desk()
    asked = msgspec.json.encode(DecideRequest(symbol=SPOT, decision=buy(decision_id="night"))).decode()
    night = await desk.store.submit_request(RequestKind.DECIDE, asked)
    await desk.rig.clock.advance(3_600)
    container = desk.rig.container()
    container.desk().is_live = True
    async with open_application(container=container) as app:
        await desk.rig.clock.advance(1)
        decision = buy(decision_id="morning")
        fresh = await desk.asked(RequestKind.DECIDE, DecideRequest(symbol=SPOT, decision=decision))
        assert [order.decision_id for order in await app.orders()] == ["morning"]

    answer = await desk.store.find_answer(night)
    assert answer is not None
    refusal = msgspec.json.decode(answer.payload, type=Reply).refusal
    assert refusal is not None
    assert refusal.code == "EXPIRED"
    assert fresh.orders[0].status is OrderStatus.FILLED
