"""Conduct: when and how orders were sent, by whom, in which state and on which evidence they were given up."""

from collections import Counter

from tidegate.domain.events import OrderSending, TradingStateChanged
from tidegate.domain.vocabulary import Purpose, TradingState
from tidegate.testing.simulation.broker import HORIZON_SECONDS
from tidegate.testing.simulation.judging import edits, operators
from tidegate.testing.simulation.judging.evidence import Evidence
from tidegate.testing.simulation.lives import Life


def committed_before_sent(life: Life, evidence: Evidence) -> str | None:
    """11: every send is later than the commit of its SENDING row, which is there."""
    committed = {(one.client_order_id, one.attempt): one.turn for one in reversed(life.instants.recorded_sendings)}
    for sent in life.world.sent:
        order_id, attempt = sent.recorded.order.client_order_id, sent.recorded.attempt
        if committed.get((order_id, attempt), sent.turn + 1) > sent.turn:
            return f"attempt {attempt} of {order_id} was sent at {sent.at:.3f} s, before its SENDING was committed"
        if all(one.attempt != attempt for one in evidence.sendings.get(order_id, [])):
            return f"attempt {attempt} of {order_id} was sent, and the journal has no such row"
    return edits.committed_before_asked(life, evidence) or _cancels_recorded(life)


def _cancels_recorded(life: Life) -> str | None:
    """11, R2, P9: a cancel goes out after the store has had its request, unless it says that the account is another's.

    A store that cannot be written keeps no cancel back: it makes nothing worse.
    """
    counts: Counter[tuple[str, str]] = Counter()
    for one in life.world.canceled:
        key = (one.process, one.client_order_id)
        recorded = life.instants.cancels_recorded.get(key, [])
        if len(recorded) <= counts[key] or recorded[counts[key]] > one.turn:
            what = f"cancel {counts[key] + 1} of {one.client_order_id}"
            return f"{what} was sent at {one.at:.3f} s by {one.process}, before it was recorded"
        counts[key] += 1
    return None


def one_sender(life: Life, evidence: Evidence) -> str | None:
    """12: one transmission for each attempt of an order, over all processes."""
    counts = Counter((one.recorded.order.client_order_id, one.recorded.attempt) for one in life.world.sent)
    for (order_id, attempt), count in counts.items():
        if count > 1:
            return f"attempt {attempt} of {order_id} was sent {count} times"
    return None


def none_after_halt(life: Life, evidence: Evidence) -> str | None:
    """13: no entry's SENDING row follows, in the journal, a row that took its symbol out of ACTIVE."""
    states: dict[str, TradingState] = {}
    for sequence, event in evidence.events():
        if isinstance(event, TradingStateChanged):
            states[event.symbol] = event.state
        elif isinstance(event, OrderSending) and event.order.purpose is Purpose.ENTRY:
            for where in ("", event.order.symbol):
                if (state := states.get(where, TradingState.ACTIVE)) is not TradingState.ACTIVE:
                    return f"row {sequence} sends entry {event.order.client_order_id} while {where or 'all'} is {state}"
    return edits.none_grows_after_halt(life, evidence) or operators.states_hold(life, evidence)


def exits_reduce(life: Life, evidence: Evidence) -> str | None:
    """14: judged in the step that reserves."""
    return life.instants.broken.get(14)


def within_limits(life: Life, evidence: Evidence) -> str | None:
    """15: judged in the step that reserves."""
    return life.instants.broken.get(15)


def fresh_and_alive(life: Life, evidence: Evidence) -> str | None:
    """16: judged in the step that reserves, and once more when it is sent."""
    for sent in life.world.sent:
        order = sent.recorded.order
        has_end = order.purpose is not Purpose.OPERATOR_CLOSE and not order.is_protection
        if has_end and order.valid_until is not None and sent.wall > order.valid_until:
            return (
                f"order {order.client_order_id} was sent at {sent.wall}, its decision lived until {order.valid_until}"
            )
    return life.instants.broken.get(16)


def reservations_are_sums(life: Life, evidence: Evidence) -> str | None:
    """17: judged at every poll."""
    return life.instants.broken.get(17)


def refused_on_evidence(life: Life, evidence: Evidence) -> str | None:
    """20: what was sent and is refused was refused by the venue, never left, or a complete query after H missed it."""
    rejected = {one.client_order_id for one in life.world.venue.truth.rejects}
    sent: dict[str, float] = {}
    for one in life.world.sent:
        sent[one.recorded.order.client_order_id] = one.at
    for news in evidence.rejections:
        order_id = news.client_order_id
        if order_id not in sent or order_id in life.world.never_sent:
            continue
        if news.by_venue:
            if order_id not in rejected:
                return f"order {order_id} is refused as the venue's word ({news.code}), which never said so"
        elif not _was_missed(life, order_id, sent[order_id], life.instants.given_up.get(order_id, 0.0)):
            return f"order {order_id} was given up ({news.code}) without a complete query later than H"
    return None


def _was_missed(life: Life, order_id: str, sent_at: float, given_up_at: float) -> bool:
    """Whether it was asked for later than H after the send, and before it was given up."""
    answered = life.world.answered.get(f"order {order_id}", [])
    return any(sent_at + HORIZON_SECONDS < asked_at < given_up_at for asked_at in answered)


def within_the_rate(life: Life, evidence: Evidence) -> str | None:
    """21: no second with more requests about orders than the venue takes, nor with more entries than the limit."""
    limits = life.instants.limits
    for kinds, most in ((("submit", "cancel", "amend"), limits.venue_requests_per_second),):
        times = [one.at for one in life.world.asked if one.kind in kinds]
        count = _most_in_a_second(times)
        if count > most:
            return f"{count} requests within one second, {most} are taken"
    entries = [one.at for one in life.world.sent if one.recorded.order.purpose is Purpose.ENTRY]
    count = _most_in_a_second(entries)
    if count > limits.entry_orders_per_second:
        return f"{count} entries within one second, {limits.entry_orders_per_second} are allowed"
    return None


def _most_in_a_second(times: list[float]) -> int:
    most, first = 0, 0
    for last, at in enumerate(times):
        while at - times[first] >= 1.0:
            first += 1
        most = max(most, last - first + 1)
    return most
