"""The table of stages: one order, one effect for each purpose, and a page that says the same."""

from pathlib import Path
from typing import Final

import pytest
from msgspec.structs import replace

from tests.domain.situations import LONG, sell
from tidegate.domain.checks.draft import Draft
from tidegate.domain.checks.pipeline import LIVE, Effect, Pipeline, Stage, advanced
from tidegate.domain.orders import ApprovedOrder
from tidegate.domain.refusals import AnyRefusal, RateRefused, Refusal
from tidegate.domain.review import review
from tidegate.domain.vocabulary import Purpose

PAGE: Final = Path(__file__).parents[3] / "docs" / "checks.md"
NEVER_BLOCKS_AN_EXIT: Final = frozenset(
    {"EXPOSURE", "LEVERAGE", "LIQUIDATION", "ORDER_SIZE", "SLIPPAGE", "IMPACT", "COLLAR", "DRIFT", "CLOCK", "RATE"}
)
EVERY_STAGE = advanced().stages


def documented() -> list[tuple[str, ...]]:
    """The rows of the page's first table."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    start = lines.index("| Stage | Refuses with | Entry | Reduction | Operator's close |")
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append(tuple(cell.strip() for cell in line.strip("|").split("|")))
    return rows


def test_the_page_says_what_the_pipeline_does() -> None:
    """Stage, code and the three effects, in order."""
    assert documented() == [
        (
            stage.judge.__name__,
            stage.code,
            stage.on_entry.value,
            stage.on_reduction.value,
            stage.on_operator_close.value,
        )
        for stage in EVERY_STAGE
    ]


def test_the_live_pipeline_is_the_advanced_one_without_sizing_and_impact() -> None:
    """Nothing else differs, so nothing needs to ask which engine it holds."""
    assert LIVE.stages == tuple(stage for stage in EVERY_STAGE if stage.code not in ("SIZING", "IMPACT"))


@pytest.mark.parametrize("purpose", [purpose for purpose in Purpose if purpose.is_exit])
@pytest.mark.parametrize("stage", EVERY_STAGE, ids=lambda stage: stage.judge.__name__)
def test_no_limit_of_risk_price_or_pace_blocks_an_exit(stage: Stage, purpose: Purpose) -> None:
    """They warn; only what no venue could honour, or what would not be an exit, stops one."""
    blocks = stage.effect_on(purpose) in (Effect.REFUSE, Effect.APPLY)

    assert not (blocks and stage.code in NEVER_BLOCKS_AN_EXIT)
    if stage.judge.__name__ == "feed_age":
        assert not blocks


@pytest.mark.parametrize("stage", EVERY_STAGE, ids=lambda stage: stage.judge.__name__)
def test_a_breach_never_merely_warns_an_entry(stage: Stage) -> None:
    """A check that an entry could ignore would be none."""
    assert stage.on_entry is not Effect.WARN


@pytest.mark.parametrize("purpose", Purpose)
def test_what_is_laid_out_is_what_the_table_says(purpose: Purpose) -> None:
    """A review runs the stages that are not skipped, and only those that warn go on after a breach."""
    steps = advanced().steps(purpose)

    assert steps.judges == tuple(stage.judge for stage in EVERY_STAGE if stage.effect_on(purpose) is not Effect.SKIP)
    assert steps.warning == {stage.judge for stage in EVERY_STAGE if stage.effect_on(purpose) is Effect.WARN}


def _breach(draft: Draft) -> AnyRefusal:
    return RateRefused(message=f"no more of {draft.order.symbol}")


@pytest.mark.parametrize("effect", [Effect.REFUSE, Effect.WARN, Effect.APPLY, Effect.SKIP])
def test_an_effect_does_what_it_says(effect: Effect) -> None:
    """A stage that always finds a breach stops, warns or is not asked."""
    always = Stage("RATE", _breach, effect, effect, effect)
    order = replace(LONG.order(sell()), purpose=Purpose.OPERATOR_CLOSE)

    outcome = review(order, LONG.view, Pipeline((*LIVE.stages, always)))

    if effect in (Effect.REFUSE, Effect.APPLY):
        assert isinstance(outcome, Refusal)
    else:
        assert isinstance(outcome, ApprovedOrder)
        assert [warned.code for warned in outcome.warnings] == (["RATE"] if effect is Effect.WARN else [])
