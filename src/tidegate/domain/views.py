"""The view: one consistent, immutable reading of everything that a review judges by."""

from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from tidegate.domain.amounts import ZERO
from tidegate.domain.books import BookSnapshot
from tidegate.domain.marks import Mark
from tidegate.domain.positions import Position
from tidegate.domain.products import Product
from tidegate.domain.risk import RiskLimits
from tidegate.domain.states import StateEntry


class MarketReading(Struct, frozen=True, gc=False, kw_only=True):
    """What is known of one symbol's market.

    `heard_at` is the last message of its connection, heartbeats included: feed age is now − `heard_at`, and a quiet
    book is not a stale one. `reference_mid` is the median mid of the last 60 s (of what there is of them). `is_polled`
    marks prices fetched on a timer, which have wider ages. `daily_volume` in base units and `daily_volatility` as a
    fraction are there when the source knows them; nothing is invented.
    """

    symbol: str
    book: BookSnapshot | None = None
    heard_at: datetime | None = None
    mark: Mark | None = None
    last_price: Decimal | None = None
    index_price: Decimal | None = None
    reference_mid: Decimal | None = None
    clock_offset_ms: Decimal | None = None
    is_polled: bool = False
    is_synced: bool = True
    daily_volume: Decimal | None = None
    daily_volatility: Decimal | None = None


class ExposureReading(Struct, frozen=True, gc=False, kw_only=True):
    """Worst-case gross notional before the order that is judged.

    Worst case of a symbol: the larger of long and short if every live, sending or unknown order on one side filled at
    its worst price. `buy_notional` and `sell_notional` are those orders' sums on the judged symbol, in its quote
    currency; `underlying_other` the worst cases of the other symbols of the same underlying, `total_other` those of
    all other symbols, external holdings included, both in the reporting currency.
    """

    buy_quantity: Decimal = ZERO
    sell_quantity: Decimal = ZERO
    buy_notional: Decimal = ZERO
    sell_notional: Decimal = ZERO
    external_quantity: Decimal = ZERO
    underlying_other: Decimal = ZERO
    total_other: Decimal = ZERO


class Beside(Struct, frozen=True, gc=False):
    """What stands beside a symbol's own exposure, all in the reporting currency.

    `underlying` is the worst case of the other symbols of its underlying, `total` that of all other symbols; `equity`
    is None when a balance or a position cannot be priced; `has_margin` says that a derivative position is open.
    """

    underlying: Decimal
    total: Decimal
    equity: Decimal | None
    has_margin: bool = False


class OwnOrders(Struct, frozen=True, gc=False, kw_only=True):
    """Our own live orders on the judged order's book, as far as the checks need them.

    `best_bid` and `best_ask` are our best resting prices with their order ids; `reducing_leaves` what live reductions
    of the position may still take, `account_reducing_leaves` what those of all strategies on the judged order's side
    may; `unknown_count` orders whose outcome is unknown, all of them known by `unknown_until` as far as that can be
    said.
    """

    best_bid: Decimal | None = None
    best_bid_id: str = ""
    best_ask: Decimal | None = None
    best_ask_id: str = ""
    reducing_leaves: Decimal = ZERO
    account_reducing_leaves: Decimal = ZERO
    unknown_count: int = 0
    unknown_id: str = ""
    unknown_until: datetime | None = None


class PaceReading(Struct, frozen=True, gc=False, kw_only=True):
    """How fast and how often we have been sending.

    `requests_last_second` all requests, `entries_last_second` entry orders, `orders_today` orders sent since 00:00 UTC,
    `entry_free_at` when the entry budget next has room.
    """

    requests_last_second: int = 0
    entries_last_second: int = 0
    orders_today: int = 0
    entry_free_at: datetime | None = None


class AccountReading(Struct, frozen=True, gc=False, kw_only=True):
    """Money, as the ledger has it.

    `equity` in the reporting currency without external holdings (None: a rate is missing), `available` by currency,
    i.e. balances less what live orders reserve; `margin_used` by derivative positions, in the reporting currency.
    """

    reporting_currency: str
    equity: Decimal | None
    available: dict[str, Decimal]
    margin_used: Decimal = ZERO


class ReviewView(Struct, frozen=True, gc=False, kw_only=True):
    """All that a review reads.

    `position` is the deciding strategy's, `account_position` the account's on the symbol; `repeats` how often an order
    of the same terms was sent within the repetition window.
    """

    at: datetime
    product: Product
    market: MarketReading
    limits: RiskLimits
    position: Position
    account_position: Position
    exposure: ExposureReading
    own_orders: OwnOrders
    account: AccountReading
    pace: PaceReading
    state: StateEntry
    repeats: int = 0
    is_live: bool = False
    reporting_rate: Decimal | None = None
    """Reporting currency per quote currency of the product; 1 where they are the same; None blinds what needs it."""
