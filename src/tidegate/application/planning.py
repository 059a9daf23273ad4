"""Planning: everything that executing a decision would do, up to the point where something would be reserved."""

from returns.result import Failure, Result, Success

from tidegate.application.closing import rests
from tidegate.application.desk import AccountDesk
from tidegate.application.engine import ExecutionEngine
from tidegate.application.preparing import Execution, Prepared, hindrance, prepare, unsettled_close
from tidegate.application.sending import BLOCKERS_MAX
from tidegate.domain.identifiers import ClientOrderId
from tidegate.domain.orders import OrderRecord
from tidegate.domain.outcomes import NoOrderNeeded, Plan
from tidegate.domain.pace import terms_of
from tidegate.domain.ports import EnginePort
from tidegate.domain.refusals import AnyRefusal, SelfCrossRefused
from tidegate.domain.remedies import in_decision_terms
from tidegate.domain.review import plan_of
from tidegate.domain.vocabulary import Action


class Planner:
    """Reserves nothing, writes nothing, asks the venue nothing, and uses up no id."""

    def __init__(self, desk: AccountDesk, venue: EnginePort) -> None:
        self._desk = desk
        self._venue = venue

    def plan(self, one: Execution) -> Result[Plan, AnyRefusal]:
        """The exact order with every verdict, or the refusal that executing it would get."""
        if one.decision.action is not Action.CLOSE:
            return self._planned(one)
        # A close first calls off what rests, and may then use what that held.
        live = self._desk.live_orders(one.symbol, one.decision.strategy_id)
        with self._desk.without(filter(rests, live)):
            return self._planned(one)

    def _planned(self, one: Execution) -> Result[Plan, AnyRefusal]:
        prepared = prepare(self._desk, self._venue.capabilities, one)
        if isinstance(prepared, NoOrderNeeded):
            unsettled = unsettled_close(self._desk, one, unless=rests)
            if unsettled is not None:
                return Failure(unsettled)
            return Success(Plan(order=None, reason=prepared.reason))
        if not isinstance(prepared, Prepared):
            return Failure(prepared)
        hindered = hindrance(self._desk, prepared.order)
        if hindered is not None:
            return Failure(hindered)
        planned = self._assessed(prepared, one.engine)
        return planned.alt(lambda refusal: in_decision_terms(refusal, one.decision, prepared.order))

    def _assessed(self, prepared: Prepared, engine: ExecutionEngine) -> Result[Plan, AnyRefusal]:
        """The verdicts on the order; on an exit as if the own orders in its way were gone, which it would call off."""
        desk, order, called_off = self._desk, prepared.order, list[OrderRecord]()
        while True:
            with desk.without(called_off):
                view = desk.view(order, terms_of(order), prepared.product, desk.clock.now(), engine.risk_manager)
            planned = plan_of(engine.assess(order, view), view)
            blocker = self._blocker(planned) if order.purpose.is_exit and len(called_off) < BLOCKERS_MAX else None
            if blocker is None:
                return planned
            called_off.append(blocker)

    def _blocker(self, planned: Result[Plan, AnyRefusal]) -> OrderRecord | None:
        """The own order that rests where an exit would trade with it; None where something else is in its way."""
        refusal = planned.failure() if isinstance(planned, Failure) else None
        if not isinstance(refusal, SelfCrossRefused):
            return None
        blocker = self._desk.ledger.orders.get(ClientOrderId(refusal.facts["blocker"]))
        return blocker if blocker is not None and rests(blocker) else None
