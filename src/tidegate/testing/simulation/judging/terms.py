"""Terms: which total and price an order may have at the venue, in the judge's own words."""

from decimal import Decimal

from tidegate.domain.events import AmendRequested
from tidegate.domain.orders import OrderRecord
from tidegate.domain.vocabulary import OrderSide


def totals_of(record: OrderRecord) -> list[Decimal]:
    """The totals that it may have at the venue: while an edit has no answer, the old and the new."""
    asked = record.asked_quantity
    return [record.quantity] if asked is None or not is_edit_open(record) else [record.quantity, asked]


def is_edit_open(record: OrderRecord) -> bool:
    """Whether an edit was asked for that nothing has answered."""
    return bool(set(record.amend_requests) - set(record.amend_answers))


def dearest(record: OrderRecord) -> Decimal:
    """The highest price that it may trade at: a purchase never above its limit, a sale perhaps at a better bid."""
    prices = [record.worst_price]
    if record.amended_price is not None:
        prices = [record.amended_price] if record.side is OrderSide.BUY else [record.amended_price, *prices]
    if record.asked_price is not None and is_edit_open(record):
        prices.append(record.asked_price)
    return max(prices)


def grows(before: OrderRecord, asked: AmendRequested) -> bool:
    """Whether an edit asks for more, or for a bolder price."""
    if asked.quantity > before.quantity:
        return True
    old, new = before.limit_price, asked.limit_price
    if old is None or new is None:
        return old != new
    return new > old if before.side is OrderSide.BUY else new < old
