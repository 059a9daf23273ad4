"""Executing: what placement does with one decision, from the first look at its id to its one outcome."""

from asyncio import CancelledError

from tidegate.application.canceling import Canceler
from tidegate.application.closing import Closer
from tidegate.application.decided import DecidedOnce, InFlight, Outcome, placed_or_refused
from tidegate.application.desk import AccountDesk
from tidegate.application.planning import Planner
from tidegate.application.preparing import (
    Execution,
    Prepared,
    plainly,
    prepare,
    unsettled_close,
    vain_close,
)
from tidegate.application.resolving import OrderResolver
from tidegate.application.restraint import end_cool_down, restrain
from tidegate.application.sending import OrderSender, Sent
from tidegate.domain.events import DecisionRefused, NoOrderDecided
from tidegate.domain.guards import REPETITION
from tidegate.domain.orders import OrderRecord
from tidegate.domain.outcomes import NoOrderNeeded
from tidegate.domain.ports import EnginePort
from tidegate.domain.records import AlreadyDecided, NotCommitted, StepCommitted
from tidegate.domain.refusals import AnyRefusal, ReducibleRefused, StoreRefused, TradingStateRefused
from tidegate.domain.states import StateEntry, permits, state_refusal
from tidegate.domain.vocabulary import Action, Purpose, TradingState

_CLOSE = Action.CLOSE
_KILLED = StateEntry(state=TradingState.HALTED, reason="risk.kill_switch_enabled", by="settings")


class DecisionWork:
    """Decisions on one desk: prepare, send, and record what ended without an order."""

    def __init__(self, desk: AccountDesk, venue: EnginePort, sender: OrderSender | None, closer: Closer | None) -> None:
        self.desk = desk
        self.decided = DecidedOnce(desk)
        self.planner = Planner(desk, venue)
        self._venue = venue
        canceler = Canceler(desk, venue, OrderResolver(desk, venue))
        self._sender = sender if sender is not None else OrderSender(desk, venue, canceler)
        self._closer = closer if closer is not None else Closer(desk, canceler)

    async def once(self, one: Execution) -> Outcome:
        """The one outcome of a decision's id, however often and from wherever it comes."""
        symbol, decision, decided = one.symbol, one.decision, self.decided
        decision_id = decision.decision_id
        if decision_id in decided.under_way:
            joined = await decided.joined(symbol, decision)
            if joined is not None:
                return joined
        outcome: Outcome | None = None
        is_given_up = False
        flight = decided.under_way[decision_id] = InFlight(symbol, decision)
        try:
            stored = await self.desk.store.find_decision(decision_id)
            if stored is not None:
                outcome = await decided.outcome_of(stored, symbol, decision)
            elif decision.action is _CLOSE:
                outcome = await self._close(one)
            elif (approval := plainly(self.desk, self._venue.capabilities, one)) is not None:
                sent = await self._sender.send_approved(approval, decision)
                if isinstance(sent, OrderRecord):
                    outcome = placed_or_refused(sent, approval.approved.changes)
                else:
                    outcome = await self._unsent(one, sent)
            else:
                outcome = await self._placed(one)
        except CancelledError:
            is_given_up = True
            raise
        finally:
            del decided.under_way[decision_id]
            if flight.done is not None:
                decided.tell(flight, flight.done, outcome)
            if outcome is None and not is_given_up and "" not in self.desk.broken.values():
                # A part that raises where it may not cannot be trusted with entries (P14).
                self.desk.broke("FAILED", f"decision {decision_id} on {symbol} ended in an exception")
        return outcome

    async def _close(self, one: Execution) -> Outcome:
        """Free the inventory, then close it; a close that is refused in any case must not cost an exit that rests.

        What could only make the position larger is called off all the same.
        """
        prepared = prepare(self.desk, self._venue.capabilities, one)
        if not isinstance(prepared, NoOrderNeeded):
            if not isinstance(prepared, Prepared | ReducibleRefused):
                return await self._refused(one, prepared)
            forbidden = self._forbidden(one)
            if forbidden is not None:
                return await self._refused(one, forbidden)
        symbol, strategy_id, capabilities = one.symbol, one.decision.strategy_id, self._venue.capabilities
        with self._closer.fenced(symbol):
            vain = vain_close(self.desk, capabilities, one)
            if vain is not None:
                await self._closer.call_off_entries(symbol, strategy_id)
                vain = vain_close(self.desk, capabilities, one)
            if vain is not None:
                return await self._refused(one, vain)
            async with self._closer.closing(symbol, strategy_id, takes_unknown=one.override_unknown):
                return await self._placed(one)

    def _forbidden(self, one: Execution) -> AnyRefusal | None:
        """The refusal of an exit in the state that is in force, with the settings' kill switch as HALTED."""
        entry = self.desk.ledger.states.entry(one.symbol)
        if self.desk.risk_manager.limits_for(one.symbol).kill_switch_enabled:
            entry = _KILLED
        purpose = Purpose.OPERATOR_CLOSE if one.by_operator else Purpose.REDUCTION
        if permits(entry.state, purpose):
            return None
        return state_refusal(one.symbol, entry.state, entry.reason, entry.by)

    async def _placed(self, one: Execution) -> Outcome:
        prepared = prepare(self.desk, self._venue.capabilities, one)
        if not isinstance(prepared, Prepared):
            return await self._unprepared(one, prepared)
        sent = await self._sender.send(prepared.order, prepared.product, one.engine, one.decision)
        if isinstance(sent, TradingStateRefused) and await end_cool_down(self.desk, one.symbol):
            # Its term was over, and the guards had not looked since.
            sent = await self._sender.send(prepared.order, prepared.product, one.engine, one.decision)
        return placed_or_refused(sent.record, sent.changes) if isinstance(sent, Sent) else await self._unsent(one, sent)

    async def _unsent(self, one: Execution, why: AnyRefusal | AlreadyDecided) -> Outcome:
        if not isinstance(why, AlreadyDecided):
            return await self._refused(one, why)
        return await self._not_committed(one, why)

    async def _unprepared(self, one: Execution, why: NoOrderNeeded | AnyRefusal) -> Outcome:
        if not isinstance(why, NoOrderNeeded):
            return await self._refused(one, why)
        unsettled = unsettled_close(self.desk, one)
        return await self._needless(one, why) if unsettled is None else await self._refused(one, unsettled)

    async def _refused(self, one: Execution, refusal: AnyRefusal) -> Outcome:
        """A refusal of something that never left: durable before it is returned, final for the decision's id."""
        desk = self.desk
        desk.stats.refused += 1
        if refusal.facts.get("cause") == REPETITION:
            await restrain(desk, one.symbol, refusal)
        if isinstance(refusal, StoreRefused):
            return refusal
        at = desk.clock.now()
        event = DecisionRefused(symbol=one.symbol, decision=one.decision, refusal=refusal, at=at)
        outcome = await desk.commit(at, event)
        return refusal if isinstance(outcome, StepCommitted) else await self._not_committed(one, outcome)

    async def _needless(self, one: Execution, no_order: NoOrderNeeded) -> Outcome:
        at = self.desk.clock.now()
        event = NoOrderDecided(symbol=one.symbol, decision=one.decision, reason=no_order.reason, at=at)
        outcome = await self.desk.commit(at, event)
        return no_order if isinstance(outcome, StepCommitted) else await self._not_committed(one, outcome)

    async def _not_committed(self, one: Execution, outcome: NotCommitted) -> Outcome:
        if isinstance(outcome, AlreadyDecided):
            stored = await self.decided.stored(one.symbol, one.decision)
            if stored is not None:
                return stored
            return StoreRefused(message=f"decision id {one.decision.decision_id} is taken and cannot be read")
        reason = outcome.reason
        return StoreRefused(message=f"the outcome could not be made durable: {reason}", facts={"reason": reason})
