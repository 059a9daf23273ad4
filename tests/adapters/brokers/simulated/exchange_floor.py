"""A simulated venue without clock or latency, for hand-worked examples: rows in, our orders in, fills out."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from tidegate.adapters.brokers.simulated import INSTANT, SessionStart, SimulatedVenue, VenueSettings, open_world
from tidegate.adapters.brokers.simulated.happenings import ScriptedEvent
from tidegate.adapters.brokers.simulated.orders import WorkingOrder
from tidegate.adapters.recordings.format import (
    BookSnapshotRow,
    Depth,
    Gap,
    LevelUpdated,
    OrderAdded,
    OrderDeleted,
    OrderResized,
    Restriction,
    Row,
    StatusChanged,
    TradePrinted,
)
from tidegate.adapters.recordings.header import HeaderLine, Provenance, RecordingHeader, entry_of, microseconds_of
from tidegate.domain.amounts import exact
from tidegate.domain.fills import Fill
from tidegate.domain.identifiers import ClientOrderId
from tidegate.domain.movements import Movement
from tidegate.domain.orders import Order
from tidegate.domain.products import Product
from tidegate.domain.submissions import AmendOutcome, CancelOutcome, SubmissionOutcome, VenueReport
from tidegate.domain.vocabulary import OrderSide, OrderType, ProductKind, Purpose, TimeInForce

START = datetime(2026, 1, 5, 12, tzinfo=UTC)
START_US = microseconds_of(START)

SPOT = Product(
    symbol="BTC-USD",
    kind=ProductKind.SPOT,
    base_currency="BTC",
    quote_currency="USD",
    settlement_currency="USD",
    underlying="BTC",
    price_increment=Decimal("0.5"),
    base_increment=Decimal("0.1"),
    minimum_quantity=Decimal("0.2"),
    minimum_notional=Decimal(10),
    maximum_quantity=Decimal(1_000),
    maker_fee_rate=Decimal("0.001"),
    taker_fee_rate=Decimal("0.002"),
)
PERP = Product(
    symbol="BTC-PERP",
    kind=ProductKind.PERPETUAL,
    base_currency="BTC",
    quote_currency="USD",
    settlement_currency="USD",
    underlying="BTC",
    price_increment=Decimal("0.5"),
    base_increment=Decimal(1),
    multiplier=Decimal("0.1"),
    maker_fee_rate=Decimal("0.0001"),
    taker_fee_rate=Decimal("0.0005"),
    initial_margin_rate=Decimal("0.1"),
    maintenance_margin_rate=Decimal("0.05"),
)

Amount = str | int
Levels = Iterable[tuple[Amount, Amount]]


def header(depth: Depth = "levels", spot: Product = SPOT, perp: Product = PERP) -> RecordingHeader:
    """BTC-USD as recorded, and BTC-PERP on its prices."""
    return RecordingHeader(
        HeaderLine(
            tidegate_recording=1,
            products=(entry_of(spot), entry_of(perp, spot.symbol)),
            provenance=Provenance(source="by hand", made_by="tests"),
            started_at=START,
            depth=depth,
        )
    )


def book(bids: Levels, asks: Levels, at: float = 0) -> Row:
    return BookSnapshotRow(at_us=_us(at), product=0, bids=_pairs(bids), asks=_pairs(asks))


def level(side: OrderSide, price: Amount, size: Amount, at: float = 0) -> Row:
    return LevelUpdated(at_us=_us(at), product=0, side=side, price=Decimal(price), size=Decimal(size))


def trade(aggressor: OrderSide, price: Amount, size: Amount, maker: str | None = None, at: float = 0) -> Row:
    return TradePrinted(
        at_us=_us(at),
        product=0,
        trade_id="t",
        aggressor=aggressor,
        price=Decimal(price),
        size=Decimal(size),
        maker_order_id=maker,
    )


def add(order_id: str, side: OrderSide, price: Amount, size: Amount, at: float = 0) -> Row:
    return OrderAdded(at_us=_us(at), product=0, order_id=order_id, side=side, price=Decimal(price), size=Decimal(size))


def resize(order_id: str, size: Amount, at: float = 0) -> Row:
    return OrderResized(at_us=_us(at), product=0, order_id=order_id, size=Decimal(size))


def delete(order_id: str, at: float = 0) -> Row:
    return OrderDeleted(at_us=_us(at), product=0, order_id=order_id)


def gap(at: float = 0) -> Row:
    return Gap(at_us=_us(at), product=0, reason="interrupted")


def status(*restrictions: Restriction, at: float = 0) -> Row:
    return StatusChanged(at_us=_us(at), product=0, restrictions=restrictions)


def an_order(
    name: str,
    side: OrderSide,
    quantity: Amount,
    limit: Amount | None,
    tif: TimeInForce = TimeInForce.GTC,
    *,
    symbol: str = "BTC-USD",
    post_only: bool = False,
    reduce_only: bool = False,
    order_type: OrderType | None = None,
    expire_at: datetime | None = None,
) -> Order:
    """An order in few words: without a limit it is a raw MARKET order."""
    chosen = order_type or (OrderType.MARKET if limit is None else OrderType.LIMIT)
    return Order(
        client_order_id=ClientOrderId(name),
        decision_id=f"d-{name}",
        symbol=symbol,
        side=side,
        order_type=chosen,
        quantity=Decimal(quantity),
        time_in_force=TimeInForce.IOC if limit is None and tif is TimeInForce.GTC else tif,
        purpose=Purpose.ENTRY,
        created_at=START,
        limit_price=None if limit is None else Decimal(limit),
        post_only=post_only,
        reduce_only=reduce_only,
        expire_at=expire_at,
    )


class ExchangeFloor:
    """A venue in the test's hands; `told` keeps what it said unasked."""

    def __init__(
        self,
        depth: Depth = "levels",
        *,
        balances: dict[str, Decimal] | None = None,
        settings: VenueSettings = INSTANT,
        path: Path | None = None,
        start: SessionStart = SessionStart.AUTO,
        products: RecordingHeader | None = None,
        happenings: Sequence[ScriptedEvent] = (),
    ) -> None:
        world = open_world(
            path,
            recording="by hand",
            started_at_us=START_US,
            account_id=settings.account_id,
            opening_balances=balances or {"USD": Decimal(100_000)},
            start=start,
        )
        self.venue = SimulatedVenue(products or header(depth), world, settings, happenings)
        self.told: list[VenueReport] = []
        self.venue.exchange.tell = self.told.append

    def play(self, *rows: Row) -> None:
        """Let rows happen."""
        for row in rows:
            exact(self.venue.play)(row)

    def submit(self, order: Order, at: float = 0) -> SubmissionOutcome:
        return self.venue.entry.submit(order, moment(at))

    def cancel(self, name: str, at: float = 0) -> CancelOutcome:
        return self.venue.entry.cancel(ClientOrderId(name), moment(at))

    def amend(self, name: str, quantity: Amount, limit: Amount | None = None, at: float = 0) -> AmendOutcome:
        price = None if limit is None else Decimal(limit)
        return self.venue.amendment.amend(ClientOrderId(name), Decimal(quantity), price, moment(at))

    def order(self, name: str) -> WorkingOrder:
        found = self.venue.entry.find(ClientOrderId(name))
        assert found is not None
        return found

    def advance(self, at: float) -> None:
        """Let the time come this far."""
        self.venue.advance(_us(at))

    @property
    def movements(self) -> list[Movement]:
        return list(self.venue.world.archive.movements(START - timedelta(days=1)))

    @property
    def fills(self) -> list[Fill]:
        return list(self.venue.world.archive.fills(START))

    @property
    def balances(self) -> dict[str, Decimal]:
        return self.venue.world.state.accounts.balances


def moment(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def _us(seconds: float) -> int:
    return START_US + round(seconds * 1_000_000)


def _pairs(levels: Levels) -> tuple[tuple[Decimal, Decimal], ...]:
    return tuple((Decimal(price), Decimal(size)) for price, size in levels)
