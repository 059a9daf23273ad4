"""Instants: what must hold at every moment, judged while the life goes on, from what is handed to the store."""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from tidegate.domain.booking import ACCOUNT
from tidegate.domain.events import AmendRequested, CancelRequested, OrderRejected, OrderSending, TradingStateChanged
from tidegate.domain.identifiers import ClientOrderId
from tidegate.domain.orders import ApprovedOrder, OrderRecord, RecordedOrder
from tidegate.domain.records import CommitOutcome, RecordOutcome, Step, StepCommitted, StoredAccount, WriterLost
from tidegate.domain.risk import RiskLimits
from tidegate.domain.vocabulary import Action, OrderStatus, Purpose
from tidegate.testing.simulation.judging.entries import Flaw, Heard, entry_flaws, self_crosses
from tidegate.testing.simulation.judging.mirror import ENDED, Mirror, held_for
from tidegate.testing.simulation.judging.terms import grows, totals_of
from tidegate.testing.simulation.market import BY_SYMBOL, OPENING_USD
from tidegate.testing.simulation.store import StoreWatch

RANKS = {
    "PREPARED": 0, "SENDING": 1, "UNKNOWN": 2, "REFUSED": 3,
    "ACCEPTED": 4, "PARTIALLY_FILLED": 4, "PENDING_CANCEL": 4, "PENDING_AMEND": 4,
    "EXPIRED": 5, "CANCELED": 6, "FILLED": 7,
}  # fmt: skip
"""The judge's own table of how far along a status is."""

_A_CRUMB = Decimal("1e-9")


class Recorded(Struct, frozen=True, kw_only=True):
    """A SENDING step that the store took."""

    client_order_id: str
    attempt: int
    process: str
    at: float
    turn: int


class Instants(StoreWatch):
    """Judges 9 and 14 to 16 as they happen, and remembers what 3 and 11 need."""

    def __init__(self, limits: RiskLimits) -> None:
        self.limits = limits
        self.given_up: dict[str, float] = {}
        self.broken: dict[int, str] = {}
        self.recorded_sendings: list[Recorded] = []
        self.edits_committed: dict[tuple[str, tuple[Decimal, Decimal | None]], int] = {}
        self.growing_edits: dict[str, set[int]] = {}
        self.time: Callable[[], float] = float
        self.turn: Callable[[], int] = int
        self.market_of: Callable[[str], Heard | None] = lambda _: None
        self.held_by: Callable[[str], Mapping[str, Decimal] | None] = lambda _: None
        self.set_aside_by: Callable[[str], Mapping[ClientOrderId, OrderRecord]] = lambda _: {}
        self.blindness_of: Callable[[str], str] = lambda _: ""
        self.cancels_recorded: dict[tuple[str, str], list[int]] = {}
        self.mirrors: dict[str, Mirror] = {}
        self.writer = ""

    def mirror(self, process: str) -> Mirror:
        return self.mirrors.setdefault(process, Mirror())

    def found(self, number: int, what: str) -> None:
        self.broken.setdefault(number, f"at {self.time():.3f} s {what}")

    # What the store is handed

    def loaded(self, process: str, stored: StoredAccount) -> None:
        self.writer = process
        mirror = self.mirrors[process] = Mirror()
        mirror.orders = {one.client_order_id: one for one in stored.open_orders}
        for position in stored.positions:
            if position.strategy_id != ACCOUNT:
                mirror.positions[position.symbol, position.strategy_id] = position.quantity
            elif position.entry_price is not None and not (product := BY_SYMBOL[position.symbol]).is_spot:
                mirror.paid[position.symbol] = position.quantity * position.entry_price * product.multiplier
        mirror.cash = stored.balances.get("USD", OPENING_USD)

    def reserving(self, approved: ApprovedOrder, step: Step, process: str) -> None:
        order, mirror = approved.order, self.mirror(process)
        if process != self.writer:
            # It has been taken over and does not know it: what it reserves the store will not take.
            mirror.take(step)
            return
        if order.purpose is Purpose.ENTRY:
            self._enters(approved, mirror, process)
        else:
            self._reduces(approved, mirror, process, closes=is_close(step))
        self._note(self_crosses(approved, mirror))
        mirror.take(step)
        self._reserves(mirror, process)

    def recorded(self, step: Step, outcome: RecordOutcome, process: str) -> None:
        order = step.orders[0]
        if isinstance(outcome, RecordedOrder):
            self.recorded_sendings.append(
                Recorded(
                    client_order_id=order.client_order_id,
                    attempt=outcome.attempt,
                    process=process,
                    at=self.time(),
                    turn=self.turn(),
                )
            )
        else:
            self.mirror(process).orders.pop(order.client_order_id, None)

    def absent(self, client_order_id: str, process: str) -> None:
        """What was given up before it was recorded is withdrawn."""
        self.mirror(process).orders.pop(client_order_id, None)

    def appended(self, step: Step, process: str) -> None:
        mirror = self.mirror(process)
        # What a process says that another one has taken over from goes nowhere.
        for event in step.events if process == self.writer else ():
            if isinstance(event, AmendRequested):
                self._edited(event, step, mirror, process)
        for record in step.orders if process == self.writer else ():
            before = mirror.orders.get(record.client_order_id)
            if before is not None and RANKS[record.status] < RANKS[before.status]:
                self.found(9, f"order {record.client_order_id} went from {before.status} to {record.status}")
        for event in step.events:
            if isinstance(event, OrderRejected) and not event.by_venue:
                self.given_up.setdefault(event.client_order_id, self.time())
        mirror.take(step)

    def committed(self, step: Step, outcome: CommitOutcome, process: str) -> None:
        """The store's word on a step that was waited for."""
        if not isinstance(outcome, WriterLost):
            for event in step.events:
                if isinstance(event, CancelRequested):
                    self.cancels_recorded.setdefault((process, event.client_order_id), []).append(self.turn())
        for event in step.events if isinstance(outcome, StepCommitted) else ():
            if isinstance(event, AmendRequested):
                key = (event.client_order_id, (event.quantity, event.limit_price))
                self.edits_committed.setdefault(key, self.turn())

    def _edited(self, event: AmendRequested, step: Step, mirror: Mirror, process: str) -> None:
        """14 to 16 of an edit that makes an order larger or bolder: it is held against all else as a new one is."""
        before = mirror.orders.get(event.client_order_id)
        if before is None or not grows(before, event):
            return
        self.growing_edits.setdefault(event.client_order_id, set()).add(event.request)
        left = event.quantity - before.filled_quantity
        price = before.worst_price if event.limit_price is None else event.limit_price
        edited = replace(before.order, quantity=left, limit_price=price, valid_until=None)
        approved = ApprovedOrder(order=edited, worst_price=price, reviewed_at=step.at)
        self._note(self_crosses(approved, mirror))
        if before.order.purpose is Purpose.ENTRY:
            self._enters(approved, mirror, process)
        elif event.quantity > before.quantity:
            self._reduces(approved, mirror, process)

    def changed(self, change: TradingStateChanged, outcome: CommitOutcome) -> None:
        """States are judged from the journal."""

    # What is judged

    def _note(self, flaws: Iterable[Flaw]) -> None:
        for number, what in flaws:
            self.found(number, what)

    def _enters(self, approved: ApprovedOrder, mirror: Mirror, process: str) -> None:
        """15, 16, and that nothing may have been missed that no complete pass has looked for since."""
        market = self.market_of(process)
        if market is not None:
            self._note(entry_flaws(approved, mirror, market, self.limits))
        unseen = self.blindness_of(process)
        if unseen:
            self.found(16, f"entry {approved.order.client_order_id} while {unseen}")

    def _reserves(self, mirror: Mirror, process: str) -> None:
        """17: what is kept free for orders is what the live ones could still cost, each in full."""
        kept = self.held_by(process)
        if kept is None:
            return
        sums: dict[str, Decimal] = {}
        live = [record for record in mirror.orders.values() if record.status.value not in ENDED]
        for record in (*live, *self._kept(mirror, process)):
            currency, amount = held_for(record)
            sums[currency] = sums.get(currency, Decimal(0)) + amount
        for currency in {*sums, *kept}:
            ours, theirs = sums.get(currency, Decimal(0)), kept.get(currency, Decimal(0))
            if abs(ours - theirs) > _A_CRUMB:
                self.found(17, f"{currency} reserved {theirs}, live orders could cost {ours}")

    def _kept(self, mirror: Mirror, process: str) -> list[OrderRecord]:
        """Exits that a close has called off and keeps reserved: how much of them had filled is not known yet."""
        aside = self.set_aside_by(process)
        ended = (one for one in mirror.orders.values() if one.status.value in ENDED and one.client_order_id in aside)
        # A quarantined order is set aside as it was; one that rested and is kept is taken for one that takes at once.
        kept = ((one, aside[one.client_order_id]) for one in ended)
        return [record for one, record in kept if record.order.is_taker_only and not one.order.is_taker_only]

    def _reduces(self, approved: ApprovedOrder, mirror: Mirror, process: str, *, closes: bool = False) -> None:
        """14: an exit takes no more than what is held, by what is known, less what other exits may still take.

        Those on its own side: what was to buy a short position back takes nothing of the long one that stands now.
        """
        order = approved.order
        held = mirror.positions.get((order.symbol, order.strategy_id), Decimal(0))
        others = [
            (one.order.strategy_id, max(totals_of(one)) - one.filled_quantity)
            for one in (*mirror.live(order.symbol), *self._kept(mirror, process))
            if one.order.purpose is not Purpose.ENTRY
            and (one.symbol, one.side) == (order.symbol, order.side)
            and one.client_order_id != order.client_order_id
        ]
        taken = sum((left for owner, left in others if owner == order.strategy_id), Decimal(0))
        of_account = sum((left for _, left in others), Decimal(0))
        room = abs(held) - taken if held * order.side.sign < 0 else Decimal(0)
        whole = min(room, -mirror.held(order.symbol) * order.side.sign - of_account)
        if order.quantity > whole:
            self.found(14, f"exit {order.client_order_id} of {order.quantity} where {whole} may be reduced")
        if closes and order.quantity != whole - whole % BY_SYMBOL[order.symbol].base_increment:
            self.found(14, f"{order.client_order_id} closes {order.quantity} of {whole}")


def is_close(step: Step) -> bool:
    """Whether a decision to close all stands behind it."""
    decided = (one.decision for one in step.events if isinstance(one, OrderSending))
    return any(one is not None and one.action is Action.CLOSE and one.quantity is None for one in decided)


def is_unresolved(record: OrderRecord) -> bool:
    return record.status in (OrderStatus.SENDING, OrderStatus.UNKNOWN)
