"""Reports: what the venue says unasked, folded as it comes."""

from tidegate.application.desk import AccountDesk
from tidegate.application.moving import MovementBooks
from tidegate.application.resolving import OrderResolver
from tidegate.domain.events import FillBusted
from tidegate.domain.fills import Fill, reverse
from tidegate.domain.identifiers import is_ours
from tidegate.domain.ports import EnginePort
from tidegate.domain.reconciliation import fill_flaw
from tidegate.domain.submissions import (
    FillBust,
    FillReport,
    MovementReport,
    OrderUpdate,
    ReportGap,
    VenueOrder,
    VenueReport,
)

_GAPS_SHOWN_MAX = 10
"""So many different gaps are incidents, before everything is asked for."""


class ReportReader:
    """Folds the venue's stream of reports; a gap sets `is_gap`, upon which everything must be asked for."""

    def __init__(self, desk: AccountDesk, venue: EnginePort, resolver: OrderResolver) -> None:
        self._desk = desk
        self._venue = venue
        self._resolver = resolver
        self._movements = MovementBooks(desk)
        self.is_gap = False
        self._has_listened = False
        self._strangers: set[str] = set()
        self._shown: set[tuple[str, tuple[str, ...]]] = set()

    async def run(self) -> None:
        """Fold reports until the venue closes the stream; the first one waits until the desk has been taken up."""
        desk, reports = self._desk, self._venue.reports()
        if self._has_listened:
            await self.fold(ReportGap(reason="the stream was opened anew", at=desk.clock.now()))
        self._has_listened = True
        async for report in reports:
            if not desk.taken_up.is_set():
                await desk.taken_up.wait()
            await self.fold(report)

    async def fold(self, report: VenueReport) -> None:
        """Fold one report."""
        match report:
            case FillReport(fill=fill) | FillBust(fill=fill) if fill.client_order_id in self._desk.quarantined:
                pass
            case OrderUpdate(order=order) if order.client_order_id in self._desk.quarantined:
                pass
            case FillReport(fill=fill):
                await self._filled(fill)
            case FillBust(fill=fill, reason=reason):
                await self._busted(fill, reason)
            case OrderUpdate(order=order):
                await self._updated(order)
            case MovementReport(movement=movement):
                await self._movements.take([movement])
            case ReportGap():
                self._gap(report)

    def _gap(self, gap: ReportGap) -> None:
        """Shown once until everything has been asked for: a stream may tell of the same one without end."""
        if not self.is_gap:
            self._shown.clear()
        self.is_gap, symbols = True, tuple(gap.symbols)
        self._desk.sight.lost(f"reports of the venue may be missing: {gap.reason}", symbols)
        if (gap.reason, symbols) not in self._shown and len(self._shown) < _GAPS_SHOWN_MAX:
            self._shown.add((gap.reason, symbols))
            self._desk.incident(gap.at, "REPORT_GAP", gap.reason, symbol=symbols[0] if len(symbols) == 1 else "")

    async def _filled(self, fill: Fill) -> None:
        record = await self._desk.standing(fill.client_order_id)
        if record is None:
            self._stranger(fill.client_order_id, fill.symbol, f"a fill of {fill.quantity} at {fill.price}")
        else:
            await self._resolver.fold_fill(fill)

    async def _busted(self, fill: Fill, reason: str) -> None:
        """S9: what was booked is reversed by a record of its own, and an operator sees it."""
        desk, order_id = self._desk, fill.client_order_id
        record = await desk.standing(order_id)
        if record is None or fill_flaw(record, fill) or fill.trade_id in record.busted_ids:
            return
        # A bust may overtake its fill: both are booked, and so nothing is left of either.
        await self._resolver.fold_fill(fill)
        busted = FillBusted(
            client_order_id=order_id, trade_id=fill.trade_id, fill=reverse(fill), reason=reason, at=desk.clock.now()
        )
        await desk.learn(order_id, (busted,))
        what = f"fill {fill.trade_id} of {order_id} was taken back by the venue: {reason}"
        desk.broke("BUST", what, symbol=record.symbol, client_order_id=order_id)

    async def _updated(self, order: VenueOrder) -> None:
        record = await self._desk.standing(order.client_order_id)
        if record is None:
            self._stranger(order.client_order_id, order.symbol, f"an order of {order.quantity}")
        else:
            await self._resolver.adopt(record, order)

    def _stranger(self, client_order_id: str, symbol: str, what: str) -> None:
        """An order that no intent of ours stands behind: shown once, counted, never touched (S10, S15)."""
        if client_order_id in self._strangers:
            return
        self._strangers.add(client_order_id)
        kind = "ORPHAN" if is_ours(client_order_id) else "EXTERNAL_ORDER"
        self._desk.incident(
            self._desk.clock.now(), kind, f"{what} that is not recorded here", symbol=symbol,
            client_order_id=client_order_id,
        )  # fmt: skip
