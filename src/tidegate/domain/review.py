"""Review: the one pipeline that turns an order into an approved one, and the assessment that a plan is made of."""

from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace
from returns.result import Failure, Result, Success

from tidegate.domain.amounts import exact
from tidegate.domain.checks.draft import Draft, draft_of, walked
from tidegate.domain.checks.pipeline import LIVE, Effect, Pipeline, Stage, Steps
from tidegate.domain.costs import order_costs
from tidegate.domain.orders import ApprovedOrder, Order, Warned
from tidegate.domain.outcomes import Answer, CheckVerdict, Plan
from tidegate.domain.refusals import AnyRefusal
from tidegate.domain.remedies import settled
from tidegate.domain.views import ReviewView


@exact
def review(order: Order, view: ReviewView, pipeline: Pipeline = LIVE) -> ApprovedOrder | AnyRefusal:
    """The order with final terms, or the first breach in the pipeline's order with a remedy that passes all of it."""
    draft = draft_of(order, view)
    breach = _first_breach(draft, pipeline.steps(order.purpose))
    return _approved(draft) if breach is None else _with_remedy(breach, order, view, pipeline)


def _first_breach(draft: Draft, steps: Steps) -> AnyRefusal | None:
    for judge in steps.judges:
        if (breach := judge(draft)) is not None:
            if judge not in steps.warning:
                return breach
            draft.warnings.append(Warned(breach.code, breach.message))
    return None


def _approved(draft: Draft) -> ApprovedOrder:
    if draft.worst_price is None:
        raise LookupError("an order passed every check without a price")
    return ApprovedOrder(
        order=_final(draft),
        worst_price=draft.worst_price,
        reviewed_at=draft.view.at,
        warnings=tuple(draft.warnings),
        changes=tuple(draft.changes),
    )


def _final(draft: Draft) -> Order:
    """The order with its terms as the stages left them."""
    order = draft.order
    if (
        draft.quantity is order.quantity
        and draft.limit_price is order.limit_price
        and draft.trigger_price is order.trigger_price
        and draft.time_in_force is order.time_in_force
    ):
        return order
    return replace(
        order,
        quantity=draft.quantity,
        limit_price=draft.limit_price,
        trigger_price=draft.trigger_price,
        time_in_force=draft.time_in_force,
    )


def _with_remedy(breach: AnyRefusal, order: Order, view: ReviewView, pipeline: Pipeline) -> AnyRefusal:
    def trial(other: Order) -> AnyRefusal | None:
        return _first_breach(draft_of(other, view), pipeline.steps(other.purpose))

    return settled(breach, order, view, trial)


class Assessment(Struct, frozen=True, gc=False, kw_only=True):
    """Every computable check's verdict on one order.

    `refusal` is the first TRIP in order, the one a review answers with; `approved` what a review would approve, None
    where it refuses; `order` the terms as far as they could be fitted; `expected_price` what it would pay on average
    as the book stands.
    """

    order: Order
    verdicts: tuple[CheckVerdict, ...]
    refusal: AnyRefusal | None
    approved: ApprovedOrder | None
    expected_price: Decimal | None


@exact
def assess(order: Order, view: ReviewView, pipeline: Pipeline = LIVE) -> Assessment:
    """Run every stage that can be computed, the same functions in the same order as a review."""
    draft = draft_of(order, view)
    verdicts: list[CheckVerdict] = []
    refusal: AnyRefusal | None = None
    for stage in pipeline.stages:
        effect = stage.effect_on(order.purpose)
        if effect is Effect.SKIP or (stage.needs_price and draft.worst_price is None):
            continue
        verdict = _verdict(stage, effect, draft)
        if verdict.answer is Answer.TRIP and refusal is None:
            refusal = verdict.refusal
        if verdict.answer is not Answer.PASS or stage.tells_pass:
            verdicts.append(verdict)
    return Assessment(
        order=_final(draft),
        verdicts=tuple(verdicts),
        refusal=None if refusal is None else _with_remedy(refusal, order, view, pipeline),
        approved=_approved(draft) if refusal is None else None,
        expected_price=_expected_price(draft),
    )


def _verdict(stage: Stage, effect: Effect, draft: Draft) -> CheckVerdict:
    warned = len(draft.warnings)
    breach = stage.judge(draft)
    if breach is None:
        if len(draft.warnings) > warned:
            return CheckVerdict(check=stage.code, answer=Answer.WARN, message=draft.warnings[-1].message)
        return CheckVerdict(check=stage.code, answer=Answer.PASS)
    if effect is Effect.WARN:
        draft.warnings.append(Warned(breach.code, breach.message))
        return CheckVerdict(check=breach.code, answer=Answer.WARN, message=breach.message, refusal=breach)
    return CheckVerdict(check=breach.code, answer=Answer.TRIP, message=breach.message, refusal=breach)


def _expected_price(draft: Draft) -> Decimal | None:
    """The walk's average for what would be taken at once, to eight decimals; the limit for what would rest."""
    walk = walked(draft)
    return round(walk.cost / walk.filled, 8) if walk is not None and walk.filled else draft.limit_price


def plan_of(assessment: Assessment, view: ReviewView) -> Result[Plan, AnyRefusal]:
    """The plan of an order that would be approved, or the refusal that executing it would get."""
    approved = assessment.approved
    if approved is None:
        if assessment.refusal is None:
            raise LookupError("an assessment holds an approved order or a refusal")
        return Failure(assessment.refusal)
    order, worst = approved.order, approved.worst_price
    costs = order_costs(order, worst, view.product, view.position, view.account, view.reporting_rate)
    return Success(
        Plan(
            order=order,
            reason="it would be sent",
            verdicts=assessment.verdicts,
            changes=approved.changes,
            expected_price=assessment.expected_price,
            worst_price=worst,
            cost=costs.cost,
            cost_currency=costs.cost_currency,
            fees=costs.fees,
            margin_after=costs.margin_after,
            position_after=costs.position_after,
        )
    )
