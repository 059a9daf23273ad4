"""The audit: those of the numbered invariants that an application can see by itself, checked over a whole run."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from tidegate.application.desk import AccountDesk
from tidegate.application.refold import Refold
from tidegate.application.starts import write_marks
from tidegate.domain.amounts import ZERO, exact
from tidegate.domain.commitments import Commitments, SymbolCommitments
from tidegate.domain.fills import Fill
from tidegate.domain.identifiers import is_ours
from tidegate.domain.lifecycle import RANK
from tidegate.domain.one_look import Approval
from tidegate.domain.orders import OrderRecord
from tidegate.domain.ports import EnginePort
from tidegate.domain.reconciliation import terms_difference
from tidegate.domain.records import StepCommitted
from tidegate.domain.submissions import Unreachable, VenueOrder
from tidegate.domain.vocabulary import Purpose, TradingState

_ENTRY = Purpose.ENTRY
_PAGE = 1_000
_TRIES = 100
"""How often the journal is read on while orders go on, before what needs both to stand still is left out."""

_CHAIN = 10
SMALL_ROWS = 25_000
"""A journal up to this length is verified whole at a start: 2 µs a row, so 50 ms."""

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

    def _reserved(self, approval: Approval) -> None:
        """15, in the step that reserves: position, open, reserved and this entry are within every exposure limit."""
        order = approval.approved.order
        if order.purpose is not _ENTRY:
            return
        valuation, ledger = self._desk.valuation, self._desk.ledger
        breach = valuation.breaches_in_context(ledger, approval.product, approval.limits, approval.beside)
        # What cannot be priced cannot be said to be above a limit; the check itself refuses an entry that is blind.
        if breach is not None and valuation.gross(ledger) is not None and valuation.equity(ledger) is not None:
            self._found(15, f"with order {order.client_order_id}: {breach}")

    async def run(self, reconciled_at: datetime | None = None) -> dict[int, str]:
        """Check everything; the numbers found broken with their reasons, in order, empty when all hold.

        `reconciled_at` is when the venue was last asked for everything: what it has done since then may still be on its
        way here. None if nothing is known of that.
        """
        self._chain()
        self._reservations()
        if _CHAIN not in self.broken:  # else what a fold of it came to would be no evidence
            fold, is_level = await self._folded()
            for number, what in fold.broken.items():
                self._found(number, what)
            if is_level:
                self._ledger_against(fold)
            self._unresolved(fold)
            await self._venue_against(fold, reconciled_at)
        return dict(sorted(self.broken.items()))

    def look_at_start(self, rows: int) -> None:
        """10, before anything trades, where the journal is short; the store has verified its tail in any case."""
        if rows <= SMALL_ROWS:
            self._chain()

    def _chain(self) -> None:
        """10: the journal's hash chain verifies."""
        if self._verify_chain is not None and (flaw := self._verify_chain()) is not None:
            # A journal does not mend itself: whoever has resumed in spite of it has seen this at the next start too.
            self._desk.journal_flaw = self._found(_CHAIN, flaw)

    async def _folded(self) -> tuple[Refold, bool]:
        """The journal folded anew, and whether the ledger stood still at the journal's end."""
        fold, after = Refold(self._desk.market_data.product), 0
        for _ in range(_TRIES):
            stood = self._standing()
            outcome = await self._desk.store.flush()
            if not isinstance(outcome, StepCommitted):
                break
            # No further than what is durable now: a journal that is being written has no end.
            while after < outcome.sequence:
                rows = await self._desk.store.journal(after=after, limit=_PAGE)
                for row in rows:
                    fold.row(row.at, row.events)
                after = rows[-1].sequence
            if self._standing() == stood:
                return fold, True
        return fold, False

    def _standing(self) -> tuple[int, tuple[OrderRecord, ...]]:
        ledger = self._desk.ledger
        return ledger.fill_count, tuple(ledger.orders.values())

    @exact
    def _ledger_against(self, fold: Refold) -> None:
        """8 and 9: positions and money are the sums of the fills, and no status stands below its journal's.

        What was traded of a product that is gone has moved money that cannot be told any more, and is in the sums.
        """
        ledger = self._desk.ledger
        for key in {*fold.ledger.positions, *ledger.positions}:
            kept, folded = ledger.position(*key), fold.ledger.position(*key)
            if kept.quantity != folded.quantity and key[0] not in fold.gone:
                self._found(8, f"position {key[0]} {kept.quantity}, its fills make {folded.quantity}")
        for currency in {*fold.ledger.balances, *ledger.balances} if not fold.gone else ():
            kept_money = ledger.balances.get(currency, ZERO)
            if kept_money != (folded_money := fold.ledger.balances.get(currency, ZERO)):
                self._found(8, f"{currency} {kept_money}, its flows make {folded_money}")
        for order_id, record in ledger.orders.items():
            journaled = fold.orders.get(order_id)
            if journaled is not None and RANK[record.status] < RANK[journaled.status]:
                self._found(9, f"order {order_id} is {record.status}, its journal makes it {journaled.status}")

    def _unresolved(self, fold: Refold) -> None:
        """4: nothing is without an outcome for longer than the venue's horizon and three polls of this process."""
        desk = self._desk
        bound, at, monotonic = desk.unknown_bound, desk.clock.now(), desk.clock.monotonic()
        for record in fold.orders.values():
            since = record.doubtful_since
            if record.is_terminal or record.is_accepted or record.trade_ids or since is None:
                continue
            if record.client_order_id in desk.quarantined or record.client_order_id in desk.order_differences:
                # Listed as such, for a person.
                continue
            # By the wall as well: it may have been answered since its row was read, and is not waited for any more.
            if min(at - since, desk.waited_for(record, at, monotonic)) > bound:
                self._found(4, f"order {record.client_order_id} is {record.status}")

    @exact
    def _reservations(self) -> None:
        """17: the running sums are those of what is not terminal; while a product of it is gone none can be told."""
        desk, fresh = self._desk, Commitments()
        kept = desk.ledger.commitments
        products = {product.symbol: product for product in desk.valuation.products}
        live = {record.client_order_id: record for record in desk.live_orders()}
        for record in {**desk.set_aside, **live}.values():
            if record.symbol not in products:
                return
            fresh.update(record, products[record.symbol])
        for currency in {*fresh.held, *kept.held}:
            held, summed = kept.held.get(currency, ZERO), fresh.held.get(currency, ZERO)
            if held != summed:
                self._found(17, f"{currency} reserved {held}, live orders make {summed}")
        if len(fresh) != len(kept):
            self._found(17, f"{len(kept)} reservations for {len(fresh)} live orders")
        for symbol in {*fresh.by_symbol, *kept.by_symbol}:
            ours, sums = kept.by_symbol.get(symbol), fresh.by_symbol.get(symbol)
            if _sums(ours) != _sums(sums):
                self._found(17, f"{symbol} reserved {_sums(ours)}, live orders make {_sums(sums)}")

    async def _venue_against(self, fold: Refold, reconciled_at: datetime | None) -> None:
        """3, 6 and 7: no order of ours without an intent, terms as recorded, and fill ids as the venue has them."""
        theirs = await self._venue.open_orders()
        for order in () if isinstance(theirs, Unreachable) else theirs:
            await self._order_against(fold, order)
        opened = self._desk.ledger.opened_at
        if opened is None:
            return
        fills = await self._venue.fills(opened - timedelta(seconds=1))
        if not isinstance(fills, Unreachable):
            await self._fills_against(fold, fills, reconciled_at)

    async def _order_against(self, fold: Refold, theirs: VenueOrder) -> None:
        record = fold.orders.get(theirs.client_order_id)
        if record is None:
            # It may have been placed since the journal was read.
            record = await self._desk.standing(theirs.client_order_id)
        if record is not None:
            difference = terms_difference(record, theirs)
            if difference is not None:
                self._found(6, difference.sentence)
        elif is_ours(theirs.client_order_id):
            self._found(3, f"the venue works {theirs.client_order_id}, of which no intent is recorded")

    async def _fills_against(self, fold: Refold, theirs: tuple[Fill, ...], reconciled_at: datetime | None) -> None:
        shown = {(fill.symbol, fill.trade_id) for fill in theirs}
        missing = []
        for fill in theirs:
            if fill.client_order_id in fold.orders:
                if (fill.symbol, fill.trade_id) not in fold.fills and self._is_settled(fill, reconciled_at):
                    missing.append(fill.trade_id)
            elif await self._is_orphan(fill):
                self._found(3, f"the venue filled {fill.client_order_id}, of which no intent is recorded")
        invented = sorted(trade_id for symbol, trade_id in set(fold.fills) - shown - fold.busted)
        for what, ids in (("the venue has", sorted(missing)), ("only the records have", invented)):
            if ids:
                self._found(7, f"{what} fill {ids[0]} (and {len(ids) - 1} more)")

    async def _is_orphan(self, fill: Fill) -> bool:
        return is_ours(fill.client_order_id) and await self._desk.standing(fill.client_order_id) is None

    def _is_settled(self, fill: Fill, reconciled_at: datetime | None) -> bool:
        """Whether the last reconciliation must have seen it, whatever the venue's clock."""
        skew = timedelta(milliseconds=float(self._desk.risk_manager.limits.max_clock_skew_ms))
        return reconciled_at is not None and fill.at < reconciled_at - skew

    def _found(self, number: int, what: str) -> str:
        """R8: a broken invariant is shown at once and stops entries, which the guard of records sees to.

        What is shown, in a sentence.
        """
        sentence = _sentence(number, what)
        if number not in self.broken:
            self.broken[number] = what
            if sentence not in self._desk.acknowledged and sentence not in self._desk.accepted:
                self._desk.broke("INVARIANT", sentence)
        return sentence

    async def leave(self, guard: Callable[[], Awaitable[object]]) -> None:
        """Have the guard stop entries for what is broken, and leave it to the next start.

        What differs for good (a fill that no record will ever have) would stop them at the end of every run, however
        often an operator had seen it and resumed.
        """
        await guard()
        if self._desk.ledger.states.account.state is not TradingState.ACTIVE:
            shown = (_sentence(number, what) for number, what in self.broken.items())
            await write_marks(self._desk, shown=tuple(sorted(shown)))


def _sentence(number: int, what: str) -> str:
    return f"invariant {number}: {what}"


def _sums(of_symbol: SymbolCommitments | None) -> tuple[object, ...]:
    """The figures of a symbol that must not depend on how they came about."""
    if of_symbol is None or not of_symbol.orders:
        return ()
    return (
        of_symbol.orders,
        of_symbol.buy_quantity,
        of_symbol.sell_quantity,
        of_symbol.buy_notional,
        of_symbol.sell_notional,
        sorted(of_symbol.reducing.items()),
        sorted(of_symbol.unknown),
        list(of_symbol.bids),
        list(of_symbol.asks),
    )


def words(broken: dict[int, str]) -> str | list[int]:
    """`hold`, or the numbers that are broken."""
    return list(broken) if broken else "hold"
