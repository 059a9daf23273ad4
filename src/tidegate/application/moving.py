"""Moving: what the venue does to the account by no order of ours, booked once and shown where an operator must look."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from tidegate.application.desk import AccountDesk
from tidegate.application.equity_flows import equity_shift
from tidegate.domain.amounts import plain
from tidegate.domain.events import AccountMoved
from tidegate.domain.movements import FLOWS, FORCED, Movement, movement_flaw


class MovementBooks:
    """Takes movements from the stream and from listings; one that was booked before says nothing new."""

    def __init__(self, desk: AccountDesk) -> None:
        self._desk = desk

    async def take(self, movements: Iterable[Movement]) -> int:
        """Book what is new; how many were."""
        return sum([await self._take(movement) for movement in movements])

    def unknown(self, movements: Iterable[Movement]) -> list[Movement]:
        """Those that are not booked."""
        return [one for one in movements if one.movement_id not in self._desk.ledger.movements]

    async def _take(self, movement: Movement) -> bool:
        desk = self._desk
        if movement.movement_id in desk.ledger.movements:
            return False
        flaw = movement_flaw(movement, {product.symbol: product for product in desk.market_data.products})
        if flaw:
            # Booking it would make a figure up, and leaving it out is a mismatch: an operator has to see it.
            desk.broke("BAD_MOVEMENT", f"{words(movement)} cannot be booked: {flaw}", symbol=movement.symbol)
            return False
        flows = [(movement.currency, movement.amount)] if movement.kind in FLOWS else []
        if not await self._book(movement, flows):
            return False
        if movement.kind in FORCED:
            desk.broke(movement.kind.value, f"{words(movement)}: {movement.reason}", symbol=movement.symbol)
        return True

    async def _book(self, movement: Movement, flows: Sequence[tuple[str, Decimal]]) -> bool:
        """Whether it was news. It rides with the next commit: after a crash the venue's list has it again."""
        desk, ledger = self._desk, self._desk.ledger
        if ledger.is_summed and movement.quantity and ledger.misses_movement(movement):
            await desk.histories.complete()
        shift = equity_shift(desk, flows)
        return desk.note(desk.clock.now(), AccountMoved(movement=movement, at=movement.at), *shift) is not None


def words(movement: Movement) -> str:
    """A movement in a few words, for whoever reads of it."""
    parts: Sequence[str] = (
        f"{plain(movement.quantity)} {movement.symbol} at {plain(movement.price)}" if movement.quantity else "",
        f"{plain(movement.amount)} {movement.currency}" if movement.amount else "",
    )
    return f"{movement.kind.value.lower()} {movement.movement_id} of {', '.join(filter(None, parts)) or 'nothing'}"
