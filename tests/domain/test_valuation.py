"""Valuation: what an account is worth and could come to owe, and None where a price is missing."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.histories import (
    NOW,
    OTHER,
    PERPETUAL,
    PRODUCTS,
    SELL,
    SPOT,
    Teller,
    filled,
    ledger,
    order,
    orders,
    prices,
    product,
    sent,
)
from tidegate.domain.amounts import ZERO
from tidegate.domain.events import AccountOpened
from tidegate.domain.ledger import Ledger
from tidegate.domain.products import Product
from tidegate.domain.risk import RiskLimits
from tidegate.domain.states import TradingStates
from tidegate.domain.valuation import Valuation
from tidegate.domain.views import Beside
from tidegate.domain.vocabulary import Purpose

MARKS = {"BTC-USD": Decimal(50_000), "ETH-USD": Decimal(2_000), "BTC-PERP": Decimal(50_100)}


def valuation(marks: dict[str, Decimal] | None = None, *products: Product, reporting: str = "USD") -> Valuation:
    """Over the three products, at the usual marks."""
    return Valuation(products or tuple(PRODUCTS.values()), reporting, (MARKS if marks is None else marks).get)


def opened(**balances: int) -> Ledger:
    """An account that started with these."""
    book = ledger()
    found = {currency: Decimal(amount) for currency, amount in balances.items()}
    book.apply(NOW, [AccountOpened(account_id="a", balances=found, equity=None, at=NOW)])
    return book


def trade(book: Ledger, name: str, quantity: str, price: str, **terms: Any) -> None:
    """An order that filled at once."""
    of = order(name, quantity=Decimal(quantity), **terms)
    book.apply(NOW, [sent(of), filled(of, 1, quantity, price)])


def without(*symbols: str) -> dict[str, Decimal]:
    """The marks, some missing."""
    return {symbol: mark for symbol, mark in MARKS.items() if symbol not in symbols}


def test_equity_is_money_and_bought_coins_at_the_mark_and_unrealised_profit() -> None:
    """40,000 + 1 BTC at 50,000 + 10 contracts of 0.01 that gained 100 each."""
    book = opened(USD=100_000, BTC=3)
    trade(book, "one", "1", "60000")
    trade(book, "two", "10", "49100", symbol="BTC-PERP")

    assert valuation().equity(book) == Decimal(40_000 + 50_000 + 100)


@given(st.lists(orders(symbols=["BTC-USD", "ETH-USD"]), max_size=4), prices, prices)
def test_equity_changes_by_what_the_positions_made(traded: list[Any], bitcoin: Decimal, ether: Decimal) -> None:
    """8: money and positions tell one story."""
    teller = Teller()
    teller.ledger.apply(NOW, [AccountOpened(account_id="a", balances={"USD": Decimal(10)}, equity=None, at=NOW)])
    for number, of in enumerate(traded):
        one = order(f"n{number}", symbol=of.symbol, side=of.side, quantity=of.quantity)
        teller.tell(sent(one), filled(one, number, of.quantity, of.limit_price, fee=Decimal("0.01")))
    marks = {"BTC-USD": bitcoin, "ETH-USD": ether}
    made = sum(
        (one.realized_pnl + one.unrealized_pnl(PRODUCTS[one.symbol], marks[one.symbol]) - one.fees)
        for one in teller.ledger.open_positions
    )

    assert valuation(marks).equity(teller.ledger) == 10 + made


def test_external_coins_are_no_equity_and_not_to_be_spent() -> None:
    """The bot did not buy them."""
    reading = valuation().account(opened(USD=7, BTC=3))

    assert reading.equity == 7
    assert (reading.available["USD"], reading.available["BTC"]) == (Decimal(7), ZERO)


def test_external_coins_are_counted_once_however_many_currencies_they_can_be_traded_for() -> None:
    """2 BTC are 2 BTC, at their price in dollars, and a pair against what has no rate here hides none of them."""
    euros = product("BTC-EUR", quote_currency="EUR", settlement_currency="EUR")
    pounds = product("BTC-GBP", quote_currency="GBP", settlement_currency="GBP")
    money = product("EUR-USD", base_currency="EUR", underlying="EUR")
    marks = {**MARKS, "BTC-EUR": Decimal(45_000), "BTC-GBP": Decimal(40_000), "EUR-USD": Decimal("1.1")}
    book = opened(USD=500_000, BTC=2)
    valued = valuation(marks, pounds, SPOT, euros, PERPETUAL, money)
    of_dollars, of_euros = valued.exposure(book, SPOT), valued.exposure(book, euros)

    assert valued.gross(book) == 100_000
    assert of_dollars is not None
    assert of_dollars.external_quantity == 2
    assert of_dollars.total_other == 0
    assert of_euros is not None
    assert of_euros.external_quantity == 0
    assert of_euros.underlying_other == of_euros.total_other == 100_000
    assert valued.account(book).available["BTC"] == 0


def test_the_reporting_currency_is_money_even_where_it_is_itself_traded() -> None:
    """USD-EUR with USD as the measure: the account's dollars are not external."""
    dollars = product("USD-EUR", quote_currency="EUR", settlement_currency="EUR")
    book = opened(USD=100)
    valued = valuation(MARKS, SPOT, dollars)

    assert valued.equity(book) == 100
    assert valued.account(book).available["USD"] == 100
    assert valued.gross(book) == 0


@pytest.mark.parametrize("missing", ["BTC-USD", "BTC-PERP"])
def test_a_missing_mark_makes_the_equity_none(missing: str) -> None:
    """Nothing is invented."""
    book = opened(USD=100_000)
    trade(book, "one", "1", "60000")
    trade(book, "two", "10", "49100", symbol="BTC-PERP")

    assert valuation(without(missing)).equity(book) is None


def test_a_currency_without_a_market_makes_the_equity_none() -> None:
    """EUR has no rate here; USDC would not be a dollar by fiat either."""
    assert valuation().equity(opened(EUR=1)) is None
    assert valuation().rate("EUR") is None


def test_a_derivatives_settlement_currency_without_a_rate_makes_the_equity_none() -> None:
    """Its profit cannot be told in dollars."""
    euro = product("BTC-EUR-PERP", kind=PERPETUAL.kind, quote_currency="EUR", settlement_currency="EUR")
    book = Ledger({euro.symbol: euro}.get, TradingStates())
    trade(book, "one", "1", "50", symbol=euro.symbol)

    assert valuation({euro.symbol: Decimal(50)}, euro).equity(book) is None


def test_a_position_whose_product_is_gone_makes_the_equity_none() -> None:
    """A list of products without it does not make it go away."""
    book = opened(USD=100)
    trade(book, "one", "10", "49100", symbol="BTC-PERP")

    assert valuation(MARKS, SPOT, OTHER).equity(book) is None


def test_a_flat_account_needs_no_marks() -> None:
    """Money alone is worth itself."""
    assert valuation({}).equity(opened(USD=100)) == 100
    assert valuation({}).gross(opened(USD=100)) == 0


def test_exposure_is_the_worse_side_if_all_its_orders_filled() -> None:
    """Long 1 with 1 more to buy at 60,000 and 1 to sell: the long side is worse, at mark and at worst price."""
    book = opened(USD=500_000)
    trade(book, "held", "1", "60000")
    book.apply(NOW, [sent(order("more"))])
    book.apply(NOW, [sent(order("less", side=SELL, purpose=Purpose.REDUCTION))])

    assert valuation().gross(book) == 50_000 + 60_000


def test_a_short_is_exposed_as_a_long_is() -> None:
    """10 contracts short and 10 more to sell."""
    book = opened(USD=1_000)
    trade(book, "held", "10", "50000", symbol="BTC-PERP", side=SELL)
    book.apply(NOW, [sent(order("more", symbol="BTC-PERP", side=SELL, quantity=Decimal(10)))])

    assert valuation().gross(book) == 5_010 + 6_000


def test_the_exposure_beside_an_order_is_told_by_underlying_and_in_total() -> None:
    """For BTC-USD: the perpetual counts to its underlying, ether to the total only, external coins to both."""
    book = opened(USD=500_000, BTC=2, ETH=1)
    trade(book, "perp", "10", "50000", symbol="BTC-PERP")
    trade(book, "ether", "1", "2000", symbol="ETH-USD")
    book.apply(NOW, [sent(order("more", quantity=Decimal("0.5")))])
    reading = valuation().exposure(book, SPOT)

    assert reading is not None
    assert (reading.underlying_other, reading.total_other) == (Decimal(5_010), Decimal(5_010 + 4_000))
    assert (reading.buy_quantity, reading.buy_notional, reading.sell_quantity) == (
        Decimal("0.5"),
        Decimal(30_000),
        ZERO,
    )
    assert reading.external_quantity == 2


def test_an_order_alone_has_nothing_beside_it() -> None:
    """No orders, no positions."""
    reading = valuation({}).exposure(opened(USD=100), SPOT)

    assert reading is not None
    assert (reading.total_other, reading.buy_notional) == (ZERO, ZERO)


@pytest.mark.parametrize("method", ["exposure", "gross", "breaches"])
def test_an_exposure_that_cannot_be_priced_is_never_taken_for_none(method: str) -> None:
    """The ether has no mark."""
    book = opened(USD=100_000)
    trade(book, "ether", "1", "2000", symbol="ETH-USD")
    valued = valuation(without("ETH-USD"))

    if method == "breaches":
        assert "price is missing" in str(valued.breaches(book, SPOT, RiskLimits()))
    elif method == "gross":
        assert valued.gross(book) is None
    else:
        assert valued.exposure(book, SPOT) is None


def test_a_breach_names_the_limit_that_is_passed() -> None:
    """20 % of one underlying, 80 % in all, of the equity."""
    book = opened(USD=100_000)
    assert valuation().breaches(book, SPOT, RiskLimits()) is None
    trade(book, "one", "0.5", "50000")

    assert valuation().breaches(book, SPOT, RiskLimits()) == "BTC 25000 of equity 100000"
    assert (
        valuation().breaches(book, OTHER, RiskLimits(max_exposure_pct=Decimal("0.2"))) == "total 25000 of equity 100000"
    )


def test_a_breach_is_found_from_what_was_read_beside_as_from_the_ledger() -> None:
    """What was read in this very step spares reading the rest again."""
    book = opened(USD=100_000)
    trade(book, "perp", "10", "50000", symbol="BTC-PERP")
    exposure, account, rate = valuation().readings(book, SPOT)
    assert (exposure, account, rate) == (valuation().exposure(book, SPOT), valuation().account(book), Decimal(1))
    beside = valuation().beside(book, SPOT, MARKS[SPOT.symbol])
    trade(book, "one", "0.5", "50000")

    assert exposure is not None
    assert beside == Beside(exposure.underlying_other, exposure.total_other, account.equity, has_margin=True)
    assert valuation().breaches(book, SPOT, RiskLimits(), beside) == "BTC 30010 of equity 100010"


@pytest.mark.parametrize("others", [{}, {"ETH": 3}, {"BTC": 2}, {"USDC": 7}])
def test_an_account_of_one_pair_is_valued_as_any_other(others: dict[str, int]) -> None:
    """The short way of most accounts gives the figures of the long one, whatever else was there before."""
    book = opened(USD=100_000, **others)
    trade(book, "one", "0.5", "50000")
    prices = {**MARKS, "BTC-USD": Decimal(51_000)}
    beside = valuation(prices).beside(book, SPOT, prices["BTC-USD"])
    exposure = valuation(prices).exposure(book, SPOT)

    assert beside is not None
    assert exposure is not None
    assert beside == Beside(exposure.underlying_other, exposure.total_other, valuation(prices).equity(book))


def test_a_worst_case_without_an_equity_is_a_breach() -> None:
    """A share of nothing known cannot be judged."""
    book = opened(EUR=5)

    assert "price is missing" in str(valuation().breaches(book, SPOT, RiskLimits()))


def test_what_orders_and_positions_need_is_not_available() -> None:
    """A buy of 0.5 with its fee, 10 % margin of a derivative, and what it has lost so far."""
    book = opened(USD=100_000)
    book.apply(NOW, [sent(order("buy", quantity=Decimal("0.5")))])
    trade(book, "perp", "10", "51100", symbol="BTC-PERP")
    reading = valuation().account(book)

    assert reading.margin_used == 501
    assert reading.available["USD"] == 100_000 - 30_180 - 501 - 100
    assert reading.equity == 100_000 - 100


def test_an_unrealised_gain_is_not_available() -> None:
    """It is not there until it is realised."""
    book = opened(USD=100_000)
    trade(book, "perp", "10", "49100", symbol="BTC-PERP")

    assert valuation().account(book).available["USD"] == 100_000 - 501


def test_a_position_without_a_mark_needs_margin_at_its_entry_price() -> None:
    """The last price that is known of it."""
    book = opened(USD=100_000)
    trade(book, "perp", "10", "49000", symbol="BTC-PERP")
    reading = valuation(without("BTC-PERP")).account(book)

    assert (reading.margin_used, reading.available["USD"], reading.equity) == (Decimal(490), Decimal(99_510), None)


def test_margin_is_summed_in_the_reporting_currency() -> None:
    """501 dollars, and 450 euros at 1.1; what is available of each currency stays in its own."""
    terms = {"multiplier": Decimal("0.01"), "initial_margin_rate": Decimal("0.1"), "kind": PERPETUAL.kind}
    euro = product("BTC-EUR-PERP", quote_currency="EUR", settlement_currency="EUR", **terms)
    money = product("EUR-USD", base_currency="EUR", underlying="EUR")
    marks = {**MARKS, "BTC-EUR-PERP": Decimal(45_000), "EUR-USD": Decimal("1.1")}
    book = Ledger({one.symbol: one for one in (PERPETUAL, euro)}.get, TradingStates())
    trade(book, "dollars", "10", "50100", symbol="BTC-PERP")
    trade(book, "euros", "10", "45000", symbol="BTC-EUR-PERP")
    reading = valuation(marks, PERPETUAL, euro, money).account(book)

    assert reading.margin_used == 501 + 495
    assert (reading.available["USD"], reading.available["EUR"]) == (Decimal(-501), Decimal(-450))


def test_a_flat_derivative_needs_no_margin() -> None:
    """Its history stays, its margin does not."""
    book = opened(USD=1_000)
    trade(book, "in", "10", "50000", symbol="BTC-PERP")
    trade(book, "out", "10", "50000", symbol="BTC-PERP", side=SELL, purpose=Purpose.REDUCTION)

    assert valuation().account(book).margin_used == 0
    assert valuation().equity(book) == 1_000
