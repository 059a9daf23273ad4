"""Several decisions at once: what one has reserved, the next does not count again (X3)."""

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from returns.result import Failure

from tests.application.interposing import InterposedStore, InterposedVenue
from tests.application.rig import PERPETUAL, SPOT, Rig, buy, close, offer_to_buy, placed, refused, sell
from tidegate import Decision
from tidegate.adapters.brokers.scripted import Answer
from tidegate.adapters.clocks import ManualClock
from tidegate.adapters.stores.sqlite.opening import open_sqlite_store
from tidegate.application.application import Application
from tidegate.containers.testing import STARTS_AT

HURRIED = {"entry_orders_per_second": 1_000, "venue_requests_per_second": 2_000, "repeated_orders_max": 1_000}
"""No pace: everything may happen at one instant."""


async def yielding(_: str) -> None:
    """Let the others go first, at every await."""
    await asyncio.sleep(0)


async def exposure(app: Application) -> Decimal:
    worst = (await app.account()).exposure
    assert worst is not None
    return worst


async def test_two_decisions_at_once_never_exceed_a_limit_together() -> None:
    """Each would pass alone; the second is judged with the first's exposure reserved."""
    rig = Rig(risk={"max_order_pct": "0.15"})
    store = InterposedStore(rig.store, before=yielding, after=yielding)
    venue = InterposedVenue(rig.venue, before=yielding, after=yielding)
    async with rig.open(order_store=store, venue=venue) as app:
        results = await asyncio.gather(
            app.coordinator.execute_decision(SPOT, buy("0.12")),
            app.coordinator.execute_decision(SPOT, buy("0.12", strategy_id="other")),
            app.coordinator.execute_decision(PERPETUAL, buy("0.12")),
        )
        placed(results[0])
        for result in results[1:]:
            refused(result, "EXPOSURE")
        assert await exposure(app) <= 20_000
        assert (await app.summary(0)).invariants == "hold"


async def test_the_same_money_is_not_spent_twice() -> None:
    """What one purchase holds is not available to the next, from the moment it is reserved."""
    rig = Rig(
        paper={"opening_balances": {"USD": 10_000}},
        risk={"max_order_pct": "1", "max_position_pct_per_symbol": "1", "max_exposure_pct": "1"},
    )
    rig.venue.every_submit(Answer.accept())
    async with rig.open(order_store=InterposedStore(rig.store, before=yielding, after=yielding)) as app:
        results = await asyncio.gather(
            *(app.coordinator.execute_decision(SPOT, offer_to_buy(99_000, "0.06", strategy_id=name)) for name in "ab")
        )
        placed(results[0])
        refused(results[1])
        assert (await app.account()).available["USD"] >= 0


async def test_two_reductions_at_once_never_open_the_accounts_position_the_other_way() -> None:
    """Where strategies stand against each other the account has less than each: what one exit may take is not there."""
    rig = Rig()
    async with rig.open() as app:
        for decision in (buy("0.03", strategy_id="a"), buy("0.01", strategy_id="b"), sell("0.03", strategy_id="c")):
            placed(await app.coordinator.execute_decision(PERPETUAL, decision))
        rig.venue.next_submit(Answer.fill().after(1))
        one, other = await rig.finished(
            asyncio.wait_for(
                asyncio.gather(
                    app.coordinator.execute_decision(PERPETUAL, sell("0.01", strategy_id="a", reduce_only=True)),
                    app.coordinator.execute_decision(PERPETUAL, close(strategy_id="b")),
                ),
                None,
            )
        )
        assert placed(one).filled_quantity == Decimal("0.01")
        refused(other, "REDUCIBLE")
        assert app.account_position(PERPETUAL).is_flat


async def test_many_decisions_on_a_threaded_store_stay_within_the_limits(tmp_path: Path) -> None:
    """A hundred in flight over a store that commits in groups; money and positions sum to the last decimal."""
    store = open_sqlite_store(tmp_path / "store.db", account_id="paper", clock=ManualClock(STARTS_AT), process="test")
    rig = Rig(store=store, risk=HURRIED)
    decisions = [buy("0.003", strategy_id=f"s{number % 7}") for number in range(100)]
    async with rig.open() as app:
        results = await asyncio.gather(*(app.coordinator.execute_decision(SPOT, one) for one in decisions))
        codes = {result.failure().code for result in results if isinstance(result, Failure)}
        assert await exposure(app) <= 20_000
        assert app.account_position(SPOT).quantity == sum(rig.worked())
        summary = await app.summary(0)
        assert summary.invariants == "hold", summary.broken
        assert summary.orders + sum(summary.refused.values()) == 100
    store.close()

    assert codes == {"EXPOSURE"}


moves = st.lists(
    st.tuples(
        st.sampled_from([SPOT, PERPETUAL]),
        st.sampled_from(["buy", "sell", "offer", "close"]),
        st.integers(1, 15),
        st.sampled_from(["", "a"]),
        st.sampled_from(["behave", "timeout", "lost", "reject", "accept"]),
    ),
    min_size=2,
    max_size=12,
)


def _decision(kind: str, hundredths: int, strategy_id: str) -> Decision:
    size = str(Decimal(hundredths) / 100)
    if kind == "buy":
        return buy(size, strategy_id=strategy_id)
    if kind == "sell":
        return sell(size, strategy_id=strategy_id)
    if kind == "offer":
        return offer_to_buy(99_000, size, strategy_id=strategy_id)
    return close(strategy_id=strategy_id)


ANSWERS = {
    "behave": Answer.behave(),
    "timeout": Answer.timeout_after_fill(),
    "lost": Answer.timeout_never_received(),
    "reject": Answer.reject("VENUE_OTHER"),
    "accept": Answer.accept(),
}


@settings(max_examples=60)
@given(moves=moves)
@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.no_cover
def test_whatever_is_decided_and_answered_the_invariants_hold(
    moves: list[tuple[str, str, int, str, str]], at_once: bool
) -> None:
    """Entries, exits and closes of two strategies, together or one after the other, over a venue that fails."""

    async def life() -> None:
        rig = Rig(risk=HURRIED)
        rig.venue.next_submit(*(ANSWERS[answer] for *_, answer in moves))
        store = InterposedStore(rig.store, before=yielding, after=yielding)
        async with rig.open(order_store=store) as app:
            calls = [
                app.coordinator.execute_decision(symbol, _decision(kind, size, strategy_id))
                for symbol, kind, size, strategy_id, _ in moves
            ]
            if at_once:
                tasks = [asyncio.create_task(call) for call in calls]
                await rig.clock.advance(30)
                await asyncio.gather(*tasks)
            else:
                for call in calls:
                    await rig.finished(call)
                    assert await exposure(app) <= 20_001
            await rig.clock.advance(30)
            summary = await app.summary(0)
            assert summary.invariants == "hold", summary.broken
            assert summary.unknown == 0
            for symbol in (SPOT, PERPETUAL):
                ours = app.account_position(symbol).quantity
                theirs = sum(
                    (fill.quantity * fill.side.sign for fill in rig.venue.truth.fills if fill.symbol == symbol),
                    Decimal(0),
                )
                assert ours == theirs
            assert app.account_position(SPOT).quantity >= 0

    asyncio.run(life())
