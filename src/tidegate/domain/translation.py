"""Translation: from a decision to the one order it asks for, to no order, or to the reason why it can be none."""

from datetime import datetime
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from tidegate.domain.amounts import ONE, ZERO, exact
from tidegate.domain.decisions import Decision
from tidegate.domain.identifiers import client_order_id
from tidegate.domain.instructions import (
    TIMES_IN_FORCE,
    contradiction_of_terms,
    needs_more_than_one_order,
    not_offered,
    order_type_of,
    time_in_force_of,
    trigger_direction,
    wrong_side_limit,
)
from tidegate.domain.marks import Mark
from tidegate.domain.orders import Order
from tidegate.domain.outcomes import NoOrderNeeded, of_hold
from tidegate.domain.positions import Position
from tidegate.domain.products import Product
from tidegate.domain.quantities import quantity_asked
from tidegate.domain.reductions import close_contradiction, irreducible
from tidegate.domain.refusals import (
    AnyRefusal,
    InvalidRefused,
    MarketStateRefused,
)
from tidegate.domain.risk import RiskLimits
from tidegate.domain.submissions import EngineCapabilities
from tidegate.domain.timeliness import out_of_time
from tidegate.domain.touch import Touch, touch_of
from tidegate.domain.validity import impossible, invalid
from tidegate.domain.views import MarketReading
from tidegate.domain.vocabulary import (
    Action,
    Delivery,
    OrderSide,
    OrderType,
    ProductKind,
    Purpose,
    ReduceOnlySupport,
    TimeInForce,
    TriggerSource,
)

_DEFAULT_LIMITS = RiskLimits()
# Bound once: in Python 3.11 looking a member up on its enumeration costs more than a decimal addition.
_HOLD, _CLOSE, _BUY_ACTION = Action.HOLD, Action.CLOSE, Action.BUY
_BUY, _SELL = OrderSide.BUY, OrderSide.SELL
_MARKET, _LIMIT = OrderType.MARKET, OrderType.LIMIT
_ENTRY, _REDUCTION, _SPOT = Purpose.ENTRY, Purpose.REDUCTION, ProductKind.SPOT
ONE_ORDER_VENUE = EngineCapabilities(
    venue="the venue", delivery=Delivery.C, horizon_seconds=ZERO, reduce_only=ReduceOnlySupport.NONE
)
"""What is assumed of a venue nobody described: MARKET and LIMIT in every time in force, and nothing else."""

Translation = Order | NoOrderNeeded | AnyRefusal


@exact
def translate(
    symbol: str,
    decision: Decision,
    *,
    product: Product,
    market: MarketReading,
    position: Position,
    reducible: Decimal,
    account_id: str,
    at: datetime,
    default_time_in_force: TimeInForce | None = None,
    mark: Mark | Decimal | None = None,
    limits: RiskLimits = _DEFAULT_LIMITS,
    capabilities: EngineCapabilities = ONE_ORDER_VENUE,
) -> Translation:
    """The order that a decision asks for, before any check of risk.

    `position` is the deciding strategy's and `reducible` what of it no live order is reducing yet; `mark` is a price
    that the caller has seen (a bare decimal counts as seen now) and only ever makes a size smaller. Anything impossible
    or contradictory is refused, never replaced; what is missing is inferred as the table of trading words has it.
    """
    return translated(
        symbol,
        Asked(
            decision,
            product,
            market,
            position,
            reducible,
            account_id,
            at,
            default_time_in_force,
            mark,
            limits,
            capabilities,
            touch_of(market),
        ),
    )


def translated(symbol: str, asked: "Asked") -> Translation:
    """`translate` for callers that work in the domain's decimal context already."""
    decision = asked.decision
    action = decision.action
    if action is _HOLD:
        return of_hold(decision.decision_id)
    refusal = impossible(decision) or _mismatch(symbol, asked.product, asked.position, asked.market)
    if refusal is not None:
        return refusal
    return _close(asked) if action is _CLOSE else _trade(asked, _BUY if action is _BUY_ACTION else _SELL)


class Asked(Struct, frozen=True, gc=False):
    """The arguments of one translation, as one thing, with the touch of the market."""

    decision: Decision
    product: Product
    market: MarketReading
    position: Position
    reducible: Decimal
    account_id: str
    at: datetime
    default_time_in_force: TimeInForce | None
    mark: Mark | Decimal | None
    limits: RiskLimits
    capabilities: EngineCapabilities
    touch: Touch


def _mismatch(symbol: str, product: Product, position: Position, market: MarketReading) -> InvalidRefused | None:
    """The caller's product, position and market must be of the symbol that is traded."""
    if product.symbol == symbol == position.symbol == market.symbol:
        return None
    named = {"product": product.symbol, "position": position.symbol, "market": market.symbol}
    wrong = next(name for name, own in named.items() if own != symbol)
    return invalid(wrong, f"is of {named[wrong]!r}, and the decision of {symbol!r}")


def _trade(asked: Asked, side: OrderSide) -> Translation:
    """A BUY or a SELL."""
    decision, at = asked.decision, asked.at
    late = out_of_time(decision, at, asked.limits)
    if late is not None:
        return late
    kind = order_type_of(decision)
    if not isinstance(kind, OrderType):
        return kind
    time_in_force = _time_in_force(asked, kind)
    if not isinstance(time_in_force, TimeInForce):
        return time_in_force
    if decision.stop_trigger is not None and decision.limit_price is not None:
        wrong = wrong_side_limit(side, decision.limit_price, decision.stop_trigger)
        if wrong is not None:
            return wrong
    held = asked.position.quantity
    is_against = held < ZERO if side is _BUY else held > ZERO
    if decision.reduce_only and not (is_against and asked.reducible > ZERO):
        return irreducible(asked.position.quantity, asked.reducible, asked.product.symbol, side)
    quantity = quantity_asked(
        decision, side, kind, asked.product, asked.market, asked.touch, asked.limits, asked.mark, at
    )
    if not isinstance(quantity, Decimal):
        return quantity
    fits = is_against and side is _SELL and quantity <= asked.reducible and asked.product.kind is _SPOT
    purpose = _REDUCTION if decision.reduce_only or fits else _ENTRY
    return _order(asked, side, kind, time_in_force, quantity, purpose)


def _time_in_force(asked: Asked, kind: OrderType) -> TimeInForce | InvalidRefused | MarketStateRefused:
    """The time in force, once everything about the terms that needs no price has been found in order."""
    decision, capabilities = asked.decision, asked.capabilities
    is_workable = kind in capabilities.order_types and (kind is not _MARKET or capabilities.market_as_limit_ioc)
    if is_workable and asked.default_time_in_force is None and _has_plain_terms(decision):
        chosen = TIMES_IN_FORCE[kind][0]
        return chosen if _is_taken(chosen, kind, asked) else not_offered(chosen, kind, capabilities)
    said = time_in_force_of(decision, kind, asked.default_time_in_force, capabilities)
    if not isinstance(said, TimeInForce):
        return said
    refusal = contradiction_of_terms(decision, kind, said, asked.at)
    if refusal is not None:
        return refusal
    unworkable = needs_more_than_one_order(decision, kind, capabilities)
    if unworkable is not None:
        return unworkable
    if decision.post_only and not capabilities.post_only:
        message = f"{capabilities.venue} takes no post-only orders"
        return MarketStateRefused(message=message, facts={"field": "post_only"})
    if kind is _MARKET and not capabilities.market_as_limit_ioc and not asked.limits.unprotected:
        return MarketStateRefused(
            message=f"{capabilities.venue} takes no market order with a price limit; risk.unprotected allows it raw",
            facts={"field": "order_type"},
        )
    return said if _is_taken(said, kind, asked) else not_offered(said, kind, capabilities)


def _is_taken(time_in_force: TimeInForce, kind: OrderType, asked: Asked) -> bool:
    """Whether the venue takes it; a raw market order is sent without any."""
    return time_in_force in asked.capabilities.times_in_force or (kind is _MARKET and asked.limits.unprotected)


def _has_plain_terms(decision: Decision) -> bool:
    """Nothing but a size and perhaps prices, as most decisions are: terms of which none can contradict another."""
    return (
        decision.time_in_force is None
        and not decision.post_only
        and decision.expire_at is None
        and decision.max_drift_bps is None
        and decision.trigger_source is None
        and decision.take_profit is None
        and decision.stop_loss is None
        and decision.display_quantity is None
        and decision.algorithm is None
    )


def _order(
    asked: Asked,
    side: OrderSide,
    kind: OrderType,
    time_in_force: TimeInForce,
    quantity: Decimal,
    purpose: Purpose,
) -> Order:
    decision = asked.decision
    order = Order(
        client_order_id=client_order_id(asked.account_id, decision.decision_id),
        decision_id=decision.decision_id,
        symbol=asked.product.symbol,
        side=side,
        order_type=kind,
        quantity=quantity,
        time_in_force=time_in_force,
        purpose=purpose,
        created_at=asked.at,
        strategy_id=decision.strategy_id,
        limit_price=decision.limit_price,
        post_only=decision.post_only,
        reduce_only=decision.reduce_only,
        leverage=_leverage(asked),
        valid_until=decision.valid_until,
        reference_price=decision.reference_price,
        max_drift_bps=decision.max_drift_bps,
        arrival_mid=asked.touch[2],
    )
    if decision.expire_at is not None:
        order = replace(order, expire_at=decision.expire_at)
    return order if kind is _LIMIT or kind is _MARKET else _triggered(order, asked)


def _triggered(order: Order, asked: Asked) -> Order:
    """The same, waiting for its price."""
    return replace(
        order,
        trigger_price=asked.decision.stop_trigger,
        trigger_direction=trigger_direction(order.order_type, order.side),
        trigger_source=_trigger_source(asked),
        trail=asked.decision.trail,
    )


def _leverage(asked: Asked) -> Decimal | None:
    """A derivative's margin setting: the decision's, or the most that limits and product allow, and no more."""
    chosen = asked.decision.leverage
    if chosen is not None or asked.product.kind is _SPOT:
        return chosen
    most, initial = asked.limits.max_leverage, asked.product.initial_margin_rate
    return most if most * initial <= ONE else ONE / initial


def _trigger_source(asked: Asked) -> TriggerSource:
    """Perpetuals and futures are triggered by the mark, spot by the last price."""
    if asked.decision.trigger_source is not None:
        return asked.decision.trigger_source
    return TriggerSource.LAST if asked.product.is_spot else TriggerSource.MARK


def _close(asked: Asked) -> Translation:
    """The opposite of the position, as far as nothing is reducing it yet; neither age nor clock stops a close."""
    decision, held = asked.decision, asked.position.quantity
    refusal = close_contradiction(decision)
    if refusal is not None:
        return refusal
    time_in_force = _time_in_force(asked, _MARKET)
    if not isinstance(time_in_force, TimeInForce):
        return time_in_force
    if not held:
        return NoOrderNeeded(decision_id=decision.decision_id, reason=f"{asked.product.symbol} is flat")
    side = _SELL if held > ZERO else _BUY
    size = abs(held)
    quantity = size if size < asked.reducible else asked.reducible
    if quantity <= ZERO:
        return irreducible(asked.position.quantity, asked.reducible, asked.product.symbol, side)
    order = _order(asked, side, _MARKET, time_in_force, quantity, _REDUCTION)
    return replace(order, reduce_only=True, valid_until=None)
