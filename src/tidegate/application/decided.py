"""Decided: one decision id has one outcome, however often and from wherever it is delivered."""

from asyncio import Event
from typing import assert_never

from msgspec import Struct

from tidegate.application.desk import AccountDesk
from tidegate.domain.decisions import Decision, same_content
from tidegate.domain.events import DecisionRefused, NoOrderDecided
from tidegate.domain.identifiers import ClientOrderId
from tidegate.domain.orders import OrderRecord, TermsChange
from tidegate.domain.outcomes import NoOrderNeeded, OrderPlaced
from tidegate.domain.records import StoredDecision
from tidegate.domain.refusals import AnyRefusal, IdConflictRefused, Remedy, StoreRefused
from tidegate.domain.rejections import refusal_of
from tidegate.domain.vocabulary import OrderStatus

# Bound once: in Python 3.11 looking a member up on its enumeration costs more than what is done with it.
_REFUSED = OrderStatus.REFUSED
Outcome = OrderPlaced | NoOrderNeeded | AnyRefusal


class InFlight(Struct, gc=False):
    """A decision that is being executed now; `done` exists only once somebody waits for it."""

    symbol: str
    decision: Decision
    done: Event | None = None
    outcome: Outcome | None = None


class DecidedOnce:
    """Knows which decisions are under way and finds those that have ended by their key in the store.

    Nothing is kept of a decision once it has ended: memory does not grow with their number.
    """

    def __init__(self, desk: AccountDesk) -> None:
        self._desk = desk
        self.under_way: dict[str, InFlight] = {}
        """Decisions that are being executed now, by their ids."""

    def tell(self, flight: InFlight, done: Event, outcome: Outcome | None) -> None:
        """Tell whoever waits for an execution what it came to, once it is under way no more."""
        flight.outcome = outcome
        done.set()

    async def joined(self, symbol: str, decision: Decision) -> Outcome | None:
        """The outcome of the execution of this id that is under way, once it has ended; None if there is none.

        No await lies between that None and the caller's entry in `under_way`: of several deliveries at once only one
        begins. The same content gets the order as it now stands; other content ID_CONFLICT, and the first stands
        (N6, N7).
        """
        while (flight := self.under_way.get(decision.decision_id)) is not None:
            if not same_content(flight.symbol, flight.decision, symbol, decision):
                return _conflict(decision.decision_id, flight.symbol)
            outcome = await self._outcome_of_flight(flight)
            if outcome is not None:
                return outcome
        return None

    async def _outcome_of_flight(self, flight: InFlight) -> Outcome | None:
        """None where the first execution was interrupted: what it left durable decides, and the next looks there."""
        if flight.done is None:
            flight.done = Event()
        await flight.done.wait()
        outcome = flight.outcome
        return await self._placed(outcome.order.client_order_id) if isinstance(outcome, OrderPlaced) else outcome

    async def stored(self, symbol: str, decision: Decision) -> Outcome | None:
        """What the store knows of the decision's id."""
        stored = await self._desk.store.find_decision(decision.decision_id)
        return None if stored is None else await self.outcome_of(stored, symbol, decision)

    async def outcome_of(self, stored: StoredDecision, symbol: str, decision: Decision) -> Outcome:
        """What the use of its id that is stored comes to for this decision."""
        if not same_content(stored.symbol, stored.decision, symbol, decision):
            return _conflict(decision.decision_id, stored.symbol)
        return await self._outcome_of(stored)

    async def _outcome_of(self, stored: StoredDecision) -> Outcome:
        match stored.outcome:
            case None:
                return await self._placed(ClientOrderId(stored.client_order_id))
            case DecisionRefused(refusal=refusal):
                return refusal
            case NoOrderDecided(reason=reason):
                return NoOrderNeeded(decision_id=stored.decision_id, reason=reason)
            case _:
                assert_never(stored.outcome)

    async def _placed(self, client_order_id: ClientOrderId) -> OrderPlaced | AnyRefusal:
        record = await self._desk.standing(client_order_id)
        if record is None:
            return StoreRefused(message=f"the decision's order {client_order_id} is not in the store")
        return placed_or_refused(record, is_repeat=True)


def placed_or_refused(
    record: OrderRecord, changes: tuple[TermsChange, ...] = (), *, is_repeat: bool = False
) -> OrderPlaced | AnyRefusal:
    """What an order that was recorded comes to for the caller: itself as it stands, or the refusal that it ended in."""
    if record.status is _REFUSED and record.refused is not None:
        return refusal_of(record.refused)
    return OrderPlaced(order=record, changes=changes, is_repeat=is_repeat)


def _conflict(decision_id: str, symbol: str) -> IdConflictRefused:
    return IdConflictRefused(
        message=f"decision id {decision_id} was used for other content on {symbol}; the first stands",
        facts={"decision_id": decision_id, "first_symbol": symbol},
        remedy=Remedy("use a new decision id for a new decision"),
    )
