"""Planning: everything that executing a decision would do, up to the point where something would be reserved."""

from collections.abc import Iterable

from msgspec.structs import replace
from returns.result import Failure, Result, Success

from tidegate.application.closing import rests
from tidegate.application.desk import AccountDesk
from tidegate.application.preparing import Execution, Prepared, hindrance, prepare, unsettled_close
from tidegate.application.sending import BLOCKERS_MAX
from tidegate.domain.arrivals import arrival_warning
from tidegate.domain.identifiers import ClientOrderId
from tidegate.domain.orders import OrderRecord
from tidegate.domain.outcomes import Answer, CheckVerdict, NoOrderNeeded, Plan
from tidegate.domain.pace import terms_of
from tidegate.domain.ports import EnginePort
from tidegate.domain.refusals import AnyRefusal, SelfCrossRefused
from tidegate.domain.remedies import in_decision_terms
from tidegate.domain.review import plan_of
from tidegate.domain.views import MarketReading
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
        planned = self._past_blockers(one, prepared)
        return planned.alt(lambda refusal: in_decision_terms(refusal, one.decision, prepared.order))

    def _past_blockers(self, one: Execution, prepared: Prepared) -> Result[Plan, AnyRefusal]:
        """The plan as if own orders in an exit's way were gone: executing it cancels them first, one by one."""
        desk, blockers = self._desk, list[OrderRecord]()
        while True:
            with desk.without(blockers):
                planned = self._judged(one, prepared)
            blocker = self._blocker_of(planned) if prepared.order.purpose.is_exit else None
            if blocker is None or len(blockers) == BLOCKERS_MAX:
                return planned.map(lambda plan: _telling(plan, blockers)) if blockers else planned
            blockers.append(blocker)

    def _judged(self, one: Execution, prepared: Prepared) -> Result[Plan, AnyRefusal]:
        at = self._desk.clock.now()
        view = self._desk.view(prepared.order, terms_of(prepared.order), prepared.product, at, one.engine.risk_manager)
        return plan_of(one.engine.assess(prepared.order, view), view).map(lambda plan: _arriving(plan, view.market))

    def _blocker_of(self, planned: Result[Plan, AnyRefusal]) -> OrderRecord | None:
        refusal = planned.swap().value_or(None)
        if not isinstance(refusal, SelfCrossRefused):
            return None
        record = self._desk.ledger.orders.get(ClientOrderId(refusal.facts["blocker"]))
        return record if record is not None and rests(record) else None


def _arriving(plan: Plan, market: MarketReading) -> Plan:
    """The plan with a word of what the venue would make of its order now."""
    told = None if plan.order is None else arrival_warning(plan.order, market)
    return plan if told is None else replace(plan, verdicts=(*plan.verdicts, told))


def _telling(plan: Plan, blockers: Iterable[OrderRecord]) -> Plan:
    """The plan with a word of what is cancelled before its order goes out."""
    words = ", ".join(record.client_order_id for record in blockers)
    told = CheckVerdict(check="SELF_CROSS", answer=Answer.WARN, message=f"cancels what is in its way: {words}")
    return replace(plan, verdicts=tuple(told if one.check == told.check else one for one in plan.verdicts))
