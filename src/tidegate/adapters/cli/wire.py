"""What `--json` prints: one struct a kind of line, amounts as text without exponents, moments as ISO 8601 in UTC."""

from datetime import datetime
from typing import Any

from msgspec import Struct

Amount = str
"""A decimal without exponent and without trailing zeros."""


class Line(Struct, frozen=True, kw_only=True):
    """Anything that is printed as one JSON object."""


class RemedyLine(Line, frozen=True, kw_only=True):
    """What would pass: in words, as fields of the decision, and not before when."""

    text: str
    changes: dict[str, Any]
    not_before: datetime | None


class RefusalBody(Line, frozen=True, kw_only=True):
    """A refusal: its stable code, its sentence, the figures that led to it, and what would pass."""

    code: str
    message: str
    context: dict[str, str]
    remedy: RemedyLine | None


class RefusalLine(Line, frozen=True, kw_only=True):
    """A refused `decide`, `plan`, `cancel` or `close`."""

    refusal: RefusalBody


class WhyRefused(Line, frozen=True, kw_only=True):
    """Why an order ended as REFUSED, and whether the venue said so."""

    code: str
    message: str
    by_venue: bool


class OrderLine(Line, frozen=True, kw_only=True):
    """One order as it stands."""

    client_order_id: str
    venue_order_id: str | None
    decision_id: str
    strategy_id: str
    symbol: str
    side: str
    order_type: str
    time_in_force: str
    purpose: str
    quantity: Amount
    filled_quantity: Amount
    leaves_quantity: Amount
    limit_price: Amount | None
    trigger_price: Amount | None
    trail: Amount | None
    is_triggered: bool
    average_price: Amount | None
    status: str
    refused: WhyRefused | None
    warnings: list[str]
    expire_at: datetime | None
    created_at: datetime
    sent_at: datetime | None
    updated_at: datetime | None


class ChangeLine(Line, frozen=True, kw_only=True):
    """A term that review changed, and why."""

    term: str
    before: str
    after: str
    why: str


class PlacedLine(Line, frozen=True, kw_only=True):
    """An order stands for the decision; `is_repeat` when it stood there before."""

    order: OrderLine
    changes: list[ChangeLine]
    is_repeat: bool


class NoOrderBody(Line, frozen=True, kw_only=True):
    """Why no order was needed; of a dry run the plan."""

    decision_id: str
    reason: str
    plan: "PlanBody | None"


class NoOrderLine(Line, frozen=True, kw_only=True):
    """The decision is honoured without an order."""

    no_order: NoOrderBody


class VerdictLine(Line, frozen=True, kw_only=True):
    """One check's answer: PASS, WARN or TRIP."""

    check: str
    answer: str
    message: str


class PlannedOrder(Line, frozen=True, kw_only=True):
    """The exact terms that would be sent."""

    symbol: str
    side: str
    order_type: str
    time_in_force: str
    purpose: str
    quantity: Amount
    limit_price: Amount | None
    trigger_price: Amount | None
    trail: Amount | None
    reduce_only: bool
    post_only: bool
    expire_at: datetime | None


class PlanBody(Line, frozen=True, kw_only=True):
    """What executing the decision now would do; nothing was sent or kept."""

    order: PlannedOrder | None
    reason: str
    verdicts: list[VerdictLine]
    changes: list[ChangeLine]
    expected_price: Amount | None
    worst_price: Amount | None
    cost: Amount | None
    cost_currency: str
    fees: Amount | None
    margin_after: Amount | None
    position_after: Amount | None


class PlanLine(Line, frozen=True, kw_only=True):
    """A plan."""

    plan: PlanBody


class FillLine(Line, frozen=True, kw_only=True):
    """One execution."""

    trade_id: str
    client_order_id: str
    strategy_id: str
    symbol: str
    side: str
    quantity: Amount
    price: Amount
    fee: Amount
    fee_currency: str
    liquidity: str
    is_inferred: bool
    is_large: bool
    at: datetime


class PositionLine(Line, frozen=True, kw_only=True):
    """One strategy's position on one symbol."""

    symbol: str
    strategy_id: str
    quantity: Amount
    entry_price: Amount | None
    mark: Amount | None
    unrealized_pnl: Amount | None
    realized_pnl: Amount
    fees: Amount
    state: str
    mark_age_seconds: float | None


class AccountLine(Line, frozen=True, kw_only=True):
    """The account in its reporting currency, valued at a moment of its session, or `unvalued` and why."""

    account_id: str
    reporting_currency: str
    equity: Amount | None
    day_pnl: Amount | None
    rolling_pnl: Amount | None
    equity_high: Amount | None
    drawdown: Amount | None
    exposure: Amount | None
    margin_used: Amount | None
    balances: dict[str, Amount]
    available: dict[str, Amount]
    state: str
    state_reason: str
    restrained: dict[str, str]
    opened_at: datetime | None
    valued_at: datetime | None
    mark_age_seconds: float | None
    unvalued: str


class ProductLine(Line, frozen=True, kw_only=True):
    """One product."""

    symbol: str
    kind: str
    underlying: str
    base_currency: str
    quote_currency: str
    settlement_currency: str
    price_increment: Amount
    base_increment: Amount
    minimum_quantity: Amount
    minimum_notional: Amount
    multiplier: Amount
    maker_fee_rate: Amount
    taker_fee_rate: Amount
    initial_margin_rate: Amount
    restrictions: list[str]


class QuoteLine(Line, frozen=True, kw_only=True):
    """What is known of one symbol's market; null is not known."""

    symbol: str
    bid: Amount | None
    bid_quantity: Amount | None
    ask: Amount | None
    ask_quantity: Amount | None
    mid: Amount | None
    mark: Amount | None
    last_price: Amount | None
    heard_at: datetime | None
    age_seconds: float | None
    at: datetime


class EventLine(Line, frozen=True, kw_only=True):
    """One row of the journal with its hash in the chain; each event names its kind in `event`."""

    sequence: int
    at: datetime
    hash: str
    events: tuple[Any, ...]


class StateLine(Line, frozen=True, kw_only=True):
    """A trading state that is durable, and whom it reached; no process is one that is not running."""

    state: str
    symbol: str
    process: str
    epoch: int | None


class SettledLine(Line, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one decision of standard input; of `order`, `no_order` and `refusal` one is there."""

    reference: str
    decision_id: str
    order: OrderLine | None = None
    no_order: NoOrderBody | None = None
    refusal: RefusalBody | None = None


class RunLine(Line, frozen=True, kw_only=True):
    """What a run ends with."""

    decisions: int
    orders: int
    filled: int
    refused: dict[str, int]
    unknown: int
    positions: dict[str, Amount]
    equity: Amount | None
    invariants: str | list[int]
    seconds: float
    fills: int
    large_fills: int
    no_order: int
    opening_equity: Amount | None
    realized_pnl: Amount
    fees: Amount
    restrained: dict[str, str]
    faults: dict[str, int]
    gaps: int
    gap_seconds: Amount
    assumed: str
