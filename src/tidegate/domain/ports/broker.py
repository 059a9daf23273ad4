"""Broker: one venue connection that is engine, market data and account in one object."""

from typing import Protocol

from tidegate.domain.ports.account import AccountPort
from tidegate.domain.ports.engine import EnginePort
from tidegate.domain.ports.market_data import MarketDataPort


class Broker(EnginePort, MarketDataPort, AccountPort, Protocol):
    """EnginePort with MarketDataPort and AccountPort."""
