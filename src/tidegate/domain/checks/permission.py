"""Permission: the trading state (TRADING_STATE), and orders whose outcome is unknown (UNKNOWN_OUTCOME)."""

from datetime import datetime

from tidegate.domain.amounts import ZERO
from tidegate.domain.checks.draft import Draft
from tidegate.domain.checks.reducible import reducible_quantity
from tidegate.domain.refusals import Remedy, TradingStateRefused, UnknownOutcomeRefused
from tidegate.domain.states import permits, state_refusal
from tidegate.domain.validity import shown
from tidegate.domain.vocabulary import TradingState


def trading_state(draft: Draft) -> TradingStateRefused | None:
    """The state of account and symbol, with the settings' kill switch as HALTED and reduce-only mode as REDUCING."""
    state, limits = draft.view.state.state, draft.limits
    reason = ""
    if limits.kill_switch_enabled:
        state, reason = TradingState.HALTED, "risk.kill_switch_enabled"
    elif limits.reduce_only_mode and state is TradingState.ACTIVE:
        state, reason = TradingState.REDUCING, "risk.reduce_only_mode"
    if state is TradingState.ACTIVE or permits(state, draft.order.purpose):
        return None
    entry = draft.view.state
    why, by = (reason, "settings") if reason else (entry.reason, entry.by)
    return state_refusal(draft.order.symbol, state, why, by, None if reason else _way_out(draft, state))


def _way_out(draft: Draft, state: TradingState) -> Remedy | None:
    """In REDUCING an order against the position may go as a reduction; a cool-down ends by itself."""
    held = draft.view.position.quantity
    is_against = held < ZERO if draft.is_buy else held > ZERO
    if state is TradingState.REDUCING and is_against and reducible_quantity(draft) > ZERO:
        return Remedy("send it reduce-only", {"reduce_only": True})
    until = draft.view.state.until
    if until is not None and not draft.view.state.is_latched:
        return Remedy("wait until the cool-down has passed", not_before=until)
    return None


def unknown_outcome(draft: Draft) -> UnknownOutcomeRefused | None:
    """While any order on the symbol has no known outcome, nothing may increase exposure there."""
    own = draft.view.own_orders
    if not own.unknown_count:
        return None
    symbol = draft.order.symbol
    overridden = ", overridden by an operator: both may fill" if draft.order.overrides_unknown else ""
    return UnknownOutcomeRefused(
        message=f"{own.unknown_count} order(s) on {symbol} have no known outcome yet, the oldest {own.unknown_id}"
        + overridden,
        facts={"symbol": symbol, "client_order_id": own.unknown_id},
        remedy=_by_when(own.unknown_until, draft.view.at),
    )


def _by_when(until: datetime | None, at: datetime) -> Remedy:
    """Waiting is all that helps, for as long as the venue may still tell."""
    if until is None or at > until:
        return Remedy("an operator has to look at it and `settle` it: asking the venue has not")
    return Remedy(f"resolves by {shown(until)}", not_before=until)
