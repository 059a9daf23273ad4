"""The first line of a recording: its products, where it comes from, when it begins, and what its book rows are."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import takewhile
from types import MappingProxyType
from typing import Annotated

import msgspec

from tidegate.adapters.recordings.format import RECORDING_VERSION, Depth, Restriction, check_positive
from tidegate.domain.amounts import ONE, ZERO
from tidegate.domain.identifiers import is_symbol
from tidegate.domain.products import Product, TradingFlags
from tidegate.domain.vocabulary import ProductKind

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

AwareDatetime = Annotated[datetime, msgspec.Meta(tz=True)]


_latest = (0, _EPOCH)
"""The last moment that was made: the clock, the feed and a fill ask for the same one, one after the other."""


def moment_of(at_us: int) -> datetime:
    """The aware UTC time of a row's microseconds since the epoch."""
    global _latest  # noqa: PLW0603 -- one pair, put in place in one step
    latest = _latest
    if latest[0] != at_us:
        latest = _latest = (at_us, _EPOCH + _MICROSECOND * at_us)
    return latest[1]


def microseconds_of(at: datetime) -> int:
    """Whole microseconds since the epoch, of an aware time."""
    return (at - _EPOCH) // _MICROSECOND


class Provenance(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Where a recording comes from, for people and reports; nothing is computed from it.

    `figures` counts what the maker of the recording did to its source (rows dropped, by reason). `assumptions` are
    what no source has told and the recording holds all the same: they are printed with every result on it.
    """

    source: str
    made_by: str
    is_synthetic: bool = False
    licence: str = ""
    notes: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()
    figures: dict[str, int | str] = {}


class ProductEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A product on the wire; its fields mean what the domain's `Product` says of them.

    `prices_from` names the recorded product whose book and trades this one shares; such a product has no rows itself.
    """

    symbol: str
    kind: ProductKind
    base_currency: str
    quote_currency: str
    settlement_currency: str
    underlying: str
    price_increment: Decimal
    base_increment: Decimal
    minimum_quantity: Decimal = ZERO
    minimum_notional: Decimal = ZERO
    maximum_quantity: Decimal | None = None
    multiplier: Decimal = ONE
    maker_fee_rate: Decimal = ZERO
    taker_fee_rate: Decimal = ZERO
    initial_margin_rate: Decimal = ONE
    maintenance_margin_rate: Decimal = ZERO
    expires_at: AwareDatetime | None = None
    opens_at: AwareDatetime | None = None
    restrictions: tuple[Restriction, ...] = ()
    prices_from: str | None = None

    def __post_init__(self) -> None:
        if not is_symbol(self.symbol):
            raise ValueError(f"{self.symbol!r} is not a symbol: 1 to 40 of A-Z 0-9 . _ : / - in upper case")
        for name in ("base_currency", "quote_currency", "settlement_currency", "underlying"):
            if not is_symbol(getattr(self, name)):
                raise ValueError(f"{name} {getattr(self, name)!r} is not a currency")
        for name in ("price_increment", "base_increment", "multiplier"):
            check_positive(getattr(self, name), name)
        if self.maximum_quantity is not None:
            check_positive(self.maximum_quantity, "maximum_quantity")
        for name in ("minimum_quantity", "minimum_notional", "maintenance_margin_rate"):
            _check_not_negative(getattr(self, name), name)
        check_positive(self.initial_margin_rate, "initial_margin_rate")
        for name in ("maker_fee_rate", "taker_fee_rate"):
            _check_not_negative(abs(getattr(self, name)), name)  # a maker may be paid a rebate

    def to_product(self) -> Product:
        """The domain's product, without what only the recording needs."""
        fields = msgspec.structs.asdict(self)
        del fields["prices_from"]
        restrictions = fields.pop("restrictions")
        return Product(**fields, flags=TradingFlags(**dict.fromkeys(restrictions, True)))


def entry_of(product: Product, prices_from: str | None = None) -> ProductEntry:
    """The wire form of a product; with `prices_from` the symbol of the recorded product whose prices it takes."""
    fields = msgspec.structs.asdict(product)
    flags = msgspec.structs.asdict(fields.pop("flags"))
    restrictions = [name for name, is_set in flags.items() if is_set]
    return msgspec.convert({**fields, "restrictions": restrictions, "prices_from": prices_from}, ProductEntry)


class HeaderLine(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The header as it stands in the file.

    Recorded products come first and products that take their prices from them after, so that a row's index is checked
    against one bound.
    """

    tidegate_recording: int
    products: Annotated[tuple[ProductEntry, ...], msgspec.Meta(min_length=1)]
    provenance: Provenance
    started_at: AwareDatetime
    depth: Depth

    def __post_init__(self) -> None:
        recorded = {entry.symbol for entry in self.products[: self.recorded_count]}
        if len({entry.symbol for entry in self.products}) != len(self.products):
            raise ValueError("a symbol stands twice among the products")
        for entry in self.products[self.recorded_count :]:
            if entry.prices_from is None:
                raise ValueError(f"{entry.symbol} is recorded but stands behind a product that is not")
            if entry.prices_from not in recorded:
                raise ValueError(
                    f"{entry.symbol} takes its prices from {entry.prices_from}, which is not recorded here"
                )

    @property
    def recorded_count(self) -> int:
        """How many products have rows of their own."""
        return sum(1 for _ in takewhile(lambda entry: entry.prices_from is None, self.products))


class _Version(msgspec.Struct, frozen=True):
    """The one field that says how to read the others."""

    tidegate_recording: int


_VERSION_DECODER = msgspec.json.Decoder(_Version)
_HEADER_DECODER = msgspec.json.Decoder(HeaderLine)


def decode_header(line: bytes) -> HeaderLine:
    """The header of a recording's first line.

    Raises:
        msgspec.MsgspecError: not a header, or one of a version that this reader does not know.
    """
    version = _VERSION_DECODER.decode(line).tidegate_recording
    if version != RECORDING_VERSION:
        raise msgspec.ValidationError(f"format version {version} is not {RECORDING_VERSION}, the one this reader knows")
    return _HEADER_DECODER.decode(line)


class RecordingHeader:
    """The header as the application reads it.

    `products` are the domain's, in the order that the rows count them in; `prices_from` maps the symbol of a product
    without rows to the recorded one it takes its prices from. `connections` numbers, for each recorded product, the
    feed that it was heard on: one, unless several recordings are played as one; `bookless` are those without any row
    of a book.
    """

    __slots__ = (
        "bookless",
        "connections",
        "depth",
        "line",
        "prices_from",
        "products",
        "provenance",
        "recorded_count",
        "started_at",
    )

    def __init__(
        self, line: HeaderLine, connections: tuple[int, ...] | None = None, bookless: frozenset[int] | None = None
    ) -> None:
        self.line = line
        self.products: tuple[Product, ...] = tuple(entry.to_product() for entry in line.products)
        self.prices_from: Mapping[str, str] = MappingProxyType(
            {entry.symbol: entry.prices_from for entry in line.products if entry.prices_from is not None}
        )
        self.started_at = line.started_at
        self.depth: Depth = line.depth
        self.provenance = line.provenance
        self.recorded_count = line.recorded_count
        self.connections = connections or (0,) * line.recorded_count
        every = range(line.recorded_count if line.depth == "none" else 0)
        self.bookless = frozenset(every) if bookless is None else bookless


def _check_not_negative(value: Decimal, name: str) -> None:
    if value.is_signed() or not value.is_zero():
        check_positive(value, name)
