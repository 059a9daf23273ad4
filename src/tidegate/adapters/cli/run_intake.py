"""An intake that tells what became of each decision, for whoever writes them to standard input."""

from collections.abc import AsyncIterator

from rich.text import Text

from tidegate.adapters.cli import lines
from tidegate.adapters.cli.run_log import RunLog
from tidegate.adapters.cli.terminal import Terminal
from tidegate.domain.outcomes import NoOrderNeeded, OrderPlaced
from tidegate.domain.ports import ClockPort, DecisionIntakePort, DecisionMessage
from tidegate.domain.refusals import AnyRefusal


class ToldIntake:
    """Passes decisions on, and answers each with one line: as JSON with its reference, or in the log."""

    def __init__(self, intake: DecisionIntakePort, terminal: Terminal, log: RunLog, clock: ClockPort) -> None:
        self._intake = intake
        self._terminal = terminal
        self._log = log
        self._clock = clock

    async def decisions(self) -> AsyncIterator[DecisionMessage | AnyRefusal]:
        """What the source gives; what could not be read has its outcome at once.

        None comes after an answer that nobody took: whoever decides does not know any more what became of it.
        """
        async for item in self._intake.decisions():
            if self._terminal.lost is not None:
                return
            if not isinstance(item, DecisionMessage):
                self._log.unreadable(self._clock.now(), item)
                self._tell(item.facts.get("reference", ""), "", item)
            yield item

    async def settle(self, message: DecisionMessage, outcome: OrderPlaced | NoOrderNeeded | AnyRefusal) -> None:
        """The outcome is durable: tell it, then let the source forget the decision."""
        self._tell(message.reference, message.decision.decision_id, outcome)
        await self._intake.settle(message, outcome)

    def _tell(self, reference: str, decision_id: str, outcome: OrderPlaced | NoOrderNeeded | AnyRefusal) -> None:
        if self._terminal.is_json:
            self._terminal.json(lines.settled_line(reference, decision_id, outcome))
        elif isinstance(outcome, NoOrderNeeded) and self._terminal.is_plain:
            self._terminal.line(Text(f"{reference}: no order needed, {outcome.reason}", style="dim"))
