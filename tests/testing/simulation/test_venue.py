"""The venue's own ledger is right: what it takes, fills, refuses and pays."""

from decimal import Decimal

import pytest

from tidegate.domain.vocabulary import Delivery, OrderSide, OrderType, TimeInForce
from tidegate.testing.simulation.dice import Dice
from tidegate.testing.simulation.market import BY_SYMBOL, OPENING_USD, Market
from tidegate.testing.simulation.venue import Accepted, Rejected, Request, Said, Venue


class Place:
    """A venue at second 0 of a market, with all that it said."""

    def __init__(self, delivery: Delivery = Delivery.A) -> None:
        self.at = 0.0
        self.said: list[Said] = []
        self.market = Market(1)
        self.venue = Venue(delivery, self.market, lambda: self.at, Dice(1), self.said.append)

    def order(self, name: str = "one", side: OrderSide = OrderSide.BUY, **terms: object) -> Request:
        fields: dict[str, object] = {
            "symbol": "BTC-USD",
            "order_type": OrderType.LIMIT,
            "time_in_force": TimeInForce.GTC,
            "quantity": Decimal("0.1"),
            "limit_price": Decimal(51_000) if side is OrderSide.BUY else Decimal(49_000),
            "post_only": False,
            "reduce_only": False,
            **terms,
        }
        return Request(client_order_id=name, side=side, **fields)  # type: ignore[arg-type]


def accepted(answer: Accepted | Rejected) -> Accepted:
    assert isinstance(answer, Accepted)
    return answer


def test_a_taker_pays_the_price_and_the_fee() -> None:
    """At the touch: coins in, dollars out, to the last decimal."""
    place = Place()
    (fill,) = accepted(place.venue.submit(place.order())).fills
    truth = place.venue.truth
    assert fill.price == place.market.touch("BTC-USD", 0, OrderSide.BUY)
    assert truth.balance("BTC") == Decimal("0.1")
    assert truth.balance("USD") == OPENING_USD - fill.price * Decimal("0.1") * Decimal("1.002")


@pytest.mark.parametrize(("delivery", "orders"), [(Delivery.A, 1), (Delivery.B, 2)])
def test_only_class_a_knows_an_id_again(delivery: Delivery, orders: int) -> None:
    """Also after the first has ended."""
    place = Place(delivery)
    for _ in range(2):
        place.venue.submit(place.order())
    assert len(place.venue.truth.by_client_id["one"]) == orders


def test_what_rests_is_filled_when_the_market_comes_to_it() -> None:
    """At its own price, as a maker, in one piece or two."""
    place = Place()
    place.venue.submit(place.order(limit_price=place.market.mid("BTC-USD", 0)))
    assert not place.venue.truth.fills
    for second in range(600):
        place.at = float(second)
        place.venue.match()
    order = place.venue.truth.orders[0]
    assert order.state == "filled"
    assert all(fill.price == order.limit_price and not fill.is_taker for fill in place.venue.truth.fills)


def test_a_derivative_pays_its_profit_and_nothing_else() -> None:
    """Bought and sold at two prices: the difference, less the fees."""
    place = Place()
    enters = place.order("in", symbol="ETH-PERP", quantity=Decimal(2), limit_price=Decimal(1_500))
    leaves = place.order("out", OrderSide.SELL, symbol="ETH-PERP", quantity=Decimal(2), limit_price=Decimal(1_000))
    (bought,) = accepted(place.venue.submit(enters)).fills
    place.at = 300.0
    (sold,) = accepted(place.venue.submit(leaves)).fills
    gain = (sold.price - bought.price) * 2 * BY_SYMBOL["ETH-PERP"].multiplier
    assert place.venue.truth.balance("USD") == OPENING_USD + gain - bought.fee - sold.fee
    assert place.venue.truth.positions["ETH-PERP"] == 0


def test_the_venue_says_no_for_a_reason() -> None:
    """Coins that are not there, a maker that would take, an exit from nothing, a market that is closed."""
    place = Place()

    def code(request: Request) -> str:
        answer = place.venue.submit(request)
        assert isinstance(answer, Rejected)
        return answer.code

    assert code(place.order("a", OrderSide.SELL)) == "VENUE_INSUFFICIENT_FUNDS"
    assert code(place.order("b", post_only=True)) == "VENUE_POST_ONLY_WOULD_CROSS"
    assert code(place.order("c", symbol="ETH-PERP", reduce_only=True, quantity=Decimal(1))) == "VENUE_REDUCE_ONLY"
    place.venue.closed.add("BTC-USD")
    assert code(place.order("d")) == "MARKET_STATE"


def test_fill_or_kill_is_all_or_nothing() -> None:
    """More than the book shows within the limit: nothing."""
    place = Place()
    wanted = place.order(time_in_force=TimeInForce.FOK, quantity=Decimal("0.5"), limit_price=Decimal("50002.50"))
    assert accepted(place.venue.submit(wanted)).is_finished
    assert not place.venue.truth.fills


def test_a_cancel_says_what_it_found() -> None:
    """Done, or why not."""
    place = Place()
    place.venue.submit(place.order("rests", limit_price=Decimal(40_000)))
    place.venue.submit(place.order("took"))
    assert [place.venue.cancel(name) for name in ("rests", "rests", "took", "none")] == [
        "done",
        "it is canceled",
        "it is filled",
        "unknown order",
    ]
