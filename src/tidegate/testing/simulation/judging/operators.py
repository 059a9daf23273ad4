"""Operators: what an operator was told is done is on record, holds from then on, and holds after a restart."""

from collections import defaultdict

from tidegate.domain.events import TradingStateChanged
from tidegate.domain.states import StateEntry
from tidegate.domain.vocabulary import Purpose, TradingState
from tidegate.testing.simulation.judging.evidence import Evidence
from tidegate.testing.simulation.lives import Life


def states_hold(life: Life, evidence: Evidence) -> str | None:
    """13: every state that was answered as done is in the journal, is read again, and stops entries at once."""
    written = {(one.state, one.reason) for _, one in evidence.events() if isinstance(one, TradingStateChanged)}
    for told in life.outside.states_told:
        if (told.state, told.reason) not in written:
            return f"{told.state} was answered as done at {told.at:.3f} s, and the journal has no such row"
    return _restored(life, evidence) or _sent_all_the_same(life, evidence)


def _restored(life: Life, evidence: Evidence) -> str | None:
    """The state that the last process went by is the last one written."""
    states: dict[str, TradingState] = {}
    for _, event in evidence.events():
        if isinstance(event, TradingStateChanged):
            states[event.symbol] = event.state
    account = evidence.records.account
    symbols: dict[str, StateEntry] = {**account.symbol_states}
    kept = {"": account.account_state, **symbols}
    for symbol, state in states.items():
        entry = kept.get(symbol)
        stored = TradingState.ACTIVE if entry is None else entry.state
        if stored is not state:
            return f"{symbol or 'the account'} is {state} in the journal and {stored} at the next start"
        if (held := life.states_at_end.get(symbol, TradingState.ACTIVE)) is not state:
            return f"{symbol or 'the account'} is {state} in the journal, and the last process went by {held}"
    return None


def _sent_all_the_same(life: Life, evidence: Evidence) -> str | None:
    """No process sends an entry once it has answered that it is halted, until somebody resumes.

    Which of two states came later the journal says, as they may both have waited for the same disk.
    """
    rows: dict[str, list[int]] = defaultdict(list)
    for sequence, event in evidence.events():
        if isinstance(event, TradingStateChanged):
            rows[event.reason].append(sequence)
    halts = [told for told in life.outside.states_told if told.process and told.state is not TradingState.ACTIVE]
    for sent in life.world.sent:
        order = sent.recorded.order
        if order.purpose is not Purpose.ENTRY:
            continue
        resumed = max(
            (max(rows[reason], default=0) for turn, reason in life.outside.resumed if turn < sent.turn), default=0
        )
        for told in halts:
            if told.process == sent.process and told.turn < sent.turn and min(rows[told.reason]) > resumed:
                return f"entry {order.client_order_id} was sent at {sent.at:.3f} s by {sent.process}, which had halted"
    return None
