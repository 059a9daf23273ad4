"""Processes: which simulated process a piece of work belongs to, and what it means that one has been killed."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextvars import Context, ContextVar, copy_context
from typing import Any

PROCESS: ContextVar[Process | None] = ContextVar("tidegate_simulated_process", default=None)
"""The process whose work is running; None is the world outside: the venue, the network and whoever decides."""


class ProcessFenced(BaseException):
    """A port was called for a process that is dead: only its abandoned frames can do that, when they are cleared away.

    No `Exception`, so that nothing in the application can take it for a failure that may be handled.
    """


class Process:
    """One process of the operating system: everything its tasks started is its own, and dies with it at once.

    A dead process is never resumed. What it had asked of the world is under way all the same.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.is_alive = True
        self.is_fenced = False
        self.is_paused = False
        self.is_open = False
        self.failures: list[str] = []
        self._own: Context | None = None
        self.paused_at = self.resumed_at = -1.0

    def start(self, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        """Run something as this process, whoever asks for it."""
        context = copy_context() if self._own is None else self._own.copy()
        context.run(PROCESS.set, self)
        task = asyncio.get_running_loop().create_task(work, name=f"{self.name} {name}", context=context)
        task.add_done_callback(self._ended, context=Context())
        return task

    def settle_in(self) -> None:
        """What is bound where this is called, by the process itself, is bound for all that it is asked from now on."""
        self._own = copy_context()

    def _ended(self, task: asyncio.Task[Any]) -> None:
        """What ends a task by an exception ends it for a reason that somebody must know (invariant 23)."""
        if not self.is_fenced and not task.cancelled() and (error := task.exception()) is not None:
            self.failures.append(f"{task.get_name()} ended: {error!r}")

    def kill(self) -> None:
        """SIGKILL: from here on nothing of it runs."""
        self.is_alive, self.is_fenced = False, True

    def unwind(self) -> None:
        """Let the frames of the dead run to their end, with every port fenced: only when the life is over."""
        self.is_alive, self.is_fenced, self.is_paused = True, True, False

    def pause(self, at: float, seconds: float) -> None:
        """Stop it, as a suspended machine does."""
        self.is_paused, self.paused_at, self.resumed_at = True, at, at + seconds

    def resume(self, at: float) -> None:
        """Let it go on."""
        self.is_paused, self.resumed_at = False, at

    async def die_here(self) -> None:
        """Killed by its own step: what called this is never resumed."""
        self.kill()
        await asyncio.get_running_loop().create_future()

    def require_alive(self) -> None:
        """What every port asks first.

        Raises:
            ProcessFenced: the process is dead.
        """
        if self.is_fenced:
            raise ProcessFenced(self.name)
