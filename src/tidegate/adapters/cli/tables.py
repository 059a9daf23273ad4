"""Tables for people: orders, fills, positions, products, within eighty columns."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from rich import box
from rich.table import Table
from rich.text import Text

from tidegate.adapters.cli import figures
from tidegate.adapters.cli.valued import Valuation
from tidegate.application.readings import AccountSummary, PositionReading
from tidegate.domain.amounts import BPS, DOMAIN_CONTEXT
from tidegate.domain.fills import Fill
from tidegate.domain.orders import OrderRecord
from tidegate.domain.outcomes import Answer, CheckVerdict
from tidegate.domain.products import Product
from tidegate.domain.vocabulary import OrderSide, OrderStatus, TradingState

SHORT_ID = 10
"""So much of an order's id tells a hundred thousand orders apart; commands take it as well as the whole."""

_FOLDING = frozenset({"Time", "Status", "Order"})
_STATUS_STYLES = {
    OrderStatus.FILLED: "green",
    OrderStatus.REFUSED: "red",
    OrderStatus.UNKNOWN: "bold yellow",
    OrderStatus.SENDING: "yellow",
    OrderStatus.CANCELED: "dim",
    OrderStatus.EXPIRED: "dim",
}
STATE_STYLES = {TradingState.ACTIVE: "green", TradingState.REDUCING: "yellow", TradingState.HALTED: "bold red"}
_ANSWER_STYLES = {Answer.PASS: "green", Answer.WARN: "yellow", Answer.TRIP: "red"}


def table(*columns: str, right: Sequence[str] = ()) -> Table:
    """An empty table; columns named in `right` hold figures."""
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for name in columns:
        # A status may carry a long code, and a time its day: they fold before any figure is cut.
        is_text = name in _FOLDING
        made.add_column(name, justify="right" if name in right else "left", no_wrap=not is_text, overflow="fold")
    return made


def side_text(side: OrderSide) -> Text:
    return Text(side.value, style="green" if side is OrderSide.BUY else "red")


def status_text(record: OrderRecord) -> Text:
    """The status, with the code of what refused it."""
    reason = f" {record.refused.code}" if record.refused is not None else ""
    return Text(f"{record.status.value}{reason}", style=_STATUS_STYLES.get(record.status, ""))


def gain_text(value: Decimal | None) -> Text:
    """A profit or loss in its colour."""
    style = "" if value is None or not value else "green" if value > 0 else "red"
    return Text(figures.signed(value), style=style)


def _times(moments: Iterable[datetime], now: datetime) -> Iterator[str]:
    """Each moment as a second of the day, with the day before it where not all of them are of today."""
    told = tuple(moments)
    is_today = all(one.date() == now.date() for one in told)
    return map(figures.time_of_day if is_today else figures.moment, told)


def orders_table(records: Sequence[OrderRecord], now: datetime, *, is_verbose: bool = False) -> Table:
    """Orders as they stand, one a row; `now` is of the clock that their times are of."""
    made = table(
        "Time", "Symbol", "Side", "Type", "Quantity", "Limit", "Filled", "Status", "Order", right=_ORDER_FIGURES
    )
    times = _times((record.order.created_at for record in records), now)
    for record, time in zip(records, times, strict=True):
        order = record.order
        kind = (
            order.order_type.value if order.is_taker_only else f"{order.order_type.value} {order.time_in_force.value}"
        )
        if order.trigger_price is not None:
            kind += f"\ntrigger {figures.price(order.trigger_price)}"
        if order.trail is not None:
            kind += f"\ntrail {figures.price(order.trail)}"
        made.add_row(
            time,
            record.symbol,
            side_text(record.side),
            kind,
            figures.quantity(record.quantity),
            figures.price(record.limit_price),
            figures.price(record.average_price) if record.filled_quantity else figures.UNKNOWN,
            status_text(record),
            record.client_order_id if is_verbose else record.client_order_id[:SHORT_ID],
        )
    return made


_ORDER_FIGURES = ("Quantity", "Limit", "Filled")


def fills_table(fills: Sequence[Fill], now: datetime) -> Table:
    """Executions, one a row; `now` is of the clock that their times are of."""
    made = table("Time", "Symbol", "Side", "Quantity", "Price", "Fee", "Liquidity", "Order", right=_FILL_FIGURES)
    for fill, time in zip(fills, _times((fill.at for fill in fills), now), strict=True):
        made.add_row(
            time,
            fill.symbol,
            side_text(fill.side),
            figures.quantity(fill.quantity),
            figures.price(fill.price),
            figures.fee(fill.fee, fill.fee_currency),
            fill.liquidity.value + (" (inferred)" if fill.is_inferred else "") + (" (large)" if fill.is_large else ""),
            fill.client_order_id[:SHORT_ID],
        )
    return made


_FILL_FIGURES = ("Quantity", "Price", "Fee")


def positions_table(readings: Iterable[PositionReading]) -> Table:
    """Positions with what they are worth now."""
    made = table(
        "Symbol", "Strategy", "Quantity", "Entry", "Mark", "Unrealised", "Realised", "Fees", right=_POSITION_FIGURES
    )
    for reading in readings:
        position = reading.position
        made.add_row(
            restrained_text(position.symbol, reading.state),
            position.strategy_id or figures.UNKNOWN,
            figures.quantity(position.quantity),
            figures.price(position.entry_price),
            figures.price(reading.mark),
            gain_text(reading.unrealized_pnl),
            gain_text(position.realized_pnl),
            figures.money(position.fees),
        )
    return made


def restrained_text(symbol: str, state: TradingState) -> Text:
    """A symbol, marked where it does not trade freely."""
    return Text(symbol) if state is TradingState.ACTIVE else Text(f"{symbol} {state.value}", style=STATE_STYLES[state])


_POSITION_FIGURES = ("Quantity", "Entry", "Mark", "Unrealised", "Realised", "Fees")


def account_table(summary: AccountSummary, valued: Valuation) -> Table:
    """The account, a figure a row."""
    made = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    made.add_column(style="dim")
    made.add_column()
    currency = summary.reporting_currency
    reason = f" ({figures.clean(summary.state_reason)})" if summary.state_reason else ""
    made.add_row("Account", summary.account_id)
    made.add_row("State", Text(f"{summary.state.value}{reason}", style=STATE_STYLES[summary.state]))
    for symbol, entry in sorted(summary.restrained.items()):
        words = f"{symbol} is {entry.state.value} ({figures.clean(entry.reason)}); `resume --symbol {symbol}` lifts it"
        made.add_row("", Text(words, style=STATE_STYLES[entry.state]))
    made.add_row("Equity", figures.money(summary.equity, currency))
    made.add_row("Today", gain_text(summary.day_pnl))
    made.add_row("24 hours", gain_text(summary.rolling_pnl))
    made.add_row("High", _high(summary, currency))
    made.add_row("Exposure", figures.money(summary.exposure, currency))
    margin = None if valued.unknown else summary.margin_used
    made.add_row("Margin used", figures.money(margin, currency))
    made.add_row("Valued", valued.words)
    for name, balance in sorted(summary.balances.items()):
        free = summary.available.get(name)
        held = "" if free is None or free == balance else f", of which free {figures.quantity(free)}"
        made.add_row(f"Balance {name}", f"{figures.quantity(balance)}{held}")
    made.add_row("Opened", figures.moment(summary.opened_at))
    return made


def _high(summary: AccountSummary, currency: str) -> str:
    """The high of equity, and how far equity is below it."""
    high, drawdown = summary.equity_high, summary.drawdown
    below = ""
    if high is not None and high > 0 and drawdown:
        below = f", now {figures.money(drawdown, currency)} below it ({drawdown / high * 100:.2f} %)"
    return f"{figures.money(high, currency)}{below}"


def products_table(products: Iterable[Product]) -> Table:
    """What can be traded."""
    made = table("Symbol", "Kind", "Tick", "Step", "Least", "Maker", "Taker", "Leverage", right=_PRODUCT_FIGURES)
    for product in products:
        most = DOMAIN_CONTEXT.divide(Decimal(1), product.initial_margin_rate)
        made.add_row(
            product.symbol,
            product.kind.value,
            f"{figures.quantity(product.price_increment)} {product.quote_currency}",
            figures.quantity(product.base_increment),
            figures.money(product.minimum_notional, product.quote_currency),
            f"{figures.quantity(product.maker_fee_rate * BPS)} bps",
            f"{figures.quantity(product.taker_fee_rate * BPS)} bps",
            f"{figures.price(most)}x",
        )
    return made


_PRODUCT_FIGURES = ("Tick", "Step", "Least", "Maker", "Taker", "Leverage")


def verdicts_table(verdicts: Sequence[CheckVerdict]) -> Table:
    """What each check said: a breach a row with its sentence, and together those that pass."""
    made = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    made.add_column(no_wrap=True)
    made.add_column()
    for verdict in verdicts:
        if verdict.answer is not Answer.PASS:
            answer = Text(verdict.answer.value, style=_ANSWER_STYLES[verdict.answer])
            made.add_row(answer, Text(f"{verdict.check}: {verdict.message}"))
    passed = ", ".join(verdict.check for verdict in verdicts if verdict.answer is Answer.PASS)
    made.add_row(Text(Answer.PASS.value, style=_ANSWER_STYLES[Answer.PASS]), passed or figures.UNKNOWN)
    return made
