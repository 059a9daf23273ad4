"""Edits: what must hold of amends, and of what the venue itself made of an order."""

from decimal import Decimal

from tidegate.domain.events import AmendRequested, OrderSending, TradingStateChanged
from tidegate.domain.orders import OrderRecord
from tidegate.domain.vocabulary import Purpose, TradingState
from tidegate.testing.simulation.judging.evidence import Evidence
from tidegate.testing.simulation.judging.terms import is_edit_open
from tidegate.testing.simulation.lives import Life
from tidegate.testing.simulation.truth import TrueOrder

Terms = tuple[Decimal, Decimal | None]


def terms_at_venue(record: OrderRecord, order: TrueOrder) -> str:
    """6: the venue works the recorded total at the recorded price; of an ended order an edit may have stayed unknown.

    What the venue changed of its own accord, of an order that then ended with some of it left, nobody need have heard:
    its end is told without its total.
    """
    accepted: list[Terms] = [(record.quantity, record.limit_price)]
    if record.is_terminal and is_edit_open(record) and record.asked_quantity is not None:
        accepted.append((record.asked_quantity, record.asked_price))
    theirs: list[Terms] = [(order.quantity, order.limit_price)]
    if not order.is_open and order.left and (order.reduced_reason or not order.filled):
        untold: Terms = (order.asked_quantity, order.limit_price)
        theirs = [*theirs, untold] if order.reduced_reason else [untold]
    return "" if any(one in accepted for one in theirs) else f"recorded {accepted}, at the venue {theirs}"


def none_open(life: Life, evidence: Evidence) -> str | None:
    """4: at quiescence no order that lives has an edit of unknown outcome."""
    for order_id, record in evidence.records.orders.items():
        if is_edit_open(record) and not record.is_terminal and not evidence.is_quarantined(order_id):
            return f"an edit of order {order_id} has no outcome at the end"
    return None


def committed_before_asked(life: Life, evidence: Evidence) -> str | None:
    """11, 12: an edit is asked for after its request was committed, and once for each request."""
    requests: dict[tuple[str, Terms], int] = {}
    key: tuple[str, Terms]
    for _, event in evidence.events():
        if isinstance(event, AmendRequested):
            key = (event.client_order_id, (event.quantity, event.limit_price))
            requests[key] = requests.get(key, 0) + 1
    for asked in life.world.amended:
        edit = asked.edit
        key = (edit.client_order_id, (edit.quantity, edit.limit_price))
        requests[key] = requests.get(key, 0) - 1
        if requests[key] < 0:
            return f"an edit of {edit.client_order_id} to {edit.quantity} was sent, and no row of its own asks for it"
        if life.instants.edits_committed.get(key, asked.turn + 1) > asked.turn:
            return f"an edit of {edit.client_order_id} to {edit.quantity} was sent before it was committed"
    return None


def none_grows_after_halt(life: Life, evidence: Evidence) -> str | None:
    """13: no edit that was sent, and makes an entry larger or bolder, follows a row that took its symbol out of ACTIVE.

    One that was never sent has its request in the journal, and its withdrawal.
    """
    sent = {(one.edit.client_order_id, one.edit.quantity, one.edit.limit_price) for one in life.world.amended}
    states: dict[str, TradingState] = {}
    orders: dict[str, OrderSending] = {}
    for sequence, event in evidence.events():
        if isinstance(event, TradingStateChanged):
            states[event.symbol] = event.state
        elif isinstance(event, OrderSending):
            orders[event.order.client_order_id] = event
        elif isinstance(event, AmendRequested) and event.client_order_id in life.instants.growing_edits:
            order = orders[event.client_order_id].order
            request = life.instants.growing_edits[event.client_order_id]
            is_sent = (event.client_order_id, event.quantity, event.limit_price) in sent
            if order.purpose is not Purpose.ENTRY or event.request not in request or not is_sent:
                continue
            for where in ("", order.symbol):
                if (state := states.get(where, TradingState.ACTIVE)) is not TradingState.ACTIVE:
                    return (
                        f"row {sequence} makes entry {order.client_order_id} bolder while {where or 'all'} is {state}"
                    )
    return None
