"""DecisionIntakePort: where decisions come from."""

from collections.abc import AsyncIterator
from typing import Protocol

from msgspec import Struct

from tidegate.domain.decisions import Decision
from tidegate.domain.outcomes import NoOrderNeeded, OrderPlaced
from tidegate.domain.refusals import AnyRefusal


class DecisionMessage(Struct, frozen=True, kw_only=True):
    """One decision on its way in; `reference` names it to its source (a line number, a message id)."""

    symbol: str
    decision: Decision
    reference: str = ""


class DecisionIntakePort(Protocol):
    """A source of decisions. It may deliver one again until that is settled: the store deduplicates by decision id."""

    def decisions(self) -> AsyncIterator[DecisionMessage | AnyRefusal]:
        """Decisions in order until the source ends; what cannot be read is yielded as its refusal: nothing is lost."""
        ...

    async def settle(self, message: DecisionMessage, outcome: OrderPlaced | NoOrderNeeded | AnyRefusal) -> None:
        """The decision has this outcome, durably: the source may forget it."""
        ...
