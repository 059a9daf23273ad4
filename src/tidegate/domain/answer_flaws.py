"""Answer flaws: what keeps a venue's word from being one, whichever adapter brings it; a sentence, or empty."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import msgspec

from tidegate.domain.amounts import ZERO
from tidegate.domain.fills import Fill
from tidegate.domain.movements import Movement
from tidegate.domain.orders import RecordedOrder
from tidegate.domain.reconciliation import fill_flaw
from tidegate.domain.submissions import (
    FillBust,
    FillReport,
    MovementReport,
    OrderAcknowledged,
    OrderUpdate,
    ReportGap,
    VenueBalances,
    VenueOrder,
    VenuePosition,
    VenuePositions,
)
from tidegate.domain.vocabulary import Liquidity

AHEAD_MAX = timedelta(days=1)
"""No clock of a venue is further ahead of ours: what is stamped later would hide all that comes before it."""
_SOON = timedelta(hours=1)
"""An answer is taken at one look that is stamped at most this long after its order was recorded."""
_DIGITS_MAX = 40
"""No amount has a first digit further from its point."""
_LEAST, _MOST = Decimal("1e-20"), Decimal("1e20")
"""Between these one look takes it for an amount without counting digits."""
_KINDS: Final = (Fill, Decimal, Decimal, Decimal, str, str)


def is_a(value: object, *kinds: type) -> bool:
    """Whether it is what its type promises, which nobody has checked yet."""
    return isinstance(value, kinds)


def moment_flaw(at: object, now: datetime) -> str:
    """Of a moment: it must say in which zone, and lie at most a day ahead."""
    if not isinstance(at, datetime):
        return f"{at!r} is no moment"
    if at.tzinfo is None:
        return f"{at.isoformat()} has no time zone"
    return f"{at.isoformat()} is more than a day ahead" if at - now > AHEAD_MAX else ""


def amount_flaw(amount: object) -> str:
    """Of an amount: a finite Decimal of a believable size."""
    if not isinstance(amount, Decimal):
        return f"{amount!r} is no Decimal"
    is_believable = amount.is_finite() and (not amount or abs(amount.adjusted()) < _DIGITS_MAX)
    return "" if is_believable else f"{amount} is no amount"


def _word_flaw(word: object) -> str:
    return "" if isinstance(word, str) else f"{word!r} is no text"


def is_plain(recorded: RecordedOrder, answer: object) -> bool:
    """Whether one look shows a sound acceptance of this order, as nearly always; of any other the flaws are asked.

    Every order of a run comes by here: a call for each field, or for the time of day, would cost what the look saves.
    """
    if type(answer) is not OrderAcknowledged:
        return False
    told: Any = answer  # Nothing in it need be what its annotations say.
    answered_at, fills, venue_order_id, order = told.at, told.fills, told.venue_order_id, recorded.order
    if type(venue_order_id) is not str or not venue_order_id.isascii() or type(fills) is not tuple:
        return False
    if type(answered_at) is not datetime or answered_at.tzinfo is None or type(told.is_finished) is not bool:
        return False
    if answered_at - recorded.recorded_at > _SOON:
        return False
    try:
        for fill in fills:
            at, quantity, price, fee = fill.at, fill.quantity, fill.price, fill.fee
            trade_id, currency = fill.trade_id, fill.fee_currency
            kinds = (type(fill), type(quantity), type(price), type(fee), type(trade_id), type(currency))
            if not (
                kinds == _KINDS
                and fill.client_order_id == order.client_order_id
                and fill.symbol == order.symbol
                and fill.side is order.side
                and trade_id.isascii()
                and currency.isascii()
                and (at is answered_at or (type(at) is datetime and at.tzinfo is not None and at <= answered_at))
                and (quantity is order.quantity or _LEAST < quantity < _MOST)
                and _LEAST < price < _MOST
                and (not fee or _LEAST < fee < _MOST)
                and type(fill.liquidity) is Liquidity
                and (fill.venue_order_id is None or fill.venue_order_id == venue_order_id)
                and fill.strategy_id == ""
                and fill.is_inferred is False
                and type(fill.is_large) is bool
            ):
                return False
    except (ArithmeticError, AttributeError):
        return False  # No fill at all, or no number to compare.
    return True


def unwritable(told: msgspec.Struct) -> str:
    """Of anything that is told: written down as it is, it must be readable as the same; no start could read it else."""
    try:
        msgspec.json.decode(msgspec.json.encode(told), type=type(told))
    except (msgspec.MsgspecError, ValueError, TypeError, OverflowError, AttributeError) as error:
        return f"{type(told).__name__} cannot be written down: {error}"
    return ""


def acknowledgement_flaw(recorded: RecordedOrder, answer: OrderAcknowledged, now: datetime) -> str:
    """Of what came with an acceptance: its fills must be ones of this order."""
    if not is_a(answer.fills, tuple):
        return f"its fills are {answer.fills!r}"
    for fill in answer.fills:
        flaw = flaw_of_fill(fill, now) or fill_flaw(recorded, fill)
        if flaw:
            return flaw
        if fill.client_order_id != recorded.order.client_order_id:
            return f"fill {fill.trade_id} is one of order {fill.client_order_id}"
    return ""


def flaw_of_fill(fill: object, now: datetime) -> str:
    """Of a fill whose order is not looked at: whether it is one of its order says `fill_flaw`."""
    if not isinstance(fill, Fill):
        return f"{type(fill).__name__} is no fill"
    words = (fill.trade_id, fill.client_order_id, fill.symbol, fill.fee_currency)
    flaw = _first(map(_word_flaw, words)) or amount_flaw(fill.fee) or moment_flaw(fill.at, now)
    if not flaw and not (is_a(fill.quantity, Decimal) and is_a(fill.price, Decimal)):
        flaw = f"{fill.quantity!r} at {fill.price!r} are no Decimals"
    flaw = flaw or unwritable(fill) or _first(map(_size_flaw, (fill.quantity, fill.price)))
    return f"fill {fill.trade_id}: {flaw}" if flaw else ""


def _size_flaw(amount: Decimal) -> str:
    """Of a quantity or a price that is finite: of a believable size. What it is of says `fill_flaw`."""
    return amount_flaw(amount) if amount.is_finite() else ""


def order_flaw(order: object, now: datetime) -> str:
    """Of an order as the venue tells it."""
    if not isinstance(order, VenueOrder):
        return f"{type(order).__name__} is no order"
    amounts = (order.quantity, order.filled_quantity, ZERO if order.limit_price is None else order.limit_price)
    moments = (order.at, order.at if order.triggered_at is None else order.triggered_at)
    words = (order.client_order_id, order.symbol, order.rejected_code, order.venue_order_id or "")
    flaw = (
        _first(map(_word_flaw, words))
        or _first(map(amount_flaw, amounts))
        or _first(moment_flaw(at, now) for at in moments)
    )
    if not flaw and (order.quantity < ZERO or order.filled_quantity < ZERO):
        flaw = f"{order.filled_quantity} of {order.quantity} is filled"
    flaw = flaw or unwritable(order)
    return f"order {order.client_order_id}: {flaw}" if flaw else ""


def movement_flaw(movement: object, now: datetime) -> str:
    """Of a movement."""
    if not isinstance(movement, Movement):
        return f"{type(movement).__name__} is no movement"
    amounts = (movement.amount, movement.quantity, movement.price, movement.fee)
    words = (movement.movement_id, movement.currency, movement.symbol, movement.fee_currency)
    flaw = _first(map(_word_flaw, words)) or _first(map(amount_flaw, amounts)) or moment_flaw(movement.at, now)
    flaw = flaw or unwritable(movement)
    return f"movement {movement.movement_id}: {flaw}" if flaw else ""


def report_flaw(report: object, now: datetime) -> str:
    """Of what is told unasked."""
    match report:
        case OrderUpdate(order=order):
            return order_flaw(order, now)
        case FillReport(fill=fill):
            return flaw_of_fill(fill, now)
        case FillBust(fill=fill):
            return flaw_of_fill(fill, now) or unwritable(report)
        case MovementReport(movement=movement):
            return movement_flaw(movement, now)
        case ReportGap(at=at):
            return moment_flaw(at, now) or unwritable(report)
        case _:
            return f"{type(report).__name__} is no report"


def balances_flaw(theirs: VenueBalances) -> str:
    """Of balances."""
    if not is_a(theirs.balances, dict):
        return f"{theirs.balances!r} are no balances"
    found = ((currency, _word_flaw(currency) or amount_flaw(total)) for currency, total in theirs.balances.items())
    return _first(f"{currency}: {flaw}" if flaw else "" for currency, flaw in found)


def positions_flaw(theirs: VenuePositions) -> str:
    """Of positions."""
    if not is_a(theirs.positions, tuple):
        return f"{theirs.positions!r} are no positions"
    return _first(map(_position_flaw, theirs.positions))


def _position_flaw(position: object) -> str:
    if not isinstance(position, VenuePosition):
        return f"{type(position).__name__} is no position"
    flaw = _word_flaw(position.symbol) or amount_flaw(position.quantity)
    if not flaw and position.entry_price is not None:
        flaw = amount_flaw(position.entry_price)
    return f"{position.symbol}: {flaw}" if flaw else ""


def _first(flaws: Iterable[str]) -> str:
    return next((flaw for flaw in flaws if flaw), "")
