"""The refused watch: an order that was sent and refused is asked for until H has passed, and called off if it lives."""

from datetime import datetime, timedelta

from tidegate.application.canceling import Canceler
from tidegate.application.desk import AccountDesk
from tidegate.domain.identifiers import ClientOrderId
from tidegate.domain.vocabulary import OrderStatus

_FIRST_LOOK_SECONDS = 5.0
_HORIZONS = 4
"""For how many times H a refused order is asked for: H is what is promised, and a request may be later still (B26)."""
_LOOKS_MAX = 20
"""How many are asked for in one round: a venue that refuses everything is not flooded with questions."""
_RESTORED_MAX = 500
"""How many of the latest orders a start looks through for refusals that are younger than H."""


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
        self._next_look: dict[ClientOrderId, float] = {}

    async def restore(self, lived_until: datetime | None) -> None:
        """Watch again what was refused shortly before the last process ended: meanwhile nobody has asked."""
        desk = self._desk
        now = desk.clock.now()
        since = min(now, lived_until or now) - timedelta(seconds=self._watch_seconds)
        for record in await desk.store.orders(limit=_RESTORED_MAX):
            is_recent = record.updated_at is not None and record.updated_at >= since
            if record.status is OrderStatus.REFUSED and is_recent:
                desk.refused_lately[record.client_order_id] = (record.symbol, desk.clock.monotonic())

    async def look(self) -> None:
        """Ask for those that are due, and call off every live order that had been refused."""
        desk = self._desk
        now = desk.clock.monotonic()
        due = [order_id for order_id, (_, at) in desk.refused_lately.items() if now - at >= self._due(order_id)]
        for order_id in due[:_LOOKS_MAX]:
            await self._look_for(order_id, now - desk.refused_lately[order_id][1])
        for record in desk.live_orders():
            if record.is_late_accept and not record.has_open_cancel and not self._canceler.is_in_vain(record):
                reason = "it had been refused, and the venue works it all the same"
                await self._canceler.cancel(record.client_order_id, reason)

    def _due(self, order_id: ClientOrderId) -> float:
        return self._next_look.setdefault(order_id, min(_FIRST_LOOK_SECONDS, self._horizon_seconds))

    async def _look_for(self, order_id: ClientOrderId, age: float) -> None:
        due = self._due(order_id)
        is_answered = await self._canceler.resolver.look(order_id)
        await self._desk.standing(order_id)
        if age >= self._watch_seconds and is_answered:
            del self._next_look[order_id], self._desk.refused_lately[order_id]
        else:
            self._next_look[order_id] = min(2 * due, due + self._horizon_seconds, max(age, self._watch_seconds))
