"""The scripted venue, for tests: it answers as it is told, and keeps the truth of what it did."""

from tidegate.adapters.brokers.scripted.answers import AmendAnswer, Answer, CancelAnswer
from tidegate.adapters.brokers.scripted.broker import ScriptedBroker
from tidegate.adapters.brokers.scripted.truth import Truth, TruthOrder

__all__ = ["AmendAnswer", "Answer", "CancelAnswer", "ScriptedBroker", "Truth", "TruthOrder"]
