"""Clock, drift, collar and slippage: what the market must look like for an entry, and what an exit is warned of."""

from decimal import Decimal
from typing import Any

import pytest

from tests.domain.situations import LONG, QUIET, Situation, buy, close, decision, levels, sell
from tests.domain.test_translation import ABLE
from tidegate.domain.orders import ApprovedOrder
from tidegate.domain.outcomes import Answer
from tidegate.domain.refusals import Refusal
from tidegate.domain.vocabulary import Action, OrderType, TimeInForce


def passes(outcome: object, code: str) -> bool:
    """True for an approved order, False for a refusal with that code; anything else fails the test."""
    if isinstance(outcome, ApprovedOrder):
        return True
    assert isinstance(outcome, Refusal), outcome
    assert outcome.code == code, outcome
    return False


def warned(here: Situation, asked: Any) -> set[str]:
    """The codes that an approved order was warned of."""
    return {one.code for one in here.approved(asked).warnings}


@pytest.mark.parametrize(
    ("offset", "is_live", "answer"),
    [
        (None, True, Answer.PASS),
        ("0", True, Answer.PASS),
        ("250", True, Answer.PASS),
        ("-250.1", True, Answer.WARN),
        ("1000", True, Answer.WARN),
        ("-1000.1", True, Answer.TRIP),
        ("5000", False, Answer.PASS),
    ],
)
def test_a_clock_warns_at_a_quarter_of_a_second_and_stops_entries_at_one(
    offset: str | None, is_live: bool, answer: Answer
) -> None:
    """Live only: on a session's clock an offset would say nothing."""
    skew = None if offset is None else Decimal(offset)
    here = QUIET.but(is_live=is_live, market={"clock_offset_ms": skew})

    verdict = next(one for one in here.assessed(buy()).verdicts if one.check == "CLOCK")

    assert verdict.answer is answer
    assert passes(here.outcome(buy()), "CLOCK") is (answer is not Answer.TRIP)
    if answer is Answer.WARN:
        assert "differ by" in verdict.message


def test_a_clock_never_stops_an_exit() -> None:
    """It is recorded with it."""
    assert warned(LONG.but(is_live=True, market={"clock_offset_ms": Decimal(9_000)}), close()) == {"CLOCK"}


@pytest.mark.parametrize(
    ("asked", "ok"),
    [
        (buy(reference_price="60010"), True),
        (buy(reference_price="59861"), True),
        (buy(reference_price="59860"), False),
        (buy(reference_price="60500"), True),
        (sell(reference_price="60150"), True),
        (sell(reference_price="60151"), False),
        (sell(reference_price="59500"), True),
        (buy(reference_price="60000", max_drift_bps="1"), False),
        (buy(reference_price="60000", max_drift_bps="2"), True),
        (buy(reference_price="59900", max_drift_bps="0"), False),
    ],
)
def test_drift_counts_adverse_moves_of_the_executable_side_only(asked: Any, ok: bool) -> None:
    """25 bps by default; a market that has come towards the decision is no reason to refuse it."""
    here = QUIET.but(held=Decimal("0.01")) if asked.action is Action.SELL else QUIET

    if asked.action is Action.SELL:
        assert ("DRIFT" in warned(here, asked)) is not ok
    else:
        assert passes(here.outcome(asked), "DRIFT") is ok


def test_a_drifted_decision_is_told_the_price_to_decide_at() -> None:
    """The remedy is a new decision at the market's price."""
    refused = QUIET.refused(buy(reference_price="59500"), "DRIFT")

    assert refused.remedy is not None
    assert refused.remedy.changes == {"reference_price": Decimal(60_010)}
    assert refused.figures["drift_bps"] == Decimal("85.71")


def test_drift_has_nothing_to_say_without_a_touch_or_of_a_trigger() -> None:
    """What rests on an empty side, or waits for a price, executes against nothing now."""
    QUIET.but(asks=()).approved(buy(limit_price="59990", reference_price="59400"))
    ABLE.approved(buy(order_type=OrderType.STOP, stop_trigger="61000", reference_price="59500"))


REFERENCE = {"reference_mid": Decimal(60_000)}


@pytest.mark.parametrize(
    ("asked", "ok"),
    [
        (buy(limit_price="60900"), True),
        (buy(limit_price="60900.01"), False),
        (buy(limit_price="50000"), True),
        (buy(), True),
    ],
)
def test_the_collar_is_one_sided(asked: Any, ok: bool) -> None:
    """Buys above it and sells below it are refused; a better price needs no guard."""
    assert passes(QUIET.but(market=REFERENCE).outcome(asked), "COLLAR") is ok


@pytest.mark.parametrize(("limit", "is_warned"), [("59100", False), ("59099.99", True), ("70000", False)])
def test_a_sell_below_the_collar_is_an_exit_that_is_warned(limit: str, is_warned: bool) -> None:
    """On spot a sell is an exit, and goes."""
    assert ("COLLAR" in warned(LONG.but(market=REFERENCE), sell(limit_price=limit))) is is_warned


def test_a_spike_of_a_hundred_times_finds_no_buyer() -> None:
    """M8: the median of the last minute still knows better."""
    spiked = QUIET.but(asks=levels(("6000000", "1")), bids=levels(("5999000", "1")))

    refused = spiked.refused(buy("0.001"), "COLLAR")

    assert refused.figures["bound"] == Decimal("60905.07")


def test_a_market_order_outside_the_collar_is_told_the_limit_that_would_pass() -> None:
    """It may wait at the collar as an immediate limit, and takes nothing above it."""
    high = QUIET.but(market={"reference_mid": Decimal(59_150)})

    refused = high.refused(buy(), "COLLAR")

    assert refused.remedy is not None
    assert refused.remedy.changes == {
        "order_type": OrderType.LIMIT,
        "limit_price": Decimal("60037.25"),
        "time_in_force": TimeInForce.IOC,
    }


def test_a_limit_outside_the_collar_is_told_the_bound() -> None:
    """1.5 % of the reference, rounded in the order's favour."""
    refused = QUIET.but(market=REFERENCE).refused(buy(limit_price="62000"), "COLLAR")

    assert refused.remedy is not None
    assert refused.remedy.changes["limit_price"] == Decimal(60_900)


def test_an_exit_outside_the_collar_is_warned_and_goes() -> None:
    """A market close keeps being a market close."""
    assert warned(LONG.but(market={"reference_mid": Decimal(62_000)}), close()) == {"COLLAR"}


@pytest.mark.parametrize(
    ("market", "asked", "has_remedy"),
    [
        ({"index_price": Decimal(61_000)}, buy(), False),
        ({"index_price": Decimal(59_000)}, buy(), False),
        ({}, buy(reference_price="61000"), True),
    ],
)
def test_a_reference_that_index_or_decision_disputes_is_none(
    market: dict[str, Any], asked: Any, has_remedy: bool
) -> None:
    """Which of the two is wrong nobody here can know."""
    refused = QUIET.but(market=market).refused(asked, "COLLAR")

    assert "apart" in refused.message
    assert (refused.remedy is not None) is has_remedy


def test_without_a_median_the_mark_is_the_reference_and_without_that_nothing_is() -> None:
    """The collar uses what it has; what it has not it does not make up."""
    unknown: dict[str, Any] = {"reference_mid": None}

    QUIET.but(market=unknown).approved(buy())
    QUIET.but(market=unknown).refused(buy(limit_price="61000"), "COLLAR")
    QUIET.but(market=unknown | {"mark": None}, bids=()).refused(buy(), "COLLAR")


def test_a_spread_wider_than_the_collar_refuses_a_market_order_and_takes_a_limit() -> None:
    """Between the two sides of such a book lies no price; a limit order names its own."""
    wide = QUIET.but(bids=levels(("59500", "1")), asks=levels(("60410", "1")))

    refused = wide.refused(buy("0.001"), "COLLAR")

    assert "too wide for a market order" in refused.message
    assert refused.remedy is not None
    assert refused.remedy.changes["limit_price"] == Decimal(59_955)


@pytest.mark.parametrize(
    ("action", "kind", "trigger", "ok"),
    [
        (Action.BUY, OrderType.STOP, "60010.01", True),
        (Action.BUY, OrderType.STOP, "60010", False),
        (Action.BUY, OrderType.STOP, "90000", True),
        (Action.BUY, OrderType.TAKE_PROFIT, "60009.99", True),
        (Action.BUY, OrderType.TAKE_PROFIT, "60010", False),
    ],
)
def test_a_trigger_is_only_checked_for_the_right_side_of_the_market(
    action: Action, kind: OrderType, trigger: str, ok: bool
) -> None:
    """One that the market has passed already would fire at once; how far it lies away is the strategy's affair."""
    here = ABLE.but(limits={"max_order_pct": Decimal("0.9")})
    asked = decision(action, quantity="0.001", order_type=kind, stop_trigger=trigger)

    assert passes(here.outcome(asked), "COLLAR") is ok


def test_a_trailing_stop_begins_beside_the_market_and_has_no_wrong_side() -> None:
    """Its trigger follows the market."""
    ABLE.approved(buy(order_type=OrderType.TRAILING_STOP, trail="90"))


WIDE_LIMITS = {"max_order_pct": Decimal(9), "max_position_pct_per_symbol": Decimal(9), "max_exposure_pct": Decimal(9)}
DEEP = QUIET.but(limits=WIDE_LIMITS, equity=Decimal(10_000_000), available={"USD": Decimal(10_000_000)})


@pytest.mark.parametrize(
    ("quantity", "multiplier", "ok"),
    [
        ("0.5", "1", True),  # the first level: half-spread alone, 0.8 bps
        ("1.5", "1", True),
        ("3.5", "1", True),
        ("8.5", "1", False),  # the fourth level stands 35 bps away
        ("0.5", "13", False),  # 0.83 bps × 13
        ("0.5", "12", True),
    ],
)
def test_slippage_is_the_walks_average_against_mid_times_the_symbols_multiplier(
    quantity: str, multiplier: str, ok: bool
) -> None:
    """10 bps here, since three half-spreads are less."""
    here = DEEP.but(limits={"slippage_multiplier": Decimal(multiplier)})

    assert passes(here.outcome(buy(quantity)), "SLIPPAGE") is ok


def test_too_large_a_size_is_told_the_largest_whose_average_passes() -> None:
    """The bound is mid plus 10 bps: 0.5, 1 and 2 fill below it, and the fourth level in part."""
    refused = DEEP.refused(buy("8.5"), "SLIPPAGE")

    assert refused.remedy is not None
    largest = refused.remedy.changes["quantity"]
    bound = Decimal(60_005) * Decimal("1.001")
    cost = 60_010 * Decimal("0.5") + 60_020 + 2 * 60_060 + 60_210 * (largest - Decimal("3.5"))
    assert bound - Decimal("0.001") < cost / largest <= bound
    DEEP.approved(buy(str(largest)))


def test_a_spread_that_no_size_can_pay_is_answered_with_a_limit() -> None:
    """A limit order takes what is good enough and nothing else."""
    wide = QUIET.but(
        bids=levels(("59400", "1")), asks=levels(("60150", "1")), market={"reference_mid": Decimal(60_000)}
    )

    refused = wide.refused(buy("0.001"), "SLIPPAGE")

    assert refused.remedy is not None
    assert refused.remedy.changes["order_type"] is OrderType.LIMIT
    assert refused.remedy.changes["limit_price"] == Decimal("60073.87")  # mid 59,775 and 50 bps
    limit = wide.refused(buy("0.001", limit_price="60200"), "SLIPPAGE")
    assert limit.remedy is not None
    assert limit.remedy.changes["limit_price"] == Decimal("60073.87")


def test_what_lies_past_the_recorded_depth_is_not_paid_for_unseen() -> None:
    """The rest of the book was not recorded; where the book is known to end, an order simply takes what there is."""
    loose = DEEP.but(limits={"slippage_guard_bps": Decimal(50)})

    refused = loose.refused(buy("9"), "SLIPPAGE")

    assert refused.remedy is not None
    assert refused.remedy.changes["quantity"] == Decimal("8.5")
    loose.but(book_is_whole=True).approved(buy("9"))


@pytest.mark.parametrize(
    "asked",
    [
        buy("8.5", limit_price="60009.99"),
        buy("8.5", limit_price="60000", post_only=True),
        buy("8.5", limit_price="60020"),
        buy("8.5", order_type=OrderType.STOP, stop_trigger="60500"),
    ],
)
def test_what_rests_or_is_bounded_by_its_limit_slips_no_further(asked: Any) -> None:
    """Post-only, triggered, or priced so that only the first levels are taken."""
    able = DEEP.but(capabilities=ABLE.capabilities)

    able.approved(asked)


def test_slippage_warns_an_exit_and_judges_a_sell_from_the_other_side() -> None:
    """The bids of this book reach 34 bps down."""
    here = DEEP.but(held=Decimal(9), available={"BTC": Decimal(9)})

    assert "SLIPPAGE" in warned(here, sell("8.5"))
    assert "SLIPPAGE" not in warned(here, sell("1.5"))


def test_a_one_sided_book_has_no_mid_to_slip_from() -> None:
    """The collar alone judges it."""
    DEEP.but(bids=()).approved(buy("3.5"))
