"""From the domain's objects to the lines that `--json` prints."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any

import msgspec
from msgspec.structs import asdict

from tidegate.adapters.cli import wire, wire_upkeep
from tidegate.adapters.cli.valued import Valuation
from tidegate.adapters.spelling import spelt_out
from tidegate.application.operations import StateReceipt
from tidegate.application.readings import AccountSummary, PositionReading
from tidegate.domain.amounts import plain
from tidegate.domain.fills import Fill
from tidegate.domain.orders import Order, OrderRecord, TermsChange
from tidegate.domain.outcomes import NoOrderNeeded, OrderPlaced, Plan
from tidegate.domain.products import Product
from tidegate.domain.reconciliation import Difference, ReconciliationReport
from tidegate.domain.records import JournalRow
from tidegate.domain.refusals import AnyRefusal
from tidegate.domain.views import MarketReading


def encoded(line: wire.Line | dict[str, float]) -> str:
    """One line of JSON."""
    try:
        return msgspec.json.encode(line).decode()
    except UnicodeEncodeError:
        return msgspec.json.encode(spelt_out(msgspec.to_builtins(line))).decode()


def _amount(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)


def _amounts(values: Mapping[str, Decimal]) -> dict[str, str]:
    return {name: plain(value) for name, value in sorted(values.items())}


def _text(value: object) -> Any:
    """A value of a refusal's context or remedy as JSON has it: numbers as text, words as words."""
    if isinstance(value, Decimal):
        return plain(value) if value.is_finite() else str(value)
    return value.value if isinstance(value, StrEnum) else value


def refusal_line(refusal: AnyRefusal) -> wire.RefusalLine:
    remedy = None
    if refusal.remedy is not None:
        changes = {name: _text(value) for name, value in refusal.remedy.changes.items()}
        remedy = wire.RemedyLine(text=refusal.remedy.text, changes=changes, not_before=refusal.remedy.not_before)
    context = {name: str(_text(value)) for name, value in refusal.context.items()}
    return wire.RefusalLine(
        refusal=wire.RefusalBody(code=refusal.code, message=refusal.message, context=context, remedy=remedy)
    )


def order_line(record: OrderRecord) -> wire.OrderLine:
    order, refused = record.order, record.refused
    return wire.OrderLine(
        client_order_id=record.client_order_id,
        venue_order_id=record.venue_order_id,
        decision_id=order.decision_id,
        strategy_id=order.strategy_id,
        symbol=order.symbol,
        side=order.side.value,
        order_type=order.order_type.value,
        time_in_force=order.time_in_force.value,
        purpose=order.purpose.value,
        quantity=plain(record.quantity),
        filled_quantity=plain(record.filled_quantity),
        leaves_quantity=plain(record.leaves_quantity),
        limit_price=_amount(record.limit_price),
        trigger_price=_amount(record.order.trigger_price),
        trail=_amount(record.order.trail),
        is_triggered=record.is_triggered,
        average_price=_amount(record.average_price),
        status=record.status.value,
        refused=None if refused is None else wire.WhyRefused(**asdict(refused)),
        warnings=[f"{warned.code}: {warned.message}" for warned in record.warnings],
        expire_at=order.expire_at,
        created_at=order.created_at,
        sent_at=record.sent_at,
        updated_at=record.updated_at,
    )


def _changes(changes: Iterable[TermsChange]) -> list[wire.ChangeLine]:
    return [wire.ChangeLine(**asdict(change)) for change in changes]


def placed_line(placed: OrderPlaced) -> wire.PlacedLine:
    return wire.PlacedLine(order=order_line(placed.order), changes=_changes(placed.changes), is_repeat=placed.is_repeat)


def no_order_line(needless: NoOrderNeeded) -> wire.NoOrderLine:
    plan = None if needless.plan is None else _plan_body(needless.plan)
    return wire.NoOrderLine(
        no_order=wire.NoOrderBody(decision_id=needless.decision_id, reason=needless.reason, plan=plan)
    )


def outcome_line(outcome: OrderPlaced | NoOrderNeeded | AnyRefusal) -> wire.Line:
    """What became of a decision."""
    if isinstance(outcome, OrderPlaced):
        return placed_line(outcome)
    return no_order_line(outcome) if isinstance(outcome, NoOrderNeeded) else refusal_line(outcome)


def settled_line(
    reference: str, decision_id: str, outcome: OrderPlaced | NoOrderNeeded | AnyRefusal
) -> wire.SettledLine:
    """What became of one decision of a stream, with its place in it."""
    line = outcome_line(outcome)
    return wire.SettledLine(
        reference=reference,
        decision_id=decision_id,
        order=line.order if isinstance(line, wire.PlacedLine) else None,
        no_order=line.no_order if isinstance(line, wire.NoOrderLine) else None,
        refusal=line.refusal if isinstance(line, wire.RefusalLine) else None,
    )


def plan_line(plan: Plan) -> wire.PlanLine:
    return wire.PlanLine(plan=_plan_body(plan))


def _plan_body(plan: Plan) -> wire.PlanBody:
    return wire.PlanBody(
        order=None if plan.order is None else _planned_order(plan.order),
        reason=plan.reason,
        verdicts=[
            wire.VerdictLine(check=verdict.check, answer=verdict.answer.value, message=verdict.message)
            for verdict in plan.verdicts
        ],
        changes=_changes(plan.changes),
        expected_price=_amount(plan.expected_price),
        worst_price=_amount(plan.worst_price),
        cost=_amount(plan.cost),
        cost_currency=plan.cost_currency,
        fees=_amount(plan.fees),
        margin_after=_amount(plan.margin_after),
        position_after=_amount(plan.position_after),
    )


def _planned_order(order: Order) -> wire.PlannedOrder:
    return wire.PlannedOrder(
        symbol=order.symbol,
        side=order.side.value,
        order_type=order.order_type.value,
        time_in_force=order.time_in_force.value,
        purpose=order.purpose.value,
        quantity=plain(order.quantity),
        limit_price=_amount(order.limit_price),
        trigger_price=_amount(order.trigger_price),
        trail=_amount(order.trail),
        reduce_only=order.reduce_only,
        post_only=order.post_only,
        expire_at=order.expire_at,
    )


def fill_line(fill: Fill) -> wire.FillLine:
    return wire.FillLine(
        trade_id=fill.trade_id,
        client_order_id=fill.client_order_id,
        strategy_id=fill.strategy_id,
        symbol=fill.symbol,
        side=fill.side.value,
        quantity=plain(fill.quantity),
        price=plain(fill.price),
        fee=plain(fill.fee),
        fee_currency=fill.fee_currency,
        liquidity=fill.liquidity.value,
        is_inferred=fill.is_inferred,
        is_large=fill.is_large,
        at=fill.at,
    )


def position_line(reading: PositionReading, mark_age: float | None) -> wire.PositionLine:
    position = reading.position
    return wire.PositionLine(
        symbol=position.symbol,
        strategy_id=position.strategy_id,
        quantity=plain(position.quantity),
        entry_price=_amount(position.entry_price),
        mark=_amount(reading.mark),
        unrealized_pnl=_amount(reading.unrealized_pnl),
        realized_pnl=plain(position.realized_pnl),
        fees=plain(position.fees),
        state=reading.state.value,
        mark_age_seconds=mark_age,
    )


def account_line(summary: AccountSummary, valued: Valuation) -> wire.AccountLine:
    return wire.AccountLine(
        account_id=summary.account_id,
        reporting_currency=summary.reporting_currency,
        equity=_amount(summary.equity),
        day_pnl=_amount(summary.day_pnl),
        rolling_pnl=_amount(summary.rolling_pnl),
        equity_high=_amount(summary.equity_high),
        drawdown=_amount(summary.drawdown),
        exposure=_amount(summary.exposure),
        margin_used=None if valued.unknown else plain(summary.margin_used),
        balances=_amounts(summary.balances),
        available=_amounts(summary.available),
        state=summary.state.value,
        state_reason=summary.state_reason,
        restrained={symbol: entry.reason for symbol, entry in summary.restrained.items()},
        opened_at=summary.opened_at,
        valued_at=valued.at,
        mark_age_seconds=valued.oldest,
        unvalued=valued.unknown,
    )


def product_line(product: Product) -> wire.ProductLine:
    return wire.ProductLine(
        symbol=product.symbol,
        kind=product.kind.value,
        underlying=product.underlying,
        base_currency=product.base_currency,
        quote_currency=product.quote_currency,
        settlement_currency=product.settlement_currency,
        price_increment=plain(product.price_increment),
        base_increment=plain(product.base_increment),
        minimum_quantity=plain(product.minimum_quantity),
        minimum_notional=plain(product.minimum_notional),
        multiplier=plain(product.multiplier),
        maker_fee_rate=plain(product.maker_fee_rate),
        taker_fee_rate=plain(product.taker_fee_rate),
        initial_margin_rate=plain(product.initial_margin_rate),
        restrictions=[name for name, holds in asdict(product.flags).items() if holds],
    )


def quote_line(reading: MarketReading, at: Any) -> wire.QuoteLine:
    book = reading.book
    bid = book.bids[0] if book is not None and book.bids else None
    ask = book.asks[0] if book is not None and book.asks else None
    age = None if reading.heard_at is None else max(0.0, round((at - reading.heard_at).total_seconds(), 3))
    return wire.QuoteLine(
        symbol=reading.symbol,
        bid=_amount(bid.price if bid else None),
        bid_quantity=_amount(bid.quantity if bid else None),
        ask=_amount(ask.price if ask else None),
        ask_quantity=_amount(ask.quantity if ask else None),
        mid=_amount(book.mid if book is not None else None),
        mark=_amount(reading.mark.price if reading.mark is not None else None),
        last_price=_amount(reading.last_price),
        heard_at=reading.heard_at,
        age_seconds=age,
        at=at,
    )


def event_line(row: JournalRow) -> wire.EventLine:
    return wire.EventLine(sequence=row.sequence, at=row.at, hash=row.hash, events=row.events)


def state_line(receipt: StateReceipt) -> wire.StateLine:
    return wire.StateLine(
        state=receipt.state.value, symbol=receipt.symbol, process=receipt.process, epoch=receipt.epoch
    )


def _differences(differences: Iterable[Difference]) -> list[wire_upkeep.DifferenceLine]:
    return [wire_upkeep.DifferenceLine(**asdict(one) | {"kind": one.kind.value}) for one in differences]


def reconciliation_line(report: ReconciliationReport) -> wire_upkeep.ReconciliationLine:
    return wire_upkeep.ReconciliationLine(
        at=report.at,
        agrees=report.agrees,
        differences=_differences(report.differences),
        suspected=_differences(report.suspected),
        unreachable=list(report.unreachable),
        applied=report.applied,
        resolved=list(report.resolved),
        adopted=_differences(report.adopted),
    )
