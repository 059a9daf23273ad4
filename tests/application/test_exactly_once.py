"""One decision, one outcome, however often and from wherever it is delivered."""

import asyncio
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from tests.application.rig import SPOT, Rig, buy, close, needless, placed, refused
from tidegate import Action, Decision, OrderStatus
from tidegate.adapters.brokers.scripted import Answer
from tidegate.adapters.clocks import ManualClock
from tidegate.adapters.stores.memory import MemoryOrderStore
from tidegate.adapters.stores.sqlite.opening import open_sqlite_store
from tidegate.containers.testing import STARTS_AT
from tidegate.domain.events import DecisionRefused, NoOrderDecided, OrderSending
from tidegate.domain.records import StoredDecision


@pytest.fixture(params=["memory", "sqlite", "sqlite in a thread"])
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    """A rig over each kind of store."""
    if request.param == "memory":
        yield Rig()
        return
    store = open_sqlite_store(
        tmp_path / "store.db",
        account_id="paper",
        clock=ManualClock(STARTS_AT),
        process="test",
        inline=request.param == "sqlite",
    )
    yield Rig(store=store)
    store.close()


async def test_the_same_decision_twice_makes_one_order(rig: Rig) -> None:
    """The second call gets the first's order as it then stands."""
    decision = buy()
    async with rig.open() as app:
        first = await app.coordinator.execute_decision(SPOT, decision)
        second = await app.coordinator.execute_decision(SPOT, decision)

    assert placed(first) == placed(second)
    assert placed(second).status is OrderStatus.FILLED
    assert rig.worked() == [Decimal("0.01")]


async def test_the_same_decision_from_many_sides_at_once_makes_one_order(rig: Rig) -> None:
    """None of them goes a way of its own, and none takes back what another has reserved."""
    decision = buy()
    async with rig.open() as app:
        results = await asyncio.gather(*(app.coordinator.execute_decision(SPOT, decision) for _ in range(20)))
        summary = await app.summary(0)

    assert {placed(result).client_order_id for result in results} == {placed(results[0]).client_order_id}
    assert rig.worked() == [Decimal("0.01")]
    assert len(await rig.stored(OrderSending)) == 1
    assert summary.invariants == "hold", summary.broken


async def test_the_same_id_after_a_restart_makes_one_order(rig: Rig) -> None:
    """The identity is the decision's, not the process's."""
    async with rig.open() as app:
        first = placed(await app.coordinator.execute_decision(SPOT, buy(decision_id="mine")))
    async with rig.open() as app:
        again = placed(await app.coordinator.execute_decision(SPOT, buy(decision_id="mine")))

    assert again == first
    assert len(rig.worked()) == 1


async def test_other_content_under_a_used_id_is_a_conflict_and_the_first_stands(rig: Rig) -> None:
    """Whether the first is done or still under way (N7)."""
    async with rig.open() as app:
        first, at_once = await asyncio.gather(
            app.coordinator.execute_decision(SPOT, buy("0.01", decision_id="mine")),
            app.coordinator.execute_decision(SPOT, buy("0.02", decision_id="mine")),
        )
        later = await app.coordinator.execute_decision(SPOT, buy("0.03", decision_id="mine"))
        elsewhere = await app.coordinator.execute_decision("BTC-PERP", buy("0.01", decision_id="mine"))

    assert placed(first).quantity == Decimal("0.01")
    for conflict in (at_once, later, elsewhere):
        assert refused(conflict, "ID_CONFLICT").remedy is not None
    assert rig.worked() == [Decimal("0.01")]


async def test_a_retry_may_be_decided_later_and_live_longer(rig: Rig) -> None:
    """When it was decided and until when it holds is not what it asks for; 0.010 is 0.01."""
    later = rig.clock.now()
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, buy("0.01", decision_id="mine")))
        retry = buy("0.010", decision_id="mine", decided_at=later, valid_until=later)
        placed(await app.coordinator.execute_decision(SPOT, retry))

    assert len(rig.worked()) == 1


async def test_a_refusal_is_final_for_its_id_and_comes_back_equal(rig: Rig) -> None:
    """Acting on its remedy is a new decision."""
    too_large = buy("9", decision_id="mine")
    async with rig.open() as app:
        first = refused(await app.coordinator.execute_decision(SPOT, too_large))
        rig.price(100)
        second = refused(await app.coordinator.execute_decision(SPOT, too_large))
    async with rig.open() as app:
        third = refused(await app.coordinator.execute_decision(SPOT, too_large))

    assert first == second == third
    assert first.remedy is not None
    assert len(await rig.stored(DecisionRefused)) == 1
    assert rig.venue.truth.sent == []


@pytest.mark.parametrize(
    "number", ["NaN", "sNaN", "Infinity", "-Infinity", "1e999", "1e-99999999", "-0", "-1", "1" * 60]
)
async def test_an_impossible_number_is_refused_the_same_every_time(rig: Rig, number: str) -> None:
    """What is no number has the same content as itself (N1)."""
    async with rig.open() as app:
        first = refused(await app.coordinator.execute_decision(SPOT, buy(number, decision_id="mine")), "INVALID")
        again = refused(await app.coordinator.execute_decision(SPOT, buy(number, decision_id="mine")), "INVALID")

    assert first == again


async def test_a_refusal_of_the_venue_is_final_too(rig: Rig) -> None:
    """The same refusal, though the venue would now take it."""
    rig.venue.next_submit(Answer.reject("VENUE_INSUFFICIENT_FUNDS", "not enough"))
    async with rig.open() as app:
        first = refused(await app.coordinator.execute_decision(SPOT, buy(decision_id="mine")))
        second = refused(await app.coordinator.execute_decision(SPOT, buy(decision_id="mine")))

    assert first == second
    assert first.code == "VENUE_INSUFFICIENT_FUNDS"
    assert len(rig.venue.truth.sent) == 1


async def test_no_order_needed_is_recorded_and_comes_back(rig: Rig) -> None:
    """HOLD, a CLOSE while flat and a size of zero are honoured without an order, and that is final as well."""
    hold = Decision(action=Action.HOLD, decision_id="hold")
    async with rig.open() as app:
        for decision in (hold, close(decision_id="close"), buy("0", decision_id="zero")):
            first = needless(await app.coordinator.execute_decision(SPOT, decision))
            assert needless(await app.coordinator.execute_decision(SPOT, decision)) == first

    assert [event.decision.decision_id for event in await rig.stored(NoOrderDecided)] == ["hold", "close", "zero"]
    assert rig.venue.truth.sent == []


@pytest.mark.parametrize("symbol", ["DOGE-USD", "btc/usd"])
async def test_a_hold_is_no_order_and_no_refusal_whatever_it_is_of(symbol: str) -> None:
    """It asks for nothing, so nothing about it can be wrong; that is durable, and told again."""
    rig, hold = Rig(), Decision(action=Action.HOLD, decision_id="hold")
    async with rig.open() as app:
        assert (await app.coordinator.plan(symbol, hold)).unwrap().order is None
        first = needless(await app.coordinator.execute_decision(symbol, hold))
    async with rig.open() as app:
        assert needless(await app.coordinator.execute_decision(symbol, hold)) == first
        refused(await app.coordinator.execute_decision(SPOT, hold), "ID_CONFLICT")
        refused(await app.coordinator.execute_decision(symbol, buy()), "UNKNOWN_SYMBOL")
        assert (await app.summary(0)).invariants == "hold"


async def test_a_plan_and_a_dry_run_use_up_no_id() -> None:
    """They write nothing, so that the decision is still free to be executed."""
    decision = buy(decision_id="mine")
    rehearsal = Rig(engine={"dry_run": True})
    async with rehearsal.open() as app:
        rows = len(await rehearsal.journal())
        plan = (await app.coordinator.plan(SPOT, decision)).unwrap()
        dry = needless(await app.coordinator.execute_decision(SPOT, decision))
        assert dry.plan == plan
        assert refused(await app.coordinator.execute_decision(SPOT, buy("9"))).code == "ORDER_SIZE"
        assert "HOLD" in needless(await app.coordinator.execute_decision(SPOT, Decision(action=Action.HOLD))).reason
        assert len(await rehearsal.journal()) == rows
    rig = Rig(store=rehearsal.store)
    async with rig.open() as app:
        order = placed(await app.coordinator.execute_decision(SPOT, decision))

    assert plan.order is not None
    assert order.quantity == plan.order.quantity
    assert rehearsal.venue.truth.sent == []


async def test_an_id_that_another_process_has_used_is_found_in_the_store() -> None:
    """What came between our question and our record is answered with its outcome."""

    class Late(MemoryOrderStore):
        """Another process decides while we are asking."""

        async def find_decision(self, decision_id: str) -> StoredDecision | None:
            found = await super().find_decision(decision_id)
            if found is None and decision_id == "mine" and not self._decisions:
                self._decisions["mine"] = NoOrderDecided(
                    symbol=SPOT, decision=buy(decision_id="mine"), reason="decided elsewhere", at=self._clock.now()
                )
            return found

    clock = ManualClock(STARTS_AT)
    rig = Rig(store=Late("paper", clock))
    async with rig.open() as app:
        assert needless(await app.coordinator.execute_decision(SPOT, buy(decision_id="mine"))).reason
        assert app.open_orders() == ()
        assert (await app.account()).available["USD"] == 100_000

    assert rig.venue.truth.sent == []
