"""The log of a run: what its events amount to, and the notable ones in words."""

from collections import Counter, deque
from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal

from rich.text import Text

from tidegate.adapters.cli import figures
from tidegate.adapters.cli.tables import STATE_STYLES
from tidegate.adapters.cli.wording import terms
from tidegate.application.moving import words
from tidegate.domain.events import (
    AccountMoved,
    DecisionRefused,
    ExternalFlow,
    GuardReported,
    IncidentRaised,
    JournalEvent,
    OrderCanceled,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderSending,
    OrderTriggered,
    OrderUnanswered,
    TradingStateChanged,
)
from tidegate.domain.fills import Fill
from tidegate.domain.movements import FLOWS, Movement
from tidegate.domain.orders import Order
from tidegate.domain.products import Product
from tidegate.domain.refusals import AnyRefusal

Tell = Callable[[Text], None]

_LINES_KEPT = 200
_TRIP = "TRIP"


class RunLog:
    """Told of every event of a run; keeps figures for the summary and the latest lines for the eye."""

    def __init__(self, products: Iterable[Product], tell: Tell | None = None) -> None:
        self._products = {product.symbol: product for product in products}
        self._tell = tell
        self._orders: dict[str, Order] = {}
        self.lines: deque[Text] = deque(maxlen=_LINES_KEPT)
        self.orders = 0
        self.fills = 0
        self.refused: Counter[str] = Counter()
        self.last_refusal: dict[str, AnyRefusal] = {}
        self.reasons: dict[str, str] = {}
        self.fees: dict[str, Decimal] = {}
        self.flows: dict[str, Decimal] = {}
        """What came and went by no trade, by currency: it is no profit and no loss."""
        self.charges: dict[str, Decimal] = {}
        """What the venue paid or took, such as funding, by currency."""
        self.volume: dict[str, Decimal] = {}

    def notice(self, event: JournalEvent) -> None:
        """Take note of one event."""
        text = self._words(event)
        if text is not None:
            self._say(event.at, text)

    def unrecorded(self, at: datetime, refusal: AnyRefusal, symbol: str = "") -> None:
        """Take note of a refusal of which there is no event: what could not be read, or another's decision id."""
        self._note_refusal(refusal)
        self._say(at, _refused(refusal, symbol))

    @property
    def symbols(self) -> tuple[str, ...]:
        """What was traded, the most often first."""
        counts = Counter(order.symbol for order in self._orders.values())
        return tuple(symbol for symbol, _ in counts.most_common())

    def _say(self, at: datetime, text: Text) -> None:
        line = Text.assemble((f"{figures.time_of_day(at)}  ", "dim"), text)
        self.lines.append(line)
        if self._tell is not None:
            self._tell(line)

    def _words(self, event: JournalEvent) -> Text | None:
        match event:
            case OrderSending(order=order):
                self.orders += 1
                self._orders[order.client_order_id] = order
                return Text(f"sent       {terms(order)}", style="dim")
            case OrderFilled(fill=fill):
                return self._filled(fill)
            case DecisionRefused(refusal=refusal, symbol=symbol):
                self._note_refusal(refusal)
                return _refused(refusal, symbol)
            case OrderRejected(code=code, reason=reason):
                self.refused[code] += 1
                self.reasons[code] = reason
                return Text(
                    f"refused    {self._subject(event.client_order_id)}: {code}, {figures.clean(reason)}", style="red"
                )
            case OrderExpired() | OrderTriggered():
                word = "expired" if isinstance(event, OrderExpired) else "triggered"
                return Text(f"{word:<11}{self._subject(event.client_order_id)}", style="dim")
            case OrderCanceled():
                return self._canceled(event)
            case OrderUnanswered(reason=reason):
                return Text(f"UNKNOWN    {self._subject(event.client_order_id)}: {reason}", style="bold yellow")
            case ExternalFlow() | AccountMoved():
                self._note_flow(event)
                return _outside(event)
            case TradingStateChanged() | IncidentRaised() | GuardReported():
                return _alarm(event)
            case _:
                return None

    def _note_flow(self, event: ExternalFlow | AccountMoved) -> None:
        """Keep what is no profit apart from what is."""
        moved = event if isinstance(event, ExternalFlow) else event.movement
        is_flow = isinstance(event, ExternalFlow) or event.movement.kind in FLOWS
        sums = self.flows if is_flow else self.charges
        sums[moved.currency] = sums.get(moved.currency, Decimal(0)) + moved.amount
        if isinstance(moved, Movement):
            self.charges[moved.fee_currency] = self.charges.get(moved.fee_currency, Decimal(0)) - moved.fee

    def _filled(self, fill: Fill) -> Text:
        self.fills += 1
        product = self._products.get(fill.symbol)
        if product is not None:
            in_quote = fill.fee * fill.price if fill.fee_currency == product.base_currency else fill.fee
            currency = product.quote_currency
            self.volume[currency] = self.volume.get(currency, Decimal(0)) + product.notional(fill.quantity, fill.price)
            self.fees[currency] = self.fees.get(currency, Decimal(0)) + in_quote
        size = f"{fill.side.value} {figures.quantity(fill.quantity)} {fill.symbol} at {figures.price(fill.price)}"
        fee = f"{fill.liquidity.value.lower()}, fee {figures.fee(fill.fee, fill.fee_currency)}"
        return Text.assemble(("filled     ", "green"), f"{size} ({fee})")

    def _canceled(self, event: OrderCanceled) -> Text | None:
        order = self._orders.get(event.client_order_id)
        if order is not None and order.is_taker_only:
            return None  # the rest of an immediate order ends by itself
        why = f": {event.reason}" if event.reason else ""
        return Text(f"cancelled  {self._subject(event.client_order_id)}{why}", style="dim")

    def _note_refusal(self, refusal: AnyRefusal) -> None:
        self.refused[refusal.code] += 1
        self.last_refusal[refusal.code] = refusal
        self.reasons[refusal.code] = refusal.message

    def _subject(self, client_order_id: str) -> str:
        order = self._orders.get(client_order_id)
        return terms(order) if order is not None else client_order_id


def _refused(refusal: AnyRefusal, symbol: str = "") -> Text:
    of = f"{symbol} " if symbol else ""
    return Text.assemble(
        (f"refused    {figures.clean(of)}{refusal.code}", "red"), f": {figures.clean(refusal.message)}"
    )


def _outside(event: ExternalFlow | AccountMoved) -> Text:
    if isinstance(event, ExternalFlow):
        what, reason = f"{figures.quantity(event.amount)} {event.currency}, taken up by {event.by}", event.reason
        return Text(f"outside    {what}{figures.clean(f': {reason}' if reason else '')}", style="cyan")
    what, reason = words(event.movement), event.movement.reason
    return Text(f"moved      {figures.clean(f'{what}: {reason}' if reason else what)}", style="cyan")


def _alarm(event: TradingStateChanged | IncidentRaised | GuardReported) -> Text | None:
    match event:
        case TradingStateChanged(state=state):
            of = event.symbol or "the account"
            words = figures.clean(f"{of}: {event.reason} (by {event.by})")
            return Text.assemble((f"{state.value:<10} ", STATE_STYLES[state]), words)
        case IncidentRaised():
            return Text(figures.clean(f"{event.kind}: {event.message}"), style="bold red")
        case GuardReported() if event.answer == _TRIP:
            return Text(figures.clean(f"guard      {event.guard} trips: {event.message}"), style="yellow")
        case _:
            return None
