"""The field's words as closed enumerations, each member explained where it is declared."""

from enum import Enum, StrEnum


class Action(StrEnum):
    """What a decision asks for."""

    BUY = "BUY"
    SELL = "SELL"
    CLOSE = "CLOSE"  # flatten the strategy's position on the symbol
    HOLD = "HOLD"  # do nothing; never an order, never a refusal


class OrderSide(StrEnum):
    """Which side of the book an order takes or joins."""

    BUY = "BUY"
    SELL = "SELL"

    @property
    def sign(self) -> int:
        """+1 for a buy, -1 for a sell."""
        return 1 if self is OrderSide.BUY else -1

    @property
    def opposite(self) -> "OrderSide":
        return OrderSide.SELL if self is OrderSide.BUY else OrderSide.BUY


class OrderType(StrEnum):
    """How the price of an order is found."""

    MARKET = "MARKET"  # sent as a protected immediate-or-cancel limit unless `unprotected` is set
    LIMIT = "LIMIT"
    STOP = "STOP"  # a market order once the trigger is reached
    STOP_LIMIT = "STOP_LIMIT"  # a limit order once the trigger is reached
    TAKE_PROFIT = "TAKE_PROFIT"  # a market order once the favourable trigger is reached
    TRAILING_STOP = "TRAILING_STOP"  # a stop whose trigger follows the best price seen


class TimeInForce(StrEnum):
    """How long an order may live at the venue."""

    GTC = "GTC"  # until cancelled
    GTD = "GTD"  # until `expire_at`
    IOC = "IOC"  # what does not fill at once is cancelled
    FOK = "FOK"  # fills whole at once, or not at all


class OrderStatus(StrEnum):
    """Where one order stands, as far as the evidence goes; `lifecycle.RANK` never falls."""

    PREPARED = "PREPARED"  # intent is durable, no attempt has been made (parked work)
    SENDING = "SENDING"  # an attempt is durable; the venue may or may not have it
    UNKNOWN = "UNKNOWN"  # an attempt went unanswered; its exposure stays reserved
    REFUSED = "REFUSED"  # evidence that the venue does not work it, with a typed reason
    ACCEPTED = "ACCEPTED"  # the venue works it
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    PENDING_CANCEL = "PENDING_CANCEL"  # a cancel has been asked for and is unanswered
    PENDING_AMEND = "PENDING_AMEND"  # an amend has been asked for and is unanswered
    EXPIRED = "EXPIRED"  # the venue ended it by its time in force
    CANCELED = "CANCELED"
    FILLED = "FILLED"


class TradingState(StrEnum):
    """What may be sent, for the account or for one symbol."""

    ACTIVE = "ACTIVE"
    REDUCING = "REDUCING"  # cancels, and orders that shrink a position
    HALTED = "HALTED"  # no order of a strategy; protection and an operator's closes still work

    @property
    def severity(self) -> int:
        """0 for ACTIVE, 1 for REDUCING, 2 for HALTED: guards only ever raise it."""
        return _SEVERITY[self]


_SEVERITY = {TradingState.ACTIVE: 0, TradingState.REDUCING: 1, TradingState.HALTED: 2}


class ProductKind(StrEnum):
    """What a product settles into."""

    SPOT = "SPOT"
    PERPETUAL = "PERPETUAL"
    FUTURE = "FUTURE"


class Liquidity(StrEnum):
    """Whether a fill made or took liquidity."""

    MAKER = "MAKER"
    TAKER = "TAKER"


class Purpose(StrEnum):
    """Why an order exists; what a check does to it depends on this."""

    ENTRY = "ENTRY"  # may increase a position
    REDUCTION = "REDUCTION"  # a strategy's or an algorithm's exit: can only shrink a position
    PROTECTION = "PROTECTION"  # a registered stop or take-profit that has triggered; in this version none is registered
    OPERATOR_CLOSE = "OPERATOR_CLOSE"  # a person's close of the account's position

    @property
    def is_exit(self) -> bool:
        return self is not Purpose.ENTRY


class TriggerDirection(StrEnum):
    """From which side the market must reach a trigger."""

    AT_OR_ABOVE = "AT_OR_ABOVE"
    AT_OR_BELOW = "AT_OR_BELOW"


class TriggerSource(StrEnum):
    """Which price a trigger watches."""

    LAST = "LAST"
    MARK = "MARK"
    INDEX = "INDEX"


class Delivery(StrEnum):
    """What a venue does with a client order id it has seen; see the promise in docs/guarantees.md."""

    A = "A"  # a second order with the same id is refused or answered with the first, also after it ended
    B = "B"  # the id is visible in queries but not enforced
    C = "C"  # no client order id


class ReduceOnlySupport(Enum):
    """How a venue keeps an order from increasing a position."""

    NATIVE = "NATIVE"  # a flag on the order
    CLOSE_ENDPOINT = "CLOSE_ENDPOINT"  # a call of its own that only closes
    NONE = "NONE"
