"""Closing: what is closed is what there is, once, and only as far as it is provably free."""

import asyncio
from collections.abc import Callable
from decimal import Decimal

import pytest

from tests.application.rig import (
    PERPETUAL,
    SPOT,
    Rig,
    buy,
    close,
    needless,
    offer_to_buy,
    offer_to_sell,
    only,
    placed,
    refused,
    sell,
    statuses,
)
from tidegate import Action, Decision, OrderSide, OrderStatus
from tidegate.adapters.brokers.scripted import Answer, CancelAnswer
from tidegate.adapters.clocks import settle
from tidegate.domain.events import CancelRequested
from tidegate.domain.products import TradingFlags


async def test_a_close_takes_the_whole_position() -> None:
    """The opposite side at the market, for as much as was filled."""
    rig = Rig()
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(PERPETUAL, sell("0.05")))
        order = placed(await app.coordinator.execute_decision(PERPETUAL, close()))
        assert app.position(PERPETUAL).is_flat

    assert (order.side, order.quantity, order.order.reduce_only) == ("BUY", Decimal("0.05"), True)


async def test_two_closes_at_once_do_not_flip_the_position() -> None:
    """The second waits for what the first has sent, and then finds nothing to do."""
    rig = Rig()
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(PERPETUAL, buy("0.05")))
        rig.venue.next_submit(Answer.fill().after(1))
        results = await rig.finished(
            asyncio.wait_for(
                asyncio.gather(
                    app.coordinator.execute_decision(PERPETUAL, close()),
                    app.coordinator.execute_decision(PERPETUAL, close()),
                ),
                None,
            )
        )
        assert placed(results[0]).status is OrderStatus.FILLED
        assert "flat" in needless(results[1]).reason
        assert app.position(PERPETUAL).is_flat

    assert rig.worked() == [Decimal("0.05"), Decimal("0.05")]


async def test_a_close_calls_off_entries_and_whatever_holds_the_inventory() -> None:
    """Then it closes what they have filled, and what was there before."""
    rig = Rig()
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, buy("0.05")))
        entry = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000, "0.02")))
        exit_order = placed(await app.coordinator.execute_decision(SPOT, offer_to_sell(101_000, "0.04")))
        rig.venue.next_cancel(CancelAnswer.fill_first(Decimal("0.01")))
        plan = (await app.coordinator.plan(SPOT, close())).unwrap()
        order = placed(await app.coordinator.execute_decision(SPOT, close()))
        assert app.open_orders() == ()
        filled = [record for record in await app.orders() if record.client_order_id == entry.client_order_id]
        assert only(filled).filled_quantity == Decimal("0.01")
        assert app.position(SPOT).is_flat

    assert order.quantity == Decimal("0.06")
    assert plan.order is not None
    assert plan.order.quantity == Decimal("0.05")
    assert {event.client_order_id for event in await rig.stored(CancelRequested)} == {
        entry.client_order_id,
        exit_order.client_order_id,
    }


async def test_a_plan_of_a_close_leaves_everything_as_it_was() -> None:
    """It reads the account as if what rests were gone, and changes nothing."""
    rig = Rig()
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, buy("0.05")))
        placed(await app.coordinator.execute_decision(SPOT, offer_to_sell(101_000, "0.05")))
        before = await app.account()
        plan = (await app.coordinator.plan(SPOT, close())).unwrap()
        assert plan.order is not None
        assert plan.order.quantity == Decimal("0.05")
        assert await app.account() == before
        assert statuses(app.open_orders()) == [OrderStatus.ACCEPTED]
        assert (await app.summary(0)).invariants == "hold"


async def test_a_close_with_an_unanswered_cancel_closes_only_what_is_free() -> None:
    """Bounded in time: what may still be sold elsewhere is not sold here."""
    rig = Rig()
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, buy("0.05")))
        placed(await app.coordinator.execute_decision(SPOT, offer_to_sell(101_000, "0.02")))
        rig.venue.next_cancel(*[CancelAnswer.never_received()] * 3)
        rig.venue.unreachable()
        started = rig.clock.now()
        order = placed(await rig.finished(app.coordinator.execute_decision(SPOT, close())))
        assert (rig.clock.now() - started).total_seconds() < 10

    assert order.quantity == Decimal("0.03")


async def test_a_close_takes_nothing_that_a_cancelled_exit_may_have_taken_already() -> None:
    """A confirmed cancel does not say what had filled before it; while the venue cannot, only the rest is free."""
    rig = Rig()
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(PERPETUAL, buy("0.05")))
        exit_order = placed(
            await app.coordinator.execute_decision(PERPETUAL, offer_to_sell(102_000, "0.03", reduce_only=True))
        )
        rig.venue.fill(exit_order.client_order_id, Decimal("0.02"), is_told=False)
        rig.venue.unreachable()
        started = rig.clock.now()
        first = placed(await rig.finished(app.coordinator.execute_decision(PERPETUAL, close())))
        assert (rig.clock.now() - started).total_seconds() < 10
        assert first.quantity == Decimal("0.02")
        refused(await rig.finished(app.coordinator.execute_decision(PERPETUAL, close())), "REDUCIBLE")
        rig.venue.reachable()
        assert placed(await app.coordinator.execute_decision(PERPETUAL, close())).quantity == Decimal("0.01")
        assert app.account_position(PERPETUAL).is_flat
        assert (await app.summary(0)).invariants == "hold"


async def test_a_reduction_left_over_from_a_long_position_keeps_no_short_one_from_being_reduced() -> None:
    """It was there to sell what was bought; the position has been sold through since, and can be bought back."""
    rig = Rig()
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(PERPETUAL, buy("0.05")))
        placed(await app.coordinator.execute_decision(PERPETUAL, offer_to_sell(102_000, "0.05", reduce_only=True)))
        placed(await app.coordinator.execute_decision(PERPETUAL, sell("0.09")))
        assert app.position(PERPETUAL).quantity == Decimal("-0.04")
        bought = placed(await app.coordinator.execute_decision(PERPETUAL, buy("0.04", reduce_only=True)))
        assert bought.filled_quantity == Decimal("0.04")
        assert app.position(PERPETUAL).is_flat
        assert (await app.summary(0)).invariants == "hold"


async def test_a_close_that_ends_frees_nothing_that_another_one_still_keeps() -> None:
    """Two closes at once keep the same exit's part; it stays kept until the last of them is over."""
    rig = Rig()
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(PERPETUAL, buy("0.05")))
        placed(await app.coordinator.execute_decision(PERPETUAL, offer_to_sell(102_000, "0.03", reduce_only=True)))
        rig.venue.unreachable()
        rig.venue.next_submit(Answer.fill().after(3))
        first = asyncio.create_task(app.coordinator.execute_decision(PERPETUAL, close()))
        await settle()
        other = asyncio.create_task(app.close(PERPETUAL))
        await rig.clock.advance(7)
        refused(await other, "REDUCIBLE")
        assert not first.done()
        refused(await app.coordinator.execute_decision(PERPETUAL, sell("0.03", reduce_only=True)), "REDUCIBLE")
        assert placed(await rig.finished(asyncio.wait_for(first, None))).quantity == Decimal("0.02")


async def test_an_operator_s_word_takes_what_a_cancelled_exit_may_have_taken() -> None:
    """Whoever has looked at the venue's own page may close the whole of it; until then the way to say so is named."""
    rig = Rig()
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(PERPETUAL, buy("0.05")))
        placed(await app.coordinator.execute_decision(PERPETUAL, offer_to_sell(102_000, "0.05", reduce_only=True)))
        rig.venue.unreachable()
        refusal = refused(await rig.finished(app.close(PERPETUAL)), "REDUCIBLE")
        assert refusal.remedy is not None
        assert "--override-unknown" in refusal.remedy.text
        closed = placed(await rig.finished(app.close(PERPETUAL, override_unknown=True)))
        assert closed.quantity == Decimal("0.05")


async def test_a_close_waits_for_fills_that_a_listing_does_not_show_yet() -> None:
    """The cumulative figure says that something was filled, and the fill itself is still on its way."""
    rig = Rig()
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(PERPETUAL, buy("0.05")))
        exit_order = placed(
            await app.coordinator.execute_decision(PERPETUAL, offer_to_sell(101_000, "0.05", reduce_only=True))
        )
        fill = rig.venue.fill(exit_order.client_order_id, Decimal("0.02"), is_told=False)
        rig.venue.truth.fills.remove(fill)
        closing = asyncio.create_task(app.coordinator.execute_decision(PERPETUAL, close()))
        await rig.clock.advance(2)
        assert not closing.done()
        rig.venue.truth.fills.append(fill)
        assert placed(await rig.finished(asyncio.wait_for(closing, None))).quantity == Decimal("0.03")
        assert app.account_position(PERPETUAL).is_flat


async def test_a_cancel_that_was_lost_is_asked_for_again() -> None:
    """Nothing that was to be called off rests for ever (B29, P9)."""
    rig = Rig()
    async with rig.open() as app:
        order = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        rig.venue.next_cancel(CancelAnswer.never_received(), CancelAnswer.lost_ack())
        assert (await app.cancel(order.client_order_id)).unwrap().status is OrderStatus.PENDING_CANCEL
        await rig.clock.advance(20)
        assert app.open_orders() == ()

    assert rig.venue.truth.open_orders() == ()


async def test_entries_are_kept_out_while_a_close_is_under_way() -> None:
    """And let in again when it is over, whatever came of it; what asks for nothing is not refused."""
    rig = Rig()
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, buy("0.05")))
        rig.venue.next_submit(Answer.fill().after(1))
        closing = asyncio.create_task(app.coordinator.execute_decision(SPOT, close()))
        await asyncio.sleep(0)
        refusal = refused(await app.coordinator.execute_decision(SPOT, buy()), "TRADING_STATE")
        assert refusal.context["by"] == "placement"
        needless(await app.coordinator.execute_decision(SPOT, Decision(action=Action.HOLD)))
        placed(await app.coordinator.execute_decision(PERPETUAL, buy()))
        await rig.finished(asyncio.wait_for(closing, None))
        placed(await app.coordinator.execute_decision(SPOT, buy()))


async def test_a_close_that_is_refused_in_any_case_calls_nothing_off() -> None:
    """A contradiction in it, or a halt, must not cost the exit that already rests."""
    rig = Rig()
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, buy("0.05")))
        placed(await app.coordinator.execute_decision(SPOT, offer_to_sell(101_000, "0.05", reduce_only=True)))
        refused(await app.coordinator.execute_decision(SPOT, close(quantity=Decimal(1))), "INVALID")
        await app.halt("stop")
        refused(await app.coordinator.execute_decision(SPOT, close()), "TRADING_STATE")
        assert statuses(app.open_orders()) == [OrderStatus.ACCEPTED]


def closed_for_trading(rig: Rig) -> None:
    rig.venue.set_flags(SPOT, TradingFlags(trading_disabled=True))


def only_cancels(rig: Rig) -> None:
    rig.venue.set_flags(SPOT, TradingFlags(cancel_only=True))


def nothing_known(rig: Rig) -> None:
    rig.venue.set_reading(SPOT, book=None, mark=None, last_price=None, reference_mid=None, index_price=None)


@pytest.mark.parametrize(
    ("spoil", "code"),
    [(closed_for_trading, "MARKET_STATE"), (only_cancels, "MARKET_STATE"), (nothing_known, "STALE_MARK")],
)
@pytest.mark.parametrize("by_operator", [False, True])
async def test_a_close_that_the_market_forbids_keeps_the_exits_that_rest(
    spoil: Callable[[Rig], None], code: str, *, by_operator: bool
) -> None:
    """They are all that protects the position; what could only make it larger is called off."""
    rig = Rig()
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, buy("0.05")))
        placed(await app.coordinator.execute_decision(SPOT, offer_to_sell(101_000, "0.05", reduce_only=True)))
        placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        spoil(rig)
        call = app.close(SPOT) if by_operator else app.coordinator.execute_decision(SPOT, close())
        refused(await rig.finished(call), code)
        assert [(one.side, one.status) for one in app.open_orders()] == [("SELL", OrderStatus.ACCEPTED)]


async def test_a_close_of_less_than_the_minimum_keeps_the_exit_that_is_selling_the_rest() -> None:
    """What has been left of it by its fills could not be sold by a new order."""
    rig = Rig()
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, buy("0.05")))
        exit_order = placed(
            await app.coordinator.execute_decision(SPOT, offer_to_sell(101_000, "0.05", reduce_only=True))
        )
        rig.venue.fill(exit_order.client_order_id, Decimal("0.04995"))
        await rig.clock.advance(1)
        refused(await rig.finished(app.coordinator.execute_decision(SPOT, close())), "MINIMUM")
        assert statuses(app.open_orders()) == [OrderStatus.PARTIALLY_FILLED]


async def test_a_close_that_was_too_small_without_what_an_entry_filled_meanwhile_is_made() -> None:
    """The entry is called off first, and what it has bought by then is closed with the rest."""
    rig = Rig()
    async with rig.open() as app:
        bought = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000, "0.05")))
        rig.venue.fill(bought.client_order_id, Decimal("0.00005"))
        await rig.clock.advance(1)
        rig.venue.next_cancel(CancelAnswer.fill_first(Decimal("0.02")))
        closed = placed(await rig.finished(app.coordinator.execute_decision(SPOT, close())))
        assert closed.quantity == Decimal("0.02005")


async def test_a_close_while_flat_needs_no_order_only_when_nothing_can_open_it_again() -> None:
    """An entry without a known outcome may have bought; a plan says the same."""
    rig = Rig()
    async with rig.open() as app:
        needless(await app.coordinator.execute_decision(SPOT, close()))
        assert (await app.coordinator.plan(SPOT, close())).unwrap().order is None
        rig.venue.next_submit(Answer.timeout_never_received())
        unknown = placed(await app.coordinator.execute_decision(SPOT, buy()))
        refused(await app.coordinator.plan(SPOT, close()), "UNKNOWN_OUTCOME")
        refusal = refused(await rig.finished(app.coordinator.execute_decision(SPOT, close())), "UNKNOWN_OUTCOME")
        assert refusal.context["client_order_id"] == unknown.client_order_id


async def test_a_close_of_one_strategy_leaves_the_others_alone() -> None:
    """CLOSE in a decision takes its strategy's position."""
    rig = Rig()
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, buy("0.03", strategy_id="a")))
        placed(await app.coordinator.execute_decision(SPOT, buy("0.02", strategy_id="b")))
        placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000, strategy_id="b")))
        assert placed(await app.coordinator.execute_decision(SPOT, close(strategy_id="a"))).quantity == Decimal("0.03")
        assert app.position(SPOT, "b").quantity == Decimal("0.02")
        assert app.account_position(SPOT).quantity == Decimal("0.02")
        assert len(app.open_orders(SPOT)) == 1


async def test_an_operators_close_takes_every_strategys_position_even_while_halted() -> None:
    """One order each, past limits, and what only rests is called off too."""
    rig = Rig()
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, buy("0.03", strategy_id="a")))
        placed(await app.coordinator.execute_decision(SPOT, buy("0.02", strategy_id="b")))
        placed(await app.coordinator.execute_decision(SPOT, offer_to_sell(101_000, "0.02", strategy_id="b")))
        await app.halt("stop")
        placed(await app.close(SPOT, "enough"))
        assert app.account_position(SPOT).is_flat
        assert app.open_orders() == ()
        needless(await app.close(SPOT))
        refused(await app.close("XXX-USD"), "UNKNOWN_SYMBOL")

    assert sorted(rig.worked())[-2:] == [Decimal("0.03"), Decimal("0.03")]


async def test_an_operators_close_goes_on_past_a_strategy_that_is_refused() -> None:
    """The first refusal is told, and the next strategy is closed all the same."""
    rig = Rig()
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(PERPETUAL, buy("0.03", strategy_id="a")))
        placed(await app.coordinator.execute_decision(PERPETUAL, buy("0.02", strategy_id="b")))
        rig.venue.next_submit(Answer.reject("VENUE_OTHER"))
        refused(await app.close(PERPETUAL), "VENUE_OTHER")
        assert app.account_position(PERPETUAL).quantity == Decimal("0.03")


async def test_an_operators_close_is_done_once_the_account_is_flat() -> None:
    """Strategies that stand against each other hold nothing together: that is no refusal of a close."""
    rig = Rig()
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(PERPETUAL, sell("0.02", strategy_id="b")))
        placed(await app.coordinator.execute_decision(PERPETUAL, buy("0.03", strategy_id="a")))
        assert placed(await app.close(PERPETUAL)).quantity == Decimal("0.01")
        assert app.account_position(PERPETUAL).is_flat
        assert "offset each other" in needless(await app.close(PERPETUAL)).reason


async def test_an_exit_calls_off_the_own_order_it_would_trade_with() -> None:
    """Another strategy's offer stands where the close would go; the close goes, the offer does not stay."""
    rig = Rig()
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, buy("0.05", strategy_id="a")))
        for price in (99_998, 99_997):
            placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(price, strategy_id="b")))
        refused(await app.coordinator.execute_decision(SPOT, sell("0.02", strategy_id="b")), "BALANCE")
        plan = (await app.coordinator.plan(SPOT, close(strategy_id="a"))).unwrap()
        assert plan.order is not None
        assert plan.order.quantity == Decimal("0.05")
        assert len(app.open_orders()) == 2
        assert placed(await app.coordinator.execute_decision(SPOT, close(strategy_id="a"))).quantity == Decimal("0.05")


async def test_a_plan_of_an_exit_says_what_is_called_off_before_it() -> None:
    """It plans what executing does, and leaves the orders in the way where they are."""
    rig = Rig()
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, buy("0.05", strategy_id="a")))
        blockers = [
            placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(price, strategy_id="b")))
            for price in (99_998, 99_997)
        ]
        planned = (await app.coordinator.plan(SPOT, close(strategy_id="a"))).unwrap()
        verdict = only([one for one in planned.verdicts if one.check == "SELF_CROSS"])
        assert planned.order is not None
        assert (planned.order.quantity, verdict.answer) == (Decimal("0.05"), "WARN")
        assert all(one.client_order_id in verdict.message for one in blockers)
        assert len(await app.orders(open_only=True)) == 2
        assert placed(await app.coordinator.execute_decision(SPOT, close(strategy_id="a"))).quantity == Decimal("0.05")


async def test_an_exit_whose_blocker_cannot_be_called_off_is_refused() -> None:
    """It never trades with itself, and says what stands in the way."""
    rig = Rig()
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, buy("0.05", strategy_id="a")))
        blocker = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_999, strategy_id="b")))
        rig.venue.next_cancel(*[CancelAnswer.never_received()] * 8)
        rig.venue.unreachable()
        refusal = refused(
            await rig.finished(app.coordinator.execute_decision(SPOT, close(strategy_id="a"))), "SELF_CROSS"
        )
        assert refusal.context["blocker"] == blocker.client_order_id


async def test_a_spot_position_that_was_sold_below_zero_is_bought_back() -> None:
    """S8: an exit filled for more than was held; the wallet caps what is sold, and there is nothing in it to buy."""
    rig = Rig()
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, buy("0.05")))
        sold = placed(await app.close(SPOT))
        rig.venue.fill(sold.client_order_id, Decimal("0.005"))
        await rig.clock.advance(1)
        assert only(await app.positions()).position.quantity == Decimal("-0.005")
        bought = placed(await rig.finished(app.close(SPOT, "too much was sold")))
        assert only(await app.positions()).position.is_flat

    assert (bought.side, bought.filled_quantity, bought.status) == (OrderSide.BUY, Decimal("0.005"), OrderStatus.FILLED)
