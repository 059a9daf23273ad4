"""Preparing: from a decision to the order it asks for, as both placing and planning begin."""

from collections.abc import Callable
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from tidegate.application.desk import AccountDesk
from tidegate.application.engine import ExecutionEngine
from tidegate.application.engines.live import LiveExecutionEngine
from tidegate.domain.amounts import exact
from tidegate.domain.contradiction import as_mark, contradiction
from tidegate.domain.decisions import Decision
from tidegate.domain.marks import Mark
from tidegate.domain.one_look import Approval
from tidegate.domain.orders import ApprovedOrder, Order, OrderRecord
from tidegate.domain.outcomes import NoOrderNeeded, of_hold
from tidegate.domain.pace import terms_of
from tidegate.domain.positions import Position
from tidegate.domain.products import Product
from tidegate.domain.refusals import (
    AnyRefusal,
    MarketStateRefused,
    MinimumRefused,
    ReducibleRefused,
    Remedy,
    StaleMarkRefused,
    TradingStateRefused,
    UnknownOutcomeRefused,
    UnknownSymbolRefused,
)
from tidegate.domain.remedies import in_decision_terms, settled_terms
from tidegate.domain.states import state_refusal
from tidegate.domain.submissions import EngineCapabilities
from tidegate.domain.touch import touch_of
from tidegate.domain.translation import Asked, translated
from tidegate.domain.views import Beside, ReviewView
from tidegate.domain.vocabulary import Action, Purpose, TimeInForce, TradingState


class Execution(Struct, frozen=True, gc=False):
    """The arguments of one execution, as one thing."""

    symbol: str
    decision: Decision
    engine: ExecutionEngine
    mark: Mark | Decimal | None = None
    product: Product | None = None
    position: Position | None = None
    reduce_only_mode: bool = False
    default_time_in_force: TimeInForce | None = None
    by_operator: bool = False
    override_unknown: bool = False


class Prepared(Struct, frozen=True, gc=False):
    """The order as translated, and the venue's product."""

    order: Order
    product: Product


def plainly(desk: AccountDesk, capabilities: EngineCapabilities, one: Execution) -> Approval | None:
    """The approved order at one look, where everything about the execution is plain and the engine is the live one.

    For callers that work in the domain's decimal context already.
    """
    engine, symbol = one.engine, one.symbol
    if (
        type(engine) is not LiveExecutionEngine
        or engine.enable_preview
        or one.reduce_only_mode
        or one.by_operator
        or one.default_time_in_force is not None
        or desk.fences
        or desk.sight.reason
        or desk.broken
        or not (one.mark is None and one.product is None and one.position is None)
    ):
        return None
    return desk.one_look.at(
        one.decision,
        symbol,
        engine.risk_manager.limits_for(symbol),
        capabilities,
        desk.valuation,
        desk.store.account_id,
        desk.clock.now(),
    )


@exact
def prepare(
    desk: AccountDesk, capabilities: EngineCapabilities, one: Execution
) -> Prepared | NoOrderNeeded | AnyRefusal:
    """Translate a decision against market and ledger as they stand now; nothing is reserved and nothing waited for."""
    symbol, decision = one.symbol, one.decision
    if decision.action is Action.HOLD:
        return of_hold(decision.decision_id)
    product = desk.market_data.product(symbol)
    if product is None:
        return unknown_symbol(symbol, desk)
    at = desk.clock.now()
    market = desk.market_data.reading(symbol)
    position = desk.ledger.position(symbol, decision.strategy_id)
    limits = one.engine.risk_manager.limits_for(symbol)
    mark = as_mark(one.mark, at)
    if mark is not None or one.product is not None or one.position is not None:
        contradicted = contradiction(
            product=product,
            market=market,
            held=position,
            limits=limits,
            mark=mark,
            given_product=one.product,
            given_position=one.position,
            at=at,
            is_exit=decision.reduce_only or decision.action is Action.CLOSE,
        )
        if contradicted is not None:
            return contradicted
    asked = Asked(
        decision,
        product,
        market,
        position,
        desk.reducible(symbol, decision.strategy_id) if not one.override_unknown else _overridden(desk, one),
        desk.store.account_id,
        at,
        one.default_time_in_force,
        mark,
        limits,
        capabilities,
        touch_of(market),
    )
    made = _made(one, asked)
    if isinstance(made, ReducibleRefused):
        return _overridable(desk, one, made)
    if isinstance(made, Prepared | NoOrderNeeded) or decision.action is Action.CLOSE:
        return made
    return settled_terms(made, decision, lambda other: _trial(desk, one, replace(asked, decision=other)))


def _made(one: Execution, asked: Asked) -> Prepared | NoOrderNeeded | AnyRefusal:
    """What a decision is translated to, and for whom."""
    order = translated(one.symbol, asked)
    if not isinstance(order, Order):
        return order
    if one.reduce_only_mode and order.purpose is Purpose.ENTRY:
        return state_refusal(one.symbol, TradingState.REDUCING, "reduce-only mode", "the settings")
    if one.by_operator:
        order = replace(order, purpose=Purpose.OPERATOR_CLOSE, overrides_unknown=one.override_unknown)
    return Prepared(order, asked.product)


def _trial(desk: AccountDesk, one: Execution, asked: Asked) -> AnyRefusal | None:
    """Why a decision that was changed would still be refused; None where an order, or none, would come of it."""
    made = _made(one, asked)
    if isinstance(made, NoOrderNeeded):
        return None
    if not isinstance(made, Prepared):
        return made
    view = desk.view(made.order, terms_of(made.order), asked.product, asked.at, one.engine.risk_manager)
    judged = one.engine.review(made.order, view)
    return None if isinstance(judged, ApprovedOrder) else in_decision_terms(judged, asked.decision, made.order)


def _overridden(desk: AccountDesk, one: Execution) -> Decimal:
    """What may be reduced, with what orders of unknown outcome may be reducing already: an operator's word."""
    symbol, strategy_id = one.symbol, one.decision.strategy_id
    with desk.without(desk.unknown_reducers(symbol, strategy_id)):
        return desk.reducible(symbol, strategy_id)


def _overridable(desk: AccountDesk, one: Execution, refusal: ReducibleRefused) -> ReducibleRefused:
    """Tell an operator of the way past reducers of unknown outcome, where they are what is in the way."""
    is_blocked = one.by_operator and not one.override_unknown
    strategy_id = one.decision.strategy_id
    kept = (record for record in desk.set_aside.values() if record.order.purpose.is_exit)
    is_kept = any(record.symbol == one.symbol and record.order.strategy_id == strategy_id for record in kept)
    if not is_blocked or not (is_kept or desk.unknown_reducers(one.symbol, strategy_id)):
        return refusal
    text = "wait until the venue has said what became of them, or close with --override-unknown: then both may fill"
    return replace(refusal, remedy=Remedy(text))


def unsettled_close(
    desk: AccountDesk, one: Execution, unless: Callable[[OrderRecord], bool] = lambda _: False
) -> UnknownOutcomeRefused | None:
    """A close that finds its position flat is done only when nothing live or unknown could still open it again."""
    if one.decision.action is not Action.CLOSE:
        return None
    live = [record for record in desk.live_orders(one.symbol, one.decision.strategy_id) if not unless(record)]
    if not live:
        return None
    oldest = live[0].client_order_id
    return UnknownOutcomeRefused(
        message=f"{one.symbol} is flat, and {len(live)} order(s) of it have not settled yet, the oldest {oldest}",
        facts={"symbol": one.symbol, "client_order_id": oldest},
    )


def vain_close(
    desk: AccountDesk, capabilities: EngineCapabilities, one: Execution
) -> MarketStateRefused | MinimumRefused | StaleMarkRefused | None:
    """Why a close is refused whatever is called off for it: a closed market, no price at all, or too little held."""
    live = desk.live_orders(one.symbol, one.decision.strategy_id)
    if not live:
        return None
    with desk.without(live):
        prepared = prepare(desk, capabilities, one)
        if not isinstance(prepared, Prepared):
            return None
        order, risk_manager = prepared.order, one.engine.risk_manager
        view = desk.view(order, terms_of(order), prepared.product, desk.clock.now(), risk_manager)
        judged = one.engine.review(order, view)
    return judged if isinstance(judged, MarketStateRefused | MinimumRefused | StaleMarkRefused) else None


def hindrance(desk: AccountDesk, order: Order) -> TradingStateRefused | None:
    """Why no entry may be made now, whatever the trading state: its symbol is being closed, or we are blind."""
    if order.purpose.is_exit or not (desk.sight.reason or desk.fences or desk.broken):
        return None
    for what, symbol in desk.broken.items():
        if not symbol or symbol == order.symbol:
            return state_refusal(order.symbol, TradingState.REDUCING, what, "guard records")
    if desk.sight.is_lost_of(order.symbol):
        return state_refusal(order.symbol, TradingState.REDUCING, desk.sight.reason, "reconciliation")
    if order.symbol not in desk.fences:
        return None
    return state_refusal(order.symbol, TradingState.REDUCING, "a close of it is under way", "placement")


def unknown_symbol(symbol: str, desk: AccountDesk) -> UnknownSymbolRefused:
    """The refusal that names what can be traded instead."""
    symbols = [product.symbol for product in desk.market_data.products]
    meant = symbol.upper().replace("/", "-").replace("_", "-")
    there = f"there is {', '.join(symbols[:8])}" if symbols else "the venue has named none yet"
    return UnknownSymbolRefused(
        message=f"no product {symbol!r} here; {there}",
        facts={"symbol": symbol},
        remedy=Remedy(f"the symbol {meant}") if meant in symbols else None,
    )


def beside_of(view: ReviewView) -> Beside:
    """What stood beside an order when it was reviewed."""
    exposure, account = view.exposure, view.account
    return Beside(exposure.underlying_other, exposure.total_other, account.equity, bool(account.margin_used))
