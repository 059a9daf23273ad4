"""The pipeline: every stage of a review in order, with its effect on entries, reductions and operator's closes."""

from collections.abc import Callable
from enum import StrEnum

from msgspec import Struct

from tidegate.domain.checks.balance import balance
from tidegate.domain.checks.clock import clock
from tidegate.domain.checks.collar import collar
from tidegate.domain.checks.draft import Draft
from tidegate.domain.checks.drift import drift
from tidegate.domain.checks.exchange_rules import exchange_rules
from tidegate.domain.checks.exposure import exposure
from tidegate.domain.checks.impact import impact
from tidegate.domain.checks.margin import leverage, liquidation
from tidegate.domain.checks.market_state import lifetime, market_state
from tidegate.domain.checks.order_size import order_size
from tidegate.domain.checks.permission import trading_state, unknown_outcome
from tidegate.domain.checks.prices import feed_age, price
from tidegate.domain.checks.rate import rate
from tidegate.domain.checks.reducible import reducible
from tidegate.domain.checks.self_cross import self_cross
from tidegate.domain.checks.slippage import slippage
from tidegate.domain.refusals import AnyRefusal
from tidegate.domain.sizing import fixed_fraction
from tidegate.domain.vocabulary import Purpose

# Bound once: in Python 3.11 looking a member up on its enumeration costs more than a decimal addition.
_ENTRY, _OPERATOR_CLOSE = Purpose.ENTRY, Purpose.OPERATOR_CLOSE


class Effect(StrEnum):
    """What a stage does to an order of one purpose."""

    REFUSE = "REFUSE"  # a breach stops the order
    WARN = "WARN"  # a breach is recorded with the order, which goes on
    APPLY = "APPLY"  # the terms are fitted, and what cannot be fitted stops the order
    SKIP = "SKIP"  # has no meaning for this purpose


Judge = Callable[[Draft], AnyRefusal | None]
"""A stage's function: None is a pass, a refusal a breach."""


class Stage(Struct, frozen=True):
    """One stage: the code it refuses with, its function, and its effect by purpose.

    `needs_price` marks what cannot be computed for an order that has found no price; `tells_pass` is off where a pass
    is nothing to report.
    """

    code: str
    judge: Judge
    on_entry: Effect
    on_reduction: Effect
    on_operator_close: Effect
    needs_price: bool = True
    tells_pass: bool = True

    def effect_on(self, purpose: Purpose) -> Effect:
        """The effect on an order; protection counts as an automated reduction."""
        if purpose is _ENTRY:
            return self.on_entry
        return self.on_operator_close if purpose is _OPERATOR_CLOSE else self.on_reduction


class Steps(Struct, frozen=True):
    """What a review of one purpose runs: the judges in order, and which of them only warn."""

    judges: tuple[Judge, ...]
    warning: frozenset[Judge]


class Pipeline:
    """Stages in order, and for each purpose what a review runs of them, laid out beforehand."""

    __slots__ = ("on_entry", "on_operator_close", "on_reduction", "stages")

    def __init__(self, stages: tuple[Stage, ...]) -> None:
        self.stages = stages
        self.on_entry = _laid_out(stages, Purpose.ENTRY)
        self.on_reduction = _laid_out(stages, Purpose.REDUCTION)
        self.on_operator_close = _laid_out(stages, Purpose.OPERATOR_CLOSE)

    def steps(self, purpose: Purpose) -> Steps:
        """What to run for an order of this purpose."""
        if purpose is _ENTRY:
            return self.on_entry
        return self.on_operator_close if purpose is _OPERATOR_CLOSE else self.on_reduction


def _laid_out(stages: tuple[Stage, ...], purpose: Purpose) -> Steps:
    return Steps(
        judges=tuple(stage.judge for stage in stages if stage.effect_on(purpose) is not Effect.SKIP),
        warning=frozenset(stage.judge for stage in stages if stage.effect_on(purpose) is Effect.WARN),
    )


_R, _W, _A, _S = Effect.REFUSE, Effect.WARN, Effect.APPLY, Effect.SKIP

#              code               function        entry reduction operator's close
_PERMITTED = (
    Stage("MARKET_STATE", market_state, _R, _R, _R, needs_price=False),
    Stage("EXPIRED", lifetime, _R, _R, _S, needs_price=False),
    Stage("TRADING_STATE", trading_state, _R, _R, _R, needs_price=False),
    Stage("UNKNOWN_OUTCOME", unknown_outcome, _R, _W, _W, needs_price=False),
    Stage("REDUCIBLE", reducible, _S, _A, _A, needs_price=False),
    Stage("STALE_MARK", price, _A, _A, _A, needs_price=False, tells_pass=False),
)
_SIZED = (Stage("SIZING", fixed_fraction, _A, _S, _S, tells_pass=False),)
_PRICED = (
    Stage("MINIMUM", exchange_rules, _A, _A, _A),
    Stage("STALE_MARK", feed_age, _R, _W, _W, needs_price=False),
    Stage("CLOCK", clock, _R, _W, _W, needs_price=False),
    Stage("DRIFT", drift, _R, _W, _W),
    Stage("COLLAR", collar, _R, _W, _W),
    Stage("SLIPPAGE", slippage, _R, _W, _W),
)
_LIMITED = (
    Stage("ORDER_SIZE", order_size, _R, _W, _W),
    Stage("EXPOSURE", exposure, _R, _W, _W),
    Stage("LEVERAGE", leverage, _R, _W, _W),
    Stage("LIQUIDATION", liquidation, _R, _W, _W),
    Stage("BALANCE", balance, _R, _R, _R),
    # Placement cancels the own order that stands in an exit's way and has the exit reviewed again.
    Stage("SELF_CROSS", self_cross, _R, _R, _R),
    Stage("RATE", rate, _R, _W, _W, needs_price=False),
)

LIVE = Pipeline(_PERMITTED + _PRICED + _LIMITED)
"""The stages of every order."""


def advanced(judge_impact: Judge = impact) -> Pipeline:
    """The same with sizing before the terms are fitted, and the impact guard after the slippage check."""
    guard = Stage("IMPACT", judge_impact, _R, _W, _W)
    return Pipeline((*_PERMITTED, *_SIZED, *_PRICED, guard, *_LIMITED))
