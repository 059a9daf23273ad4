"""Histories: the fills behind the sums that a start takes from the store, folded anew when a late fill needs them."""

from asyncio import Lock

from tidegate.domain.amounts import exact
from tidegate.domain.booking import ACCOUNT
from tidegate.domain.events import AccountMoved, FillBusted, OrderFilled, OrderPrepared, OrderSending
from tidegate.domain.fills import Fill
from tidegate.domain.identifiers import ClientOrderId
from tidegate.domain.ledger import Ledger, ProductOf
from tidegate.domain.movements import Movement, book_movement
from tidegate.domain.ports import OrderStorePort
from tidegate.domain.positions import Position, PositionHistory
from tidegate.domain.records import JournalRow, StepCommitted


class HistoryKeeper:
    """Reads the whole journal, once in a life at most, and only for a fill that belongs before those of another life.

    Average cost depends on the order of fills, which the stored sums do not tell; a start that read them all would be
    slow, and hardly any needs them.
    """

    def __init__(self, ledger: Ledger, store: OrderStorePort, product_of: ProductOf) -> None:
        self._ledger = ledger
        self._store = store
        self._product_of = product_of
        self._reading = Lock()

    async def complete(self) -> None:
        """Give the ledger its histories; where the store cannot be read, late fills go on being booked last."""
        async with self._reading:
            ledger = self._ledger
            fold, after = _Fold(self._product_of), 0
            while ledger.is_summed:
                stood = ledger.fill_count
                outcome = await self._store.flush()
                if not isinstance(outcome, StepCommitted):
                    return
                while after < outcome.sequence:
                    rows = await self._store.journal(after=after)
                    for row in rows:
                        fold.row(row)
                    after = rows[-1].sequence
                if ledger.fill_count == stood:
                    ledger.restore(fold.histories)


class _Fold:
    """Positions alone, folded from the journal: every fill in it is one that was new when it was booked."""

    def __init__(self, product_of: ProductOf) -> None:
        self.histories: dict[tuple[str, str], PositionHistory] = {}
        self._product_of = product_of
        self._strategies: dict[ClientOrderId, str] = {}

    def row(self, row: JournalRow) -> None:
        for event in row.events:
            if isinstance(event, OrderSending | OrderPrepared):
                if event.order.strategy_id:
                    self._strategies[event.order.client_order_id] = event.order.strategy_id
            elif isinstance(event, OrderFilled | FillBusted):
                self._book(event.fill, self._strategies.get(event.client_order_id, ""))
            elif isinstance(event, AccountMoved):
                self._move(event.movement)

    @exact
    def _move(self, movement: Movement) -> None:
        book_movement(self.histories, {}, movement, self._product_of(movement.symbol) if movement.quantity else None)

    @exact
    def _book(self, fill: Fill, strategy_id: str) -> None:
        product = self._product_of(fill.symbol)
        if product is None:
            return
        for owner in (strategy_id, ACCOUNT):
            key = (fill.symbol, owner)
            history = self.histories.get(key)
            if history is None:
                history = self.histories[key] = PositionHistory(Position(symbol=fill.symbol, strategy_id=owner))
            history.add_in_context(fill, product)
