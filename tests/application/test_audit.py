"""The audit finds what is broken: each number that an application can see by itself is planted once."""

from datetime import timedelta
from decimal import Decimal

import pytest
from dependency_injector import providers
from msgspec.structs import replace

from tests.application.interposing import InterposedStore
from tests.application.rig import HORIZON_SECONDS, PERPETUAL, SPOT, Rig, buy, offer_to_buy, only, placed, refused
from tidegate import OrderStatus, TradingState
from tidegate.adapters.brokers.scripted import Answer
from tidegate.application.audit import InvariantAudit
from tidegate.application.desk import AccountDesk
from tidegate.application.engines import LiveExecutionEngine
from tidegate.application.refold import Refold
from tidegate.containers import TestingContainer, open_application
from tidegate.domain.events import IncidentRaised, NoOrderDecided, OrderAccepted, OrderFilled, OrderRejected
from tidegate.domain.fills import Fill
from tidegate.domain.identifiers import ClientOrderId, TradeId
from tidegate.domain.orders import ApprovedOrder, Order
from tidegate.domain.records import Step
from tidegate.domain.refusals import AnyRefusal
from tidegate.domain.risk import RiskLimits
from tidegate.domain.views import ReviewView


def opened(rig: Rig) -> tuple[TestingContainer, AccountDesk]:
    container = rig.container()
    desk: AccountDesk = container.desk()
    return container, desk


async def test_a_sound_account_holds() -> None:
    """With resting orders, positions, fills in between and an unknown that is still young."""
    rig = Rig()
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, buy("0.05")))
        resting = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        rig.venue.fill(resting.client_order_id, Decimal("0.004"))
        rig.venue.next_submit(Answer.timeout_never_received())
        placed(await app.coordinator.execute_decision(PERPETUAL, buy()))
        await rig.clock.advance(1)
        summary = await app.summary(0)

    assert (summary.invariants, summary.broken, summary.unknown) == ("hold", {}, 1)


async def test_1_a_decision_with_two_outcomes_is_found() -> None:
    """Planted in the store, behind everybody's back."""
    rig = Rig()
    async with rig.open() as app:
        decision = buy()
        placed(await app.coordinator.execute_decision(SPOT, decision))
        again = NoOrderDecided(symbol=SPOT, decision=decision, reason="planted", at=rig.clock.now())
        rig.store._steps.append(Step(at=rig.clock.now(), events=(again,)))  # type: ignore[attr-defined]  # planted
        summary = await app.summary(0)

    assert summary.invariants == [1]
    assert "2 outcomes" in summary.broken[1]


async def test_1_an_order_both_refused_and_worked_without_an_incident_is_found() -> None:
    """A LATE_ACCEPT that nobody named."""
    rig = Rig()
    async with rig.open() as app:
        order = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
    fold = Refold(rig.venue.product)
    for row in await rig.store.journal():
        fold.row(row.at, row.events)
    rejected = OrderRejected(
        client_order_id=order.client_order_id, code="VENUE_OTHER", reason="planted", at=rig.clock.now()
    )
    fold.row(rig.clock.now(), (rejected,))
    assert list(fold.broken) == [1]
    named = IncidentRaised(
        kind="LATE_ACCEPT", message="planted", client_order_id=order.client_order_id, at=rig.clock.now()
    )
    fold.row(rig.clock.now(), (named,))

    assert fold.broken == {}


@pytest.mark.parametrize("is_filled", [False, True])
async def test_3_an_order_of_ours_without_an_intent_is_found(is_filled: bool) -> None:
    """It carries our prefix, and the journal knows nothing of it."""
    rig = Rig()
    async with rig.open() as app:
        ours = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        orphan = replace(ours.order, client_order_id=ClientOrderId("tg" + "f" * 30))
        rig.venue.external(orphan, is_told=False)
        if is_filled:
            rig.venue.fill(orphan.client_order_id, is_told=False)
        summary = await app.summary(0)

    assert summary.invariants == [3]


async def test_3_news_of_an_order_without_an_intent_is_found() -> None:
    """A journal that begins in the middle of an order."""
    rig = Rig()
    fold = Refold(rig.venue.product)
    fold.row(rig.clock.now(), (OrderAccepted(client_order_id=ClientOrderId("tgx"), at=rig.clock.now()),))

    assert list(fold.broken) == [3]


async def test_4_an_order_without_an_outcome_past_its_bound_is_found() -> None:
    """H and three polls after its answer was given up."""
    rig = Rig()
    rig.venue.next_submit(Answer.timeout_never_received())
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, buy()))
        rig.venue.unreachable()
        await rig.clock.advance(HORIZON_SECONDS + 7)
        summary = await app.summary(0)

    assert (summary.invariants, summary.unknown) == ([4], 1)


async def test_6_terms_that_are_not_the_recorded_ones_are_found() -> None:
    """The venue works another quantity under our id."""
    rig = Rig()
    rig.venue.next_submit(Answer.accept_other_terms(Decimal(1)))
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        summary = await app.summary(0)

    assert summary.invariants == [6]


async def test_7_a_fill_that_only_the_records_have_is_found() -> None:
    """Invented: position and money follow it, so nothing else would show it."""
    rig = Rig()
    container, desk = opened(rig)
    async with open_application(container=container) as app:
        order = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        invented = Fill(
            trade_id=TradeId("invented"),
            client_order_id=order.client_order_id,
            symbol=SPOT,
            side=order.side,
            quantity=Decimal("0.001"),
            price=Decimal(99_000),
            at=rig.clock.now(),
        )
        desk.note(
            rig.clock.now(), OrderFilled(client_order_id=order.client_order_id, fill=invented, at=rig.clock.now())
        )
        summary = await app.summary(0)

    assert summary.invariants == [7]
    assert "only the records have fill invented" in summary.broken[7]


async def test_7_what_a_run_s_end_has_shown_and_an_operator_has_resumed_from_stops_entries_no_more() -> None:
    """It differs for good, and is told at the end of every run; another one is news, and stops them again."""
    rig = Rig()

    async def run(*, resumes: bool, loses: bool) -> tuple[object, TradingState]:
        async with rig.open() as app:
            if resumes:
                await app.resume("the venue has given it to somebody else, and says so")
            if loses:
                placed(await app.coordinator.execute_decision(SPOT, buy()))
                fills, name = rig.venue.truth.fills, f"stranger{len(rig.venue.truth.fills)}"
                fills[-1] = replace(fills[-1], trade_id=TradeId(name), client_order_id=ClientOrderId(name))
            await rig.clock.advance(61)
            return (await app.summary(0)).invariants, app.state()

    assert await run(resumes=False, loses=True) == ([7], TradingState.REDUCING)
    assert await run(resumes=False, loses=False) == ([7], TradingState.REDUCING)
    assert await run(resumes=True, loses=False) == ([7], TradingState.ACTIVE)
    assert await run(resumes=False, loses=False) == ([7], TradingState.ACTIVE)
    assert await run(resumes=False, loses=True) == ([7], TradingState.REDUCING)


async def test_7_nobody_has_seen_what_was_found_as_a_run_was_killed() -> None:
    """Entries did not stop for it yet, so that no resume can have meant it."""
    rig = Rig()
    container, desk = opened(rig)
    async with open_application(container=container) as app:
        placed(await app.coordinator.execute_decision(SPOT, buy()))
        rig.venue.truth.fills.pop()
        assert list(await InvariantAudit(desk, rig.venue).run(rig.clock.now())) == [7]
        assert desk.marks.shown == ()
        desk.broken.clear()
    async with rig.open() as app:
        assert (await app.summary(0)).invariants == [7]
        assert app.state() is TradingState.REDUCING


async def test_7_a_fill_that_only_the_venue_has_is_found() -> None:
    """One that the last reconciliation must have seen; what came after it may still be on its way."""
    rig = Rig()
    container, desk = opened(rig)
    async with open_application(container=container) as app:
        order = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        rig.venue.fill(order.client_order_id, Decimal("0.001"), is_told=False)
        await rig.clock.advance(3)
        lost = rig.venue.truth.fills.pop()
        await app.reconcile()
        rig.venue.truth.fills.append(lost)
        audit = InvariantAudit(desk, rig.venue)
        assert await audit.run() == {}
        assert await audit.run(rig.clock.now() - timedelta(seconds=3)) == {}
        broken = await audit.run(rig.clock.now())

    assert list(broken) == [7]
    assert "the venue has fill" in broken[7]


async def test_8_a_position_or_a_balance_that_is_not_the_sum_of_its_fills_is_found() -> None:
    """Tampered in memory: the journal tells otherwise."""
    rig = Rig()
    container, desk = opened(rig)
    async with open_application(container=container) as app:
        placed(await app.coordinator.execute_decision(SPOT, buy()))
        desk.ledger.balances["USD"] += 1
        assert (await app.summary(0)).invariants == [8]
    rig = Rig()
    container, desk = opened(rig)
    async with open_application(container=container) as app:
        placed(await app.coordinator.execute_decision(PERPETUAL, buy()))
        history = desk.ledger.positions[PERPETUAL, ""]
        history.position = replace(history.position, quantity=Decimal(7))
        assert (await app.summary(0)).invariants == [8]


async def test_8_an_overfill_without_an_incident_is_found() -> None:
    """Recorded as truth it is, but somebody must have been told."""
    rig = Rig()
    async with rig.open() as app:
        order = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
    fold = Refold(rig.venue.product)
    for row in await rig.store.journal():
        fold.row(row.at, row.events)
    fill = rig.venue.fill(order.client_order_id, Decimal(1))
    fold.row(rig.clock.now(), (OrderFilled(client_order_id=order.client_order_id, fill=fill, at=rig.clock.now()),))

    assert list(fold.broken) == [8]


async def test_9_a_status_below_its_journals_is_found() -> None:
    """An old record put back in memory."""
    rig = Rig()
    container, desk = opened(rig)
    async with open_application(container=container) as app:
        order = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        desk.ledger.orders[order.client_order_id] = replace(order, status=OrderStatus.SENDING)
        summary = await app.summary(0)

    assert summary.invariants == [9]


def flawed(rig: Rig, told: list[str]) -> TestingContainer:
    """A container over a journal of which a row was changed."""
    container = rig.container()

    def verify() -> str:
        told.append("row 3 does not match its hash")
        return told[-1]

    container.chain_check.override(providers.Object(verify))
    return container


async def test_10_a_short_journal_is_verified_whole_before_anything_trades() -> None:
    """Entries are refused, by the first decision of a process that lives for one; what an operator does is done."""
    rig = Rig()
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, buy("0.05")))
    async with open_application(container=flawed(rig, [])) as app:
        refused(await app.coordinator.execute_decision(SPOT, buy()), "TRADING_STATE")
        assert (await app.account()).state_reason == "invariant 10: row 3 does not match its hash"
        assert placed(await app.close(SPOT)).status is OrderStatus.FILLED


async def test_10_whoever_resumes_in_spite_of_a_flaw_has_seen_it_at_the_next_start_too() -> None:
    """It does not mend itself, and would stop entries at every start."""
    rig = Rig()
    async with open_application(container=flawed(rig, [])) as app:
        await app.resume("a row of no importance")
        await rig.clock.advance(120)
        placed(await app.coordinator.execute_decision(SPOT, buy("0.05")))
    async with open_application(container=flawed(rig, [])) as app:
        await rig.clock.advance(120)
        placed(await app.coordinator.execute_decision(SPOT, buy("0.04")))

    assert len(await rig.stored(IncidentRaised)) == 1


async def test_10_a_long_journal_is_verified_at_a_run_s_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A start must not take seconds; the store has verified the tail."""
    monkeypatch.setattr("tidegate.application.audit.SMALL_ROWS", 2)
    rig, told = Rig(), list[str]()
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, buy("0.05")))
    async with open_application(container=flawed(rig, told)) as app:
        assert (told, app.state()) == ([], TradingState.ACTIVE)
        assert (await app.summary(0.0)).invariants == [10]
        assert app.state() is TradingState.REDUCING


async def test_10_a_journal_whose_chain_does_not_verify_is_found() -> None:
    """The store's own check is asked."""
    rig = Rig()
    container = rig.container()
    container.chain_check.override(providers.Object(lambda: "row 3 does not follow row 2"))
    async with open_application(container=container) as app:
        summary = await app.summary(0)

    assert summary.broken == {10: "row 3 does not follow row 2"}


async def test_15_a_reservation_beyond_a_limit_is_found_in_the_step_that_makes_it_and_stops_entries() -> None:
    """An engine that judges by other limits than the account's is caught by the account (R8)."""
    rig = Rig(risk={"max_position_pct_per_symbol": "0.01", "max_order_pct": "0.2"})
    container = rig.container()

    class Loose(LiveExecutionEngine):
        def review(self, order: Order, view: ReviewView) -> ApprovedOrder | AnyRefusal:
            return super().review(order, replace(view, limits=RiskLimits()))

    engine = Loose(broker=rig.venue, risk_manager=container.risk_manager())
    container.engine.override(providers.Object(engine))
    async with open_application(container=container) as app:
        placed(await app.coordinator.execute_decision(SPOT, buy("0.05")))
        await rig.clock.advance(1)
        assert app.state() is TradingState.REDUCING
        summary = await app.summary(0)

    assert summary.invariants == [15]


async def test_17_a_reservation_that_nothing_stands_behind_is_found() -> None:
    """A leak of what is free, and a sum that drifted."""
    rig = Rig()
    container, desk = opened(rig)
    async with open_application(container=container) as app:
        placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        desk.ledger.commitments.held["USD"] += 1
        assert (await app.summary(0)).invariants == [17]
    rig = Rig()
    container, desk = opened(rig)
    async with open_application(container=container) as app:
        order = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        desk.ledger.commitments.drop(order.client_order_id)
        assert (await app.summary(0)).invariants == [17]
    rig = Rig()
    container, desk = opened(rig)
    async with open_application(container=container) as app:
        placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        desk.ledger.commitments.by_symbol[SPOT].buy_notional += 1
        assert (await app.summary(0)).invariants == [17]


async def test_what_is_found_broken_stops_entries_and_is_shown() -> None:
    """R8: an alarm and REDUCING, until an operator has looked."""
    rig = Rig()
    container, desk = opened(rig)
    async with open_application(container=container) as app:
        desk.ledger.commitments.held["USD"] = Decimal(1)
        await app.summary(0)
        assert app.state() is TradingState.REDUCING
        assert "invariant 17" in (await app.account()).state_reason

    assert only(await rig.stored(IncidentRaised)).kind == "INVARIANT"


async def test_an_audit_while_orders_go_on_compares_only_what_stood_still() -> None:
    """It reads the journal on until the ledger has rested; one that never rests is not called broken."""
    limits = {"repeated_orders_max": 1_000, "entry_orders_per_second": 1_000, "venue_requests_per_second": 2_000}
    for most in (3, 1_000):
        rig = Rig(risk=limits)
        left = 0

        async def meanwhile(method: str) -> None:
            nonlocal left
            if method == "flush" and left:
                left -= 1
                placed(await app.coordinator.execute_decision(SPOT, buy("0.0001")))

        async with rig.open(order_store=InterposedStore(rig.store, after=meanwhile)) as app:
            left = most
            summary = await app.summary(0)
            left = 0

        assert summary.invariants == "hold", summary.broken
        assert summary.orders >= min(most, 100)
