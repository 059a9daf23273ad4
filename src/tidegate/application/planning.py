"""Planning: everything that executing a decision would do, up to the point where something would be reserved."""

from returns.result import Failure, Result, Success

from tidegate.application.closing import rests
from tidegate.application.desk import AccountDesk
from tidegate.application.preparing import Execution, Prepared, hindrance, prepare, unsettled_close
from tidegate.domain.outcomes import NoOrderNeeded, Plan
from tidegate.domain.pace import terms_of
from tidegate.domain.ports import EnginePort
from tidegate.domain.refusals import AnyRefusal
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
        at = self._desk.clock.now()
        view = self._desk.view(prepared.order, terms_of(prepared.order), prepared.product, at, one.engine.risk_manager)
        planned = plan_of(one.engine.assess(prepared.order, view), view)
        return planned.alt(lambda refusal: in_decision_terms(refusal, one.decision, prepared.order))
