"""Resolving: ask the venue what became of one order, and conclude no more than its answer proves."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import partial

from tidegate.application.desk import AccountDesk
from tidegate.application.staggered import staggered
from tidegate.domain.amounts import plain
from tidegate.domain.events import OrderAmended, OrderFilled, OrderRejected
from tidegate.domain.fills import Fill
from tidegate.domain.identifiers import ClientOrderId
from tidegate.domain.orders import OrderRecord
from tidegate.domain.ports import EnginePort
from tidegate.domain.reconciliation import (
    Difference,
    DifferenceKind,
    fill_flaw,
    is_another,
    lacks_fills,
    news_of,
    news_of_open_amend,
    news_of_outgrown_total,
    terms_difference,
)
from tidegate.domain.submissions import OrderAbsent, Unreachable, VenueOrder
from tidegate.domain.vocabulary import Delivery, OrderStatus

_UNRESOLVED = (OrderStatus.SENDING, OrderStatus.UNKNOWN)
ATTEMPTS_MAX = 3
"""How often an exit is sent altogether, while it is proven each time that the last attempt was lost."""
_FAILURES_MAX = 3
_BEHIND = timedelta(seconds=30)  # so far behind ours the clock may be that a venue stamps fills by
_CONFIRM_AFTER_SECONDS = 5.0
"""How long executions may be known without their fills before that is a difference: lists of fills lag."""


class OrderResolver:
    """Applies the venue's word on single orders. Asking is a query, never a second submit."""

    def __init__(self, desk: AccountDesk, venue: EnginePort) -> None:
        self._desk = desk
        self._venue = venue
        self.lacking: dict[str, float] = {}  # since when (monotonic) the venue counts fills of these that we lack
        self._ending: set[ClientOrderId] = set()  # ended at the venue, which counts fills that it has not listed yet
        self._failures: Counter[ClientOrderId] = Counter()

    async def resolve(self, client_order_id: ClientOrderId) -> OrderRecord | None:
        """Query one order and fold what that proves; the order as it then stands, None where we know of none."""
        await self.look(client_order_id)
        return await self._desk.standing(client_order_id)

    async def resolve_each(self, client_order_ids: Sequence[ClientOrderId]) -> list[OrderRecord | None]:
        """The same of several, of which one that the venue does not answer keeps the next back for a moment only."""
        desk, calls = self._desk, [partial(self.resolve, order_id) for order_id in client_order_ids]
        return await staggered(calls, desk.clock, desk.transmissions, "question")

    async def look(self, client_order_id: ClientOrderId) -> bool:
        """Query one order and hold it with what that proves; whether the venue gave an answer."""
        if client_order_id in self._desk.quarantined or self._is_poison(client_order_id):
            return True
        async with self._watched(client_order_id):
            return await self._looked(client_order_id)

    async def knows_all_of(self, client_order_id: ClientOrderId) -> bool:
        """Query an order that has ended; whether the venue has told how much was filled, and that is known here."""
        is_answered = await self.look(client_order_id)
        await self._desk.standing(client_order_id)
        is_doubted = client_order_id in self.lacking or client_order_id in self._desk.order_differences
        return is_answered and not is_doubted

    async def _looked(self, client_order_id: ClientOrderId) -> bool:
        record = await self._desk.recall(client_order_id)
        if record is None:
            return True
        clock = self._desk.clock
        at, monotonic = clock.now(), clock.monotonic()
        answer = await self._venue.order(client_order_id, record.symbol)
        match answer:
            case VenueOrder():
                await self.adopt(record, answer, monotonic)
            case OrderAbsent():
                await self._absent(client_order_id, at, monotonic)
            case Unreachable():
                pass
        return not isinstance(answer, Unreachable)

    async def resolve_overdue(self, age_seconds: float) -> None:
        """Ask for every order, and every amend, that has been without an outcome for that long, or ends."""
        at = self._desk.clock.now()
        until = at - timedelta(seconds=age_seconds)
        open_ones = [one for one in self._desk.live_orders() if self._is_open(one)]
        # A word from the future says that the clock has gone back (X7), and nothing of how long one has waited.
        overdue = [one for one in open_ones if one.updated_at is not None and not until < one.updated_at <= at]
        await self.resolve_each([one.client_order_id for one in overdue])

    def _is_open(self, record: OrderRecord) -> bool:
        """Whether only the venue can say what became of it, or of its amend."""
        is_asked = record.status in _UNRESOLVED or record.has_open_amend or record.client_order_id in self._ending
        # What takes and does not rest has ended long ago: only the news of it was lost (S12).
        return is_asked or record.order.is_taker_only

    @property
    def _horizon(self) -> timedelta:
        return timedelta(seconds=float(self._venue.capabilities.horizon_seconds))

    async def adopt(self, record: OrderRecord, theirs: VenueOrder, asked_at: float | None = None) -> None:
        """Fold the venue's word on an order, unless its terms are not the ones we recorded (B20).

        `asked_at` is when this order was asked for, on the monotonic clock: what a list or the stream says may be old.
        """
        if self._is_poison(record.client_order_id):
            return
        async with self._watched(record.client_order_id):
            await self._adopted(record, theirs, asked_at)

    def _is_poison(self, client_order_id: ClientOrderId) -> bool:
        return self._failures[client_order_id] >= _FAILURES_MAX

    @asynccontextmanager
    async def _watched(self, client_order_id: ClientOrderId) -> AsyncIterator[None]:
        """Count the times in a row that asking about an order has ended in an exception, or in a hang that was cut off.

        After three it is asked about no more: it would end every pass, and keep all other orders from their turn.
        """
        is_through = False
        try:
            yield
            is_through = True
        finally:
            if is_through:
                self._failures.pop(client_order_id, None)
            else:
                self._failed(client_order_id)

    def _failed(self, client_order_id: ClientOrderId) -> None:
        self._failures[client_order_id] += 1
        held = self._desk.ledger.orders.get(client_order_id)
        if self._is_poison(client_order_id) and held is not None:
            what = f"whoever asks about order {client_order_id} fails, so nobody does any more"
            self._desk.broke("POISON", what, symbol=held.symbol, client_order_id=client_order_id)

    async def _adopted(self, record: OrderRecord, theirs: VenueOrder, asked_at: float | None) -> None:
        if is_another(record, theirs):
            order_id = record.client_order_id
            what = f"{order_id} is {record.venue_order_id} at the venue, and {theirs.venue_order_id} as well"
            self._desk.broke("DUPLICATE", what, symbol=record.symbol, client_order_id=order_id)
            return
        goes_back = theirs.filled_quantity < record.filled_quantity
        # As it stands now: its terms may have changed since the word was asked for.
        record = self._desk.ledger.orders.get(record.client_order_id, record)
        differs = terms_difference(record, theirs)
        if differs is not None:
            await self._differs(record, differs, asked_at)
            return
        if asked_at is None and _is_changed(record) and theirs.reduced_reason and theirs.quantity < record.quantity:
            # S4: what the venue had made of it before it was amended to more is no reduction of what it has now.
            await self.look(record.client_order_id)
            return
        self._desk.order_differences.pop(record.client_order_id, None)
        is_fetched = not theirs.is_open and lacks_fills(record, theirs)
        if is_fetched:
            # What it had filled comes before its end, which gives free all that is left of it.
            record = await self._fetch_fills(record)
            if lacks_fills(record, theirs) and not self._has_lacked(record.client_order_id):
                self._ending.add(record.client_order_id)
                return
            self._ending.discard(record.client_order_id)
        amend = news_of_open_amend(record, theirs, is_over=self._is_amend_over(record, asked_at))
        news = (*amend, *news_of(record, theirs))
        after = await self._desk.learn(record.client_order_id, news)
        if any(isinstance(one, OrderAmended) for one in news) and not after.is_terminal:
            self._desk.amended_at[record.client_order_id] = self._desk.clock.monotonic()
        if goes_back and asked_at is None:
            # S13: older than what we know, most likely; the order itself is asked for, and judged by that.
            await self.look(record.client_order_id)
            return
        if goes_back or (lacks_fills(after, theirs) and not is_fetched):
            after = await self._fetch_fills(after)
        self._judge_fills(after, theirs, goes_back=goes_back)

    async def _differs(self, record: OrderRecord, difference: Difference, asked_at: float | None) -> None:
        """Other terms than recorded: of an order that was changed they may be those from before (S4, S13).

        Then the order itself is asked for, and its answer counts once it was asked for later than H after the change.
        """
        is_changed = _is_changed(record)
        if is_changed and asked_at is None:
            await self.look(record.client_order_id)
        elif not is_changed or self._is_amend_over(record, asked_at):
            self._found(difference)

    def _is_amend_over(self, record: OrderRecord, asked_at: float | None) -> bool:
        """Whether an amend can no longer take effect, nor be told of late: it was asked about later than H after it."""
        if record.client_order_id in self._desk.amending:
            return False
        sent_at = self._desk.amended_at.get(record.client_order_id, self._desk.began)
        return asked_at is not None and timedelta(seconds=asked_at - sent_at) > self._horizon

    def _judge_fills(self, record: OrderRecord, theirs: VenueOrder, *, goes_back: bool) -> None:
        """Executions that only one side counts are a difference once they have stayed so."""
        order_id = record.client_order_id
        if not lacks_fills(record, theirs) and not (goes_back and not record.busted_ids):
            self.lacking.pop(order_id, None)
        elif self._has_lacked(order_id):
            filled, shown = plain(record.filled_quantity), plain(theirs.filled_quantity)
            kind = DifferenceKind.FILLS_DIFFER
            self._found(Difference(kind=kind, subject=order_id, ours=filled, theirs=shown, symbol=record.symbol))

    def _has_lacked(self, order_id: ClientOrderId) -> bool:
        """Whether fills that the venue counts have been missing for so long that no list of them lags any more."""
        now = self._desk.clock.monotonic()
        return now - self.lacking.setdefault(order_id, now) >= _CONFIRM_AFTER_SECONDS

    def _found(self, difference: Difference) -> None:
        """Show what differs of one order, once; it stands until the venue is seen to agree."""
        order_id = difference.subject
        if self._desk.order_differences.get(order_id) != difference:
            self._desk.order_differences[order_id] = difference
            at = self._desk.clock.now()
            self._desk.incident(
                at, difference.kind.value, difference.sentence, symbol=difference.symbol, client_order_id=order_id
            )

    async def _fetch_fills(self, record: OrderRecord) -> OrderRecord:
        """The venue's cumulative figure shows executions that we have no fill of: fetch them, never infer them.

        They may be of its first attempt, and stamped by a clock that is behind ours.
        """
        fills = await self._venue.fills(record.order.created_at - _BEHIND)
        if not isinstance(fills, Unreachable):
            await self.fold_fills(tuple(fill for fill in fills if fill.client_order_id == record.client_order_id))
        return await self._desk.standing(record.client_order_id) or record

    async def fold_fills(self, fills: tuple[Fill, ...]) -> int:
        """Fold fills of orders that we know; how many were new."""
        before = self._desk.ledger.fill_count
        for fill in fills:
            await self.fold_fill(fill)
        return self._desk.ledger.fill_count - before

    async def fold_fill(self, fill: Fill) -> None:
        """Fold one fill of an order that we know; one that cannot be its own is shown, and moves nothing."""
        order_id, desk = fill.client_order_id, self._desk
        record = await desk.standing(order_id)
        if record is None:
            return
        flaw, is_new = fill_flaw(record, fill), fill.trade_id not in record.trade_ids
        if is_new and desk.market_data.product(record.symbol) is None:
            flaw = f"fill {fill.trade_id} is of a product that is gone"
        if flaw:
            desk.broke("FILL_FLAWED", f"{flaw} ({order_id})", symbol=record.symbol, client_order_id=order_id)
        elif is_new:
            filled = OrderFilled(client_order_id=order_id, fill=fill, at=desk.clock.now())
            await desk.learn(order_id, (*news_of_outgrown_total(record, fill), filled))

    async def _absent(self, client_order_id: ClientOrderId, asked_at: datetime, asked_monotonic: float) -> None:
        """A complete query did not show it: evidence only if the last send is older than H (R3, B27).

        Without client order ids no query can show it, and its absence proves nothing for as long as one likes: a person
        has to say.
        """
        # As it stands now: an answer may have come while the query was under way.
        record = self._desk.ledger.orders.get(client_order_id)
        if record is None or record.is_terminal or record.doubtful_since is None:
            return
        if client_order_id in self._desk.in_transit or self._venue.capabilities.delivery is Delivery.C:
            return
        if self._desk.waited_for(record, asked_at, asked_monotonic) <= self._horizon:
            return
        if record.status not in _UNRESOLVED:
            kind, ours = DifferenceKind.MISSING_ON_VENUE, record.status.value
            self._found(
                Difference(kind=kind, subject=client_order_id, ours=ours, theirs="not found", symbol=record.symbol)
            )
            return
        is_wanted = record.order.purpose.is_exit and not record.cancel_requests and record.attempt < ATTEMPTS_MAX
        if is_wanted and self._desk.resends_exits:
            self._desk.lost_exits.add(client_order_id)
            return
        horizon, at = plain(self._venue.capabilities.horizon_seconds), self._desk.clock.now()
        reason = f"complete queries later than {horizon} s after the send do not show it"
        await self._desk.learn(
            client_order_id,
            (
                OrderRejected(
                    client_order_id=client_order_id, code="NOT_ACCEPTED", reason=reason, by_venue=False, at=at
                ),
            ),
        )


def _is_changed(record: OrderRecord) -> bool:
    """Whether its terms may be others than those it was sent with."""
    return bool(record.amend_requests) or record.amended_by >= 0
