"""The refused watch: an order that was sent and refused is asked for until four times H, and called off if it lives."""

from datetime import datetime, timedelta
from functools import partial

from tidegate.application.canceling import Canceler
from tidegate.application.desk import AccountDesk
from tidegate.application.staggered import staggered
from tidegate.application.starts import write_marks
from tidegate.domain.identifiers import ClientOrderId
from tidegate.domain.vocabulary import OrderStatus

_FIRST_LOOK_SECONDS = 5.0
_HORIZONS = 4
"""For how many times H a refused order is asked for: H is what is promised, and a request may be later still (B26)."""
_LOOKS_MAX = 20
"""How many are asked for in one round: a venue that refuses everything is not flooded with questions."""
_RESTORED_MAX = 500
"""How many of the latest orders a start looks through for refusals that are younger than that."""


class RefusedWatch:
    """A reject is final for the order, not for a duplicate that the transport made of its request (B25, B26).

    Stream and lists tell of one that is open; one that was filled or ended at once is found only by asking for its id:
    after 5 s, then twice as late each time but never more than H apart, and last when H has passed four times.
    """

    def __init__(self, desk: AccountDesk, canceler: Canceler, horizon_seconds: float) -> None:
        self._desk = desk
        self._canceler = canceler
        self._horizon_seconds = horizon_seconds
        self._watch_seconds = _HORIZONS * horizon_seconds
        self._settled: datetime | None = None
        self._next_look: dict[ClientOrderId, float] = {}

    async def restore(self, lived_until: datetime | None) -> None:
        """Watch what was refused and not asked for long enough, as written, or just before the last process ended."""
        desk = self._desk
        now = desk.clock.now()
        settled_until = desk.marks.settled_until
        since = min(now, lived_until or now) - timedelta(seconds=self._watch_seconds)
        for record in await desk.store.orders(limit=_RESTORED_MAX):
            at = record.updated_at
            if record.status is not OrderStatus.REFUSED or at is None:
                continue
            if at >= since or settled_until is None or at > settled_until:
                desk.refused_lately[record.client_order_id] = (at, desk.clock.monotonic())

    async def look(self) -> None:
        """Ask for those that are due, and call off every live order that had been refused."""
        desk = self._desk
        now = desk.clock.monotonic()
        due = [order_id for order_id, (_, at) in desk.refused_lately.items() if now - at >= self._due(order_id)]
        calls = [
            partial(self._look_for, order_id, now - desk.refused_lately[order_id][1]) for order_id in due[:_LOOKS_MAX]
        ]
        await staggered(calls, desk.clock, desk.transmissions, "question")
        await self._note_settled()
        for record in desk.live_orders():
            if record.is_late_accept and not record.has_open_cancel and not self._canceler.is_in_vain(record):
                reason = "it had been refused, and the venue works it all the same"
                await self._canceler.cancel(record.client_order_id, reason)

    async def _note_settled(self) -> None:
        """Write down until when nothing refused is left to be asked for, so that the next start watches the others."""
        desk, settled = self._desk, self._settled
        known = desk.marks.settled_until
        if settled is None or (known is not None and settled <= known):
            return
        if all(at > settled for at, _ in desk.refused_lately.values()):
            await write_marks(desk, settled_until=settled)

    def _due(self, order_id: ClientOrderId) -> float:
        return self._next_look.setdefault(order_id, min(_FIRST_LOOK_SECONDS, self._horizon_seconds))

    async def _look_for(self, order_id: ClientOrderId, age: float) -> None:
        due = self._due(order_id)
        is_answered = await self._canceler.resolver.look(order_id)
        await self._desk.standing(order_id)
        if age >= self._watch_seconds and is_answered:
            del self._next_look[order_id]
            at, _ = self._desk.refused_lately.pop(order_id)
            self._settled = at if self._settled is None else max(at, self._settled)
        else:
            self._next_look[order_id] = min(2 * due, due + self._horizon_seconds, max(age, self._watch_seconds))
