"""The execution engines: pure pipelines that approve an order or say what stands in its way."""

from tidegate.application.engines.advanced import AdvancedExecutionEngine
from tidegate.application.engines.live import LiveExecutionEngine

__all__ = ["AdvancedExecutionEngine", "LiveExecutionEngine"]
