"""Ports: what the application needs of the outside world, one Protocol a file."""

from tidegate.domain.ports.account import AccountPort
from tidegate.domain.ports.broker import Broker
from tidegate.domain.ports.chance import ChancePort
from tidegate.domain.ports.clock import ClockPort
from tidegate.domain.ports.decision_intake import DecisionIntakePort, DecisionMessage
from tidegate.domain.ports.engine import EnginePort
from tidegate.domain.ports.event_subscriber import EventSubscriberPort
from tidegate.domain.ports.ids import IdPort
from tidegate.domain.ports.market_data import MarketDataPort
from tidegate.domain.ports.order_store import OrderStorePort

__all__ = [
    "AccountPort",
    "Broker",
    "ChancePort",
    "ClockPort",
    "DecisionIntakePort",
    "DecisionMessage",
    "EnginePort",
    "EventSubscriberPort",
    "IdPort",
    "MarketDataPort",
    "OrderStorePort",
]
