"""The execution gate between a trading strategy and a market: one decision in, one order or one typed refusal out.

The public names are looked up when they are first asked for, so that `import tidegate` costs next to nothing.
"""

from importlib import import_module

# Type checkers take the name for true; importing it from typing would cost more than all the rest of this module.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from tidegate.adapters.settings import Settings
    from tidegate.application.coordinator import ExecutionCoordinator
    from tidegate.application.engine_factory import ExecutionEngineFactory
    from tidegate.application.engines import AdvancedExecutionEngine, LiveExecutionEngine
    from tidegate.application.placement import OrderPlacementService
    from tidegate.application.reconciler import OrderReconciler
    from tidegate.application.supervisor import ExecutionRuntimeSupervisor
    from tidegate.containers import open_application
    from tidegate.domain.decisions import Decision
    from tidegate.domain.marks import Mark
    from tidegate.domain.order_stats import OrderStats
    from tidegate.domain.outcomes import NoOrderNeeded, OrderPlaced, Plan
    from tidegate.domain.ports import Broker, EnginePort, OrderStorePort
    from tidegate.domain.positions import Position
    from tidegate.domain.products import Product
    from tidegate.domain.refusals import AnyRefusal, Refusal
    from tidegate.domain.risk import RiskManager
    from tidegate.domain.vocabulary import Action, OrderSide, OrderStatus, OrderType, TimeInForce, TradingState

__all__ = [
    "Action",
    "AdvancedExecutionEngine",
    "AnyRefusal",
    "Broker",
    "Decision",
    "EnginePort",
    "ExecutionCoordinator",
    "ExecutionEngineFactory",
    "ExecutionRuntimeSupervisor",
    "LiveExecutionEngine",
    "Mark",
    "NoOrderNeeded",
    "OrderPlaced",
    "OrderPlacementService",
    "OrderReconciler",
    "OrderSide",
    "OrderStats",
    "OrderStatus",
    "OrderStorePort",
    "OrderType",
    "Plan",
    "Position",
    "Product",
    "Refusal",
    "RiskManager",
    "Settings",
    "TimeInForce",
    "TradingState",
    "__version__",
    "open_application",
]

__version__ = "0.1.0"

_HOMES = {
    "adapters.settings": ("Settings",),
    "application.coordinator": ("ExecutionCoordinator",),
    "application.engine_factory": ("ExecutionEngineFactory",),
    "application.engines": ("AdvancedExecutionEngine", "LiveExecutionEngine"),
    "application.placement": ("OrderPlacementService",),
    "application.reconciler": ("OrderReconciler",),
    "application.supervisor": ("ExecutionRuntimeSupervisor",),
    "containers": ("open_application",),
    "domain.decisions": ("Decision",),
    "domain.marks": ("Mark",),
    "domain.order_stats": ("OrderStats",),
    "domain.outcomes": ("NoOrderNeeded", "OrderPlaced", "Plan"),
    "domain.ports": ("Broker", "EnginePort", "OrderStorePort"),
    "domain.positions": ("Position",),
    "domain.products": ("Product",),
    "domain.refusals": ("AnyRefusal", "Refusal"),
    "domain.risk": ("RiskManager",),
    "domain.vocabulary": ("Action", "OrderSide", "OrderStatus", "OrderType", "TimeInForce", "TradingState"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    """Look a public name up where it lives, once; from then on it is an attribute like any other.

    Raises:
        AttributeError: the package has no such name.
    """
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(__all__))
