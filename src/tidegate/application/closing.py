"""Closing: free the inventory of a position before it is closed, and keep new entries out meanwhile."""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, nullcontext

from msgspec.structs import replace

from tidegate.application.canceling import Canceler
from tidegate.application.desk import AccountDesk
from tidegate.domain.identifiers import ClientOrderId
from tidegate.domain.orders import OrderRecord
from tidegate.domain.vocabulary import OrderStatus, TimeInForce

# A cancel that was asked for before may have been lost: asking again does no harm.
_CANCELABLE = (
    OrderStatus.ACCEPTED,
    OrderStatus.PARTIALLY_FILLED,
    OrderStatus.PENDING_AMEND,
    OrderStatus.PENDING_CANCEL,
)

_POLL_SECONDS = 0.05
_ASK_SECONDS = 1.0
"""How long after a question about an order that has ended the next one follows."""


class Closer:
    """Prepares a close: fence, cancel what rests, wait until what it filled is final.

    What cannot be settled in time stays reserved, so that only the part that is provably free is closed.
    """

    def __init__(self, desk: AccountDesk, canceler: Canceler, settle_seconds: float = 5.0) -> None:
        self._desk = desk
        self._canceler = canceler
        self._settle_seconds = settle_seconds
        self._unsettled: dict[ClientOrderId, OrderRecord] = {}
        """Called-off orders as they were last seen, of which the venue has not said how much was filled."""
        self._keepers: Counter[ClientOrderId] = Counter()
        """How many closes under way keep what an ended exit may have taken."""

    @asynccontextmanager
    async def closing(self, symbol: str, strategy_id: str, *, takes_unknown: bool = False) -> AsyncIterator[None]:
        """Hold entries on the symbol off while the body closes the strategy's position.

        `takes_unknown` is an operator's word that it may also take what an ended exit may have taken already.
        """
        with self.fenced(symbol):
            deadline = self._desk.clock.monotonic() + self._settle_seconds
            await self._clear(self._desk.live_orders(symbol, strategy_id), deadline)
            await self._settle(symbol, strategy_id, deadline)
            with nullcontext() if takes_unknown else self._kept(symbol, strategy_id):
                yield

    @contextmanager
    def fenced(self, symbol: str) -> Iterator[None]:
        """Hold entries on the symbol off."""
        fences = self._desk.fences
        fences[symbol] = fences.get(symbol, 0) + 1
        try:
            yield
        finally:
            fences[symbol] -= 1
            if not fences[symbol]:
                del fences[symbol]

    async def call_off_entries(self, symbol: str, strategy_id: str) -> None:
        """Only these, where the close itself cannot be: the exits that rest are all that protects the position."""
        live = self._desk.live_orders(symbol, strategy_id)
        deadline = self._desk.clock.monotonic() + self._settle_seconds
        await self._clear([record for record in live if not record.order.purpose.is_exit], deadline)

    async def _clear(self, live: Sequence[OrderRecord], deadline: float) -> None:
        if not live:
            return
        asked = {record.client_order_id for record in live if self._can_be_called_off(record)}
        canceled = await self._cancel(record for record in live if record.client_order_id in asked)
        ids, clock = [record.client_order_id for record in live], self._desk.clock
        while standing := self._open(ids):
            # What was under way to the venue when the close began, and has come to rest there since.
            late = [record for record in standing if rests(record) and record.client_order_id not in asked]
            asked.update(record.client_order_id for record in late)
            canceled += await self._cancel(late)
            if clock.monotonic() >= deadline:
                break
            if not late:
                await clock.sleep(_POLL_SECONDS)
        # One that was called off before it was sent, or that was rejected, has taken nothing.
        sent = (record for record in canceled if record.status is not OrderStatus.REFUSED)
        self._unsettled.update((record.client_order_id, record) for record in sent)

    async def _settle(self, symbol: str, strategy_id: str, deadline: float) -> None:
        """A confirmed cancel does not say what had filled before it: the order's final quantity does."""
        clock, resolver = self._desk.clock, self._canceler.resolver
        while waiting := self._unsettled_of(symbol, strategy_id):
            for order_id in waiting:
                if await resolver.knows_all_of(order_id):
                    self._unsettled.pop(order_id, None)
                elif (stands := await self._desk.standing(order_id)) is not None:
                    self._unsettled[order_id] = stands
            if clock.monotonic() >= deadline:
                break
            if self._unsettled_of(symbol, strategy_id):
                await clock.sleep(_ASK_SECONDS)

    def _unsettled_of(self, symbol: str, strategy_id: str) -> list[ClientOrderId]:
        return [
            order_id
            for order_id, record in self._unsettled.items()
            if record.symbol == symbol and record.order.strategy_id == strategy_id
        ]

    @contextmanager
    def _kept(self, symbol: str, strategy_id: str) -> Iterator[None]:
        """Keep what an exit that has ended may have taken without our knowing: it is not provably free."""
        desk, commitments = self._desk, self._desk.ledger.commitments
        taken = [self._unsettled[order_id] for order_id in self._unsettled_of(symbol, strategy_id)]
        kept = [one for one in taken if one.order.purpose.is_exit and one.client_order_id not in desk.ledger.orders]
        product = desk.market_data.product(symbol)
        self._keepers.update(record.client_order_id for record in kept)
        try:
            for record in map(_as_taking, kept):
                desk.set_aside[record.client_order_id] = record
                if product is not None:
                    commitments.update(record, product)
            yield
        finally:
            for record in kept:
                self._keepers[record.client_order_id] -= 1
                if not self._keepers[record.client_order_id]:
                    del self._keepers[record.client_order_id]
                    desk.set_aside.pop(record.client_order_id, None)
                    commitments.drop(record.client_order_id)

    def _can_be_called_off(self, record: OrderRecord) -> bool:
        return rests(record) or record.client_order_id in self._desk.recording

    def _open(self, order_ids: Iterable[ClientOrderId]) -> list[OrderRecord]:
        held = self._desk.ledger.orders
        return [held[order_id] for order_id in order_ids if order_id in held and not held[order_id].is_terminal]

    async def _cancel(self, records: Iterable[OrderRecord]) -> list[OrderRecord]:
        return list(await self._canceler.cancel_all(records, "its position is being closed"))


def rests(record: OrderRecord) -> bool:
    """Whether it waits at the venue and can be called off; one that takes or is unanswered is only waited for."""
    return not record.order.is_taker_only and record.status in _CANCELABLE


def _as_taking(record: OrderRecord) -> OrderRecord:
    """As if it took at once all that is not known to have filled; it rests in nobody's way."""
    order = replace(record.order, time_in_force=TimeInForce.IOC)
    return replace(record, order=order, status=OrderStatus.ACCEPTED, is_canceled=False)
