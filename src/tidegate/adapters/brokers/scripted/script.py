"""The script: which answer comes next, what is held back until it is released, and which questions find nobody."""

import asyncio
from collections import deque
from collections.abc import Callable

from tidegate.adapters.brokers.scripted.answers import AmendAnswer, Answer, CancelAnswer
from tidegate.domain.identifiers import ClientOrderId


class Script:
    """What a test has told the venue to do; each `next_...` call adds to what comes after what was told before."""

    def __init__(self) -> None:
        self._submits: deque[Answer] = deque()
        self._cancels: deque[CancelAnswer] = deque()
        self._amends: deque[AmendAnswer] = deque()
        self._every_submit = Answer.behave()
        self._arrivals: list[Callable[[], None]] = []
        self._released = asyncio.Event()
        self._unreachable = ""
        self._unreachable_count = 0
        self.hidden: set[ClientOrderId] = set()

    def next_submit(self, *answers: Answer) -> None:
        """Answer the next submits so, in this order."""
        self._submits.extend(answers)

    def every_submit(self, answer: Answer) -> None:
        """Answer every submit so for which nothing else was told."""
        self._every_submit = answer

    def next_cancel(self, *answers: CancelAnswer) -> None:
        """Answer the next cancels so, in this order; then confirm again."""
        self._cancels.extend(answers)

    def next_amend(self, *answers: AmendAnswer) -> None:
        """Answer the next amends so, in this order; then confirm again."""
        self._amends.extend(answers)

    def release(self) -> None:
        """Let everything that was held back go: answers are heard, and requests under way arrive."""
        arrivals, self._arrivals = self._arrivals, []
        for arrive in arrivals:
            arrive()
        released, self._released = self._released, asyncio.Event()
        released.set()

    def unreachable(self, reason: str = "connection refused", times: int | None = None) -> None:
        """Every question, or the next so many, finds nobody (a failed or partial fetch, R7)."""
        self._unreachable, self._unreachable_count = reason, -1 if times is None else times

    def reachable(self) -> None:
        """Questions are answered again."""
        self._unreachable_count = 0

    def hide(self, client_order_id: ClientOrderId) -> None:
        """Queries do not show this order: a list that lags (B27)."""
        self.hidden.add(client_order_id)

    def show(self, client_order_id: ClientOrderId) -> None:
        """Queries show it again."""
        self.hidden.discard(client_order_id)

    def take_submit(self) -> Answer:
        return self._submits.popleft() if self._submits else self._every_submit

    def take_cancel(self) -> CancelAnswer:
        return self._cancels.popleft() if self._cancels else CancelAnswer.confirm()

    def take_amend(self) -> AmendAnswer:
        return self._amends.popleft() if self._amends else AmendAnswer.confirm()

    def take_unreachable(self) -> str:
        """Why this question finds nobody, or the empty string."""
        if not self._unreachable_count:
            return ""
        self._unreachable_count -= self._unreachable_count > 0
        return self._unreachable

    def arrive_at_release(self, arrive: Callable[[], None]) -> None:
        self._arrivals.append(arrive)

    async def until_released(self) -> None:
        await self._released.wait()
