"""An intake that tells what became of each decision: to whoever writes them, and what the journal has nothing of."""

from collections.abc import AsyncIterator

from rich.text import Text

from tidegate.adapters.cli import lines
from tidegate.adapters.cli.run_log import RunLog
from tidegate.adapters.cli.terminal import Terminal
from tidegate.adapters.intake import JsonLinesIntake
from tidegate.application.desk import AccountDesk
from tidegate.domain.outcomes import NoOrderNeeded, OrderPlaced
from tidegate.domain.ports import DecisionIntakePort, DecisionMessage
from tidegate.domain.refusals import AnyRefusal


class ToldIntake:
    """Passes decisions on; answers each with one line (as JSON with its reference, or in the log) where `is_answering`.

    A refusal that leaves no event is noted in the log whoever decides: else it would be a number without a reason.
    """

    def __init__(
        self, intake: DecisionIntakePort, terminal: Terminal, log: RunLog, desk: AccountDesk, *, is_answering: bool
    ) -> None:
        self._intake = intake
        self._terminal = terminal
        self._log = log
        self._desk = desk
        self._is_answering = is_answering
        self._unrecorded = 0

    async def decisions(self) -> AsyncIterator[DecisionMessage | AnyRefusal]:
        """What the source gives; what could not be read has its outcome at once.

        None comes after an answer that nobody took: whoever decides does not know any more what became of it.
        """
        async for item in self._intake.decisions():
            if self._terminal.lost is not None:
                return
            if not isinstance(item, DecisionMessage):
                self._log.unrecorded(self._desk.clock.now(), item)
                self._tell(item.facts.get("reference", ""), "", item)
            self._unrecorded = self._desk.unrecorded.total()
            yield item

    async def settle(self, message: DecisionMessage, outcome: OrderPlaced | NoOrderNeeded | AnyRefusal) -> None:
        """The outcome is durable: tell it, then let the source forget the decision."""
        if self._desk.unrecorded.total() > self._unrecorded and not isinstance(outcome, NoOrderNeeded | OrderPlaced):
            self._log.unrecorded(self._desk.clock.now(), outcome, message.symbol)
        self._tell(message.reference, message.decision.decision_id, outcome)
        await self._intake.settle(message, outcome)

    def tell_untaken(self) -> None:
        """The run is over: where it ended before its decisions did, somebody must hear of those that nobody took."""
        if isinstance(self._intake, JsonLinesIntake) and not self._intake.has_ended:
            taken = self._intake.taken
            untaken = f"nothing after line {taken} was taken" if taken else "nothing of it was taken"
            self._terminal.note(f"the run ended before standard input did: {untaken}")

    def _tell(self, reference: str, decision_id: str, outcome: OrderPlaced | NoOrderNeeded | AnyRefusal) -> None:
        if not self._is_answering:
            return
        if self._terminal.is_json:
            self._terminal.json(lines.settled_line(reference, decision_id, outcome))
        elif isinstance(outcome, NoOrderNeeded) and self._terminal.is_plain:
            self._terminal.line(Text(f"{reference}: no order needed, {outcome.reason}", style="dim"))
