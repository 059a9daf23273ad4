"""Instructions: which type and time in force a decision asks for, and which of its fields fit together."""

from datetime import datetime
from decimal import Decimal

from tidegate.domain.decisions import Decision
from tidegate.domain.refusals import InvalidRefused, MarketStateRefused, Remedy
from tidegate.domain.submissions import EngineCapabilities
from tidegate.domain.validity import invalid, shown
from tidegate.domain.vocabulary import OrderSide, OrderType, TimeInForce, TriggerDirection

_GTD = TimeInForce.GTD
_RESTING = (TimeInForce.GTC, TimeInForce.GTD)
TIMES_IN_FORCE: dict[OrderType, tuple[TimeInForce, ...]] = {
    OrderType.MARKET: (TimeInForce.IOC, TimeInForce.FOK),
    OrderType.LIMIT: (TimeInForce.GTC, TimeInForce.GTD, TimeInForce.IOC, TimeInForce.FOK),
    OrderType.STOP_LIMIT: _RESTING,
    OrderType.STOP: _RESTING,
    OrderType.TAKE_PROFIT: _RESTING,
    OrderType.TRAILING_STOP: _RESTING,
}
"""What fits each type; the first is taken where neither the decision nor the configuration names one that fits."""

_MARKET, _LIMIT = OrderType.MARKET, OrderType.LIMIT
ALGORITHMS = frozenset({"TWAP", "VWAP", "POV", "ICEBERG"})
"""Execution algorithms by name; any other name is invalid."""

# Per type: the price fields it needs. All other price fields must be absent.
_PRICES: dict[OrderType, frozenset[str]] = {
    OrderType.MARKET: frozenset(),
    OrderType.LIMIT: frozenset({"limit_price"}),
    OrderType.STOP: frozenset({"stop_trigger"}),
    OrderType.STOP_LIMIT: frozenset({"stop_trigger", "limit_price"}),
    OrderType.TAKE_PROFIT: frozenset({"stop_trigger"}),
    OrderType.TRAILING_STOP: frozenset({"trail"}),
}


def order_type_of(decision: Decision) -> OrderType | InvalidRefused:
    """The type asked for; a limit price without a type is a LIMIT, no price at all a MARKET."""
    kind = decision.order_type
    if kind is None:
        if decision.stop_trigger is None and decision.trail is None:
            return _MARKET if decision.limit_price is None else _LIMIT
        return _typeless_trigger(decision)
    return _prices_that_do_not_fit(decision, kind) or kind


def _typeless_trigger(decision: Decision) -> InvalidRefused:
    if decision.trail is not None:
        kind = OrderType.TRAILING_STOP
    else:
        kind = OrderType.STOP if decision.limit_price is None else OrderType.STOP_LIMIT
    return invalid("order_type", f"is missing: a trigger without a type could be {kind} or another")


def _prices_that_do_not_fit(decision: Decision, kind: OrderType) -> InvalidRefused | None:
    wanted = _PRICES[kind]
    for name in ("limit_price", "stop_trigger", "trail"):
        is_given = getattr(decision, name) is not None
        if name in wanted and not is_given:
            return invalid(name, f"is missing: {kind} needs it")
        if is_given and name not in wanted:
            if name == "limit_price" and kind is OrderType.MARKET:
                remedy = Remedy("make it a LIMIT", {"order_type": OrderType.LIMIT})
            else:
                remedy = Remedy(f"leave {name} out", {name: None})
            return invalid(name, f"does not belong to {kind}", remedy)
    return None


def time_in_force_of(
    decision: Decision, kind: OrderType, configured: TimeInForce | None, capabilities: EngineCapabilities
) -> TimeInForce | InvalidRefused | MarketStateRefused:
    """The time in force: the decision's, else the configured one if it fits the type, else the type's first."""
    fitting = TIMES_IN_FORCE[kind]
    asked = decision.time_in_force
    if asked is None:
        if configured is None or configured not in fitting or configured not in capabilities.times_in_force:
            return fitting[0]
        # What nobody asked for must not turn a sound decision into a contradiction.
        if configured is TimeInForce.GTD and decision.expire_at is None:
            return fitting[0]
        return fitting[0] if decision.post_only and configured not in _RESTING else configured
    if asked not in fitting:
        names = ", ".join(fitting)
        remedy = Remedy(f"use {fitting[0]}", {"time_in_force": fitting[0]})
        return invalid("time_in_force", f"{asked} does not fit {kind} ({names})", remedy)
    if asked not in capabilities.times_in_force:
        return not_offered(asked, kind, capabilities)
    return asked


def not_offered(time_in_force: TimeInForce, kind: OrderType, capabilities: EngineCapabilities) -> MarketStateRefused:
    """A time in force that fits the type, and that this venue does not take, with those it takes."""
    offered = ", ".join(one for one in TIMES_IN_FORCE[kind] if one in capabilities.times_in_force)
    return MarketStateRefused(
        message=f"{capabilities.venue} takes no {time_in_force} {kind}; it takes {offered or 'none of its kind'}",
        facts={"field": "time_in_force", "venue": capabilities.venue},
    )


def contradiction_of_terms(
    decision: Decision, kind: OrderType, time_in_force: TimeInForce, at: datetime
) -> InvalidRefused | None:
    """The first pair of fields that cannot both hold."""
    if decision.post_only and (kind is not _LIMIT or time_in_force not in _RESTING):
        if kind is _LIMIT:
            remedy = Remedy("use GTC", {"time_in_force": TimeInForce.GTC})
        else:
            remedy = Remedy("leave post_only out", {"post_only": False})
        return invalid("post_only", f"does not fit {kind} {time_in_force}: only LIMIT with GTC or GTD can rest", remedy)
    if time_in_force is _GTD or decision.expire_at is not None:
        flaw = _expiry_flaw(decision, kind, time_in_force, at)
        if flaw is not None:
            return flaw
    if decision.trigger_source is not None and (kind is _MARKET or kind is _LIMIT):
        return invalid("trigger_source", f"does not belong to {kind}", _without("trigger_source"))
    if decision.max_drift_bps is not None and decision.reference_price is None:
        return invalid("max_drift_bps", "needs a reference_price to drift from", _without("max_drift_bps"))
    if decision.display_quantity is not None and kind is not OrderType.LIMIT:
        return invalid("display_quantity", f"does not belong to {kind}", _without("display_quantity"))
    return None


def _without(name: str) -> Remedy:
    return Remedy(f"leave {name} out", {name: None})


def _expiry_flaw(
    decision: Decision, kind: OrderType, time_in_force: TimeInForce, at: datetime
) -> InvalidRefused | None:
    if time_in_force is not TimeInForce.GTD:
        can_be = TimeInForce.GTD in TIMES_IN_FORCE[kind] and not decision.time_in_force
        remedy = Remedy("use GTD", {"time_in_force": TimeInForce.GTD}) if can_be else _without("expire_at")
        return invalid("expire_at", f"belongs to GTD, not to {time_in_force}", remedy)
    if decision.expire_at is None:
        return invalid("expire_at", "is missing: GTD needs it", Remedy("use GTC", {"time_in_force": TimeInForce.GTC}))
    if decision.expire_at <= at:
        return invalid("expire_at", f"{shown(decision.expire_at)} is not in the future (it is {shown(at)})")
    return None


def trigger_direction(kind: OrderType, side: OrderSide) -> TriggerDirection:
    """A stop follows the market away from the position, a take-profit waits for it to come."""
    is_rising = (side is OrderSide.BUY) is (kind is not OrderType.TAKE_PROFIT)
    return TriggerDirection.AT_OR_ABOVE if is_rising else TriggerDirection.AT_OR_BELOW


def wrong_side_limit(side: OrderSide, limit: Decimal, trigger: Decimal) -> InvalidRefused | None:
    """A stop-limit whose limit its own trigger would already have passed could never fill."""
    if limit >= trigger if side is OrderSide.BUY else limit <= trigger:
        return None
    word = "below" if side is OrderSide.BUY else "above"
    remedy = Remedy("put the limit at the trigger", {"limit_price": trigger})
    return invalid("limit_price", f"{limit} is {word} its trigger {trigger}", remedy)


def needs_more_than_one_order(
    decision: Decision, kind: OrderType, capabilities: EngineCapabilities
) -> InvalidRefused | MarketStateRefused | None:
    """What one order at this venue cannot express.

    MARKET_STATE and not INVALID: the decision makes sense, and a venue that can work it will take it.
    """
    if kind not in capabilities.order_types:
        offered = ", ".join(sorted(capabilities.order_types))
        return _unsupported(f"{capabilities.venue} takes no {kind} (it takes {offered})", "order_type", capabilities)
    source = decision.trigger_source
    if source is not None and source not in capabilities.trigger_sources:
        return _unsupported(f"{capabilities.venue} has no triggers on {source}", "trigger_source", capabilities)
    algorithm = decision.algorithm
    if algorithm is not None:
        if algorithm.name not in ALGORITHMS:
            names = ", ".join(sorted(ALGORITHMS))
            return invalid("algorithm", f"{algorithm.name!r} is unknown; there are {names}", _without("algorithm"))
        return _unsupported(f"{algorithm.name} is not worked here; send one order", "algorithm", capabilities)
    if decision.take_profit is not None or decision.stop_loss is not None:
        name = "take_profit" if decision.take_profit is not None else "stop_loss"
        return _unsupported("brackets are not worked here; send the exit as its own decision", name, capabilities)
    if decision.display_quantity is not None and (
        decision.quantity is None or decision.display_quantity < decision.quantity
    ):
        return _unsupported(f"{capabilities.venue} takes no hidden size", "display_quantity", capabilities)
    return None


def _unsupported(message: str, field: str, capabilities: EngineCapabilities) -> MarketStateRefused:
    # Leaving out an algorithm or an iceberg gives the same position; leaving out protection gives a naked one.
    remedy = _without(field) if field in ("algorithm", "display_quantity") else None
    return MarketStateRefused(
        message=f"{field}: {message}", facts={"field": field, "venue": capabilities.venue}, remedy=remedy
    )
