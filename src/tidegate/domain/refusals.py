"""Refusals: every reason for which a decision becomes no order, each with its code, its figures and what would pass."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from msgspec import Struct
from msgspec.structs import force_setattr

from tidegate.domain.amounts import DOMAIN_CONTEXT
from tidegate.domain.vocabulary import Action, OrderType, TimeInForce, TriggerSource


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text, DOMAIN_CONTEXT)
    except InvalidOperation:
        raise ValueError(f"{text!r} is not a number") from None


_DECIMALS = (
    "target_notional quantity leverage limit_price stop_trigger reference_price max_drift_bps trail take_profit"
    " stop_loss display_quantity"
).split()
_FROM_TEXT: dict[str, Callable[[str], object]] = {
    **dict.fromkeys(_DECIMALS, _decimal),
    "action": Action,
    "order_type": OrderType,
    "time_in_force": TimeInForce,
    "trigger_source": TriggerSource,
    "expire_at": datetime.fromisoformat,
    "valid_until": datetime.fromisoformat,
    "decided_at": datetime.fromisoformat,
}
"""Fields of a decision that a journal holds as text, with what makes them again what a decision takes."""


class Remedy(Struct, frozen=True, kw_only=False, omit_defaults=True):
    """What would pass: in words, as decision fields with values, and not before when.

    `changes` maps field names of `Decision` to values that pass the check that refused, on the view it was judged by.

    Raises:
        ValueError: a change is text that its field cannot hold.
    """

    text: str
    changes: dict[str, Any] = {}
    not_before: datetime | None = None

    def __post_init__(self) -> None:
        # A journal holds every value as text, and the field's name says what it is.
        read = {
            name: _FROM_TEXT[name](value)
            for name, value in self.changes.items()
            if type(value) is str and name in _FROM_TEXT
        }
        if read:
            force_setattr(self, "changes", {**self.changes, **read})


class Refusal(Struct, frozen=True, kw_only=True, tag_field="code", omit_defaults=True):
    """The base of all refusals.

    `code` is stable and SCREAMING_SNAKE; `message` one sentence with the figure and the limit; `figures` the numbers
    and `facts` the texts that led to it, by name, which `context` gives together; `remedy` what would pass, or None
    where nothing the caller can change would.
    """

    message: str
    figures: dict[str, Decimal] = {}
    facts: dict[str, str] = {}
    remedy: Remedy | None = None

    @property
    def code(self) -> str:
        return str(self.__struct_config__.tag)

    @property
    def context(self) -> dict[str, Decimal | str]:
        return {**self.figures, **self.facts}


class OrderSizeRefused(Refusal, frozen=True, kw_only=True, tag="ORDER_SIZE"):
    """Larger than one order may be, one order too many for the day, or the same order too often."""


class ExposureRefused(Refusal, frozen=True, kw_only=True, tag="EXPOSURE"):
    """Worst-case gross notional, of the underlying or in total, would pass its limit."""


class LeverageRefused(Refusal, frozen=True, kw_only=True, tag="LEVERAGE"):
    """More leverage than the limit, or than the product allows."""


class LiquidationRefused(Refusal, frozen=True, kw_only=True, tag="LIQUIDATION"):
    """The position after the order would stand too near its liquidation price."""


class BalanceRefused(Refusal, frozen=True, kw_only=True, tag="BALANCE"):
    """The currency that pays does not cover it with fees, less what is reserved; a spot short included."""


class SlippageRefused(Refusal, frozen=True, kw_only=True, tag="SLIPPAGE"):
    """Walking the book would cost more against mid than the limit."""


class ImpactRefused(Refusal, frozen=True, kw_only=True, tag="IMPACT"):
    """The order would move the market more than the limit, or the impact cannot be seen."""


class StaleMarkRefused(Refusal, frozen=True, kw_only=True, tag="STALE_MARK"):
    """The feed has been silent for too long, or there is no price at all."""


class ClockRefused(Refusal, frozen=True, kw_only=True, tag="CLOCK"):
    """The clocks here and at the venue, or of the decision, differ by too much."""


class CollarRefused(Refusal, frozen=True, kw_only=True, tag="COLLAR"):
    """The price is too far from the reference."""


class DriftRefused(Refusal, frozen=True, kw_only=True, tag="DRIFT"):
    """The market has moved against the decision's reference price."""


class SelfCrossRefused(Refusal, frozen=True, kw_only=True, tag="SELF_CROSS"):
    """It would trade with an own resting order."""


class RateRefused(Refusal, frozen=True, kw_only=True, tag="RATE"):
    """The request budget for entries is used up."""


class PreviewRefused(Refusal, frozen=True, kw_only=True, tag="PREVIEW"):
    """The venue's preview refused it."""


class InvalidRefused(Refusal, frozen=True, kw_only=True, tag="INVALID"):
    """The decision asks for what no order can be."""


class UnknownSymbolRefused(Refusal, frozen=True, kw_only=True, tag="UNKNOWN_SYMBOL"):
    """No such product here."""


class MarketStateRefused(Refusal, frozen=True, kw_only=True, tag="MARKET_STATE"):
    """The venue does not take such an order on the product now."""


class TradingStateRefused(Refusal, frozen=True, kw_only=True, tag="TRADING_STATE"):
    """The account or the symbol is REDUCING or HALTED."""


class MinimumRefused(Refusal, frozen=True, kw_only=True, tag="MINIMUM"):
    """Below the product's minimum size or notional after rounding; never raised to it."""


class ReducibleRefused(Refusal, frozen=True, kw_only=True, tag="REDUCIBLE"):
    """A reduction of what is not there, or already being reduced."""


class UnknownOutcomeRefused(Refusal, frozen=True, kw_only=True, tag="UNKNOWN_OUTCOME"):
    """An earlier order on the symbol has no known outcome; increases wait for it."""


class AmbiguousSizeRefused(Refusal, frozen=True, kw_only=True, tag="AMBIGUOUS_SIZE"):
    """Notional and quantity are both given and differ by more than one per cent."""


class IdConflictRefused(Refusal, frozen=True, kw_only=True, tag="ID_CONFLICT"):
    """The decision's id has been used for other content; the first stands."""


class ExpiredRefused(Refusal, frozen=True, kw_only=True, tag="EXPIRED"):
    """The decision's life ended before the order could be sent."""


class NotAcceptedRefused(Refusal, frozen=True, kw_only=True, tag="NOT_ACCEPTED"):
    """Complete queries later than the horizon H show that the venue never took it."""


class AuthRefused(Refusal, frozen=True, kw_only=True, tag="AUTH"):
    """The venue refused the credentials."""


class StoreRefused(Refusal, frozen=True, kw_only=True, tag="STORE"):
    """The intent could not be made durable, so nothing was sent."""


class VenueInsufficientFundsRefused(Refusal, frozen=True, kw_only=True, tag="VENUE_INSUFFICIENT_FUNDS"):
    """The venue says that the funds do not cover it."""


class VenuePostOnlyRefused(Refusal, frozen=True, kw_only=True, tag="VENUE_POST_ONLY_WOULD_CROSS"):
    """Post-only, and it would have taken liquidity."""


class VenueReduceOnlyRefused(Refusal, frozen=True, kw_only=True, tag="VENUE_REDUCE_ONLY"):
    """Reduce-only, and it would have increased the position."""


class VenueWouldTriggerRefused(Refusal, frozen=True, kw_only=True, tag="VENUE_WOULD_TRIGGER"):
    """The market had passed the order's trigger already when it arrived."""


class VenueRateRefused(Refusal, frozen=True, kw_only=True, tag="VENUE_RATE"):
    """The venue's own rate limit, decided before matching."""


class VenueUnreachableRefused(Refusal, frozen=True, kw_only=True, tag="VENUE_UNREACHABLE"):
    """No connection could be made, so no byte of the order left."""


class VenueOtherRefused(Refusal, frozen=True, kw_only=True, tag="VENUE_OTHER"):
    """The venue refused it in a well-formed answer for a reason this table does not know."""


AnyRefusal = (
    OrderSizeRefused
    | ExposureRefused
    | LeverageRefused
    | LiquidationRefused
    | BalanceRefused
    | SlippageRefused
    | ImpactRefused
    | StaleMarkRefused
    | ClockRefused
    | CollarRefused
    | DriftRefused
    | SelfCrossRefused
    | RateRefused
    | PreviewRefused
    | InvalidRefused
    | UnknownSymbolRefused
    | MarketStateRefused
    | TradingStateRefused
    | MinimumRefused
    | ReducibleRefused
    | UnknownOutcomeRefused
    | AmbiguousSizeRefused
    | IdConflictRefused
    | ExpiredRefused
    | NotAcceptedRefused
    | AuthRefused
    | StoreRefused
    | VenueInsufficientFundsRefused
    | VenuePostOnlyRefused
    | VenueReduceOnlyRefused
    | VenueWouldTriggerRefused
    | VenueRateRefused
    | VenueUnreachableRefused
    | VenueOtherRefused
)
"""The closed union; a test holds it equal to the subclasses of `Refusal`."""
