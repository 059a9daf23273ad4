"""Records: terms, fills, positions and money as the truth has them, and a journal that nobody changed."""

from decimal import Decimal

from tidegate.domain.booking import ACCOUNT
from tidegate.domain.fills import Fill
from tidegate.testing.simulation.judging.edits import terms_at_venue
from tidegate.testing.simulation.judging.evidence import Evidence, difference
from tidegate.testing.simulation.lives import Life
from tidegate.testing.simulation.truth import TrueOrder

_CENT_OF_A_CENT = Decimal("1e-12")
"""An average cost has no last decimal: profits of derivatives are compared to this."""


def terms_equal(life: Life, evidence: Evidence) -> str | None:
    """6: the venue works what was recorded, for as long as is recorded, but for what it altered itself (B20)."""
    for order in life.world.venue.truth.orders:
        record = evidence.records.orders.get(order.client_order_id)
        if record is None or order.is_altered:
            continue
        is_earlier = _is_earlier_attempt(order, evidence)
        if evidence.names("TERMS_DIFFER", order.client_order_id):
            if is_earlier:
                continue
            return (
                f"order {order.client_order_id} was shown with other terms, and the venue works what it was asked for"
            )
        ours = record.order
        recorded = (ours.symbol, ours.side, ours.time_in_force, ours.reduce_only)
        theirs = (order.symbol, order.side, order.time_in_force, order.reduce_only)
        if recorded != theirs:
            return f"order {order.client_order_id}: recorded {recorded}, at the venue {theirs}"
        if not is_earlier and (differs := terms_at_venue(record, order)):
            return f"order {order.client_order_id}: {differs}"
        if record.is_terminal == order.is_open:
            return f"order {order.client_order_id} is {record.status} on record and {order.state} at the venue"
    return None


def _is_earlier_attempt(order: TrueOrder, evidence: Evidence) -> bool:
    """Whether an attempt that had been given up arrived after all, with its own terms, and is shown so (B26).

    One that has ended there needs no more to be said of it: its fills are what counts. Of an order that is set aside
    (P11) nobody asks.
    """
    order_id, terms = order.client_order_id, (order.quantity, order.limit_price)
    earlier = [(one.order.quantity, one.order.limit_price) for one in evidence.sendings.get(order_id, [])[:-1]]
    is_shown = evidence.names("LATE_ACCEPT", order_id) or evidence.names("QUARANTINE", order_id)
    return terms in earlier and (is_shown or not order.is_open)


def fills_equal(life: Life, evidence: Evidence) -> str | None:
    """7: the fills on record are the truth's, each with its figures, and none was inferred."""
    theirs = {fill.trade_id: fill for fill in life.world.venue.truth.fills if not fill.order.is_external}
    ours = {fill.trade_id: fill for fill in evidence.records.fills}
    if missing := sorted(set(theirs) - set(ours)):
        order_id = theirs[missing[0]].order.client_order_id
        return f"fill {missing[0]} of {order_id} is not on record (and {len(missing) - 1} more)"
    if invented := sorted(set(ours) - set(theirs)):
        return f"fill {invented[0]} is on record, and the venue has none such"
    for trade_id, fill in ours.items():
        true = theirs[trade_id]
        if fill.is_inferred:
            return f"fill {trade_id} is inferred"
        if (fill.client_order_id, fill.side.sign, fill.quantity, fill.price, fill.fee) != (
            true.order.client_order_id,
            true.sign,
            true.quantity,
            true.price,
            true.fee,
        ):
            return f"fill {trade_id} is {fill.quantity} at {fill.price}, in truth {true.quantity} at {true.price}"
    return None


def sums_hold(life: Life, evidence: Evidence) -> str | None:
    """8: orders, positions and money are the sums of the fills."""
    truth, records = life.world.venue.truth, evidence.records
    for order_id, record in records.orders.items():
        # A reversal moves position and money, and no order's filled quantity (S9).
        own = (one for one in records.fills if one.client_order_id == order_id and not is_reversal(one))
        filled = sum((fill.quantity for fill in own), Decimal(0))
        if filled != record.filled_quantity:
            return f"order {order_id} has filled {record.filled_quantity}, its fills make {filled}"
        if (
            filled > record.quantity
            and not evidence.names("TERMS_DIFFER", order_id)
            and not evidence.names("OVERFILL", order_id)
        ):
            return f"order {order_id} filled {filled} of {record.quantity}, with no OVERFILL"
    held: dict[str, Decimal] = {}
    for position in records.account.positions:
        # The account's own position stands beside its strategies'.
        if position.strategy_id == ACCOUNT:
            held[position.symbol] = position.quantity
    return _held(held, life) or _money(life, evidence) if truth.fills else None


def is_reversal(fill: Fill) -> bool:
    """Whether it takes another one back."""
    return fill.trade_id.endswith(":bust")


def _held(held: dict[str, Decimal], life: Life) -> str | None:
    external: dict[str, Decimal] = {}
    for fill in life.world.venue.truth.fills:
        if fill.order.is_external:
            symbol = fill.order.symbol
            external[symbol] = external.get(symbol, Decimal(0)) + fill.quantity * fill.sign
    for symbol, quantity in life.world.venue.truth.positions.items():
        ours = held.get(symbol, Decimal(0))
        if ours + external.get(symbol, Decimal(0)) != quantity:
            return f"position {symbol} is {ours} on record and {quantity} in truth"
    return None


def _money(life: Life, evidence: Evidence) -> str | None:
    truth = life.world.venue.truth
    if any(fill.order.is_external for fill in truth.fills):
        return None
    for currency in truth.balances:
        ours, theirs = evidence.records.account.balances.get(currency, Decimal(0)), truth.balance(currency)
        bound = _CENT_OF_A_CENT if truth.realized else Decimal(0)
        if abs(ours - theirs) > bound:
            return f"{currency} is {ours} on record and {theirs} in truth"
    return None


def no_status_back(life: Life, evidence: Evidence) -> str | None:
    """9: judged as it happens, from every step that was handed to the store."""
    return life.instants.broken.get(9)


def chain_verifies(life: Life, evidence: Evidence) -> str | None:
    """10: the journal is whole, its hash chain verifies, and the projections are what it folds to."""
    rows = evidence.records.rows
    if rows and [row.sequence for row in rows] != list(range(1, len(rows) + 1)):
        return f"{len(rows)} rows do not count from 1 to {rows[-1].sequence}"
    return evidence.records.flaws[0] if evidence.records.flaws else None


def restart_changes_nothing(life: Life, evidence: Evidence) -> str | None:
    """19: one more start, with nothing asked of it, changed no order, fill, position or balance."""
    before, after = life.before_restart, evidence.records
    if before is None:
        return None
    for changed in (one for one in after.orders if before.orders.get(one) != after.orders[one]):
        # One that was set aside and resumed since waits for just this start: that is its input. And of one that is not
        # what the venue has a start has to find out anew, so that it is asked to go once more.
        if not evidence.is_quarantined(changed):
            return f"order {changed}: {difference(before.orders.get(changed), after.orders[changed])}"
    if before.fills != after.fills or before.account.positions != after.account.positions:
        return "fills or positions are not what they were"
    if before.account.balances != after.account.balances:
        return f"balances were {before.account.balances} and are {after.account.balances}"
    return None
