"""Differences: what a listing shows that the records do not have, or the other way round, one by one."""

from tidegate.application.moving import words
from tidegate.domain.fills import Fill
from tidegate.domain.identifiers import is_ours
from tidegate.domain.movements import Movement
from tidegate.domain.orders import OrderRecord
from tidegate.domain.reconciliation import Difference, DifferenceKind


def stranger(what: str, client_order_id: str, words: str) -> Difference:
    ours = is_ours(client_order_id)
    kind = DifferenceKind.MISSING_HERE if ours else DifferenceKind.EXTERNAL
    return Difference(kind=kind, subject=client_order_id, ours="not recorded", theirs=f"{what} {words}")


def missing_fill(fill: Fill) -> Difference:
    words = f"fill {fill.trade_id}: {fill.side} {fill.quantity} at {fill.price}"
    return Difference(
        kind=DifferenceKind.FILLS_DIFFER,
        subject=fill.client_order_id,
        ours="not recorded",
        theirs=words,
        symbol=fill.symbol,
    )


def missing_movement(movement: Movement) -> Difference:
    return Difference(
        kind=DifferenceKind.MISSING_HERE,
        subject=movement.movement_id,
        ours="not recorded",
        theirs=words(movement),
        symbol=movement.symbol,
    )


def not_shown(record: OrderRecord) -> Difference:
    return Difference(
        kind=DifferenceKind.MISSING_ON_VENUE,
        subject=record.client_order_id,
        ours=record.status.value,
        theirs="not among its open orders",
        symbol=record.symbol,
    )
