"""ExecutionEngine: what placement needs of an engine, whichever it holds."""

from typing import Protocol

from tidegate.domain.orders import ApprovedOrder, Order
from tidegate.domain.refusals import AnyRefusal
from tidegate.domain.review import Assessment
from tidegate.domain.risk import RiskManager
from tidegate.domain.views import ReviewView


class ExecutionEngine(Protocol):
    """A pure review pipeline over one view; it waits for nothing and sends nothing."""

    @property
    def risk_manager(self) -> RiskManager: ...

    @property
    def enable_preview(self) -> bool: ...

    def review(self, order: Order, view: ReviewView) -> ApprovedOrder | AnyRefusal:
        """The order with final terms, or the first refusal in the pipeline's order."""
        ...

    def assess(self, order: Order, view: ReviewView) -> Assessment:
        """The same judgement with every computable check's verdict."""
        ...
