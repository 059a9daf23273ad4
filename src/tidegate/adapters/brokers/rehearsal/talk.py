"""Talk: what becomes of one report of the venue's stream, under the fault that strikes it."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from msgspec.structs import replace

from tidegate.adapters.brokers.rehearsal.plan import Fault
from tidegate.domain.fills import Fill
from tidegate.domain.identifiers import ClientOrderId, TradeId
from tidegate.domain.submissions import FillReport, OrderUpdate, ReportGap, VenueReport

FILLS_ONLY = frozenset({"S8", "S15"})
"""What can strike a fill and nothing else."""
UPDATES_ONLY = frozenset({"S13"})
"""What can strike an order's state and nothing else."""
NOBODYS = ClientOrderId("tg0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f")
"""The order that a stray fill belongs to."""


class Venue(Protocol):
    """What a fault needs of the venue whose stream it strikes."""

    def now(self) -> datetime:
        """The moment of the report."""
        ...

    def snapshot(self) -> tuple[VenueReport, ...]:
        """Every open order, as after a reconnect."""
        ...

    def put_later(self, seconds: float, report: VenueReport) -> None:
        """Say it after so much session time."""
        ...


def spoken(report: VenueReport, fault: Fault, venue: Venue) -> tuple[VenueReport, ...]:
    """What the stream says instead of this report, at once."""
    return _TALK[fault.id](report, fault, venue)


def _lost(report: VenueReport, _: Fault, venue: Venue) -> tuple[VenueReport, ...]:
    match report:
        case FillReport(fill=fill):
            symbols: tuple[str, ...] = (fill.symbol,)
        case OrderUpdate(order=order):
            symbols = (order.symbol,)
        case _:
            symbols = ()
    return (ReportGap(reason="a sequence number is missing", at=venue.now(), symbols=symbols),)


def _reconnected(_: VenueReport, __: Fault, venue: Venue) -> tuple[VenueReport, ...]:
    return (ReportGap(reason="the stream was connected anew", at=venue.now()), *venue.snapshot())


def _twice(report: VenueReport, _: Fault, __: Venue) -> tuple[VenueReport, ...]:
    return report, report


def _late(report: VenueReport, fault: Fault, venue: Venue) -> tuple[VenueReport, ...]:
    venue.put_later(fault.size, report)
    return ()


def _flood(report: VenueReport, fault: Fault, _: Venue) -> tuple[VenueReport, ...]:
    return (report,) * round(fault.size)


def _overfill(report: VenueReport, _: Fault, __: Venue) -> tuple[VenueReport, ...]:
    return report, *_with_fill(report, lambda fill: replace(fill, trade_id=TradeId(f"{fill.trade_id}-over")))


def _stray(report: VenueReport, _: Fault, __: Venue) -> tuple[VenueReport, ...]:
    return report, *_with_fill(
        report, lambda fill: replace(fill, trade_id=TradeId(f"{fill.trade_id}-stray"), client_order_id=NOBODYS)
    )


def _with_fill(report: VenueReport, change: Callable[[Fill], Fill]) -> tuple[VenueReport, ...]:
    return (FillReport(fill=change(report.fill)),) if isinstance(report, FillReport) else ()


def _backwards(report: VenueReport, _: Fault, __: Venue) -> tuple[VenueReport, ...]:
    if not isinstance(report, OrderUpdate):
        return (report,)
    return report, OrderUpdate(order=replace(report.order, filled_quantity=Decimal(0)))


_TALK: dict[str, Callable[[VenueReport, Fault, Venue], tuple[VenueReport, ...]]] = {
    "S1": _lost,
    "S2": _reconnected,
    "S3": _twice,
    "S4": _late,
    "S8": _overfill,
    "S13": _backwards,
    "S14": _flood,
    "S15": _stray,
}
