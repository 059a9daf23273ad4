"""Intake: decisions from a source, one after the other, each settled with its outcome."""

from asyncio import Event
from collections.abc import AsyncGenerator

from returns.result import Failure

from tidegate.application.configuration import require
from tidegate.application.coordinator import ExecutionCoordinator
from tidegate.domain.ports import DecisionIntakePort, DecisionMessage
from tidegate.domain.refusals import AnyRefusal


class IntakeConsumer:
    """Hands decisions to the coordinator in the order of their source."""

    def __init__(self, coordinator: ExecutionCoordinator) -> None:
        self._coordinator = coordinator
        self._is_stopping = False
        self._idle = Event()
        self._idle.set()
        self.unreadable: list[AnyRefusal] = []

    async def stop(self) -> None:
        """Take no further decision, and return once the one under way has its outcome."""
        self._is_stopping = True
        await self._idle.wait()

    async def run(self, intake: DecisionIntakePort) -> None:
        """Until the source ends."""
        require("intake", intake, "a DecisionIntakePort", "decisions")
        source = intake.decisions()
        try:
            async for message in source:
                if self._is_stopping:
                    return
                if not isinstance(message, DecisionMessage):
                    self.unreadable.append(message)
                    continue
                self._idle.clear()
                try:
                    await self._execute(intake, message)
                finally:
                    self._idle.set()
        finally:
            if isinstance(source, AsyncGenerator):
                await source.aclose()

    async def _execute(self, intake: DecisionIntakePort, message: DecisionMessage) -> None:
        result = await self._coordinator.execute_decision(message.symbol, message.decision)
        outcome = result.failure() if isinstance(result, Failure) else result.unwrap()
        await intake.settle(message, outcome)
