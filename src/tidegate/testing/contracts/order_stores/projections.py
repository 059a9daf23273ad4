"""Projections: orders, fills and sums as the steps left them, and the inbox beside them."""

# ruff: noqa: S101 -- a contract is asserted

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from msgspec.structs import replace

from tidegate.domain.equity_history import EquityHistory
from tidegate.domain.events import AccountMoved, DayOpened, EquityMarked, EquityShifted, ExternalFlow
from tidegate.domain.identifiers import ClientOrderId
from tidegate.domain.movements import Movement, MovementKind
from tidegate.domain.orders import OrderRecord, RecordedOrder
from tidegate.domain.records import InboxAnswer, RequestKind, StepCommitted, StoreUnavailable
from tidegate.domain.vocabulary import OrderStatus, TradingState
from tidegate.testing.contracts.order_stores.opened import ACCOUNT_ID, OpenedStore, StoreContract
from tidegate.testing.contracts.order_stores.steps import OPENS_AT, FixedClock, OrderSteps


class ProjectionClaims(StoreContract):
    """What is read back."""

    async def test_news_that_was_appended_is_read_back(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as (store, steps):
            sent = steps.sending("d1")
            await store.record_sending(sent.approved, sent.step)
            store.append(steps.accepted(sent.order_id))
            filled = steps.filled(sent.order_id, "t1")
            store.append(filled)
            assert await store.find_order(sent.order_id) == filled.orders[0]
            assert await store.fills() == filled.fills

    async def test_late_news_opens_a_terminal_order_again(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as (store, steps):
            sent = steps.sending("d1")
            await store.record_sending(sent.approved, sent.step)
            rejected = steps.rejected(sent.order_id)
            await store.commit(rejected)
            assert (await store.load()).open_orders == ()
            steps.recall(rejected)
            accepted = steps.accepted(sent.order_id)
            await store.commit(accepted)
            assert (await store.load()).open_orders == accepted.orders
            assert accepted.orders[0].status is OrderStatus.ACCEPTED

    async def test_the_first_record_of_a_fill_stands(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as (store, steps):
            first, second = steps.sending("d1"), steps.sending("d2")
            for one in (first, second):
                await store.record_sending(one.approved, one.step)
            filled = steps.filled(first.order_id, "t1")
            await store.commit(filled)
            await store.commit(steps.filled(second.order_id, "t1", quantity=Decimal("0.001")))
            assert await store.fills() == filled.fills
            assert len(await store.journal()) == 4

    async def test_orders_and_fills_are_listed_the_latest_first(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as (store, steps):
            symbols = ("BTC-USD", "ETH-USD")
            sent = [steps.sending(f"d{n}", symbol=symbols[n % 2]) for n in range(6)]
            for one in sent:
                await store.record_sending(one.approved, one.step)
            for number, one in enumerate(sent[:4]):
                store.append(steps.filled(one.order_id, f"t{number}", symbol=symbols[number % 2]))
            ids = [one.order_id for one in sent]
            assert _ids(await store.orders()) == ids[::-1]
            assert _ids(await store.orders(limit=2)) == ids[:3:-1]
            assert _ids(await store.orders(open_only=True)) == [ids[5], ids[4]]
            assert _ids(await store.orders(symbol="ETH-USD")) == [ids[5], ids[3], ids[1]]
            assert _ids(await store.orders(open_only=True, symbol="BTC-USD")) == [ids[4]]
            assert [fill.trade_id for fill in await store.fills()] == ["t3", "t2", "t1", "t0"]
            assert [fill.trade_id for fill in await store.fills(limit=1, symbol="BTC-USD")] == ["t2"]

    async def test_a_start_is_given_what_is_open_and_the_sums_of_what_is_not(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as (store, steps):
            empty = await store.load()
            assert (empty.sequence, empty.open_orders, empty.account_state, empty.opened_at) == (0, (), None, None)
            opened = steps.opened()
            await store.commit(opened)
            day = DayOpened(at=steps.now(), equity=Decimal(120_000))
            await store.commit(steps.step(day))
            closed, live = steps.sending("d1"), steps.sending("d2")
            for one in (closed, live):
                await store.record_sending(one.approved, one.step)
            filled = steps.filled(closed.order_id, "t1")
            store.append(filled)
            await store.write_state(steps.state(TradingState.REDUCING))
            await store.write_state(steps.state(TradingState.HALTED, "ETH-USD"))
            await store.write_state(steps.state(TradingState.HALTED, "SOL-USD"))
            await store.write_state(steps.state(TradingState.ACTIVE, "SOL-USD"))
            stored = await store.load()
            assert (stored.account_id, stored.epoch, stored.sequence) == (ACCOUNT_ID, store.epoch, 9)
            assert stored.open_orders == live.step.orders
            assert {(one.symbol, one.strategy_id): one for one in stored.positions} == {
                (one.symbol, one.strategy_id): one for one in filled.positions
            }
            assert stored.balances == dict(filled.balances)
            assert stored.opening_balances == {"USD": Decimal(100_000), "BTC": Decimal("0.5")}
            assert stored.opened_at == opened.at
            assert (stored.day_opened_at, stored.day_opening_equity) == (day.at, Decimal(120_000))
            assert (stored.orders_today, stored.last_fill_at) == (2, filled.fills[0].at)
            assert stored.account_state is not None
            assert stored.account_state.state is TradingState.REDUCING
            assert {name: entry.state for name, entry in stored.symbol_states.items()} == {
                "ETH-USD": TradingState.HALTED
            }

    async def test_the_equity_history_is_what_the_events_fold_to(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as (store, steps):
            assert (await store.load()).equity_history == EquityHistory()
            began, history = steps.now(), EquityHistory()
            events = (
                DayOpened(at=began, equity=Decimal(100)),
                EquityMarked(at=began + timedelta(minutes=5), equity=Decimal(120), high=Decimal(120)),
                EquityShifted(
                    at=began + timedelta(minutes=9), amount=Decimal("-20.5"), unpriced={"BTC": Decimal("-0.5")}
                ),
                EquityMarked(
                    at=began + timedelta(minutes=70), equity=Decimal(90), high=Decimal("99.5"), has_tripped=True
                ),
            )
            for event in events:
                await store.commit(steps.step(event))
                history = history.after(event)
            stored = await store.load()
            assert stored.equity_history == history
            assert (history.high, history.has_tripped, len(history.marks)) == (Decimal("99.5"), True, 2)
            assert history.unpriced == {"BTC": Decimal("-0.5")}
            assert (stored.day_opened_at, stored.day_opening_equity) == (began, Decimal("79.5"))

    async def test_what_came_from_outside_is_with_what_was_there_at_the_opening(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as (store, steps):
            await store.commit(steps.opened())
            for currency, amount in (("BTC", "0.25"), ("ETH", "3"), ("BTC", "-0.5"), ("ETH", "-4")):
                flow = ExternalFlow(at=steps.now(), currency=currency, amount=Decimal(amount), by="operator")
                await store.commit(steps.step(flow))
            stored = await store.load()
            assert stored.opening_balances == {"USD": Decimal(100_000), "BTC": Decimal("0.25"), "ETH": Decimal(0)}

    async def test_movements_are_remembered_by_their_ids_and_flows_are_not_ours(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as (store, steps):
            await store.commit(steps.opened())
            moved: dict[str, datetime] = {}
            for number, (kind, amount) in enumerate(((MovementKind.DEPOSIT, "2"), (MovementKind.FUNDING, "1"))):
                movement = Movement(
                    movement_id=f"m{number}", kind=kind, at=steps.now(), currency="BTC", amount=Decimal(amount)
                )
                moved[movement.movement_id] = movement.at
                await store.commit(steps.step(AccountMoved(movement=movement, at=movement.at)))
            stored = await store.load()
            assert stored.movements == moved
            assert stored.opening_balances == {"USD": Decimal(100_000), "BTC": Decimal("2.5")}

    async def test_orders_are_counted_by_the_day_and_once_whatever_their_attempts(self, tmp_path: Path) -> None:
        clock = FixedClock()
        store = self.open_store(tmp_path, clock)
        steps = OrderSteps(store.account_id, store.epoch)
        for attempt in (1, 2):
            sent = steps.sending("d1", attempt=attempt, claims=attempt == 1)
            assert isinstance(await store.record_sending(sent.approved, sent.step), RecordedOrder)
        assert (await store.load()).orders_today == 1
        clock.at = OPENS_AT.replace(day=3, hour=0)
        assert (await store.load()).orders_today == 0
        store.close()

    async def test_what_an_event_says_is_read_back_as_it_was_said(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as (store, steps):
            words = '\'); DROP TABLE orders; -- \u202e\u0000 ünïcode "quoted" \\ \n two lines'
            step = steps.step(steps.incident(words))
            await store.commit(step)
            refused = steps.refused("d1")
            await store.commit(refused)
            assert [row.events for row in await store.journal()] == [step.events, refused.events]
            assert await store.find_decision(words) is None
            assert await store.find_order(ClientOrderId(words)) is None

    async def test_requests_are_seen_until_they_are_answered(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as (store, _):
            assert await store.requests() == ()
            asked = [
                await self.leave_request(tmp_path, store, RequestKind.CANCEL, '{"client_order_id":"tg1"}'),
                await self.leave_request(tmp_path, store, RequestKind.RECONCILE, "{}"),
            ]
            waiting = await store.requests()
            assert [(one.request_id, one.kind) for one in waiting] == [
                (asked[0], RequestKind.CANCEL),
                (asked[1], RequestKind.RECONCILE),
            ]
            assert waiting[0].payload == '{"client_order_id":"tg1"}'
            answer = InboxAnswer(request_id=asked[0], payload='{"orders":[]}', process="run", epoch=store.epoch)
            assert isinstance(await store.answer(answer), StepCommitted)
            assert [one.request_id for one in await store.requests()] == [asked[1]]
            # A second answer, and one to nothing, change nothing.
            assert isinstance(await store.answer(replace(answer, payload="{}")), StepCommitted)
            assert isinstance(await store.answer(replace(answer, request_id="nothing")), StepCommitted)

    async def test_a_closed_store_refuses_every_write_and_raises_for_none(self, tmp_path: Path) -> None:
        store = self.open_store(tmp_path, FixedClock())
        steps = OrderSteps(store.account_id, store.epoch)
        sent, other = steps.sending("d1"), steps.sending("d2")
        await store.record_sending(sent.approved, sent.step)
        store.close()
        store.close()
        store.append(steps.accepted(sent.order_id))
        answer = InboxAnswer(request_id="r1", payload="{}", process="run", epoch=store.epoch)
        outcomes = (
            await store.record_sending(other.approved, other.step),
            await store.commit(steps.refused("d3")),
            await store.write_state(steps.state(TradingState.HALTED)),
            await store.answer(answer),
            await store.flush(),
        )
        for outcome in outcomes:
            assert isinstance(outcome, StoreUnavailable)
            assert outcome.reason
            assert "\n" not in outcome.reason

    async def test_what_was_written_can_be_read_once_the_store_is_closed(self, tmp_path: Path) -> None:
        """Whoever has left an application still asks it what came of the run."""
        store = self.open_store(tmp_path, FixedClock())
        steps = OrderSteps(store.account_id, store.epoch)
        await store.commit(steps.opened())
        sent = steps.sending("d1")
        await store.record_sending(sent.approved, sent.step)
        store.append(steps.filled(sent.order_id, "t1"))
        await self.leave_request(tmp_path, store, RequestKind.RECONCILE, "{}")
        while_open = await _all_of(store, sent.order_id)
        store.close()
        assert await _all_of(store, sent.order_id) == while_open
        assert await store.find_decision("d2") is None


async def _all_of(store: OpenedStore, order_id: ClientOrderId) -> tuple[object, ...]:
    """What a store answers to each question."""
    return (
        await store.load(),
        await store.orders(),
        await store.fills(),
        await store.journal(),
        await store.requests(),
        await store.find_order(order_id),
        await store.find_decision("d1"),
    )


def _ids(records: Sequence[OrderRecord]) -> list[str]:
    return [record.client_order_id for record in records]
