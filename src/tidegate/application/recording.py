"""Recording: orders whose intent is on its way to the store, and who wants them called off before they are sent."""

import asyncio
from datetime import datetime

from tidegate.domain.events import OrderRejected
from tidegate.domain.identifiers import ClientOrderId
from tidegate.domain.refusals import ExpiredRefused


class OrdersBeingRecorded:
    """An order that no row has begun has no cancel: a wish is kept here, and its sender looks before it sends."""

    def __init__(self) -> None:
        self._wishes: dict[ClientOrderId, str] = {}
        self._waiters: dict[ClientOrderId, asyncio.Future[None]] = {}

    def __contains__(self, order_id: ClientOrderId) -> bool:
        return order_id in self._wishes

    def begin(self, order_id: ClientOrderId) -> None:
        """The store is asked to record an attempt."""
        self._wishes[order_id] = ""

    def end(self, order_id: ClientOrderId) -> str:
        """The store has answered, or is no longer waited for; why it was called off meanwhile, empty if it was not."""
        wish = self._wishes.pop(order_id, "")
        waiter = self._waiters.pop(order_id, None) if self._waiters else None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)
        return wish

    def call_off(self, order_id: ClientOrderId, reason: str) -> None:
        """Have it not sent; the first reason stands."""
        self._wishes[order_id] = self._wishes[order_id] or reason or "no reason given"

    async def ended(self, order_id: ClientOrderId) -> None:
        """Wait until the store has answered; its sender has looked by then."""
        if order_id not in self._wishes:
            return
        waiter = self._waiters.get(order_id)
        if waiter is None:
            waiter = self._waiters[order_id] = asyncio.get_running_loop().create_future()
        await asyncio.shield(waiter)


def called_off_refusal(reason: str) -> ExpiredRefused:
    """What becomes of an order that was called off before it was sent."""
    return ExpiredRefused(message=f"it was called off while its intent was being recorded: {reason}")


def never_attempted(client_order_id: ClientOrderId, why: str, at: datetime) -> OrderRejected:
    """The end of an order that was prepared and never attempted: surely unsent, so that no venue has to be asked."""
    reason = f"it was prepared and never sent: {why}"
    return OrderRejected(client_order_id=client_order_id, code="EXPIRED", reason=reason, by_venue=False, at=at)
