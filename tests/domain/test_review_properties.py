"""What must hold of every translation and review, whatever is decided and however the market stands."""

from decimal import ROUND_UP, Context, Decimal, Inexact, Rounded, Subnormal, localcontext
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.domain.situations import LONG, NOW, PERP, QUIET, Situation, levels
from tidegate.domain.amounts import ZERO
from tidegate.domain.checks.pipeline import advanced
from tidegate.domain.decisions import Decision
from tidegate.domain.orders import ApprovedOrder, Order
from tidegate.domain.outcomes import Answer, NoOrderNeeded
from tidegate.domain.refusals import Refusal
from tidegate.domain.review import assess, review
from tidegate.domain.views import ExposureReading, OwnOrders, PaceReading
from tidegate.domain.vocabulary import Action, OrderSide, OrderType, Purpose, TimeInForce

NEVER_BLOCKS_AN_EXIT = frozenset(
    {
        "EXPOSURE", "LEVERAGE", "LIQUIDATION", "ORDER_SIZE", "SLIPPAGE", "IMPACT", "COLLAR", "DRIFT", "CLOCK", "RATE",
        "PREVIEW", "UNKNOWN_OUTCOME",
    }
)  # fmt: skip


# Many a situation ends in another refusal than the one a property is about; those are passed over, and enough remain.
brief = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow]
)
thorough = settings(brief, max_examples=150)


def amounts(low: str, high: str, places: int = 8) -> st.SearchStrategy[Decimal]:
    """Decimals between two bounds."""
    return st.decimals(Decimal(low), Decimal(high), places=places, allow_nan=False, allow_infinity=False)


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Absent as often as not."""
    return st.none() | strategy


def mostly(usual: Any, *others: Any) -> st.SearchStrategy[Any]:
    """The usual value four times out of five or more, so that several troubles rarely meet."""
    return st.sampled_from([usual] * 4 * len(others) + list(others))


sizes = amounts("0", "40")
prices = amounts("50000", "70000", 4)


@st.composite
def wild_decisions(draw: st.DrawFn) -> Decision:
    """Decisions of any fields, most of them contradictory."""
    return Decision(
        action=draw(st.sampled_from(Action)),
        decision_id="d-1",
        decided_at=NOW,
        target_notional=draw(maybe(amounts("0", "3000000", 2))),
        quantity=draw(maybe(sizes)),
        leverage=draw(maybe(st.sampled_from([Decimal(1), Decimal(3), Decimal(20)]))),
        reduce_only=draw(st.booleans()),
        order_type=draw(st.sampled_from([None, OrderType.MARKET, OrderType.LIMIT])),
        limit_price=draw(maybe(prices)),
        time_in_force=draw(maybe(st.sampled_from(TimeInForce))),
        post_only=draw(st.booleans()),
        reference_price=draw(maybe(prices)),
    )


LIMIT_PRICES = [Decimal(price) for price in ("58000", "59900.123", "60004", "60011.1", "60100", "61500")]


@st.composite
def sound_decisions(draw: st.DrawFn) -> Decision:
    """Decisions whose fields fit together, of sizes from dust to absurd."""
    is_limit, is_by_notional = draw(st.booleans()), draw(st.booleans())
    is_resting = is_limit and draw(st.booleans())
    size = draw(st.sampled_from(["0.00002", "0.003", "0.01234567891", "0.4", "9", "1000000"]))
    factor = Decimal(60_000) if is_by_notional else Decimal(1)
    return Decision(
        action=draw(st.sampled_from([Action.BUY, Action.SELL, Action.BUY, Action.SELL, Action.CLOSE])),
        decision_id="d-1",
        decided_at=NOW,
        target_notional=Decimal(size) * factor if is_by_notional else None,
        quantity=None if is_by_notional else Decimal(size),
        leverage=draw(st.sampled_from([None, None, Decimal(1), Decimal(20)])),
        reduce_only=draw(st.integers(0, 3)) == 0,
        limit_price=draw(st.sampled_from(LIMIT_PRICES)) if is_limit else None,
        time_in_force=draw(st.sampled_from([TimeInForce.IOC, TimeInForce.FOK])) if not is_resting else None,
        post_only=is_resting and draw(st.booleans()),
        reference_price=draw(st.sampled_from([None, None, Decimal(60_005), Decimal(59_000)])),
    )


def _as_close(decided: Decision) -> Decision:
    return Decision(action=Action.CLOSE, decision_id="d-1", decided_at=NOW, reference_price=decided.reference_price)


@st.composite
def exits(draw: st.DrawFn) -> tuple[Situation, Decision]:
    """A position, and a decision that would shrink it."""
    situation, decided = draw(situations()), draw(decisions)
    if not situation.held:
        situation = situation.but(held=Decimal(2))
    if decided.action is Action.CLOSE:
        return situation, decided
    action = Action.SELL if situation.held > ZERO else Action.BUY
    return situation, replace(decided, action=action, reduce_only=True)


decisions = sound_decisions().map(lambda one: _as_close(one) if one.action is Action.CLOSE else one)


@st.composite
def books(draw: st.DrawFn) -> dict[str, Any]:
    """Two sides of up to four levels around 60,000, possibly one-sided or empty."""
    mid = draw(mostly(Decimal(60_005), Decimal(59_000), Decimal(61_000)))
    half = draw(mostly(Decimal(5), Decimal("0.5"), Decimal(100)))
    steps = draw(st.lists(amounts("0.1", "60", 1), min_size=0, max_size=4))
    contracts = draw(st.sampled_from([Decimal(1), Decimal(100)]))
    sizes_shown = draw(st.lists(amounts("0.002", "5", 3).map(lambda one: one * contracts), min_size=4, max_size=4))
    bids, asks, away = [], [], half
    for step, size in zip(steps, sizes_shown, strict=False):
        bids.append((str(mid - away), str(size)))
        asks.append((str(mid + away), str(size)))
        away += step
    is_one_sided = draw(st.integers(0, 9))
    return {
        "bids": levels(*bids) if is_one_sided != 0 else (),
        "asks": levels(*asks) if is_one_sided != 1 else (),
        "book_is_whole": draw(st.booleans()),
    }


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    """Markets, accounts and histories of every kind that a review may meet."""
    here = draw(st.sampled_from([QUIET, LONG, PERP]))
    held = draw(st.sampled_from(["0", "0.004", "3"] if here.product.is_spot else ["0", "7", "-12", "300"]))
    limits = {
        "max_order_pct": draw(st.sampled_from(["0.01", "0.1", "0.5"])),
        "max_position_pct_per_symbol": draw(st.sampled_from(["0.02", "0.2", "0.9"])),
        "enable_dynamic_position_sizing": draw(st.booleans()),
        "enable_market_impact_guard": draw(st.booleans()),
        "strict_prices": draw(mostly(False, True)),
        "unprotected": draw(mostly(False, True)),
        "slippage_multiplier": draw(mostly("1", "2.5")),
    }
    return here.but(
        held=Decimal(held),
        limits={name: Decimal(value) if isinstance(value, str) else value for name, value in limits.items()},
        equity=draw(mostly(Decimal(100_000), Decimal(20_000), None, Decimal(-5))),
        available=draw(mostly(None, {"USD": Decimal(900), "BTC": Decimal("0.002")})),
        exposure=ExposureReading(
            buy_notional=draw(mostly(ZERO, Decimal("900.5"), Decimal(30_000))),
            sell_notional=draw(mostly(ZERO, Decimal("900.5"), Decimal(30_000))),
        ),
        own_orders=OwnOrders(
            best_ask=draw(mostly(None, Decimal(60_010), Decimal(60_500))),
            best_bid=draw(mostly(None, Decimal(60_000), Decimal(59_500))),
            reducing_leaves=draw(mostly(ZERO, Decimal("0.001"), Decimal(50))),
            unknown_count=draw(mostly(0, 1)),
        ),
        pace=PaceReading(entries_last_second=draw(mostly(0, 5)), requests_last_second=draw(mostly(3, 24))),
        pipeline=advanced(),
        **draw(books()),
    )


@given(situations(), decisions | wild_decisions())
@thorough
def test_a_remedy_passes_when_it_is_applied(situation: Situation, decided: Decision) -> None:
    """What a refusal says would pass is planned again and passes, unless it says that only waiting will do."""
    refused = situation.outcome(decided)
    assume(isinstance(refused, Refusal) and refused.remedy is not None and refused.remedy.changes)
    assert isinstance(refused, Refusal)
    assert refused.remedy is not None
    assume(refused.remedy.not_before is None)

    again = situation.outcome(replace(decided, **refused.remedy.changes))

    if refused.code in ("INVALID", "AMBIGUOUS_SIZE", "MARKET_STATE"):
        # A remedy of translation cures its own fault; the next one, or a check, may still have a word to say.
        assert not isinstance(again, Refusal) or (again.code, again.message) != (refused.code, refused.message)
    else:
        assert isinstance(again, ApprovedOrder), (refused, again)


@given(situations(), decisions)
@brief
def test_review_never_raises_a_size_nor_worsens_a_price(situation: Situation, decided: Decision) -> None:
    """Sizing, clamping and rounding only ever take away; a limit moves in the order's favour or not at all."""
    order = situation.translated(decided)
    assume(isinstance(order, Order))
    assert isinstance(order, Order)
    approved = review(order, situation.view, situation.pipeline)
    assume(isinstance(approved, ApprovedOrder))
    assert isinstance(approved, ApprovedOrder)

    final = approved.order
    assert ZERO < final.quantity <= order.quantity
    assert final.quantity % situation.product.base_increment == 0
    if order.limit_price is not None and final.limit_price is not None:
        assert (final.limit_price - order.limit_price) * order.side.sign <= 0
    if final.limit_price is not None:
        assert final.limit_price % situation.product.price_increment == 0
        assert approved.worst_price >= final.limit_price


@given(exits())
@brief
def test_an_exit_is_stopped_by_nothing_that_must_not_stop_it(one: tuple[Situation, Decision]) -> None:
    """Limits of risk, of price and of pace warn an exit and let it go; it can never increase the position."""
    situation, decided = one
    order = situation.translated(decided)
    assume(isinstance(order, Order))
    assert isinstance(order, Order)
    assert order.purpose.is_exit

    outcome = review(order, situation.view, situation.pipeline)

    if isinstance(outcome, ApprovedOrder):
        held = situation.held
        assert (held > ZERO) is (order.side is OrderSide.SELL)
        assert outcome.order.quantity <= abs(held)
    else:
        assert outcome.code not in NEVER_BLOCKS_AN_EXIT


@given(exits())
@brief
def test_sizing_never_touches_an_exit(one: tuple[Situation, Decision]) -> None:
    """A close is as large as what it closes, whatever fraction of equity that is."""
    situation, decided = one
    order = situation.translated(decided)
    assume(isinstance(order, Order))
    assert isinstance(order, Order)
    none_left = situation.but(limits={"position_fraction": Decimal("0.000001"), "enable_dynamic_position_sizing": True})
    unsized = situation.but(limits={"enable_dynamic_position_sizing": False})

    cut = review(order, none_left.view, none_left.pipeline)
    uncut = review(order, unsized.view, unsized.pipeline)

    assert type(cut) is type(uncut)
    if isinstance(cut, ApprovedOrder) and isinstance(uncut, ApprovedOrder):
        assert cut.order == uncut.order


@given(situations(), decisions)
@brief
def test_an_assessment_and_a_review_never_disagree(situation: Situation, decided: Decision) -> None:
    """A plan is made by the same functions in the same order, so it promises what executing does."""
    order = situation.translated(decided)
    assume(isinstance(order, Order))
    assert isinstance(order, Order)

    reviewed = review(order, situation.view, situation.pipeline)
    assessed = assess(order, situation.view, situation.pipeline)

    if isinstance(reviewed, ApprovedOrder):
        assert assessed.approved == reviewed
        assert assessed.refusal is None
    else:
        assert assessed.refusal == reviewed
        assert assessed.approved is None
        first = next(verdict for verdict in assessed.verdicts if verdict.answer is Answer.TRIP)
        assert first.check == reviewed.code


@given(situations(), decisions)
@brief
def test_a_hostile_decimal_context_of_the_host_changes_nothing(situation: Situation, decided: Decision) -> None:
    """The domain computes in its own context, whatever precision, rounding and traps the host has set."""
    ordinary = situation.outcome(decided)

    with localcontext(Context(prec=3, rounding=ROUND_UP, traps=[Inexact, Rounded, Subnormal])):
        view, order = situation.view, situation.translated(decided)
        hostile = review(order, view, situation.pipeline) if isinstance(order, Order) else order

    assert type(hostile) is type(ordinary)
    if isinstance(hostile, ApprovedOrder | NoOrderNeeded):
        assert hostile == ordinary
    elif isinstance(ordinary, Refusal):
        assert (hostile.message, hostile.figures) == (ordinary.message, ordinary.figures)


@given(situations(), decisions | wild_decisions())
@brief
def test_every_refusal_names_what_it_is_about(situation: Situation, decided: Decision) -> None:
    """A message without figure or fact helps nobody, and INVALID names its field."""
    outcome = situation.outcome(decided)
    assume(isinstance(outcome, Refusal))
    assert isinstance(outcome, Refusal)

    assert outcome.message
    assert outcome.context
    if outcome.code == "INVALID":
        assert outcome.facts["field"]


@given(situations(), decisions)
@brief
def test_an_entry_is_never_taken_for_an_exit(situation: Situation, decided: Decision) -> None:
    """State permission hangs on the purpose: only what cannot increase |position| may claim to be a reduction."""
    order = situation.translated(decided)
    assume(isinstance(order, Order))
    assert isinstance(order, Order)

    if order.purpose is Purpose.REDUCTION:
        assert situation.held
        assert (situation.held > ZERO) is (order.side is OrderSide.SELL)
        assert order.reduce_only or order.quantity <= abs(situation.held)
