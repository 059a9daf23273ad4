"""A strategy object as a source of decisions: asked at every interval of the clock in force."""

from collections.abc import AsyncIterator, Iterable
from inspect import isasyncgen, iscoroutine
from itertools import islice

from tidegate.adapters.intake.strategy_failures import named_failures, strategy_name
from tidegate.application.strategy import Strategy, StrategyError, StrategyView
from tidegate.domain.decisions import Decision
from tidegate.domain.outcomes import NoOrderNeeded, OrderPlaced
from tidegate.domain.ports import ClockPort, DecisionMessage
from tidegate.domain.refusals import AnyRefusal

_DECISIONS_MAX = 10_000
"""At one asking: whoever gives more never ends, and would fill the memory."""


class StrategyIntake:
    """Asks a strategy for its decisions, and then sleeps on the clock port; it never ends by itself."""

    def __init__(self, strategy: Strategy, view: StrategyView, clock: ClockPort, interval_seconds: float) -> None:
        self._strategy = strategy
        self._view = view
        self._clock = clock
        self._interval_seconds = interval_seconds
        self._name = strategy_name(strategy)
        self._count = 0

    async def decisions(self) -> AsyncIterator[DecisionMessage | AnyRefusal]:
        """The strategy's decisions, in its order.

        Raises:
            StrategyError: the strategy raised, or handed over what is no decision.
        """
        while True:
            for message in self._ask():
                yield message
            await self._clock.sleep(self._interval_seconds)

    async def settle(self, message: DecisionMessage, outcome: OrderPlaced | NoOrderNeeded | AnyRefusal) -> None:
        """Nothing to forget: a strategy sees what became of its decisions in its view."""

    def _ask(self) -> list[DecisionMessage]:
        with named_failures(self._name):
            answer: object = self._strategy.decide(self._view)
            if not isinstance(answer, Iterable):
                raise self._mistaken(answer)
            decided = list(islice(answer, _DECISIONS_MAX + 1))
        if len(decided) > _DECISIONS_MAX:
            raise StrategyError(f"{self._name}: decide() gave more than {_DECISIONS_MAX:,} decisions at once")
        return [self._message(item) for item in decided]

    def _message(self, item: object) -> DecisionMessage:
        match item:
            case (str() as symbol, Decision() as decision):
                self._count += 1
                return DecisionMessage(symbol=symbol, decision=decision, reference=f"{self._name} {self._count}")
            case _:
                raise self._mistaken(item)

    def _mistaken(self, given: object) -> StrategyError:
        return StrategyError(f"{self._name}: decide() gives pairs of a symbol and a Decision, not {_told(given)}")


def _told(item: object) -> str:
    """What was handed over instead, so that whoever wrote it sees the slip."""
    if item is None:
        return "None: where there is nothing to decide it returns ()"
    if iscoroutine(item):
        item.close()  # nobody will await it, and the interpreter would say so
        return "a coroutine: it is a def, not an async def"
    if isasyncgen(item):
        return "an asynchronous generator: it is a def, not an async def"
    if isinstance(item, tuple):
        return f"a tuple of {', '.join(type(one).__name__ for one in item) or 'nothing'}"
    return type(item).__name__
