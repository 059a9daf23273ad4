"""AdvancedExecutionEngine: the same checks, with sizing that only shrinks and the market-impact guard."""

from functools import partial

from tidegate.application.engines.live import LiveExecutionEngine
from tidegate.domain.checks.impact import impact_by
from tidegate.domain.checks.pipeline import Pipeline, advanced


class AdvancedExecutionEngine(LiveExecutionEngine):
    """The live engine's stages, with fixed-fraction sizing before the terms are fitted and the impact guard after.

    Each works where the symbol's limits enable it. Without an estimator of the caller's own, the guard reads the book
    of the view, so that it judges by what every other check judges by.
    """

    def _stages(self) -> Pipeline:
        if self.impact_estimator is None:
            return advanced()
        return advanced(partial(impact_by, self.impact_estimator))
