"""Strategies: what one sees of its account, and the decisions it hands over."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from tidegate.application.desk import AccountDesk
from tidegate.domain.decisions import Decision
from tidegate.domain.orders import OrderRecord
from tidegate.domain.positions import Position
from tidegate.domain.products import Product
from tidegate.domain.views import MarketReading
from tidegate.domain.vocabulary import TradingState


class StrategyView(Protocol):
    """A read-only view of market, positions and states, as they stand when they are asked for."""

    @property
    def now(self) -> datetime:
        """The clock in force, aware UTC: session time in paper and replay."""
        ...

    @property
    def equity(self) -> Decimal | None:
        """The account's worth in the reporting currency; None while a price for it is missing."""
        ...

    @property
    def products(self) -> tuple[Product, ...]:
        """What can be traded."""
        ...

    def product(self, symbol: str) -> Product | None: ...

    def market(self, symbol: str) -> MarketReading:
        """The market as last heard; without book or price where nothing was."""
        ...

    def position(self, symbol: str, strategy_id: str = "") -> Position:
        """What the strategy of that id holds, by its own fills; flat where it never traded."""
        ...

    def open_orders(self, symbol: str, strategy_id: str = "") -> tuple[OrderRecord, ...]:
        """The strategy's orders that may still fill, oldest first, UNKNOWN ones included."""
        ...

    def state(self, symbol: str) -> TradingState:
        """What may be sent: the more severe of the account's state and the symbol's."""
        ...


class Strategy(Protocol):
    """Decides. One object a run, called on the application's loop: it must not wait, and neither sleep nor fetch."""

    def decide(self, view: StrategyView) -> Iterable[tuple[str, Decision]]:
        """What to do now: symbols with decisions, in the order in which they are to be executed; often nothing."""
        ...


class StrategyError(Exception):
    """A strategy raised, or handed over what is no decision: one line with its name, what happened and where."""


class DeskView:
    """The view of an account's desk."""

    def __init__(self, desk: AccountDesk) -> None:
        self._desk = desk

    @property
    def now(self) -> datetime:
        return self._desk.clock.now()

    @property
    def equity(self) -> Decimal | None:
        return self._desk.equity()

    @property
    def products(self) -> tuple[Product, ...]:
        return self._desk.market_data.products

    def product(self, symbol: str) -> Product | None:
        return self._desk.market_data.product(symbol)

    def market(self, symbol: str) -> MarketReading:
        return self._desk.market_data.reading(symbol)

    def position(self, symbol: str, strategy_id: str = "") -> Position:
        return self._desk.ledger.position(symbol, strategy_id)

    def open_orders(self, symbol: str, strategy_id: str = "") -> tuple[OrderRecord, ...]:
        return self._desk.live_orders(symbol, strategy_id)

    def state(self, symbol: str) -> TradingState:
        return self._desk.risk_manager.states.effective(symbol)
