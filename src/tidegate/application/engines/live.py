"""LiveExecutionEngine: the checks that every order passes."""

from tidegate.application.configuration import require, require_kind
from tidegate.domain.checks.pipeline import LIVE, Pipeline
from tidegate.domain.impact import ImpactEstimator
from tidegate.domain.orders import ApprovedOrder, Order
from tidegate.domain.ports import Broker, OrderStorePort
from tidegate.domain.refusals import AnyRefusal
from tidegate.domain.review import Assessment, assess, review
from tidegate.domain.risk import RiskManager
from tidegate.domain.views import ReviewView


class LiveExecutionEngine:
    """A pure pipeline over one view: it waits for nothing, sends nothing and remembers nothing.

    All it judges by is in the view; broker, store and bot id say whom it works for. `enable_preview` asks placement
    to put the order to the venue's preview between two reviews.
    """

    def __init__(
        self,
        *,
        broker: Broker,
        risk_manager: RiskManager,
        event_store: OrderStorePort | None = None,
        bot_id: str = "",
        enable_preview: bool = False,
        impact_estimator: ImpactEstimator | None = None,
    ) -> None:
        require("broker", broker, "a Broker")
        require_kind("risk_manager", risk_manager, RiskManager, "a RiskManager")
        self.broker = broker
        self.risk_manager = risk_manager
        self.event_store = event_store
        self.bot_id = bot_id
        self.enable_preview = enable_preview
        self.impact_estimator = impact_estimator
        self._pipeline = self._stages()

    def _stages(self) -> Pipeline:
        """The stages of this engine, in order."""
        return LIVE

    def review(self, order: Order, view: ReviewView) -> ApprovedOrder | AnyRefusal:
        """The order with final terms, or the first refusal in the pipeline's order."""
        return review(order, view, self._pipeline)

    def assess(self, order: Order, view: ReviewView) -> Assessment:
        """The same judgement with every computable check's verdict."""
        return assess(order, view, self._pipeline)
