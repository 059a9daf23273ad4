"""The audit: those of the numbered invariants that an application can see by itself, checked over a whole run."""

from collections.abc import Callable
from datetime import timedelta

from tidegate.application.desk import AccountDesk
from tidegate.application.refold import Refold
from tidegate.domain.amounts import ZERO, exact
from tidegate.domain.commitments import Commitments
from tidegate.domain.identifiers import CLIENT_ORDER_PREFIX
from tidegate.domain.ledger import ACCOUNT
from tidegate.domain.orders import Order
from tidegate.domain.ports import EnginePort
from tidegate.domain.products import Product
from tidegate.domain.reconciliation import terms_difference
from tidegate.domain.submissions import Unreachable
from tidegate.domain.vocabulary import OrderStatus

_PAGE = 1_000

ChainCheck = Callable[[], str | None]
"""What is wrong with the store's hash chain, in one line; None when it verifies."""


class InvariantAudit:
    """Holds ledger, journal and venue against each other; `broken` has the numbers found broken with what broke them.

    Covers 1, 3, 4, 6 to 10, 15 and 17 of docs/guarantees.md: those that need no sight of the venue's own books.
    """

    def __init__(self, desk: AccountDesk, venue: EnginePort, verify_chain: ChainCheck | None = None) -> None:
        self._desk = desk
        self._venue = venue
        self._verify_chain = verify_chain
        self.broken: dict[int, str] = {}
        desk.on_reserved = self._reserved

    def _reserved(self, order: Order, product: Product) -> None:
        """15, in the step that reserves: position, open, reserved and this entry are within every exposure limit."""
        if not order.purpose.is_exit:
            limits = self._desk.risk_manager.limits_for(order.symbol)
            breach = self._desk.valuation.breaches(self._desk.ledger, product, limits)
            if breach is not None:
                self._found(15, f"with order {order.client_order_id}: {breach}")

    async def run(self) -> dict[int, str]:
        """Check everything; the numbers found broken with their reasons, in order, empty when all hold."""
        await self._desk.store.flush()
        fold = Refold(self._desk.market_data.product)
        after = 0
        while rows := await self._desk.store.journal(after=after, limit=_PAGE):
            for row in rows:
                fold.row(row.at, row.events)
            after = rows[-1].sequence
        for number, what in fold.broken.items():
            self._found(number, what)
        self._ledger_against(fold)
        self._reservations()
        if self._verify_chain is not None and (flaw := self._verify_chain()) is not None:
            self._found(10, flaw)
        await self._venue_against(fold)
        return dict(sorted(self.broken.items()))

    @exact
    def _ledger_against(self, fold: Refold) -> None:
        """4 and 8: nothing unresolved; quantities, positions and money are the sums of the fills."""
        for record in fold.orders.values():
            order_id = record.client_order_id
            if record.status in (OrderStatus.SENDING, OrderStatus.UNKNOWN):
                self._found(4, f"order {order_id} is {record.status.value}")
            if record.is_overfilled and f"OVERFILL {order_id}" not in self._desk.broken:
                self._found(8, f"order {order_id} filled {record.filled_quantity} of {record.quantity}")
        for key in {*fold.ledger.positions, *self._desk.ledger.positions}:
            kept, folded = self._desk.ledger.position(*key), fold.ledger.position(*key)
            if kept.quantity != folded.quantity:
                self._found(8, f"position {key[0]} {kept.quantity}, its fills make {folded.quantity}")
        for currency in {*fold.ledger.balances, *self._desk.ledger.balances}:
            kept_money = self._desk.ledger.balances.get(currency, ZERO)
            if kept_money != (folded_money := fold.ledger.balances.get(currency, ZERO)):
                self._found(8, f"{currency} {kept_money}, its flows make {folded_money}")

    def _reservations(self) -> None:
        """17: the running sums are those of what is not terminal."""
        desk, fresh = self._desk, Commitments()
        for record in desk.live_orders():
            fresh.update(record, desk.ledger.product(record.symbol))
        for currency in {*fresh.held, *desk.ledger.commitments.held}:
            kept, summed = desk.ledger.commitments.held.get(currency, ZERO), fresh.held.get(currency, ZERO)
            if kept != summed:
                self._found(17, f"{currency} reserved {kept}, live orders make {summed}")
        if len(fresh) != len(desk.ledger.commitments):
            self._found(17, f"{len(desk.ledger.commitments)} reservations for {len(fresh)} live orders")

    async def _venue_against(self, fold: Refold) -> None:
        """3, 6 and 7: no order of ours without an intent, terms as recorded, and fill ids as the venue has them."""
        theirs = await self._venue.open_orders()
        for order in () if isinstance(theirs, Unreachable) else theirs:
            record = fold.orders.get(order.client_order_id)
            if record is None:
                if order.client_order_id.startswith(CLIENT_ORDER_PREFIX):
                    self._found(3, f"the venue works {order.client_order_id}, of which no intent is recorded")
            elif (difference := terms_difference(record, order)) is not None:
                self._found(6, difference.sentence)
        opened = self._desk.ledger.opened_at
        if opened is None:
            return
        fills = await self._venue.fills(opened - timedelta(seconds=1))
        if isinstance(fills, Unreachable):
            return
        venue_ids = {(fill.symbol, fill.trade_id) for fill in fills if fill.client_order_id in fold.orders}
        missing, invented = venue_ids - set(fold.fills), set(fold.fills) - venue_ids
        for what, ids in (("the venue has", missing), ("only the records have", invented)):
            if ids:
                self._found(7, f"{what} fill {sorted(ids)[0][1]} (and {len(ids) - 1} more)")
        strangers = [fill for fill in fills if fill.client_order_id not in fold.orders]
        if any(fill.client_order_id.startswith(CLIENT_ORDER_PREFIX) for fill in strangers):
            self._found(3, "the venue filled an order of ours of which no intent is recorded")

    def _found(self, number: int, what: str) -> None:
        self.broken.setdefault(number, what)


def words(broken: dict[int, str]) -> str | list[int]:
    """`hold`, or the numbers that are broken."""
    return list(broken) if broken else "hold"
