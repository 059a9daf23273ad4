"""Positions: average cost, profits that sum exactly, and late fills that find their place."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.histories import BUY, NOW, PERPETUAL, PRODUCTS, SELL, SPOT, decimals, fill, order, prices
from tidegate.domain.amounts import ZERO
from tidegate.domain.fills import Fill
from tidegate.domain.identifiers import TradeId
from tidegate.domain.positions import RECENT_FILLS, Position, PositionHistory, apply_fill, fold_fills
from tidegate.domain.products import Product

FLAT = Position(symbol=SPOT.symbol)


def trade(of: Product, side: str, quantity: str, price: str, number: int = 1, **terms: object) -> Fill:
    """One fill of some order on the product."""
    return fill(order(symbol=of.symbol, side=BUY if side == "BUY" else SELL), number, quantity, price, **terms)


@st.composite
def trades(draw: st.DrawFn, of: Product) -> list[Fill]:
    """Fills on both sides, with fees and rebates in what the product's venue may charge."""
    currencies = ["USD", ""] + ([of.base_currency] if of.is_spot else [])
    found = []
    for number in range(draw(st.integers(1, 12))):
        currency = draw(st.sampled_from(currencies))
        fee = draw(decimals("-0.0010", "0.0050", 4))
        found.append(
            trade(
                of,
                draw(st.sampled_from(["BUY", "SELL"])),
                str(of.base_increment * draw(st.integers(1, 5_000))),
                str(draw(prices)),
                number,
                fee=fee * of.base_increment if currency == of.base_currency else fee,
                fee_currency=currency,
                at=NOW + timedelta(seconds=draw(st.integers(0, 3))),
            )
        )
    return found


@pytest.mark.parametrize("symbol", PRODUCTS)
@given(data=st.data(), mark=prices)
def test_realised_and_unrealised_less_fees_are_the_change_in_equity_at_any_mark(
    symbol: str, data: st.DataObject, mark: Decimal
) -> None:
    """8: to the last decimal, through flips, partial closes, rebates and fees in the base currency."""
    product = PRODUCTS[symbol]
    fills = data.draw(trades(product))
    position = fold_fills(Position(symbol=symbol), fills, product)
    in_base = sum((one.fee for one in fills if one.fee_currency == product.base_currency), ZERO)
    in_quote = sum((one.fee for one in fills if one.fee_currency != product.base_currency), ZERO)
    bought = sum((one.side.sign * one.quantity for one in fills), ZERO) - in_base
    paid = sum((one.side.sign * product.notional(one.quantity, one.price) for one in fills), ZERO) + in_quote

    assert position.quantity == bought
    assert (
        position.realized_pnl + position.unrealized_pnl(product, mark) - position.fees
        == product.notional(bought, mark) - paid
    )


@pytest.mark.parametrize("symbol", PRODUCTS)
@given(data=st.data())
def test_a_position_depends_on_its_fills_and_not_on_the_order_of_the_news(symbol: str, data: st.DataObject) -> None:
    """S4: average cost depends on the order of fills, so they are folded in the venue's."""
    product = PRODUCTS[symbol]
    fills = data.draw(trades(product))
    history = PositionHistory(Position(symbol=symbol))
    for one in data.draw(st.permutations(fills)):
        history.add(one, product)

    assert history.position == fold_fills(Position(symbol=symbol), fills, product)


def test_buying_more_averages_the_entry_price_and_realises_nothing() -> None:
    """1 at 100 and 2 at 103 stand at 102."""
    position = fold_fills(FLAT, [trade(SPOT, "BUY", "1", "100"), trade(SPOT, "BUY", "2", "103", 2)], SPOT)

    assert (position.quantity, position.entry_price) == (Decimal(3), Decimal(102))
    assert position.realized_pnl == 0


def test_selling_a_part_realises_on_the_part_and_keeps_the_entry_price() -> None:
    """A third of it, at 10 more."""
    held = fold_fills(FLAT, [trade(SPOT, "BUY", "3", "100")], SPOT)
    position = apply_fill(held, trade(SPOT, "SELL", "1", "110", 2), SPOT)

    assert (position.quantity, position.entry_price, position.realized_pnl) == (Decimal(2), Decimal(100), Decimal(10))


def test_a_flip_realises_all_of_the_old_side_and_opens_the_new_one_at_its_own_price() -> None:
    """Short 1 contract of 0.01 from a long one."""
    held = apply_fill(Position(symbol="BTC-PERP"), trade(PERPETUAL, "BUY", "1", "60000"), PERPETUAL)
    position = apply_fill(held, trade(PERPETUAL, "SELL", "2", "61000", 2), PERPETUAL)

    assert (position.quantity, position.entry_price, position.realized_pnl) == (
        Decimal(-1),
        Decimal(61_000),
        Decimal(10),
    )
    assert position.unrealized_pnl(PERPETUAL, Decimal(60_000)) == 10


def test_a_short_gains_when_it_is_bought_back_lower() -> None:
    """Half of it, 1,000 lower, in contracts of 0.01."""
    held = apply_fill(Position(symbol="BTC-PERP"), trade(PERPETUAL, "SELL", "4", "60000"), PERPETUAL)
    position = apply_fill(held, trade(PERPETUAL, "BUY", "2", "59000", 2), PERPETUAL)

    assert (position.quantity, position.realized_pnl) == (Decimal(-2), Decimal(20))


def test_a_closed_position_is_flat_and_keeps_its_profit_and_fees() -> None:
    """No entry price, no cost, nothing unrealised."""
    bought = trade(SPOT, "BUY", "1", "100", fee=Decimal("0.1"), fee_currency="USD")
    sold = trade(SPOT, "SELL", "1", "90", 2, fee=Decimal("0.2"))
    position = fold_fills(FLAT, [bought, sold], SPOT)

    assert position == Position(symbol=SPOT.symbol, realized_pnl=Decimal(-10), fees=Decimal("0.3"))
    assert position.is_flat
    assert position.unrealized_pnl(SPOT, Decimal(7)) == 0
    assert position.cost_of(SPOT) == 0


def test_a_fee_in_coins_leaves_fewer_coins_and_counts_at_the_price_of_its_fill() -> None:
    """1 bought at 100 and 1 at 110 with a fee of 0.01: 1.99 are held, and the fee was worth 1.10."""
    fee = {"fee": Decimal("0.01"), "fee_currency": "BTC"}
    fills = [trade(SPOT, "BUY", "1", "100"), trade(SPOT, "BUY", "1", "110", 2, **fee)]
    position = fold_fills(FLAT, fills, SPOT)

    assert (position.quantity, position.entry_price, position.fees) == (Decimal("1.99"), Decimal(105), Decimal("1.10"))
    assert position.realized_pnl == Decimal("0.05")


def test_a_fee_in_a_third_currency_is_in_the_balance_alone() -> None:
    """There is no rate for it here, and none is made up."""
    position = apply_fill(FLAT, trade(SPOT, "BUY", "1", "100", fee=Decimal(3), fee_currency="BNB"), SPOT)

    assert (position.quantity, position.fees) == (Decimal(1), ZERO)


def test_a_position_given_without_its_cost_costs_quantity_times_entry_price() -> None:
    """As a caller or a venue states it."""
    given_one = Position(symbol="BTC-PERP", quantity=Decimal(-3), entry_price=Decimal(60_000))

    assert given_one.cost_of(PERPETUAL) == -1_800
    assert given_one.unrealized_pnl(PERPETUAL, Decimal(59_000)) == 30
    assert apply_fill(given_one, trade(PERPETUAL, "BUY", "3", "59000"), PERPETUAL).realized_pnl == 30


def test_a_late_fill_takes_the_place_that_the_venue_gave_it() -> None:
    """The buy at 90 happened before the sale, which therefore realised against 95."""
    buy, late, sale = (
        trade(SPOT, "BUY", "1", "100", 1),
        trade(SPOT, "BUY", "1", "90", 2),
        trade(SPOT, "SELL", "1", "110", 3),
    )
    history = PositionHistory(FLAT)
    for one in (buy, sale, late):
        history.add(one, SPOT)

    assert (history.position.entry_price, history.position.realized_pnl) == (Decimal(95), Decimal(15))


def test_two_own_orders_that_met_each_other_under_one_trade_id_are_told_apart() -> None:
    """Same moment and same id: the order's id decides, whichever was told first."""
    ours = fill(order("one", side=BUY), 1, "1", "100", trade_id=TradeId("t"))
    too = fill(order("two", side=SELL), 1, "2", "100", trade_id=TradeId("t"))

    assert _added([ours, too]) == _added([too, ours])


def _added(fills: list[Fill]) -> Position:
    history = PositionHistory(FLAT)
    for one in fills:
        history.add(one, SPOT)
    return history.position


def test_trade_ids_that_are_numbers_are_ordered_as_numbers() -> None:
    """Fill 9 came before fill 10 of the same moment."""
    nine = trade(SPOT, "BUY", "1", "100", at=NOW, trade_id=TradeId("9"))
    ten = trade(SPOT, "SELL", "2", "110", at=NOW, trade_id=TradeId("10"))

    assert _added([ten, nine]).realized_pnl == _added([nine, ten]).realized_pnl == 10


def test_a_long_history_forgets_its_oldest_fills_and_not_what_they_came_to() -> None:
    """Thrice the window: memory is bounded, and a late fill still finds its place among the recent ones."""
    fills = [trade(SPOT, "BUY", "1", str(100 + number), number) for number in range(3 * RECENT_FILLS)]
    late = fills.pop(-10)
    history = PositionHistory(FLAT)
    for one in (*fills, late):
        history.add(one, SPOT)

    assert history.position == fold_fills(FLAT, [*fills, late], SPOT)
    assert len(history._fills) <= 2 * RECENT_FILLS


def test_a_fill_older_than_the_window_is_folded_before_it() -> None:
    """It may average otherwise than in its true place, and never loses a coin or a cent."""
    fills = [trade(SPOT, "BUY", "1", "100", number) for number in range(1, 3 * RECENT_FILLS)]
    history = PositionHistory(FLAT)
    for one in (*fills, trade(SPOT, "SELL", "1", "130", 0)):
        history.add(one, SPOT)
    position = history.position

    assert position.quantity == len(fills) - 1
    assert position.realized_pnl + position.unrealized_pnl(SPOT, Decimal(120)) == 20 * len(fills) - 120 + 130


def test_an_amount_beyond_all_measure_is_still_folded() -> None:
    """Eighteen digits times eighteen digits leave no room for eighteen decimals."""
    huge = str(10**18 - 1)
    held = apply_fill(FLAT, trade(SPOT, "BUY", huge, huge), SPOT)
    position = apply_fill(held, trade(SPOT, "SELL", "1", huge, 2), SPOT)

    assert (position.quantity, position.realized_pnl) == (Decimal(10**18 - 2), ZERO)
