"""The order reconciler: our records against the venue's orders, fills, positions and balances, nothing guessed."""

from asyncio import Lock
from collections.abc import Set
from datetime import datetime, timedelta

from tidegate.application.adoption import Adoption, adopt
from tidegate.application.configuration import require
from tidegate.application.desk import AccountDesk
from tidegate.application.differences import missing_fill, missing_movement, not_shown, stranger
from tidegate.application.moving import MovementBooks
from tidegate.application.resolving import OrderResolver
from tidegate.application.starts import write_marks
from tidegate.application.tolerances import of_balances, of_positions
from tidegate.domain.booking import ACCOUNT
from tidegate.domain.fills import Fill
from tidegate.domain.identifiers import ClientOrderId, is_ours
from tidegate.domain.ports import AccountPort, EnginePort
from tidegate.domain.reconciliation import (
    Difference,
    ReconciliationReport,
    balance_differences,
    position_differences,
    repeated_page,
)
from tidegate.domain.records import StepCommitted
from tidegate.domain.submissions import Unreachable, VenueBalances, VenueOrder, VenuePositions

_CONFIRM_AFTER_SECONDS = 5.0
"""A mismatch counts once two reads this far apart show it with nothing in flight: lists lag behind fills."""
_OVERLAP = timedelta(seconds=30)
"""How far behind the last fill the watermark stays: lists lag, and a fill may be stamped before one already seen."""
_MOVEMENTS_OVERLAP = timedelta(hours=1)
"""The same for movements, of which there are few and whose lists lag further."""


class OrderReconciler:
    """Compares and repairs by evidence only.

    What was learnt is folded as events (`news_of`); what cannot be explained is a difference, shown and never smoothed
    over. A fetch that fails says nothing at all (R7).
    """

    def __init__(self, desk: AccountDesk, venue: EnginePort, account: AccountPort, resolver: OrderResolver) -> None:
        require("desk", desk, "an AccountDesk", "commit", "learn")
        require("venue", venue, "an EnginePort", "fills", "open_orders")
        require("account", account, "an AccountPort", "balances", "movements", "positions")
        require("resolver", resolver, "an OrderResolver", "resolve", "fold_fills")
        self.desk = desk
        self.venue = venue
        self.resolver = resolver
        self._account = account
        self._movements = MovementBooks(desk)
        self._pass = Lock()
        self._suspected: dict[str, tuple[Difference, float]] = {}
        """Mismatches seen once, and when that was on the monotonic clock."""
        self._orphaned: datetime | None = None
        self._report: ReconciliationReport | None = None

    def diff(self) -> tuple[Difference, ...]:
        """What the last pass confirmed to differ."""
        return self._report.differences if self._report is not None else ()

    def snapshot(self) -> ReconciliationReport | None:
        """The last pass's report, None before the first."""
        return self._report

    async def reconcile_once(
        self, *, report_only: bool = False, adoption: Adoption | None = None
    ) -> ReconciliationReport:
        """One pass over everything. `report_only` folds nothing, and only says what differs.

        With an `adoption`, balances that are confirmed to differ are taken up as flows from outside, derivative
        positions as adjustments, and agree then. Passes come one after the other, so that two never take each other's
        reads for two looks at a mismatch.
        """
        async with self._pass:
            return await self._reconcile(report_only, adoption)

    async def _reconcile(self, report_only: bool, adoption: Adoption | None) -> ReconciliationReport:
        at, gaps = self.desk.clock.now(), self.desk.sight.gaps
        sent = {record.client_order_id for record in self.desk.live_orders() if record.sent_at is not None}
        unreachable: list[str] = []
        differences: list[Difference] = []
        fills = await self.venue.fills(self._since(at))
        applied = 0
        if isinstance(fills, Unreachable):
            unreachable.append(f"fills: {fills.reason}")
            if not report_only:
                # What else is asked for may take as long to find nobody.
                self.desk.sight.went_blind(at)
        else:
            applied += await self._fold_fills(fills, differences, report_only)
            if not report_only:
                await self._mark_listed(fills)
        moved = await self._account.movements(self._moved_since(at))
        if isinstance(moved, Unreachable):
            unreachable.append(f"movements: {moved.reason}")
        elif report_only:
            differences.extend(missing_movement(one) for one in self._movements.unknown(moved))
        else:
            applied += await self._movements.take(moved)
        theirs = await self.venue.open_orders()
        resolved: list[str] = []
        if isinstance(theirs, Unreachable):
            unreachable.append(f"open orders: {theirs.reason}")
        elif repeated := repeated_page(theirs):
            unreachable.append(f"open orders: {repeated}")
        else:
            resolved = await self._compare_orders(sent, theirs, differences, report_only)
        found, unseen, balances, positions = await self._money_differences()
        unreachable.extend(unseen)
        confirmed = self._confirm(found, report_only)
        adopted: tuple[Difference, ...] = ()
        if adoption is not None and balances is not None:
            # At once, while the ledger stands where it was compared.
            adopted, failure = await adopt(self.desk, adoption, confirmed, balances, positions)
            unreachable.extend([failure] if failure else [])
        differences.extend(one for one in confirmed if one not in adopted)
        differences.extend(one for one in self.desk.order_differences.values() if one not in differences)
        report = self._report = ReconciliationReport(
            at=at,
            differences=tuple(differences),
            suspected=tuple(one for one in found if one not in confirmed),
            unreachable=tuple(unreachable),
            applied=applied,
            resolved=tuple(resolved),
            adopted=adopted,
        )
        if not report_only:
            self._learnt(report, gaps)
        return report

    def _learnt(self, report: ReconciliationReport, gaps: int) -> None:
        """What the pass means for trading. A gap that came during it is not covered by it."""
        self.desk.differences = report.differences
        self.desk.sight.compared(report, gaps)

    def _since(self, at: datetime) -> datetime:
        """From where fills are asked for: behind the latest of a complete listing, or the account's opening."""
        starts = (self.desk.marks.listed_until, self.desk.ledger.opened_at, at)
        horizon = timedelta(seconds=float(self.venue.capabilities.horizon_seconds))
        since = next(one for one in starts if one is not None) - max(_OVERLAP, horizon)
        return since if self._orphaned is None or since < self._orphaned else self._orphaned

    def _moved_since(self, at: datetime) -> datetime:
        """From where movements are asked for: well behind the latest known one, or the account's opening."""
        latest = max(self.desk.ledger.movements.values(), default=None)
        return (latest or self.desk.ledger.opened_at or at) - _MOVEMENTS_OVERLAP

    def _kept_for_its_order(self, fill: Fill) -> None:
        """S15: a fill with our prefix is asked for again in every pass, and joined once its order is known."""
        is_earlier = self._orphaned is None or fill.at < self._orphaned
        if is_ours(fill.client_order_id) and is_earlier:
            self._orphaned = fill.at

    async def _mark_listed(self, fills: tuple[Fill, ...]) -> None:
        """Begin further on from now on: all of a complete listing is known, once it is durable.

        A fill that came with an answer says nothing of earlier ones, and one whose order is not known yet is asked for
        until it is.
        """
        desk = self.desk
        latest = max((fill.at for fill in fills), default=None)
        if latest is not None and self._orphaned is not None:
            latest = min(latest, self._orphaned)
        known = desk.marks.listed_until
        if latest is None or (known is not None and latest <= known):
            return
        if isinstance(await desk.store.flush(), StepCommitted):
            await write_marks(desk, listed_until=latest)

    async def _fold_fills(self, fills: tuple[Fill, ...], differences: list[Difference], report_only: bool) -> int:
        ours: list[Fill] = []
        for fill in fills:
            if fill.client_order_id in self.desk.quarantined:
                self._kept_for_its_order(fill)
                continue
            record = await self.desk.standing(fill.client_order_id)
            if record is None:
                self._kept_for_its_order(fill)
                differences.append(stranger("fill", fill.client_order_id, f"{fill.side} {fill.quantity} {fill.symbol}"))
            elif fill.trade_id in record.trade_ids:
                continue
            elif self.desk.market_data.product(fill.symbol) is None:
                # What it moved cannot be booked while nobody says what a unit of it is.
                self._kept_for_its_order(fill)
                differences.append(missing_fill(fill))
            else:
                ours.append(fill)
        if report_only:
            differences.extend(missing_fill(fill) for fill in ours)
            return 0
        return await self.resolver.fold_fills(tuple(ours)) if ours else 0

    async def _compare_orders(
        self,
        sent: Set[ClientOrderId],
        theirs: tuple[VenueOrder, ...],
        differences: list[Difference],
        report_only: bool,
    ) -> list[str]:
        """Their open orders against ours, then those of ours that were sent before and that they do not show."""
        shown = {order.client_order_id for order in theirs}
        for order in theirs:
            if order.client_order_id in self.desk.quarantined:
                continue
            record = await self.desk.standing(order.client_order_id)
            if record is None:
                words = f"{order.side} {order.quantity} {order.symbol}"
                differences.append(stranger("order", order.client_order_id, words))
            elif not report_only:
                await self.resolver.adopt(record, order)
        lacking = [one for one in self.desk.live_orders() if one.client_order_id in sent - shown]
        if report_only:
            differences.extend(not_shown(record) for record in lacking)
            return []
        after = await self.resolver.resolve_each([record.client_order_id for record in lacking])
        await self._ask_for_differing()
        return [
            before.client_order_id
            for before, now in zip(lacking, after, strict=True)
            if now is not None and now.status is not before.status
        ]

    async def _ask_for_differing(self) -> None:
        """Orders that differed when they ended are in no list any more: only their own answer shows that they agree."""
        orders = self.desk.ledger.orders
        ended = [ClientOrderId(one) for one in self.desk.order_differences if one not in orders]
        await self.resolver.resolve_each(ended)

    async def _money_differences(
        self,
    ) -> tuple[tuple[Difference, ...], list[str], VenueBalances | None, VenuePositions | None]:
        """Positions and balances that differ now, and the venue's; nothing is concluded while an order is in flight."""
        unseen: list[str] = []
        found: tuple[Difference, ...] = ()
        before = self.desk.ledger.fill_count
        positions = await self._account.positions()
        balances = await self._account.balances()
        for name, answer in (("positions", positions), ("balances", balances)):
            if isinstance(answer, Unreachable):
                unseen.append(f"{name}: {answer.reason}")
        if self.desk.ledger.fill_count != before or self._in_flight():
            return (), unseen, None, None
        held = positions if isinstance(positions, VenuePositions) else None
        if isinstance(positions, VenuePositions):
            found += self._positions_against(positions)
        if isinstance(balances, VenueBalances):
            self._check_account(balances)
            found += self._balances_against(balances)
            return found, unseen, balances, held
        return found, unseen, None, held

    def _check_account(self, theirs: VenueBalances) -> None:
        """C5, where the venue could not be asked at the start: the key must be of the account that the store is of."""
        ours = self.desk.store.account_id
        if self.desk.is_live and theirs.account_id not in ("", ours):
            self.desk.broke("OTHER_ACCOUNT", f"the key is of account {theirs.account_id!r}, the store of {ours!r}")

    def _in_flight(self) -> bool:
        """Whether an order may be moving money now; of one that is set aside nobody asks, so that it would for ever."""
        return any(
            record.order.is_taker_only or record.is_unanswered
            for record in self.desk.live_orders()
            if record.client_order_id not in self.desk.quarantined
        )

    def _positions_against(self, theirs: VenuePositions) -> tuple[Difference, ...]:
        tolerance = of_positions(self.desk.market_data, self.desk.risk_manager)
        ours = {
            symbol: history.position.quantity
            for (symbol, owner), history in self.desk.ledger.positions.items()
            if owner == ACCOUNT and symbol in tolerance
        }
        reported = {position.symbol: position.quantity for position in theirs.positions}
        return position_differences(ours, reported, tolerance)

    def _balances_against(self, theirs: VenueBalances) -> tuple[Difference, ...]:
        return balance_differences(self.desk.ledger.balances, theirs.balances, of_balances(self.desk.market_data))

    def _confirm(self, found: tuple[Difference, ...], report_only: bool) -> tuple[Difference, ...]:
        """Those of the differences that an earlier read, far enough back, has shown with the same figures."""
        confirmed, now = [], self.desk.clock.monotonic()
        suspected: dict[str, tuple[Difference, float]] = {}
        for one in found:
            key = f"{one.kind} {one.subject}"
            first = self._suspected.get(key)
            since = first[1] if first is not None and first[0] == one else now
            suspected[key] = (one, since)
            if now - since >= _CONFIRM_AFTER_SECONDS:
                confirmed.append(one)
        if not report_only:
            self._suspected = suspected
        return tuple(confirmed)
