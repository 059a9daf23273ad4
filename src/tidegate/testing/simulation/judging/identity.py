"""Identity: one order for each identity, one outcome for each decision, and nothing at the venue without its intent."""

from hashlib import sha256

from tidegate.domain.outcomes import NoOrderNeeded, OrderPlaced
from tidegate.testing.simulation.judging import edits
from tidegate.testing.simulation.judging.decided import as_decided
from tidegate.testing.simulation.judging.evidence import Evidence
from tidegate.testing.simulation.judging.instants import is_unresolved
from tidegate.testing.simulation.lives import Life
from tidegate.testing.simulation.setting import ACCOUNT

_UNRECORDED = frozenset({"STORE", "ID_CONFLICT", "INVALID", "UNKNOWN_SYMBOL"})
"""Refusals that may leave no row: of a store that failed, of a taken id, of what no record could hold."""


def one_outcome(life: Life, evidence: Evidence) -> str | None:
    """1: each order identity is one venue order or one refusal, and each decision that was answered has one outcome."""
    for decision_id, outcomes in evidence.outcomes.items():
        if len(outcomes) > 1:
            return f"decision {decision_id} has {len(outcomes)} outcomes: {', '.join(outcomes)}"
    if flaw := as_decided(life, evidence):
        return flaw
    truth = life.world.venue.truth
    for order_id, record in evidence.records.orders.items():
        count, is_refused = len(truth.by_client_id.get(order_id, [])), record.refused is not None
        if not count and not is_refused and not is_unresolved(record):
            return f"order {order_id} is {record.status}, and the venue has none of it"
        if order_id != _name_of(record.decision_id):
            return f"order {order_id} of decision {record.decision_id} does not bear its name"
        if count and is_refused and not evidence.names("LATE_ACCEPT", order_id):
            return f"order {order_id} was refused ({record.refused}) and the venue worked it, with no LATE_ACCEPT"
    return _as_heard(life, evidence)


def _name_of(decision_id: str) -> str:
    """The identity that follows from a decision: the same in every process, whatever it remembers."""
    return "tg" + sha256(f"{ACCOUNT}\0{decision_id}\0{0}".encode()).hexdigest()[:30]


def _as_heard(life: Life, evidence: Evidence) -> str | None:
    """What the callers were told is what is on record."""
    for heard in life.outside.heard:
        outcomes = evidence.outcomes.get(heard.decision.decision_id, [])
        match heard.result:
            case OrderPlaced(order=order):
                order_id = order.client_order_id
                if outcomes != [order_id]:
                    return f"decision {heard.decision.decision_id} was told order {order_id}, recorded: {outcomes}"
            case NoOrderNeeded():
                if outcomes != ["NONE"]:
                    return f"decision {heard.decision.decision_id} was told no order is needed, recorded: {outcomes}"
            case None:
                pass
            case refusal:
                if not outcomes and refusal.code not in _UNRECORDED:
                    return f"decision {heard.decision.decision_id} was told {refusal.code}, and there is no record"
    return None


def at_most_one_order(life: Life, evidence: Evidence) -> str | None:
    """2: the venue never took two orders of one identity, and no order is larger than what was decided."""
    for order_id, orders in life.world.venue.truth.by_client_id.items():
        if len(orders) > 1:
            return f"the venue took {len(orders)} orders of {order_id}"
    for order_id, attempts in evidence.sendings.items():
        decision = attempts[0].decision
        if decision is not None and decision.quantity is not None and attempts[0].order.quantity > decision.quantity:
            return f"order {order_id} is of {attempts[0].order.quantity}, decided were {decision.quantity}"
    return None


def intent_first(life: Life, evidence: Evidence) -> str | None:
    """3: every order of ours at the venue has an intent that was committed before it arrived."""
    committed: dict[str, float] = {}
    for one in life.instants.recorded_sendings:
        committed.setdefault(one.client_order_id, one.at)
    for order in life.world.venue.truth.orders:
        if order.is_external:
            continue
        if order.client_order_id not in evidence.sendings:
            return f"the venue has {order.client_order_id}, of which no intent is recorded"
        if committed.get(order.client_order_id, order.arrived_at + 1) > order.arrived_at:
            return f"{order.client_order_id} arrived at {order.arrived_at:.3f} s, before its intent was committed"
    return None


def nothing_open_ended(life: Life, evidence: Evidence) -> str | None:
    """4: at quiescence nothing is SENDING or UNKNOWN, but what is listed as quarantined."""
    for order_id, record in evidence.records.orders.items():
        if is_unresolved(record) and not evidence.is_quarantined(order_id):
            return f"order {order_id} is {record.status} at the end"
    return edits.none_open(life, evidence)


def refused_is_none(life: Life, evidence: Evidence) -> str | None:
    """5: what is REFUSED is not at the venue, or a LATE_ACCEPT names it."""
    for order_id, record in evidence.records.orders.items():
        orders = life.world.venue.truth.by_client_id.get(order_id)
        if record.status == "REFUSED" and orders and not evidence.names("LATE_ACCEPT", order_id):
            return f"order {order_id} is REFUSED, and the venue has it {orders[0].state}"
    return None
