"""Rest: what must come to an end, what must not be seen, and that the same seed is the same life."""

from tidegate.domain.booking import ACCOUNT
from tidegate.domain.lifecycle import apply_news, sending
from tidegate.domain.positions import Position, PositionHistory
from tidegate.domain.vocabulary import OrderStatus
from tidegate.testing.simulation.dice import Dice
from tidegate.testing.simulation.judging.evidence import Evidence, difference
from tidegate.testing.simulation.lives import Life
from tidegate.testing.simulation.market import BY_SYMBOL
from tidegate.testing.simulation.setting import CANARY

_LOST_WRITES = ("D1", "D2", "D8", "D13")
_STARTS_MAX = 3
"""How many starts one intent may end until it is set aside (P11)."""

_SHUFFLED = 8
"""How many orders of a life have their news told again in another order."""


def any_order_same_end(life: Life, evidence: Evidence) -> str | None:
    """18: an order's news in any order, with repeats, makes the record that is stored."""
    dice = Dice("shuffle", life.plan.seed)
    for order_id, news in list(evidence.news.items())[:_SHUFFLED]:
        stored, attempts = evidence.records.orders.get(order_id), evidence.sendings.get(order_id, [])
        if stored is None or len(attempts) != 1:
            continue
        record, told = sending(attempts[0]), [*news, *dice.some_of(news, 0.3)]
        while told:
            record = apply_news(record, told.pop(dice.below(len(told))))
        if record != stored:
            return f"order {order_id} told in another order: {difference(stored, record)}"
    return _positions_in_any_order(evidence, dice)


def _positions_in_any_order(evidence: Evidence, dice: Dice) -> str | None:
    """The fills of a position, whatever order they come in, make the position that is stored."""
    owner_of = {order_id: record.order.strategy_id for order_id, record in evidence.records.orders.items()}
    for stored in evidence.records.account.positions:
        fills = [
            fill
            for fill in evidence.records.fills
            if fill.symbol == stored.symbol and stored.strategy_id in (ACCOUNT, owner_of[fill.client_order_id])
        ]
        history = PositionHistory(Position(symbol=stored.symbol, strategy_id=stored.strategy_id))
        while fills:
            history.add(fills.pop(dice.below(len(fills))), BY_SYMBOL[stored.symbol])
        if history.position != stored:
            return f"position {stored.symbol} {stored.strategy_id!r} is {stored}, its fills make {history.position}"
    return None


def resolved_in_time(life: Life, evidence: Evidence) -> str | None:
    """22: with the faults off, every order has its outcome within H and three polls, and every decision an answer."""
    for order_id, status in life.unresolved.items():
        if not evidence.is_quarantined(order_id):
            return f"after H and three polls order {order_id} is {status}"
    for order_id, record in evidence.records.orders.items():
        # A cancel that was lost is asked for again, so that nothing rests for ever that was to be called off (P9).
        if record.status is OrderStatus.PENDING_CANCEL and not evidence.is_quarantined(order_id):
            return f"order {order_id} was to be called off, and still rests at the end"
    return f"{life.unanswered[0]} has no answer at the end" if life.unanswered else None


def comes_to_rest(life: Life, evidence: Evidence) -> str | None:
    """23: no exception that nobody handled, no deadlock, no endless loop, no background loop that died by itself."""
    if life.stuck:
        return life.stuck
    if life.loop.failures:
        return life.loop.failures[0]
    # A start whose mark the disk did not take is not counted by the next one.
    unmarked = sum(life.world.board.fired[fault] for fault in _LOST_WRITES)
    if life.keeper.poisoned_starts_max > _STARTS_MAX + unmarked:
        return f"one intent has ended {life.keeper.poisoned_starts_max} starts in a row"
    return life.keeper.dead[0] if life.keeper.dead else None


def canary_is_nowhere(life: Life, evidence: Evidence) -> str | None:
    """24: the secret that the settings hold is in no file of the store and in no answer."""
    for path in sorted(life.path.parent.iterdir()):
        if CANARY.encode() in path.read_bytes():
            return f"the canary secret is in {path.name}"
    for heard in life.outside.heard:
        if CANARY in repr(heard):
            return f"the canary secret is in the answer to {heard.decision.decision_id}"
    return None
