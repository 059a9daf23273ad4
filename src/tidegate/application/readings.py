"""Readings: what an account looks like from outside, for whoever holds the application."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from tidegate.application.desk import AccountDesk
from tidegate.application.equity_watch import basis_of
from tidegate.domain.amounts import DOMAIN_CONTEXT, ZERO
from tidegate.domain.booking import ACCOUNT
from tidegate.domain.fills import Fill
from tidegate.domain.identifiers import ClientOrderId
from tidegate.domain.orders import OrderRecord
from tidegate.domain.positions import Position
from tidegate.domain.products import Product
from tidegate.domain.records import JournalRow
from tidegate.domain.states import StateEntry
from tidegate.domain.views import AccountReading, MarketReading
from tidegate.domain.vocabulary import TradingState


class PositionReading(Struct, frozen=True, kw_only=True):
    """One strategy's position with the mark and the profit it would have at it, None where there is no mark.

    `state` is the trading state that counts for its symbol.
    """

    position: Position
    mark: Decimal | None
    unrealized_pnl: Decimal | None
    state: TradingState


class AccountSummary(Struct, frozen=True, kw_only=True):
    """The account in its reporting currency; `day_pnl` since the UTC day's opening. None where a price is missing.

    `rolling_pnl` is since 24 hours ago, `drawdown` how far equity is below its recorded high, `equity_high`.

    `restrained` are the symbols whose own state is not ACTIVE, with who set it and why.
    """

    account_id: str
    reporting_currency: str
    equity: Decimal | None
    balances: dict[str, Decimal]
    available: dict[str, Decimal]
    margin_used: Decimal
    exposure: Decimal | None
    state: TradingState
    state_reason: str
    restrained: dict[str, StateEntry]
    day_opening_equity: Decimal | None
    day_pnl: Decimal | None
    opened_at: datetime | None
    rolling_pnl: Decimal | None = None
    equity_high: Decimal | None = None
    drawdown: Decimal | None = None


async def with_strategies(
    fills: Sequence[Fill], find_order: Callable[[ClientOrderId], Awaitable[OrderRecord | None]]
) -> tuple[Fill, ...]:
    """The fills with the strategy that each belongs to, which its order knows; a venue tells of none."""
    order_ids = dict.fromkeys(fill.client_order_id for fill in fills)
    orders = [await find_order(order_id) for order_id in order_ids]
    owners = {record.order.client_order_id: record.order.strategy_id for record in orders if record is not None}
    return tuple(
        replace(fill, strategy_id=owners[fill.client_order_id]) if owners.get(fill.client_order_id) else fill
        for fill in fills
    )


class AccountReadings:
    """One account as its desk has it; nothing here changes anything."""

    def __init__(self, desk: AccountDesk) -> None:
        self._desk = desk

    @property
    def now(self) -> datetime:
        """The application's time, aware UTC: session time on paper and in replay."""
        return self._desk.clock.now()

    @property
    def subscriber_errors(self) -> dict[str, int]:
        """How often subscribers have raised, by their type; what they do stops nothing."""
        return dict(self._desk.publisher.errors)

    @property
    def products(self) -> tuple[Product, ...]:
        """Everything that can be traded here."""
        return self._desk.market_data.products

    def quote(self, symbol: str) -> MarketReading:
        """The market of a symbol as last heard."""
        return self._desk.market_data.reading(symbol)

    async def orders(self, *, limit: int = 100, open_only: bool = False, symbol: str = "") -> Sequence[OrderRecord]:
        """Orders, the latest first."""
        await self._desk.store.flush()
        return await self._desk.store.orders(limit=limit, open_only=open_only, symbol=symbol)

    async def fills(self, *, limit: int = 100, symbol: str = "") -> Sequence[Fill]:
        """Fills, the latest first."""
        await self._desk.store.flush()
        store = self._desk.store
        return await with_strategies(await store.fills(limit=limit, symbol=symbol), store.find_order)

    async def events(self, *, after: int = 0, limit: int = 1_000) -> Sequence[JournalRow]:
        """Journal rows after a sequence number, oldest first."""
        await self._desk.store.flush()
        return await self._desk.store.journal(after=after, limit=limit)

    async def positions(self) -> tuple[PositionReading, ...]:
        """Every strategy's position that is not flat or has a history."""
        found = []
        for position in self._desk.ledger.open_positions:
            mark = self._desk.market_data.reading(position.symbol).mark
            product = self._desk.market_data.product(position.symbol)
            gain = position.unrealized_pnl(product, mark.price) if mark is not None and product is not None else None
            price = mark.price if mark is not None else None
            state = self.state(position.symbol)
            found.append(PositionReading(position=position, mark=price, unrealized_pnl=gain, state=state))
        return tuple(found)

    async def account(self) -> AccountSummary:
        """Money, exposure and trading state."""
        desk, ledger = self._desk, self._desk.ledger
        reading: AccountReading = desk.valuation.account(ledger)
        state = ledger.states.account
        basis = basis_of(desk)
        day_ago, fallen = basis.day_ago, _gain(basis.high, reading.equity)
        return AccountSummary(
            account_id=desk.store.account_id,
            reporting_currency=reading.reporting_currency,
            equity=reading.equity,
            balances=dict(ledger.balances),
            available=reading.available,
            margin_used=reading.margin_used,
            exposure=desk.valuation.gross(ledger),
            state=state.state,
            state_reason=state.reason,
            restrained=ledger.states.symbols,
            day_opening_equity=basis.opening,
            day_pnl=_gain(reading.equity, basis.opening),
            opened_at=ledger.opened_at,
            rolling_pnl=_gain(reading.equity, None if day_ago is None else day_ago.equity),
            equity_high=basis.high,
            drawdown=None if fallen is None else max(fallen, ZERO),
        )

    def position(self, symbol: str, strategy_id: str = "") -> Position:
        """One strategy's position, flat where it has none; `*` is the account's."""
        return self._desk.ledger.position(symbol, strategy_id or "")

    def account_position(self, symbol: str) -> Position:
        """The account's position on a symbol, over all strategies."""
        return self._desk.ledger.position(symbol, ACCOUNT)

    def state(self, symbol: str = "") -> TradingState:
        """The trading state that counts for a symbol, or the account's."""
        states = self._desk.ledger.states
        return states.effective(symbol) if symbol else states.account.state

    def open_orders(self, symbol: str = "") -> tuple[OrderRecord, ...]:
        """Live orders, oldest first."""
        return self._desk.live_orders(symbol)


def _gain(after: Decimal | None, before: Decimal | None) -> Decimal | None:
    return None if after is None or before is None else DOMAIN_CONTEXT.subtract(after, before)
