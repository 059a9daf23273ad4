"""Entries: what an order is held against at the moment it is recorded, or made larger or bolder."""

from collections.abc import Callable, Iterator
from decimal import Decimal

from tidegate.domain.orders import ApprovedOrder, OrderRecord
from tidegate.domain.risk import RiskLimits
from tidegate.domain.views import MarketReading
from tidegate.domain.vocabulary import OrderSide, OrderStatus, TimeInForce
from tidegate.testing.simulation.judging.mirror import Mirror
from tidegate.testing.simulation.judging.terms import dearest, is_edit_open, totals_of
from tidegate.testing.simulation.market import BY_SYMBOL

_SLACK = Decimal("1.0001")
"""Prices move between a check and the step that follows it by less than this."""

Heard = Callable[[str], MarketReading]
"""The market of a symbol as a process last heard it."""
Flaw = tuple[int, str]
"""The invariant that is broken, and the sentence that shows it."""


def entry_flaws(approved: ApprovedOrder, mirror: Mirror, heard: Heard, limits: RiskLimits) -> Iterator[Flaw]:
    """15 and 16 of an order that opens or adds."""
    yield from _beyond_limits(approved, mirror, heard, limits)
    yield from _beside_unknown(approved, mirror)
    yield from _on_a_stale_feed(approved, heard, limits)


def _beyond_limits(approved: ApprovedOrder, mirror: Mirror, heard: Heard, limits: RiskLimits) -> Iterator[Flaw]:
    """15: position + open + reserved, UNKNOWN in full, + this, are within the underlying's and the account's share."""
    marks = {symbol: heard(symbol).mark for symbol in BY_SYMBOL}
    values = {symbol: mirror.held(symbol) * mark.price * BY_SYMBOL[symbol].multiplier
              for symbol, mark in marks.items() if mark is not None}  # fmt: skip
    if len(values) < len(BY_SYMBOL):
        return
    equity = mirror.cash + sum(values.values()) - sum(mirror.paid.values())
    order, of_underlying, total = approved.order, Decimal(0), Decimal(0)
    for symbol, value in values.items():
        worst = _worst(approved, mirror, symbol, value)
        total += worst
        if BY_SYMBOL[symbol].underlying == BY_SYMBOL[order.symbol].underlying:
            of_underlying += worst
    name, share = BY_SYMBOL[order.symbol].underlying, limits.max_position_pct_per_symbol
    if of_underlying > equity * share * _SLACK:
        yield 15, f"{order.client_order_id} takes {name} to {of_underlying:.2f}, {share} of {equity:.2f}"
    if total > equity * limits.max_exposure_pct * _SLACK:
        yield 15, f"{order.client_order_id} takes the account to {total:.2f} of {equity:.2f}"


def _worst(approved: ApprovedOrder, mirror: Mirror, symbol: str, held: Decimal) -> Decimal:
    """The larger of long and short if everything on one side filled, with this order where it is of the symbol."""
    sides = {OrderSide.BUY: Decimal(0), OrderSide.SELL: Decimal(0)}
    for record in mirror.live(symbol):
        if record.client_order_id != approved.order.client_order_id:
            left = max(totals_of(record)) - record.filled_quantity
            sides[record.side] += max(left, Decimal(0)) * dearest(record)
    if approved.order.symbol == symbol:
        sides[approved.order.side] += approved.order.quantity * approved.worst_price
    unit = BY_SYMBOL[symbol].multiplier
    return max(abs(held + sides[OrderSide.BUY] * unit), abs(held - sides[OrderSide.SELL] * unit))


def _beside_unknown(approved: ApprovedOrder, mirror: Mirror) -> Iterator[Flaw]:
    """15, and the promise: while an outcome is unknown, nothing that increases exposure on that symbol is sent."""
    order = approved.order
    for record in mirror.live(order.symbol):
        if record.status is OrderStatus.UNKNOWN and record.client_order_id != order.client_order_id:
            yield 15, f"entry {order.client_order_id} beside {record.client_order_id}, whose outcome is unknown"


def self_crosses(approved: ApprovedOrder, mirror: Mirror) -> Iterator[Flaw]:
    """15: no order would trade with one of our own that may rest on the same book; an exit cancels that one first."""
    order = approved.order
    for record in mirror.live(order.symbol):
        if record.side is order.side or record.client_order_id == order.client_order_id:
            continue
        if record.order.time_in_force in (TimeInForce.IOC, TimeInForce.FOK):
            continue
        if order.limit_price is None or any(
            _reaches(order.side, order.limit_price, price) for price in _resting_at(record)
        ):
            yield 15, f"{order.client_order_id} would trade with our own {record.client_order_id}"


def _resting_at(record: OrderRecord) -> list[Decimal]:
    """The prices at which it may be met: while an edit has no answer, the old and the new."""
    asked = record.asked_price if is_edit_open(record) else None
    return [price for price in (record.limit_price, asked) if price is not None]


def _reaches(side: OrderSide, limit: Decimal, price: Decimal) -> bool:
    return price <= limit if side is OrderSide.BUY else price >= limit


def _on_a_stale_feed(approved: ApprovedOrder, heard: Heard, limits: RiskLimits) -> Iterator[Flaw]:
    """16: the feed has been heard within its bound, and the decision still lives."""
    order = approved.order
    heard_at = heard(order.symbol).heard_at
    bound = float(limits.max_feed_age_seconds)
    if heard_at is None or (approved.reviewed_at - heard_at).total_seconds() > bound:
        yield 16, f"entry {order.client_order_id} on a feed last heard at {heard_at}"
    if order.valid_until is not None and approved.reviewed_at > order.valid_until:
        yield 16, f"entry {order.client_order_id} past its decision's life"
