"""What a caller may hand over: a flaw is a refusal or a named error, never an AssertionError and never None."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from tests.application.rig import PERPETUAL, SPOT, Rig, buy, only, placed, refused
from tidegate import Action, Decision, Mark, OrderStats, OrderType, Position, TimeInForce, TradingState
from tidegate.adapters.brokers.scripted.products import PERPETUAL as PERPETUAL_PRODUCT
from tidegate.adapters.brokers.scripted.products import SPOT as SPOT_PRODUCT
from tidegate.application.application import Application
from tidegate.application.configuration import BadArgument
from tidegate.containers import open_application
from tidegate.containers.testing import STARTS_AT
from tidegate.domain.decisions import Algorithm
from tidegate.domain.events import DecisionRefused
from tidegate.domain.refusals import Remedy

HELD = Position(symbol=SPOT)
"""What the ledger holds: nothing."""

BAD_CALLS: list[tuple[str, dict[str, Any]]] = [
    ("symbol", {"symbol": None}),
    ("symbol", {"symbol": 7}),
    ("symbol", {"symbol": ["BTC-USD"]}),
    ("symbol", {"symbol": "BTC\x00USD"}),
    ("symbol", {"symbol": "ВТС-USD"}),
    ("symbol", {"symbol": "\ud800"}),
    ("symbol", {"symbol": "X" * 10_000}),
    ("decision", {"decision": None}),
    ("decision", {"decision": {"action": "BUY"}}),
    ("decision", {"decision": "BUY"}),
    ("mark", {"mark": 100_000.0}),
    ("mark", {"mark": "100000"}),
    ("mark", {"mark": Mark("100000", datetime(2026, 1, 5))}),  # type: ignore[arg-type]  # noqa: DTZ001 -- what is refused
    ("mark", {"mark": Mark(Decimal(100_000), datetime(2026, 1, 5))}),  # noqa: DTZ001 -- what is refused
    ("mark", {"mark": Mark(Decimal("NaN"), datetime(2026, 1, 5, tzinfo=UTC))}),
    ("mark", {"mark": Decimal("sNaN")}),
    ("mark", {"mark": Decimal(0)}),
    ("mark", {"mark": Decimal(-1)}),
    ("product", {"product": SPOT}),
    ("product", {"product": PERPETUAL_PRODUCT}),
    ("position_state", {"position_state": Decimal(1)}),
    ("position_state", {"position_state": Position(symbol=SPOT, quantity=1)}),  # type: ignore[arg-type]  # what is refused
    ("position_state", {"position_state": Position(symbol=SPOT, quantity=Decimal("NaN"))}),
    ("position_state", {"position_state": Position(symbol=PERPETUAL)}),
    ("position_state", {"position_state": Position(symbol=SPOT, quantity=Decimal(1))}),
    ("position_state", {"position_state": Position(symbol="\ud800")}),
    ("position_state", {"position_state": Position(symbol=None)}),  # type: ignore[arg-type]  # what is refused
    ("product", {"product": msgspec.structs.replace(SPOT_PRODUCT, price_increment=Decimal("sNaN"))}),
    ("product", {"product": msgspec.structs.replace(SPOT_PRODUCT, base_increment=None)}),
]


async def executed(app: Application, **arguments: Any) -> Any:
    given = {"symbol": SPOT, "decision": buy(), **arguments}
    return await app.coordinator.execute_decision(**given)


@pytest.mark.parametrize(("argument", "bad"), BAD_CALLS)
async def test_a_bad_argument_is_refused_and_named(argument: str, bad: dict[str, Any]) -> None:
    """INVALID with the argument's name; nothing is sent, and the call after it is as good as ever."""
    rig = Rig()
    async with rig.open() as app:
        refusal = refused(await executed(app, **bad), "INVALID")
        placed(await executed(app))

    assert refusal.context.get("argument") == argument or refusal.context.get("field") == argument
    assert len(rig.venue.truth.sent) == 1


@pytest.mark.parametrize(
    "bad",
    [
        {"exec_engine": None},
        {"exec_engine": "the advanced one"},
        {"default_time_in_force": "GTC"},
        {"reduce_only_mode": "yes"},
    ],
)
async def test_a_bad_argument_of_the_placement_service_is_refused_and_named(bad: dict[str, Any]) -> None:
    """A misspelt time in force does not quietly become none."""
    rig = Rig()
    container = rig.container()
    async with open_application(container=container):
        given = {"symbol": SPOT, "decision": buy(), "exec_engine": container.engine(), **bad}
        refusal = refused(await container.placement().execute_decision(**given), "INVALID")
        planned = refused(await container.placement().plan(**given), "INVALID")

    assert refusal == planned
    assert refusal.context["argument"] == only(list(bad))


@pytest.mark.parametrize(
    "fields",
    [
        {"decision_id": ""},
        {"decision_id": "a\x00b"},
        {"decision_id": "\u202eab"},
        {"decision_id": "а" * 8},
        {"decision_id": "x" * 65},
        {"decision_id": "'; DROP TABLE orders; --"},
        {"reason": "\ud800"},
        {"reason": "x" * 1_000_000},
        {"strategy_id": "\udfff"},
        {"algorithm": Algorithm(name="TWAP", parameters={"\ud800": "1"})},
    ],
)
@pytest.mark.parametrize("action", [Action.BUY, Action.HOLD])
async def test_text_that_no_record_could_hold_is_refused_without_one(fields: dict[str, Any], action: Action) -> None:
    """N3: the refusal follows from the decision alone, so it is the same every time."""
    rig = Rig()
    decision = Decision(action=action, quantity=Decimal("0.01"), **fields)
    async with rig.open() as app:
        first = refused(await executed(app, decision=decision), "INVALID")
        assert refused(await executed(app, decision=decision), "INVALID") == first
        assert refused(await app.coordinator.plan(SPOT, decision), "INVALID") == first

    assert first.context["field"] == only(list(fields))
    assert await rig.stored(DecisionRefused) == []


async def test_an_unknown_symbol_is_refused_with_what_there_is() -> None:
    """N2: recorded like every refusal of a decision that can be."""
    rig = Rig()
    async with rig.open() as app:
        refusal = refused(await executed(app, symbol="ETH-USD"), "UNKNOWN_SYMBOL")
        written = refused(await executed(app, symbol="btc_usd"), "UNKNOWN_SYMBOL")
        refused(await app.coordinator.plan("ETH-USD", buy()), "UNKNOWN_SYMBOL")

    assert "BTC-USD" in refusal.message
    assert written.remedy is not None
    assert len(await rig.stored(DecisionRefused)) == 2


async def test_what_the_caller_has_seen_may_be_given_where_it_agrees() -> None:
    """A mark within the collar, the venue's own product, the ledger's position."""
    rig = Rig()
    async with rig.open() as app:
        for mark in (Decimal(100_400), Mark(Decimal(99_900), rig.clock.now())):
            placed(await executed(app, mark=mark, product=SPOT_PRODUCT, position_state=app.position(SPOT)))


async def test_a_mark_that_contradicts_the_market_is_refused_with_the_range_that_would_not() -> None:
    """It is the caller's picture of the market that is wrong, and the order must not be sized by it."""
    rig = Rig()
    async with rig.open() as app:
        refusal = refused(await executed(app, mark=Decimal(1)), "COLLAR")

    assert refusal.figures["market"] == 100_000
    assert refusal.remedy is not None


@pytest.mark.parametrize("size", [{"quantity": Decimal("0.01")}, {"target_notional": Decimal(500)}])
async def test_a_mark_from_the_future_is_refused_however_the_order_is_sized(size: dict[str, Any]) -> None:
    """It would never grow old; an exit is let through."""
    rig = Rig()
    async with rig.open() as app:
        ahead = Mark(Decimal(100_000), rig.clock.now() + timedelta(seconds=3))
        refusal = refused(await executed(app, decision=Decision(action=Action.BUY, **size), mark=ahead), "INVALID")
        placed(await executed(app))
        placed(await executed(app, decision=Decision(action=Action.CLOSE), mark=ahead))

    assert refusal.figures["ahead_seconds"] == 3


async def test_two_sizes_that_disagree_are_told_a_size_that_passes_every_other_check() -> None:
    """The quantity alone where it would pass, less of it where it would not, and nothing where nothing helps."""
    rig = Rig()
    async with rig.open() as app:

        async def told(quantity: str) -> Remedy | None:
            both = Decision(action=Action.BUY, quantity=Decimal(quantity), target_notional=Decimal(100))
            return refused(await executed(app, decision=both), "AMBIGUOUS_SIZE").remedy

        small, large = await told("0.05"), await told("7")
        assert small is not None
        assert large is not None
        assert (small.text, small.changes) == ("give one of the two", {"target_notional": None})
        assert large.changes["quantity"] < Decimal("0.2")
        placed(await executed(app, decision=Decision(action=Action.BUY, quantity=large.changes["quantity"])))
        await app.halt("nothing passes now")
        assert await told("0.05") is None


@pytest.mark.parametrize(
    ("fields", "changes", "text"),
    [
        (
            {
                "time_in_force": TimeInForce.GTD,
                "expire_at": STARTS_AT + timedelta(minutes=1),
                "order_type": OrderType.MARKET,
            },
            {"time_in_force": TimeInForce.IOC, "expire_at": None},
            "it would pass with time_in_force IOC, no expire_at",
        ),
        (
            {"post_only": True, "max_drift_bps": Decimal(5), "quantity": Decimal(7)},
            {"post_only": False, "max_drift_bps": None, "quantity": Decimal("0.0998991"), "target_notional": None},
            None,
        ),
        ({"post_only": True}, {"post_only": False}, "leave post_only out"),
    ],
)
async def test_terms_that_do_not_fit_are_told_all_that_would_have_to_change(
    fields: dict[str, Any], changes: dict[str, Any], text: str | None
) -> None:
    """One fault hides the next, and a check may come after both: what is told passes, or nothing is."""
    rig = Rig()
    async with rig.open() as app:
        wrong = Decision(action=Action.BUY, **{"quantity": Decimal("0.05"), **fields})
        told = refused(await executed(app, decision=wrong), "INVALID").remedy
        assert told is not None
        assert told.changes == changes
        assert text is None or told.text == text
        right = replace(wrong, decision_id="right", **told.changes)
        assert (await app.coordinator.plan(SPOT, right)).unwrap().order is not None
        await app.halt("nothing passes now")
        again = await executed(app, decision=replace(wrong, decision_id="again"))
        assert refused(again, "INVALID").remedy is None


async def test_a_mark_that_is_old_is_refused_where_it_would_size_the_order() -> None:
    """Five seconds, like the feed's own."""
    rig = Rig()
    old = Mark(Decimal(100_000), rig.clock.now() - timedelta(seconds=6))
    async with rig.open() as app:
        notional = Decision(action=Action.BUY, target_notional=Decimal(1_000))
        refused(await executed(app, decision=notional, mark=old), "STALE_MARK")


async def test_flawed_calls_are_counted_as_refused() -> None:
    """They are decisions that never left."""
    rig = Rig()
    container = rig.container()
    async with open_application(container=container) as app:
        await executed(app, mark="100")
        await executed(app, decision=buy("9"))
        stats: OrderStats = container.order_stats()
        assert (stats["refused"], stats["attempted"]) == (2, 0)
        with pytest.raises(KeyError):
            stats["nothing"]


async def test_a_default_time_in_force_counts_where_it_fits() -> None:
    """The configured one for a limit; a market order takes its own."""
    rig = Rig(engine={"default_time_in_force": "IOC"})
    async with rig.open() as app:
        limit = Decision(action=Action.BUY, quantity=Decimal("0.01"), limit_price=Decimal(100_500))
        assert placed(await executed(app, decision=limit)).order.time_in_force is TimeInForce.IOC
        assert placed(await executed(app)).order.time_in_force is TimeInForce.IOC


async def test_a_decision_from_the_end_of_time_is_refused() -> None:
    """A moment past the last whole second is shown all the same."""
    rig = Rig()
    async with rig.open() as app:
        last = datetime.max.replace(tzinfo=UTC)
        refused(await executed(app, decision=buy(decided_at=last)), "CLOCK")
        assert app.state() is TradingState.ACTIVE
        placed(await executed(app))


@pytest.mark.parametrize("words", [None, 7, "\ud800", object()])
async def test_nobody_is_kept_from_halting_by_his_words_for_it(words: Any) -> None:
    """The state counts; and what is no symbol halts nothing, and is told."""
    rig = Rig()
    async with rig.open() as app:
        assert (await app.halt(words)).error == ""
        assert app.state() is TradingState.HALTED
        await app.resume(words)
        placed(await executed(app))
        await app.close(SPOT, words)
        await app.cancel_all(reason=words)
        assert app.account_position(SPOT).is_flat
        assert (await app.summary(0)).invariants == "hold"
    async with rig.open() as app:
        assert app.state() is TradingState.ACTIVE


@pytest.mark.parametrize("symbol", [7, "\ud800", ["BTC-USD"], object()])
async def test_what_is_no_symbol_halts_nothing_and_is_told(symbol: Any) -> None:
    """As one that is not traded here."""
    rig = Rig()
    async with rig.open() as app:
        assert "no product" in (await app.halt("stop", symbol)).error
        assert app.state() is TradingState.ACTIVE


async def test_what_a_loop_or_an_operation_cannot_work_with_is_named() -> None:
    """And not met deep inside."""
    rig = Rig()
    odd: Any = 7
    async with rig.open() as app:
        supervisor = app.coordinator.supervisor
        with pytest.raises(BadArgument, match=r"running_flag must be anything with \.running, not int"):
            await supervisor.run_runtime_guards(odd)
        with pytest.raises(BadArgument, match=r"running_flag must be anything with \.running, not int"):
            await supervisor.run_order_reconciliation(odd)
        odd = "45"
        with pytest.raises(BadArgument, match="interval_seconds must be a number of seconds, not str"):
            await app.coordinator.run_order_reconciliation(odd)
        with pytest.raises(BadArgument, match="request must be a SettleRequest, not str"):
            await app.settle(odd)
        with pytest.raises(BadArgument, match="intake must be a DecisionIntakePort, not str"):
            await app.run_until(odd)
