"""Increments, minimums and maximums: rounded in the order's favour, and never up to a minimum."""

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from tests.domain.situations import LONG, QUIET, SPOT, Situation, buy, close, decision, sell
from tests.domain.test_translation import ABLE
from tidegate.domain.vocabulary import Action, OrderType

COARSE = replace(SPOT, base_increment=Decimal("0.003"), price_increment=Decimal("2.5"), minimum_notional=Decimal(0))


@pytest.mark.parametrize(("asked", "rounded"), [("0.0101", "0.009"), ("0.003", "0.003"), ("0.0089999", "0.006")])
def test_a_size_is_rounded_down_to_its_increment_and_the_change_is_reported(asked: str, rounded: str) -> None:
    """Never up, whatever the increment looks like."""
    approved = QUIET.but(product=COARSE).approved(buy(asked, limit_price="60000"))

    assert approved.order.quantity == Decimal(rounded)
    assert [one.term for one in approved.changes] == (["quantity"] if asked != rounded else [])


@pytest.mark.parametrize(
    ("asked", "price"),
    [
        (buy("0.003", limit_price="59999"), "59997.5"),
        (sell("0.003", limit_price="60001"), "60002.5"),
        (buy("0.003", limit_price="60000"), "60000"),
    ],
)
def test_a_limit_is_rounded_in_the_orders_favour(asked: Any, price: str) -> None:
    """A buy pays no more and a sell takes no less than was asked for."""
    approved = LONG.but(product=COARSE).approved(asked)

    assert approved.order.limit_price == Decimal(price)
    assert approved.worst_price == Decimal(price)


def test_a_coarse_increment_protects_a_market_order_at_a_price_on_the_grid() -> None:
    """The protection is rounded as any limit is."""
    limit = QUIET.but(product=COARSE).approved(buy("0.003")).order.limit_price

    assert limit == Decimal("60070")


@pytest.mark.parametrize(
    ("action", "trigger", "limit", "rounded"),
    [
        (Action.BUY, "61001", "61001", ("61000", "61000")),
        (Action.SELL, "58999", "58999", ("59000", "59000")),
        (Action.BUY, "61001", "61011", ("61000", "61010")),
    ],
)
def test_a_trigger_is_rounded_so_that_it_fires_no_later_and_the_limit_stays_beyond_it(
    action: Action, trigger: str, limit: str, rounded: tuple[str, str]
) -> None:
    """A sell's trigger up, a buy's down, and then sell limit ≤ trigger, buy limit ≥ trigger."""
    here = ABLE.but(product=COARSE, held=Decimal("0.01"))
    asked = decision(action, quantity="0.003", order_type=OrderType.STOP_LIMIT, stop_trigger=trigger, limit_price=limit)

    order = here.approved(asked).order

    assert (order.trigger_price, order.limit_price) == tuple(Decimal(one) for one in rounded)


@pytest.mark.parametrize("action", [Action.BUY, Action.SELL])
def test_a_trail_is_rounded_down_so_that_it_is_no_further_behind_than_asked(action: Action) -> None:
    """A venue would refuse it as it was asked for, where the plan had said that it passes."""
    here = ABLE.but(product=COARSE, held=Decimal("0.01"))

    approved = here.approved(decision(action, quantity="0.003", order_type=OrderType.TRAILING_STOP, trail="101"))

    assert approved.order.trail == Decimal(100)
    assert [(one.term, one.before, one.after) for one in approved.changes] == [("trail", "101", "100")]


def test_a_trail_of_less_than_an_increment_is_refused_with_the_least_that_is_not() -> None:
    """A trail of nothing would fire at once."""
    refused = ABLE.but(product=COARSE).refused(buy("0.003", order_type=OrderType.TRAILING_STOP, trail="2"), "INVALID")

    assert refused.remedy is not None
    assert refused.remedy.changes == {"trail": Decimal("2.5")}


@pytest.mark.parametrize(
    ("asked", "changes"),
    [
        (buy(limit_price="59999.999"), {"limit_price": Decimal("59999.99")}),
        (
            buy(order_type=OrderType.STOP, stop_trigger="61000.001"),
            {"stop_trigger": Decimal("61000.00")},
        ),
        (buy(order_type=OrderType.TRAILING_STOP, trail="90.001"), {"trail": Decimal(90)}),
    ],
)
def test_strict_prices_refuse_what_they_would_round(asked: Any, changes: dict[str, Decimal]) -> None:
    """Some would rather be told; the remedy is the price on the grid."""
    refused = ABLE.but(limits={"strict_prices": True}).refused(asked, "INVALID")

    assert refused.remedy is not None
    assert refused.remedy.changes == changes


def test_strict_prices_round_sizes_and_protections_all_the_same() -> None:
    """Nobody asked for those figures."""
    QUIET.but(limits={"strict_prices": True}).approved(buy("0.012345678912"))


@pytest.mark.parametrize(
    ("product", "asked", "smallest"),
    [
        (SPOT, buy("0.000009", limit_price="60000"), "0.00001667"),
        (replace(SPOT, minimum_notional=Decimal(0)), buy("0.000009"), "0.00001"),
        (replace(SPOT, minimum_notional=Decimal(30)), buy("0.0004", limit_price="60000"), "0.0005"),
        (replace(SPOT, minimum_quantity=Decimal(0), minimum_notional=Decimal(0)), buy("0.000000001"), "0.00000001"),
    ],
)
def test_what_is_below_a_minimum_is_refused_with_the_smallest_that_is_not(
    product: Any, asked: Any, smallest: str
) -> None:
    """B23: judged after rounding, at the order's own price, and never raised to it."""
    refused = QUIET.but(product=product).refused(asked, "MINIMUM")

    assert refused.remedy is not None
    assert refused.remedy.changes["quantity"] == Decimal(smallest)


def test_a_sells_minimum_is_judged_at_its_own_price() -> None:
    """The venue values the order at its limit, and not where it may fill."""
    product = replace(SPOT, minimum_notional=Decimal(30))
    here = LONG.but(product=product)

    here.refused(sell("0.0005", limit_price="59500"), "MINIMUM")
    here.approved(sell("0.0005", limit_price="60000"))


def test_dust_is_refused_without_a_remedy() -> None:
    """What is too small to sell stays, and nobody is told to sell more than there is."""
    dust = QUIET.but(held=Decimal("0.000004"))

    assert dust.refused(close(), "MINIMUM").remedy is None


@pytest.mark.parametrize(
    ("here", "asked"),
    [(QUIET, buy("0.02")), (QUIET, buy("0.02", limit_price="60000"))],
)
def test_an_entry_above_the_products_maximum_is_told_the_maximum(here: Situation, asked: Any) -> None:
    """The venue would refuse it, and this says by how much."""
    capped = here.but(product=replace(SPOT, maximum_quantity=Decimal("0.015")))

    refused = capped.refused(asked, "ORDER_SIZE")

    assert refused.remedy is not None
    assert refused.remedy.changes["quantity"] == Decimal("0.015")


def test_an_exit_above_the_products_maximum_takes_what_it_can() -> None:
    """The rest is the next exit's."""
    capped = LONG.but(product=replace(SPOT, maximum_quantity=Decimal("0.0150000001")))

    assert capped.approved(close()).order.quantity == Decimal("0.015")


def test_a_price_below_one_increment_is_no_price() -> None:
    """Rounded down it would be nothing, and a size bought for nothing passes every limit."""
    free = QUIET.but(product=replace(COARSE, minimum_quantity=Decimal(0)))

    assert free.refused(buy("0.003", limit_price="2.4"), "INVALID").facts["field"] == "limit_price"
