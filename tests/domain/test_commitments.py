"""Commitments: what live orders reserve, as sums that always equal what they are the sums of."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.domain.histories import PERPETUAL, PRODUCTS, SELL, SPOT, filled, news, order, orders, record, stories
from tidegate.domain.amounts import exact
from tidegate.domain.commitments import Commitments, margin_rate, reservation
from tidegate.domain.events import (
    AmendRejected,
    AmendRequested,
    OrderAccepted,
    OrderAmended,
    OrderCanceled,
    OrderUnanswered,
)
from tidegate.domain.lifecycle import apply_news
from tidegate.domain.orders import Order, OrderRecord
from tidegate.domain.vocabulary import OrderSide, OrderStatus, Purpose, TimeInForce, TriggerDirection


def sums(of: Commitments) -> dict[str, Any]:
    """Everything that is kept, zeros left out."""
    found: dict[str, Any] = {f"held {currency}": held for currency, held in of.held.items() if held}
    for symbol, one in of.by_symbol.items():
        if one.orders:
            found[symbol] = (
                one.orders, one.buy_quantity, one.sell_quantity, one.buy_notional, one.sell_notional, one.reducing,
                one.reducing_buys, one.reducing_sells, set(one.unknown), list(one.bids), list(one.asks),
            )  # fmt: skip
    return found


def reserved(of: Order, *told: Any) -> Any:
    """What it reserves once this is known."""
    return reservation(record(of, *told), PRODUCTS[of.symbol])


@given(st.data())
def test_the_running_sums_always_equal_a_fresh_summing(data: st.DataObject) -> None:
    """17: whatever became of which order, in which order, and again; and whenever they are read."""
    kept = fresh = Commitments()
    standing: dict[str, OrderRecord] = {}
    told = []
    for number in range(data.draw(st.integers(1, 4))):
        of = data.draw(orders(f"order-{number}"))
        told += [(of, one) for one in (None, *data.draw(stories(of)))]
    for of, one in data.draw(st.permutations(told)):
        is_known = of.client_order_id in standing
        now = standing.get(of.client_order_id) or record(of)
        standing[of.client_order_id] = now if one is None else apply_news(now, one)
        put = kept.update if is_known or one is not None or data.draw(st.booleans()) else kept.begin
        put(standing[of.client_order_id], PRODUCTS[of.symbol])
        fresh = Commitments()
        for each in standing.values():
            fresh.update(each, PRODUCTS[each.symbol])
        for symbol in PRODUCTS:
            assert exact(kept.notionals)(symbol) == exact(fresh.notionals)(symbol)
        if data.draw(st.booleans()):
            assert sums(kept) == sums(fresh)
        assert (
            len(kept)
            == len(fresh)
            == sum(not each.is_terminal and each.reserved_quantity > 0 for each in standing.values())
        )
    assert sums(kept) == sums(fresh)


@given(st.data())
def test_nothing_stays_reserved_once_every_order_has_ended(data: st.DataObject) -> None:
    """Not even the last decimal of a margin at a leverage of seven."""
    kept = Commitments()
    live = [data.draw(orders(f"order-{number}")) for number in range(data.draw(st.integers(1, 6)))]
    for of in live:
        kept.update(record(of, *data.draw(stories(of))), PRODUCTS[of.symbol])
    for of in data.draw(st.permutations(live)):
        if data.draw(st.booleans()):
            kept.drop(of.client_order_id)
        else:
            kept.update(record(of, news(OrderCanceled, of)), PRODUCTS[of.symbol])

    assert sums(kept) == {}
    assert len(kept) == 0
    assert all(kept.of(of.client_order_id) is None for of in live)


@given(orders())
def test_an_unknown_order_reserves_in_full(of: Order) -> None:
    """R4: as much as when it was sent, and its symbol knows of it."""
    kept = Commitments()
    unknown = record(of, news(OrderUnanswered, of, attempt=1, reason="timeout"))
    kept.update(unknown, PRODUCTS[of.symbol])
    one, before = kept.of(of.client_order_id), reserved(of)

    assert one is not None
    assert (one.quantity, one.notional, one.held) == (before.quantity, before.notional, before.held)
    assert one.is_unknown
    assert list(kept.by_symbol[of.symbol].unknown) == [of.client_order_id]


@given(orders(), st.integers(1, 20_000), st.sampled_from(["100", "70000"]))
def test_an_unanswered_amend_reserves_the_larger_of_old_and_new(of: Order, steps: int, price: str) -> None:
    """B32: in quantity, and in price."""
    asked = PRODUCTS[of.symbol].base_increment * steps
    one = reserved(of, news(AmendRequested, of, request=1, quantity=asked, limit_price=Decimal(price)))
    quantity, worst = max(asked, of.quantity), max(Decimal(price), of.limit_price or Decimal(0))

    assert (one.quantity, one.notional) == (quantity, PRODUCTS[of.symbol].notional(quantity, worst))


def test_a_refused_amend_reserves_what_stood_before() -> None:
    """Its price is asked for no more."""
    of = order()
    asked = news(AmendRequested, of, request=1, quantity=Decimal(2), limit_price=Decimal(70_000))

    assert reserved(of, asked, news(AmendRejected, of, request=1)) == reserved(of)


def test_a_confirmed_amend_reserves_at_its_price_even_if_its_request_was_never_heard_of() -> None:
    """As after a restart with an older store."""
    of = order()
    one = reserved(of, news(OrderAmended, of, request=1, quantity=Decimal(2), limit_price=Decimal(70_000)))

    assert (one.notional, one.resting_price) == (Decimal(140_000), Decimal(70_000))


def test_a_spot_buy_holds_its_cost_and_fee_in_what_pays() -> None:
    """60,000 and 0.6 % of it."""
    one = reserved(order())

    assert (one.held, one.held_currency, one.is_reducing) == (Decimal(60_360), "USD", False)


@pytest.mark.parametrize(("maker", "taker", "worst"), [("0.006", "0.004", "0.006"), ("0", "-0.0002", "0")])
def test_the_fee_that_is_held_is_the_worst_that_may_be_charged(maker: str, taker: str, worst: str) -> None:
    """As BALANCE counts it: an order that rests may pay the maker's, and a rebate has not come yet."""
    spot = replace(SPOT, maker_fee_rate=Decimal(maker), taker_fee_rate=Decimal(taker))
    kept = reservation(record(order()), spot)

    assert kept is not None
    assert kept.held == kept.notional * (1 + Decimal(worst))


def test_a_spot_sale_holds_the_coins() -> None:
    """Whatever their price."""
    one = reserved(order(side=SELL, purpose=Purpose.REDUCTION))

    assert (one.held, one.held_currency, one.is_reducing) == (Decimal(1), "BTC", True)


def test_a_derivative_entry_holds_margin_and_fee_and_a_reduction_the_fee_alone() -> None:
    """10 contracts of 0.01 at 60,000 at leverage 2."""
    entry = order(symbol=PERPETUAL.symbol, quantity=Decimal(10), leverage=Decimal(2))
    exit_ = order(symbol=PERPETUAL.symbol, quantity=Decimal(10), side=SELL, purpose=Purpose.PROTECTION)

    assert (reserved(entry).held, reserved(entry).held_currency) == (Decimal(3_003), "USD")
    assert reserved(exit_).held == 3


def test_a_margin_without_a_last_decimal_is_held_up_to_the_eighteenth() -> None:
    """Never less than is due."""
    one = reserved(order(symbol=PERPETUAL.symbol, quantity=Decimal(1), limit_price=Decimal(100), leverage=Decimal(3)))

    assert one.held == Decimal("0.333833333333333334")


@pytest.mark.parametrize(
    ("leverage", "rate"), [(None, "0.1"), (Decimal(2), "0.5"), (Decimal(10), "0.1"), (Decimal(50), "0.1")]
)
def test_a_chosen_leverage_counts_where_it_asks_for_more_than_the_product(leverage: Decimal | None, rate: str) -> None:
    """The product's initial margin of 10 % is the least."""
    assert margin_rate(PERPETUAL, leverage) == Decimal(rate)


def test_what_leaves_before_anybody_looked_was_never_summed() -> None:
    """Most orders fill in their first answer; those that stay are counted whenever somebody reads."""
    kept, one, other = Commitments(), order("one"), order("other")
    for each in (one, other):
        kept.begin(record(each), PRODUCTS[SPOT.symbol])
    kept.drop(one.client_order_id)
    assert len(kept) == 1
    assert kept.by_symbol[SPOT.symbol].orders == 1
    kept.drop(other.client_order_id)
    assert sums(kept) == {}


def test_what_cannot_be_summed_loses_no_reservation() -> None:
    """R4: whoever reads is told each time, and all the others count."""
    kept, one, other = Commitments(), order("one"), order("other")
    kept.begin(record(one), replace(SPOT, taker_fee_rate=Decimal("sNaN")))
    kept.begin(record(other), SPOT)
    for _ in range(2):
        with pytest.raises(ArithmeticError):
            assert kept.held
    assert len(kept) == 2
    kept.drop(one.client_order_id)
    assert kept.by_symbol[SPOT.symbol].orders == 1


def test_what_has_filled_is_reserved_no_more() -> None:
    """Half of it is left."""
    assert reserved(order(), filled(order(), 1, "0.5")).quantity == Decimal("0.5")


def test_a_late_accept_is_reserved_again() -> None:
    """B25: it can fill, so it counts."""
    of = order()
    refused = record(of, news(OrderCanceled, of))
    kept = Commitments()
    kept.update(refused, SPOT)
    kept.update(record(of, news(OrderAccepted, of)), SPOT)

    assert refused.status is OrderStatus.CANCELED
    assert len(kept) == 1


@pytest.mark.parametrize("force", [TimeInForce.IOC, TimeInForce.FOK])
def test_what_can_only_take_rests_nowhere(force: TimeInForce) -> None:
    """So no other order can meet it."""
    assert reserved(order(time_in_force=force)).resting_price is None


def test_what_waits_for_its_trigger_rests_nowhere() -> None:
    """A stop-limit far from the market must not be taken for an order in the way."""
    waiting = order(trigger_price=Decimal(61_000), trigger_direction=TriggerDirection.AT_OR_ABOVE)

    assert reserved(waiting).resting_price is None


@pytest.mark.parametrize(("side", "price"), [(OrderSide.BUY, "60500"), (OrderSide.SELL, "60000")])
def test_an_order_with_an_open_amend_may_rest_at_either_price(side: OrderSide, price: str) -> None:
    """The one that others would meet first counts."""
    of = order(side=side)
    asked = news(AmendRequested, of, request=1, quantity=Decimal(1), limit_price=Decimal(60_500))

    assert reserved(of, asked).resting_price == Decimal(price)


def test_the_best_resting_prices_are_at_the_ends() -> None:
    """Bids from the right, asks from the left."""
    kept = Commitments()
    for number, price in enumerate(["59000", "60000", "58000"]):
        kept.update(record(order(f"b{number}", limit_price=Decimal(price))), SPOT)
        kept.update(record(order(f"a{number}", side=SELL, limit_price=Decimal(price) + 5_000)), SPOT)
    one = kept.by_symbol[SPOT.symbol]

    assert (one.bids[-1][0], one.asks[0][0], one.orders) == (Decimal(60_000), Decimal(63_000), 6)


def test_reductions_are_kept_by_strategy_and_summed_over_all() -> None:
    """What one strategy takes off is not another's, and what sells a long position takes nothing off a short one."""
    kept = Commitments()
    for number, strategy_id in enumerate(["mean", "mean", "trend"]):
        of = order(f"r{number}", side=SELL, purpose=Purpose.REDUCTION, strategy_id=strategy_id)
        kept.update(record(of), SPOT)
    one = kept.by_symbol[SPOT.symbol]

    sells = {("mean", SELL): Decimal(2), ("trend", SELL): Decimal(1)}
    assert (one.reducing, one.reducing_leaves) == (sells, Decimal(3))
    kept.update(record(order("r3", purpose=Purpose.REDUCTION, strategy_id="mean")), SPOT)
    assert one.reducing == {**sells, ("mean", OrderSide.BUY): Decimal(1)}
    assert (one.reducing_sells, one.reducing_buys, one.reducing_leaves) == (Decimal(3), Decimal(1), Decimal(4))


def test_dropping_an_order_that_reserves_nothing_changes_nothing() -> None:
    """It may have ended already."""
    kept = Commitments()
    kept.drop(order().client_order_id)

    assert sums(kept) == {}
