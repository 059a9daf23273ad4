"""Money: what fills cost, what orders hold, what a perpetual earns, and that nothing appears or vanishes."""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.adapters.brokers.simulated.exchange_floor import (
    PERP,
    SPOT,
    ExchangeFloor,
    an_order,
    book,
    level,
    trade,
)
from tidegate.adapters.brokers.accounts import credit
from tidegate.domain.submissions import OrderAcknowledged, OrderRejectedByVenue
from tidegate.domain.vocabulary import OrderSide, TimeInForce

BUY, SELL = OrderSide.BUY, OrderSide.SELL
IOC = TimeInForce.IOC
PERPETUAL = "BTC-PERP"


def test_a_taker_pays_the_taker_rate_and_a_maker_the_maker_rate_in_quote_currency() -> None:
    """2 × 101 at 0.002 is 0.404; 1 × 99 at 0.001 is 0.099."""
    floor = ExchangeFloor(balances={"USD": Decimal(1_000)})
    floor.play(book([(98, 5)], [(101, 2)]))
    floor.submit(an_order("t", BUY, 2, 101))
    floor.submit(an_order("m", BUY, 1, 99))
    floor.play(trade(SELL, 99, 1))
    assert [(fill.fee, fill.fee_currency) for fill in floor.fills] == [
        (Decimal("0.404"), "USD"),
        (Decimal("0.099"), "USD"),
    ]
    assert floor.balances == {"USD": Decimal("1000") - 202 - 99 - Decimal("0.503"), "BTC": Decimal(3)}


def test_a_resting_buy_holds_its_cost_with_fees_and_frees_it_as_it_fills_or_ends() -> None:
    """Available and total are two figures."""
    floor = ExchangeFloor(balances={"USD": Decimal(1_000)})
    floor.play(book([(98, 5)], [(101, 2)]))
    funds = floor.venue.exchange.funds
    floor.submit(an_order("o", BUY, 4, 99))
    assert funds.free("USD") == 1_000 - 4 * 99 * Decimal("1.002")
    floor.play(trade(SELL, 99, 1))
    assert funds.free("USD") == 1_000 - 99 - Decimal("0.099") - 3 * 99 * Decimal("1.002")
    floor.cancel("o")
    assert funds.free("USD") == floor.balances["USD"] == 1_000 - 99 - Decimal("0.099")


def test_what_one_resting_order_holds_is_not_there_for_another() -> None:
    """Coins are promised once."""
    floor = ExchangeFloor(balances={"BTC": Decimal(3)})
    floor.play(book([(98, 5)], [(101, 2)]))
    assert isinstance(floor.submit(an_order("a", SELL, 2, 101)), OrderAcknowledged)
    answer = floor.submit(an_order("b", SELL, 2, 102))
    assert isinstance(answer, OrderRejectedByVenue)
    assert answer.code == "VENUE_INSUFFICIENT_FUNDS"


def test_a_raw_market_order_needs_the_money_for_what_it_would_take() -> None:
    """Its worst level counts: 2 × 102 × 1.002 is 204.408."""
    floor = ExchangeFloor(balances={"USD": Decimal("204")})
    floor.play(book([(98, 5)], [(101, 1), (102, 1)]))
    assert isinstance(floor.submit(an_order("a", BUY, 2, None)), OrderRejectedByVenue)
    assert isinstance(floor.submit(an_order("b", BUY, 1, None)), OrderAcknowledged)


def test_a_perpetual_realises_its_profit_in_the_settlement_currency() -> None:
    """10 contracts of 0.1 BTC bought at 101 and sold at 111: 10 USD, less fees of 0.0505 and 0.0555."""
    floor = ExchangeFloor(balances={"USD": Decimal(1_000)})
    floor.play(book([(100, 50)], [(101, 50)]))
    floor.submit(an_order("in", BUY, 10, 101, IOC, symbol=PERPETUAL))
    held = floor.venue.exchange.accounts.position(PERPETUAL)
    assert held.quantity == 10
    assert held.entry_price == 101
    assert floor.balances["USD"] == 1_000 - Decimal("0.0505")
    floor.play(book([(111, 50)], [(112, 50)]))
    floor.submit(an_order("out", SELL, 10, 111, IOC, symbol=PERPETUAL))
    assert floor.balances["USD"] == 1_000 + 10 - Decimal("0.0505") - Decimal("0.0555")
    assert floor.venue.exchange.accounts.position(PERPETUAL).is_flat


def test_a_perpetual_may_be_short_and_a_turn_realises_only_what_it_closes() -> None:
    """Short 10 at 100, then buy 15 at 90: 10 USD earned on the ten, and long 5 from 90."""
    floor = ExchangeFloor(balances={"USD": Decimal(1_000)})
    floor.play(book([(100, 50)], [(101, 50)]))
    floor.submit(an_order("short", SELL, 10, 100, IOC, symbol=PERPETUAL))
    floor.play(book([(89, 50)], [(90, 50)]))
    floor.submit(an_order("turn", BUY, 15, 90, IOC, symbol=PERPETUAL))
    position = floor.venue.exchange.accounts.position(PERPETUAL)
    assert position.quantity == 5
    assert position.entry_price == 90
    assert position.realized_pnl == 10


def test_margin_limits_a_perpetual_and_a_reduction_is_never_refused_for_it() -> None:
    """1,000 USD at 10 % carry less than 10,000 of notional with fees; closing needs none."""
    floor = ExchangeFloor(balances={"USD": Decimal(1_000)})
    floor.play(book([(100, 5_000)], [(101, 5_000)]))
    assert isinstance(floor.submit(an_order("big", BUY, 1_000, 101, IOC, symbol=PERPETUAL)), OrderRejectedByVenue)
    assert isinstance(floor.submit(an_order("ok", BUY, 900, 101, IOC, symbol=PERPETUAL)), OrderAcknowledged)
    assert isinstance(floor.submit(an_order("more", BUY, 300, 101, IOC, symbol=PERPETUAL)), OrderRejectedByVenue)
    floor.play(book([(97, 5_000)], [(98, 5_000)]))  # 315 lost: nothing is free any more
    assert isinstance(floor.submit(an_order("spot", BUY, 1, 98)), OrderRejectedByVenue)
    assert isinstance(floor.submit(an_order("out", SELL, 900, 97, IOC, symbol=PERPETUAL)), OrderAcknowledged)


def test_a_reduce_only_order_never_turns_the_position() -> None:
    """It fills to flat, and the rest of it is cancelled."""
    floor = ExchangeFloor(balances={"USD": Decimal(10_000)})
    floor.play(book([(100, 50)], [(101, 50)]))
    floor.submit(an_order("in", BUY, 5, 101, IOC, symbol=PERPETUAL))
    answer = floor.submit(an_order("out", SELL, 8, 100, symbol=PERPETUAL, reduce_only=True))
    assert isinstance(answer, OrderAcknowledged)
    assert answer.is_finished
    assert [fill.quantity for fill in answer.fills] == [5]
    assert floor.venue.exchange.accounts.position(PERPETUAL).is_flat


def test_resting_reduce_only_orders_are_cancelled_once_there_is_nothing_to_reduce() -> None:
    """Two of them wait; the first that fills closes the position, and the second is cancelled and told so."""
    floor = ExchangeFloor(balances={"USD": Decimal(10_000)})
    floor.play(book([(100, 50)], [(101, 50)]))
    floor.submit(an_order("in", BUY, 5, 101, IOC, symbol=PERPETUAL))
    floor.submit(an_order("tp1", SELL, 5, 105, symbol=PERPETUAL, reduce_only=True))
    floor.submit(an_order("tp2", SELL, 5, 106, symbol=PERPETUAL, reduce_only=True))
    floor.play(trade(BUY, 107, 7))
    assert (floor.order("tp1").state, floor.order("tp2").state) == ("FILLED", "CANCELED")
    assert floor.venue.exchange.accounts.position(PERPETUAL).is_flat


def test_a_spot_reduce_only_sell_sells_what_is_there() -> None:
    """On spot the coins are the position."""
    floor = ExchangeFloor(balances={"BTC": Decimal(2)})
    floor.play(book([(100, 50)], [(101, 50)]))
    answer = floor.submit(an_order("o", SELL, 2, 100, IOC, reduce_only=True))
    assert isinstance(answer, OrderAcknowledged)
    assert floor.balances["BTC"] == 0


def test_a_credit_of_more_than_18_decimals_is_rounded_half_to_even() -> None:
    """Only fees and average costs can have so many."""
    assert credit(Decimal("1.0000000000000000005")) == Decimal("1.000000000000000000")
    assert credit(Decimal("1.0000000000000000015")) == Decimal("1.000000000000000002")
    assert str(credit(Decimal("1.5"))) == "1.5"


FLOW = st.lists(
    st.tuples(
        st.sampled_from(["BUY", "SELL", "trade", "level", "cancel", "amend"]),
        st.sampled_from([SPOT.symbol, PERP.symbol]),
        st.integers(1, 40),
        st.integers(190, 210),
        st.sampled_from(list(TimeInForce)),
        st.booleans(),
    ),
    max_size=60,
)


@settings(max_examples=60, deadline=None)
@given(flow=FLOW)
def test_money_is_conserved_to_the_last_decimal_whatever_happens(
    flow: list[tuple[str, str, int, int, TimeInForce, bool]],
) -> None:
    """Σ of ours, the counterparty's and the fees never changes; no coin is sold short; holds end with their orders."""
    floor = ExchangeFloor(balances={"USD": Decimal(2_000), "BTC": Decimal(7)})
    floor.play(book([("99.5", 20)], [("100.5", 20)]))
    accounts = floor.venue.exchange.accounts
    for number, (what, symbol, size, half_price, tif, flag) in enumerate(flow):
        price = str(Decimal(half_price) / 2)
        side = BUY if flag else SELL
        if what == "trade":
            floor.play(trade(side, price, str(Decimal(size) / 7)[:12]))
        elif what == "level":
            floor.play(level(side, price, size))
        elif what == "cancel":
            floor.cancel(f"o{number - size % 7}")
        elif what == "amend":
            floor.amend(f"o{number - size % 7}", size, price)
        else:
            quantity = str(size) if symbol == PERP.symbol else str(Decimal(size) / 10)
            order = an_order(f"o{number}", OrderSide(what), quantity, price, tif, symbol=symbol, reduce_only=flag)
            floor.submit(order)
        assert accounts.total("USD") == 2_000
        assert accounts.total("BTC") == 7
        assert accounts.state.balances["BTC"] >= 0
    for order_id in list(floor.venue.exchange.floor.open):
        floor.cancel(order_id)
    assert not any(accounts.held.values())
