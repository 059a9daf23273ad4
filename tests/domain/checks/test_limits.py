"""Order size, exposure, leverage, liquidation and balance: what an entry may be worth, and what it must pay."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from tests.domain.checks.test_market_guards import passes, warned
from tests.domain.situations import LONG, NOW, PERP, PERPETUAL, QUIET, Situation, buy, close, decision, sell
from tidegate.domain.checks.draft import percent
from tidegate.domain.refusals import Refusal
from tidegate.domain.views import ExposureReading, OwnOrders, PaceReading

RICH = {"USD": Decimal(10_000_000)}


def quantity_of(refused: Refusal) -> Decimal:
    """The quantity of the remedy."""
    assert refused.remedy is not None
    found = refused.remedy.changes["quantity"]
    assert isinstance(found, Decimal)
    return found


@pytest.mark.parametrize(
    ("quantity", "limits", "ok"),
    [
        ("0.16", {}, True),
        ("0.1666", {}, True),  # 0.1666 × 60,000
        ("0.1667", {}, False),
        ("0.1", {"max_order_notional": Decimal(6_000)}, True),
        ("0.1001", {"max_order_notional": Decimal(6_000)}, False),
    ],
)
def test_one_order_is_worth_a_share_of_equity_at_most(quantity: str, limits: dict[str, Any], ok: bool) -> None:
    """10 % of 100,000, and a fixed limit where one is set."""
    assert passes(QUIET.but(limits=limits).outcome(buy(quantity, limit_price="60000")), "ORDER_SIZE") is ok


def test_an_order_of_a_billion_is_told_the_largest_that_passes_everything() -> None:
    """Planning the remedy passes, which is what a remedy is for."""
    asked = decision(target_notional="1000000000", limit_price="60000")

    refused = QUIET.refused(asked, "ORDER_SIZE")

    assert refused.remedy is not None
    assert refused.remedy.changes == {"target_notional": Decimal("9999.99960001")}
    assert QUIET.approved(replace(asked, **refused.remedy.changes)).order.quantity == Decimal("0.16666666")


@pytest.mark.parametrize(
    ("count", "ok"),
    [(4_999, True), (5_000, False)],
)
def test_the_day_has_a_number_of_orders(count: int, ok: bool) -> None:
    """5,000, and then tomorrow in UTC."""
    here = QUIET.but(pace=PaceReading(orders_today=count))

    assert passes(here.outcome(buy()), "ORDER_SIZE") is ok
    if not ok:
        remedy = here.refused(buy(), "ORDER_SIZE").remedy
        assert remedy is not None
        assert remedy.not_before == NOW.replace(hour=0) + timedelta(days=1)


@pytest.mark.parametrize(("repeats", "ok"), [(4, True), (5, False)])
def test_the_same_order_again_and_again_is_a_loop(repeats: int, ok: bool) -> None:
    """Five within ten seconds; `cause` has the caller move to REDUCING, for as long as the remedy says to wait."""
    here = QUIET.but(repeats=repeats)

    assert passes(here.outcome(buy()), "ORDER_SIZE") is ok
    if not ok:
        refused = here.refused(buy(), "ORDER_SIZE")
        assert refused.facts["cause"] == "repetition"
        assert refused.remedy is not None
        assert refused.remedy.not_before == NOW + timedelta(seconds=60)


@pytest.mark.parametrize(("field", "code"), [("equity", "ORDER_SIZE"), ("rate", "ORDER_SIZE")])
def test_an_entry_that_cannot_be_valued_is_refused_and_an_exit_is_warned(field: str, code: str) -> None:
    """A missing rate is never made up."""
    blind: dict[str, Any] = {field: None}

    assert QUIET.but(**blind).refused(buy(), code).facts["cause"] == "blind"
    assert {"ORDER_SIZE", "EXPOSURE"} <= warned(LONG.but(**blind), close())


def test_an_account_without_equity_can_enter_nothing() -> None:
    """A share of less than nothing is less than nothing."""
    assert QUIET.but(equity=Decimal(-5)).refused(buy(), "ORDER_SIZE").remedy is None


def exposed(here: Situation = QUIET, **reading: str) -> Situation:
    """With this much standing beside the order, orders of any size allowed, and money for them."""
    numbers = {name: Decimal(value) for name, value in reading.items()}
    return here.but(exposure=ExposureReading(**numbers), available=RICH, limits={"max_order_pct": Decimal(1)})


LIMIT_BUY = buy("0.1", limit_price="60000")  # 6,000


@pytest.mark.parametrize(
    ("here", "ok"),
    [
        (exposed(), True),
        (exposed(buy_notional="14000"), True),
        (exposed(buy_notional="14000.01"), False),
        (exposed(underlying_other="14000"), True),
        (exposed(underlying_other="14000.01"), False),
        (exposed(total_other="74000"), True),
        (exposed(total_other="74000.01"), False),
        (exposed(sell_notional="20000"), True),
        (exposed(sell_notional="20000.01"), False),
        (exposed(external_quantity="0.2"), True),  # 0.2 × 60,005
        (exposed(external_quantity="0.3"), False),
        (exposed(LONG.but(held=Decimal("0.2"))), True),
        (exposed(LONG.but(held=Decimal("0.3"))), False),
    ],
)
def test_exposure_is_the_worst_case_over_everything_open(here: Situation, ok: bool) -> None:
    """Gross: the larger of long and short, other positions and orders of the underlying, and what was held already."""
    assert passes(here.outcome(LIMIT_BUY), "EXPOSURE") is ok


def test_exposure_is_told_what_room_is_left() -> None:
    """5,000 of 20,000: a twelfth of a bitcoin at 60,000."""
    refused = exposed(buy_notional="15000").refused(LIMIT_BUY, "EXPOSURE")

    assert quantity_of(refused) == Decimal("0.08333333")
    assert exposed(buy_notional="20000").refused(LIMIT_BUY, "EXPOSURE").remedy is None


def test_exposure_is_counted_in_the_reporting_currency() -> None:
    """At two of ours for one of theirs, half the size fits."""
    doubled = exposed().but(rate=Decimal(2))

    assert passes(doubled.outcome(buy("0.16", limit_price="60000")), "EXPOSURE")
    assert quantity_of(doubled.refused(buy("0.17", limit_price="60000"), "EXPOSURE")) == Decimal("0.16666666")


def test_a_position_without_a_price_cannot_be_counted() -> None:
    """An entry waits for a mark; what has no side to trade against has none here."""
    here = exposed(LONG).but(market={"mark": None}, asks=())

    assert here.refused(buy("0.001", limit_price="59990"), "EXPOSURE").facts["cause"] == "blind"


def test_an_exit_above_the_limit_of_exposure_goes_with_a_warning() -> None:
    """It is the way out of it."""
    assert "EXPOSURE" in warned(LONG.but(held=Decimal(2)), close())


CONTRACTS = PERP.but(available=RICH, limits={"max_order_pct": Decimal(1), "max_position_pct_per_symbol": Decimal(9)})


@pytest.mark.parametrize(
    ("here", "leverage", "allowed"),
    [
        (QUIET, "1", None),
        (QUIET, "1.01", "1"),
        (PERP, "2", None),
        (PERP, "3", "2"),
        (PERP.but(product=replace(PERPETUAL, initial_margin_rate=Decimal("0.6"))), "2", "1.66"),
        (PERP.but(product=replace(PERPETUAL, initial_margin_rate=Decimal("0.6"))), "1.66", None),
        (PERP.but(product=replace(PERPETUAL, initial_margin_rate=Decimal(0))), "2", None),
    ],
)
def test_leverage_has_a_limit_of_the_account_and_one_of_the_product(
    here: Situation, leverage: str, allowed: str | None
) -> None:
    """Spot 1, derivatives 2, and never more than one over the initial margin rate."""
    asked = buy("1" if here.product.multiplier != 1 else "0.01", leverage=leverage)

    outcome = here.outcome(asked)

    assert passes(outcome, "LEVERAGE") is (allowed is None)
    if isinstance(outcome, Refusal):
        assert outcome.remedy is not None
        assert outcome.remedy.changes == {"leverage": Decimal(allowed or 0)}


def test_gross_exposure_over_equity_is_leverage_too() -> None:
    """Whatever each position's setting says: 100,000 of equity carry 200,000."""
    wide = CONTRACTS.but(
        limits={"max_exposure_pct": Decimal(9)}, exposure=ExposureReading(total_other=Decimal(199_000))
    )

    refused = wide.refused(buy("10", limit_price="60000"), "LEVERAGE")

    assert quantity_of(refused) == Decimal(1)
    assert passes(wide.outcome(buy("1", limit_price="60000")), "LEVERAGE")


def test_gross_leverage_of_an_account_without_equity_is_told_as_such() -> None:
    """A short that is bought back from below zero is warned, and goes."""
    ruined = PERP.but(held=Decimal(-5), equity=Decimal(-10))

    assert {"LEVERAGE", "LIQUIDATION"} <= warned(ruined, buy("2", reduce_only=True))


HIGH = CONTRACTS.but(limits={"max_leverage": Decimal(50), "max_exposure_pct": Decimal(9)})


@pytest.mark.parametrize(
    ("here", "asked", "ok"),
    [
        (HIGH, buy("10", leverage="5"), True),  # m = 0.2, k = 0.05: 15.8 % away
        (HIGH, buy("10", leverage="6"), False),  # m = 0.17: 12.3 %
        (HIGH, sell("10", leverage="4"), True),  # short: (m − k)/(1 + k) = 19 %
        (HIGH, sell("10", leverage="5"), False),  # 14.3 %
        (HIGH.but(held=Decimal(90), entry_price=Decimal(70_000)), buy("10", leverage="3"), True),
        (HIGH.but(held=Decimal(90), entry_price=Decimal(90_000)), buy("10", leverage="3"), False),
        (HIGH.but(held=Decimal(-90), entry_price=Decimal(90_000)), buy("100", leverage="5"), True),
        (HIGH.but(held=Decimal(90), entry_price=Decimal(90_000)), sell("90", leverage="5"), True),
    ],
)
def test_the_projected_position_keeps_its_distance_from_liquidation(here: Situation, asked: Any, ok: bool) -> None:
    """15 % of price, by the average entry and the margin asked for; what ends flat has nothing to lose."""
    assert passes(here.outcome(asked), "LIQUIDATION") is ok


def test_too_near_a_liquidation_is_told_the_leverage_that_keeps_away() -> None:
    """Entered at the mark, it is 1 over 0.15·(1 − k) + k = 5.19; further from the mark it is a little less."""
    refused = HIGH.refused(buy("10", leverage="9", limit_price="60005"), "LIQUIDATION")

    assert refused.remedy is not None
    assert refused.remedy.changes == {"leverage": Decimal("5.19")}
    assert passes(HIGH.outcome(buy("10", leverage="5.19", limit_price="60005")), "LIQUIDATION")
    assert not passes(HIGH.outcome(buy("10", leverage="5.2", limit_price="60005")), "LIQUIDATION")


def test_a_position_that_no_leverage_saves_has_no_remedy() -> None:
    """Its entry lies too far away."""
    lost = HIGH.but(
        held=Decimal(-90), entry_price=Decimal(30_000), product=replace(PERPETUAL, initial_margin_rate=Decimal("0.5"))
    )
    order = sell("10", leverage="2")

    assert lost.refused(order, "LIQUIDATION").remedy is None


def test_a_product_that_must_be_margined_in_full_takes_no_leverage() -> None:
    """A maintenance rate of one leaves no room between the margin and its end."""
    full = HIGH.but(product=replace(PERPETUAL, maintenance_margin_rate=Decimal(1)))

    refused = full.refused(buy("1", limit_price="60005", leverage="2"), "LIQUIDATION")

    assert refused.remedy is not None
    assert refused.remedy.changes == {"leverage": Decimal(1)}
    full.approved(buy("1", limit_price="60005", leverage="1"))


@pytest.mark.parametrize(("margin_used", "ok"), [("69000", True), ("69900", False)])
def test_the_account_keeps_thirty_per_cent_beyond_its_maintenance(margin_used: str, ok: bool) -> None:
    """(equity − maintenance)/equity, with other positions' margin standing for theirs: 300 are this order's."""
    here = CONTRACTS.but(margin_used=Decimal(margin_used), limits={"max_position_pct_per_symbol": Decimal(9)})

    assert passes(here.outcome(buy("10")), "LIQUIDATION") is ok


def test_margin_in_other_currencies_is_weighed_in_the_reporting_one() -> None:
    """A contract in yen: the 69,900 dollars of margin elsewhere are dollars, and no yen."""
    here = CONTRACTS.but(rate=Decimal("0.01"), limits={"max_position_pct_per_symbol": Decimal(9)})

    assert passes(here.but(margin_used=Decimal(69_900)).outcome(buy("10")), "LIQUIDATION")
    assert not passes(here.but(margin_used=Decimal(70_000)).outcome(buy("10")), "LIQUIDATION")


def test_the_margin_of_the_same_position_is_not_counted_twice() -> None:
    """90 contracts at 60,005 use 5,400 of margin, which the projection holds already."""
    here = CONTRACTS.but(held=Decimal(90), margin_used=Decimal(69_000))

    assert passes(here.outcome(buy("1")), "LIQUIDATION")


@pytest.mark.parametrize(
    ("here", "asked", "quantity"),
    [
        (QUIET.but(available={"USD": Decimal("603.6")}), buy("0.01", limit_price="60000"), None),
        (QUIET.but(available={"USD": Decimal("603.59")}), buy("0.01", limit_price="60000"), "0.00999983"),
        (QUIET.but(available={}), buy("0.01"), "0"),
        (LONG, sell("0.12"), "0.1"),
        (QUIET, sell("0.12"), "0"),
        (LONG.but(available={"BTC": Decimal("0.05")}), sell("0.12"), "0.05"),
        (PERP.but(available={"USD": Decimal("306.00")}), buy("1", limit_price="60000", leverage="2"), None),
        (PERP.but(available={"USD": Decimal("900.00")}), buy("3", limit_price="60000", leverage="2"), "2"),
        (
            PERP.but(held=Decimal(-3), available={"USD": Decimal("310.00")}),
            buy("4", limit_price="60000", leverage="2"),
            None,
        ),
        (
            PERP.but(held=Decimal(3), available={"USD": Decimal("302.00")}),
            sell("4", limit_price="60010", leverage="2"),
            "3",
        ),
    ],
)
def test_the_currency_that_pays_must_cover_it_with_fees(here: Situation, asked: Any, quantity: str | None) -> None:
    """Quote for a buy, coins for a sell, margin and fee for a derivative; on spot nothing is sold short."""
    outcome = here.outcome(asked)

    assert passes(outcome, "BALANCE") is (quantity is None)
    if isinstance(outcome, Refusal):
        assert (quantity_of(outcome) if outcome.remedy else Decimal(0)) == Decimal(quantity or 0)


def test_an_opposite_position_that_a_reduction_may_take_first_covers_no_entry() -> None:
    """Short 5 with 5 being bought back: 5 more open a position, and want its margin."""
    here = PERP.but(held=Decimal(-5), available={"USD": Decimal(700)})
    reducing = here.but(own_orders=OwnOrders(account_reducing_leaves=Decimal(3)))

    assert here.approved(buy("5")).order.quantity == Decimal(5)
    refused = reducing.refused(buy("5"), "BALANCE")

    assert refused.remedy is not None
    assert refused.remedy.changes["quantity"] == Decimal(4)
    assert reducing.approved(buy("4")).order.quantity == Decimal(4)


def test_margin_in_a_currency_without_a_rate_is_refused() -> None:
    """USDC is not USD by fiat."""
    foreign = PERP.but(product=replace(PERPETUAL, settlement_currency="USDC"))

    assert foreign.refused(buy("1"), "BALANCE").facts["currency"] == "USDC"


def test_coins_that_were_not_bought_here_are_not_sold() -> None:
    """The wallet holds them, the position does not: EXTERNAL is never sold without being adopted."""
    wallet = QUIET.but(available={"BTC": Decimal(3), "USD": Decimal(10)})

    assert "no short on spot" in wallet.refused(sell("0.01"), "BALANCE").message


@pytest.mark.parametrize(
    ("own", "asked", "ok"),
    [
        (OwnOrders(best_ask=Decimal(60_050), best_ask_id="tg9"), buy(), False),
        (OwnOrders(best_ask=Decimal(60_071)), buy(), True),
        (OwnOrders(best_ask=Decimal(60_050)), buy(limit_price="60049.99"), True),
        (OwnOrders(best_ask=Decimal(60_050)), buy(limit_price="60050"), False),
        (OwnOrders(best_bid=Decimal(60_050)), buy(), True),
        (OwnOrders(best_bid=Decimal(59_950)), sell(), False),
        (OwnOrders(best_bid=Decimal(59_950)), sell(limit_price="59950.01"), True),
        (OwnOrders(best_bid=Decimal(59_950)), sell(limit_price="59950"), False),
    ],
)
def test_an_order_never_trades_with_an_own_one(own: OwnOrders, asked: Any, ok: bool) -> None:
    """Not even an exit: the resting order is named, so that it can be cancelled first."""
    outcome = LONG.but(own_orders=own).outcome(asked)

    assert passes(outcome, "SELF_CROSS") is ok
    if isinstance(outcome, Refusal):
        assert outcome.facts["blocker"] == (own.best_ask_id or own.best_bid_id)


def test_a_limit_that_would_cross_an_own_order_is_told_the_price_beside_it() -> None:
    """One increment away they can stand side by side."""
    refused = QUIET.but(own_orders=OwnOrders(best_ask=Decimal(60_050))).refused(buy(limit_price="60100"), "SELF_CROSS")

    assert refused.remedy is not None
    assert refused.remedy.changes == {"limit_price": Decimal("60049.99")}


def test_the_guard_against_crossing_can_be_left_to_the_venue() -> None:
    """Where it prevents self-trades itself."""
    own = OwnOrders(best_ask=Decimal(60_050))

    QUIET.but(own_orders=own, limits={"self_cross_guard": False}).approved(buy())


@pytest.mark.parametrize(
    ("pace", "ok"),
    [
        (PaceReading(entries_last_second=4, requests_last_second=23), True),
        (PaceReading(entries_last_second=5), False),
        (PaceReading(entries_last_second=5, entry_free_at=NOW + timedelta(milliseconds=300)), False),
        (PaceReading(requests_last_second=24), False),
    ],
)
def test_entries_stop_where_their_budget_ends_and_exits_go_on(pace: PaceReading, ok: bool) -> None:
    """Five entries a second, and four fifths of the venue's thirty requests; the rest is for cancels and exits."""
    here = QUIET.but(pace=pace)

    assert passes(here.outcome(buy()), "RATE") is ok
    if not ok:
        remedy = here.refused(buy(), "RATE").remedy
        assert remedy is not None
        assert remedy.not_before == (pace.entry_free_at or NOW + timedelta(seconds=1))
        assert warned(LONG.but(pace=pace), close()) == {"RATE"}


@pytest.mark.parametrize(
    ("fraction", "text"), [("0.125", "12.5 %"), ("0.00001", "0.001 %"), ("0.0000123456", "0.0012 %"), ("0", "0 %")]
)
def test_a_share_is_told_as_what_it_is(fraction: str, text: str) -> None:
    """A bound of 0 % would be another bound."""
    assert percent(Decimal(fraction)) == text
