"""Desk reading: the account's ledger and the market as one consistent view, without a wait between its parts."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal

from msgspec.structs import replace

from tidegate.application.checked_market import checked
from tidegate.domain.amounts import ZERO
from tidegate.domain.commitments import SymbolCommitments
from tidegate.domain.identifiers import ClientOrderId
from tidegate.domain.ledger import Ledger
from tidegate.domain.one_look import OneLook
from tidegate.domain.orders import Order, OrderRecord
from tidegate.domain.pace import Terms, pace_for
from tidegate.domain.ports import ClockPort, MarketDataPort
from tidegate.domain.products import Product
from tidegate.domain.risk import RiskManager
from tidegate.domain.submissions import EngineCapabilities
from tidegate.domain.valuation import Valuation
from tidegate.domain.views import ExposureReading, OwnOrders, ReviewView
from tidegate.domain.vocabulary import Delivery, OrderSide, OrderStatus

_BUY = OrderSide.BUY
_NO_OWN_ORDERS = OwnOrders()
_POLLS = 3
"""So many questions after the venue's horizon one that is still in doubt needs an operator: it should be known."""


class DeskReading:
    """What is known of one account now; nothing here is written or told."""

    def __init__(
        self,
        market_data: MarketDataPort,
        risk_manager: RiskManager,
        reporting_currency: str,
        clock: ClockPort,
        *,
        is_live: bool,
    ) -> None:
        self.market_data = checked(market_data)
        self.risk_manager = risk_manager
        self.clock = clock
        self.is_live = is_live
        self.began = clock.monotonic()
        self.unknown_since: dict[ClientOrderId, float] = {}
        """Since when, on the monotonic clock, orders of this process are without an answer."""
        self.ledger = Ledger(self.market_data.product, risk_manager.states)
        self.pace = pace_for(risk_manager)
        self.one_look = OneLook(self.ledger, self.pace, self.market_data)
        self.reporting_currency = reporting_currency
        self.unknown_bound = timedelta()
        """From when an order is in doubt: by then its outcome is known, or an operator has to look."""
        self.outcomes_resolve = False
        """Whether an unknown outcome becomes known by asking: not where nobody asks, nor without client order ids."""
        self.is_state_durable = True
        """Whether the store knows that the account's state is a safer one, as far as it is."""
        self.set_aside: dict[ClientOrderId, OrderRecord] = {}
        """Orders that keep what they reserve while they are not live: quarantined ones, and ended exits in a close."""
        self._valuation: Valuation | None = None

    def expect_outcomes(
        self, capabilities: EngineCapabilities, *, first_after_seconds: float, every_seconds: float
    ) -> None:
        """The venue is asked about orders in doubt: after its horizon and three polls it should have told of each."""
        # A horizon may be over before the first question is asked.
        horizon = max(float(capabilities.horizon_seconds), first_after_seconds)
        self.unknown_bound = timedelta(seconds=horizon + _POLLS * every_seconds)
        self.outcomes_resolve = capabilities.delivery is not Delivery.C

    @property
    def valuation(self) -> Valuation:
        """Prices for this account; made anew when the venue's list of products has changed."""
        products = self.market_data.listed
        if self._valuation is None or self._valuation.products is not products:
            self._valuation = Valuation(products, self.reporting_currency, self._price_of)
            self._reserve_anew(products)
        return self._valuation

    def _reserve_anew(self, products: Iterable[Product]) -> None:
        """What orders reserve follows from their products: one may have other fees or margins now, or be back."""
        by_symbol = {product.symbol: product for product in products}
        for record in {**self.set_aside, **self.ledger.orders}.values():
            if record.symbol in by_symbol:
                self.ledger.commitments.update(record, by_symbol[record.symbol])

    def _price_of(self, symbol: str) -> Decimal | None:
        mark = self.market_data.reading(symbol).mark
        return mark.price if mark is not None else None

    def live_orders(self, symbol: str = "", strategy_id: str | None = None) -> tuple[OrderRecord, ...]:
        """Orders that may still fill, oldest first; of one symbol and strategy where named."""
        return tuple(
            record
            for record in self.ledger.orders.values()
            if not record.is_terminal
            and (not symbol or record.symbol == symbol)
            and (strategy_id is None or record.order.strategy_id == strategy_id)
        )

    def reducible(self, symbol: str, strategy_id: str) -> Decimal:
        """What a strategy's new reduction may take: |position| less the leaves of all live reductions of it."""
        history = self.ledger.positions.get((symbol, strategy_id))
        if history is None or not history.position.quantity:
            return ZERO
        held, side = history.position.quantity, OrderSide.SELL
        if held < ZERO:
            held, side = -held, _BUY
        sums = self.ledger.commitments.by_symbol.get(symbol)
        if sums is None:
            return held
        left = held - sums.reducing.get((strategy_id, side), ZERO)
        return left if left > ZERO else ZERO

    def view(self, order: Order, terms: Terms, product: Product, at: datetime, risk: RiskManager) -> ReviewView:
        """One consistent reading of everything that a review of this order judges by, `risk` being the engine's."""
        if order.overrides_unknown:
            return self._view_over_unknown(replace(order, overrides_unknown=False), terms, product, at, risk)
        symbol = order.symbol
        ledger, pace = self.ledger, self.pace
        limits = risk.limits_for(symbol)
        exposure, account, rate = self.valuation.readings(ledger, product)
        entry_limit = int(limits.entry_orders_per_second)
        return ReviewView(
            at=at,
            product=product,
            market=self.market_data.reading(symbol),
            limits=limits,
            position=ledger.position(symbol, order.strategy_id),
            account_position=ledger.account_position(symbol),
            exposure=exposure if exposure is not None else ExposureReading(),
            own_orders=self._own_orders(order),
            account=account,
            pace=pace.reading(at, entry_limit, symbol),
            state=ledger.states.entry(symbol),
            repeats=pace.repeats(terms),
            is_live=self.is_live,
            reporting_rate=rate if exposure is not None else None,
        )

    def _view_over_unknown(
        self, order: Order, terms: Terms, product: Product, at: datetime, risk: RiskManager
    ) -> ReviewView:
        """As if reductions of unknown outcome took nothing, since an operator says so; they are counted still."""
        unknown = self.unknown_reducers(order.symbol, order.strategy_id)
        with self.without(unknown):
            view = self.view(order, terms, product, at, risk)
        if not unknown:
            return view
        count, oldest = view.own_orders.unknown_count + len(unknown), unknown[0].client_order_id
        return replace(view, own_orders=replace(view.own_orders, unknown_count=count, unknown_id=oldest))

    def unknown_reducers(self, symbol: str, strategy_id: str) -> tuple[OrderRecord, ...]:
        """Reductions of a strategy whose outcome is unknown, oldest first."""
        return tuple(
            record
            for record in self.live_orders(symbol, strategy_id)
            if record.status is OrderStatus.UNKNOWN and record.order.purpose.is_exit
        )

    def _own_orders(self, order: Order) -> OwnOrders:
        sums = self.ledger.commitments.by_symbol.get(order.symbol)
        if sums is None or not sums.orders:
            return _NO_OWN_ORDERS
        best_bid = sums.bids[-1] if sums.bids else None
        best_ask = sums.asks[0] if sums.asks else None
        return OwnOrders(
            best_bid=best_bid[0] if best_bid is not None else None,
            best_bid_id=best_bid[1] if best_bid is not None else "",
            best_ask=best_ask[0] if best_ask is not None else None,
            best_ask_id=best_ask[1] if best_ask is not None else "",
            reducing_leaves=sums.reducing.get((order.strategy_id, order.side), ZERO),
            account_reducing_leaves=sums.reducing_buys if order.side is _BUY else sums.reducing_sells,
            unknown_count=len(sums.unknown),
            unknown_id=next(iter(sums.unknown), ""),
            unknown_until=self._unknown_until(sums) if sums.unknown else None,
        )

    def _unknown_until(self, sums: SymbolCommitments) -> datetime | None:
        """By when the last of a symbol's unknown outcomes is known, as far as that can be said."""
        if not self.outcomes_resolve:
            return None
        held = [self.ledger.orders.get(order_id) for order_id in sums.unknown]
        if None in held:
            # One that is set aside is not asked for.
            return None
        return max((by for one in held if one is not None and (by := self.known_by(one)) is not None), default=None)

    def known_by(self, record: OrderRecord) -> datetime | None:
        """By when an outcome should be known; None of an order that was never attempted."""
        if record.doubtful_since is None:
            return None
        at = self.clock.now()
        return at + self.unknown_bound - self.waited_for(record, at, self.clock.monotonic())

    def waited_for(self, record: OrderRecord, at: datetime, monotonic: float) -> timedelta:
        """How long this process has waited, by then, to be told what became of an order that was sent (X7).

        Where it is UNKNOWN the wall says nothing of that, which may have been set ahead or back: whichever process sent
        it, that was before it was found to be unanswered here.
        """
        waited = timedelta(seconds=monotonic - self.unknown_since.get(record.client_order_id, self.began))
        if record.is_unanswered or record.doubtful_since is None:
            return waited
        by_wall = at - record.doubtful_since
        return waited if by_wall < timedelta() else min(by_wall, waited)

    def equity(self) -> Decimal | None:
        return self.valuation.equity(self.ledger)

    def equity_by_narrow_marks(self) -> Decimal | None:
        """Equity as the guard of losses may believe it; None also while a spot market it rests on shows no fair mid.

        A mid between sides that are further apart than the collar is no price, and neither is one that was left behind
        when a side went. Not for the way of an order: it looks at every product.
        """
        prices = Valuation(self.valuation.products, self.reporting_currency, self._narrow_price_of)
        return prices.equity(self.ledger)

    def _narrow_price_of(self, symbol: str) -> Decimal | None:
        product, reading = self.market_data.product(symbol), self.market_data.reading(symbol)
        if product is not None and product.is_spot:
            is_wide = reading.book is not None and not reading.book.is_within(
                self.risk_manager.limits_for(symbol).collar_pct
            )
            if is_wide or not reading.is_synced:
                return None
        return self._price_of(symbol)

    @contextmanager
    def without(self, records: Iterable[OrderRecord]) -> Iterator[None]:
        """Read the account as if these live orders were gone; nothing may be awaited or changed meanwhile."""
        gone = tuple(records)
        # Made now where the products have changed: made in between, it would reserve for them again.
        _ = self.valuation
        for record in gone:
            self.ledger.commitments.drop(record.client_order_id)
        try:
            yield
        finally:
            for record in gone:
                self.ledger.commitments.update(record, self.ledger.product(record.symbol))
