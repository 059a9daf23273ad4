"""Hearing: an adapter is heard out, with a deadline for every question, and what it raises or says wrongly is shown."""

from asyncio import CancelledError, current_task
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar

from msgspec import Struct

from tidegate.application.desk import AccountDesk
from tidegate.application.foreign import FOREIGN, shown, writable
from tidegate.domain.answer_flaws import is_a, unwritable
from tidegate.domain.orders import OrderRecord, RecordedOrder
from tidegate.domain.submissions import Unreachable

T = TypeVar("T")

_TOLD_MAX = 100
"""So many different failures of questions are incidents; an adapter that finds more has said enough."""


class Nothing(Struct, frozen=True, gc=False):
    """No answer at all, and why."""

    why: str


def is_cancelled() -> bool:
    """Whether somebody has cancelled this task; otherwise the adapter has lost a task of its own."""
    task = current_task()
    return task is None or task.cancelling() > 0


class Hearing:
    """Hears an adapter out, and shows what is wrong with what it says."""

    def __init__(self, desk: AccountDesk) -> None:
        self._desk = desk
        self._told: set[str] = set()
        self._asked = 0

    def _now(self) -> datetime:
        return self._desk.clock.now()

    async def _heard(
        self, what: str, ask: Callable[[], Awaitable[T]], order: OrderRecord | RecordedOrder | None = None
    ) -> "T | Nothing":
        """What the adapter answers, or in words that it raised."""
        under_way, name = self._desk.transmissions, ""
        if order is None:
            # A request has its deadline from who makes it, a question here.
            self._asked += 1
            name = f"{what} {id(self)} {self._asked}"
            under_way.begin(name)
            self._desk.pace.note_request(self._now())
        try:
            return await ask()
        except FOREIGN as error:  # whatever it is, it decides nothing
            return Nothing(self._raised(error, what, order))
        except CancelledError as error:
            if under_way.take_cut(name):
                # Blind from now on, and until everything has been seen: the next question may take as long.
                self._desk.sight.went_blind(self._now())
                return Nothing(f"no answer before the deadline when {what}")
            if is_cancelled():
                raise
            return Nothing(self._raised(error, what, order))
        finally:
            under_way.end(name)

    def _raised(self, error: BaseException, what: str, order: OrderRecord | RecordedOrder | None) -> str:
        words = f"it raised {shown(error)} when {what}"
        if order is None and not isinstance(error, MemoryError | RecursionError):
            return self._failed(words)
        return self._wrong(words, order)

    def _failed(self, words: str) -> str:
        """Show a question that met an exception, once for each kind: a loop asks again and again."""
        words = writable(words)
        if words not in self._told and len(self._told) < _TOLD_MAX:
            self._told.add(words)
            self._desk.incident(self._now(), "ADAPTER_FAILED", f"the venue's adapter failed: {words}")
        return words

    def _wrong(self, flaw: str, order: OrderRecord | RecordedOrder | None = None) -> str:
        """Show it, once for as long as it stands; the words."""
        order_id = "" if order is None else order.order.client_order_id
        where = f" ({order_id})" if order_id else ""
        words = writable(f"the venue's adapter cannot be believed: {flaw}{where}")
        self._desk.broke("ADAPTER_FAILED", words, client_order_id=order_id)
        return words

    def _unreachable(self, reason: str) -> Unreachable:
        return Unreachable(reason=reason, at=self._now())

    def _as_told(self, found: Unreachable) -> Unreachable:
        flaw = unwritable(found)
        return self._unreachable(self._wrong(flaw)) if flaw else found

    async def _listing(
        self,
        what: str,
        ask: Callable[[], Awaitable[tuple[T, ...] | Unreachable]],
        flaw_of: Callable[[T, datetime], str],
    ) -> tuple[T, ...] | Unreachable:
        """A list with something in it that cannot be believed is no list: what else it lacks nobody knows (R7)."""
        found = await self._heard(what, ask)
        if isinstance(found, Unreachable):
            return self._as_told(found)
        if isinstance(found, Nothing):
            return self._unreachable(found.why)
        if not is_a(found, tuple, list):
            return self._unreachable(self._wrong(f"it answered {type(found).__name__} when {what}"))
        now = self._now()
        flaw = next((flaw for one in found if (flaw := flaw_of(one, now))), "")
        return self._unreachable(self._wrong(f"{flaw}, when {what}")) if flaw else tuple(found)

    async def _statement(
        self,
        what: str,
        ask: Callable[[], Awaitable[T | Unreachable]],
        kind: type[T],
        flaw_of: Callable[[T], str],
    ) -> T | Unreachable:
        """All there is of something, or nothing: of another kind, or in part past belief, it is none (R7)."""
        found = await self._heard(what, ask)
        if isinstance(found, Unreachable):
            return self._as_told(found)
        if isinstance(found, Nothing):
            return self._unreachable(found.why)
        if not isinstance(found, kind):
            return self._unreachable(self._wrong(f"it answered {type(found).__name__} when {what}"))
        flaw = flaw_of(found)
        return self._unreachable(self._wrong(f"{flaw}, when {what}")) if flaw else found
